"""What providers call: the webhook. It checks who speaks, keeps the event and answers; the work is done by a worker."""

from __future__ import annotations

import logging
import sys

from flask import Blueprint, Response, request

from coevolve.config import settings
from coevolve.kit import rate
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.faults import fault
from coevolve.payments import service
from coevolve.payments.provider import BadEvent

log = logging.getLogger(__name__)
blueprint = Blueprint("payments_api", __name__)


@blueprint.post("/webhook/stripe")
@access("signature")
def stripe() -> Response:
    """An event of Stripe's: kept once, answered at once."""
    request.max_content_length = settings().max_webhook_bytes
    raw = request.get_data(cache=False)
    try:
        service.receive(raw, dict(request.headers))
    except BadEvent as refusal:
        log.warning("event refused", extra={"reason": str(refusal), "bytes": len(raw)})
        # Counted, so that a burst of them is seen; nothing is limited by it.
        rate.hit("webhook_refused", limit=sys.maxsize, window_seconds=300)
        commit()
        return Response("refused\n", status=400, mimetype="text/plain")
    fault("payments.before_event_commit")
    commit()
    fault("payments.after_event_commit")
    return Response("kept\n", status=200, mimetype="text/plain")
