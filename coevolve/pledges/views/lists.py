"""Lists of pledges: what I give, and what an organisation is offered."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor, page
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.pledges import labels, queries, words
from coevolve.pledges.models import PledgeState as S
from coevolve.pledges.views.door import blueprint, private

STAGES = {
    "menunggu": (lazy("Menunggu jawaban"), (S.awaiting_approval, S.offered, S.requested)),
    "berjalan": (lazy("Berjalan"), (S.accepted, S.partly_delivered, S.delivered)),
    "selesai": (lazy("Selesai"), (S.confirmed,)),
    "batal": (lazy("Tidak dilanjutkan"), (S.declined, S.lapsed, S.withdrawn, S.cancelled)),
}
TAGS = {
    S.confirmed: "good",
    S.accepted: "sector",
    S.partly_delivered: "sector",
    S.delivered: "sector",
    S.awaiting_approval: "wait",
    S.offered: "wait",
    S.requested: "wait",
}


@blueprint.get("/dasbor/dukungan")
@access("signed_in")
def mine() -> Response:
    """What I give, alone or for my organisations."""
    stage, states, after = _asked()
    found = queries.pledges_of(actor().id, states=states, after=after)
    return private(page("pledges/mine.html", **_shown(found, stage, "/dasbor/dukungan")))


@blueprint.get("/dasbor/<slug>/dukungan")
@access("signed_in")
def of_organisation(slug: str) -> Response:
    """What an organisation is offered, has asked for, or is asked for."""
    organisation = organisations.get_by_slug(slug)
    if not organisation_policy.may(actor(), "see", organisation):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    stage, states, after = _asked()
    found = queries.pledges_for_organisation(organisation.id, states=states, after=after)
    base = f"/dasbor/{organisation.slug}/dukungan"
    return private(page("pledges/desk.html", organisation=organisation, **_shown(found, stage, base)))


def _asked() -> tuple[str, tuple[S, ...] | None, uuid.UUID | None]:
    stage = request.args.get("tahap", "")
    states = STAGES[stage][1] if stage in STAGES else None
    try:
        after = uuid.UUID(request.args.get("sesudah", ""))
    except ValueError:
        after = None
    return stage if stage in STAGES else "", states, after


def _is_unpaid(row: queries.PledgeRow) -> bool:
    return row.is_pay_now and row.state == S.offered and all(line.kind == "money" for line in row.lines)


def _shown(found: queries.PledgePage, stage: str, base: str) -> dict[str, Any]:
    stages = [{"text": lazy("Semua"), "href": base}]
    stages += [{"text": text, "href": f"{base}?tahap={code}"} for code, (text, _states) in STAGES.items()]
    query = f"?tahap={stage}&" if stage else "?"
    return {
        "rows": [
            {
                "href": f"/dukungan/{row.id}",
                "title": row.listing_title,
                "receiver": row.receiver_name,
                "giver": row.giver_name,
                "is_request": row.is_request,
                "state": _("Menunggu pembayaran") if _is_unpaid(row) else labels.pledge(row.state),
                "tag": TAGS.get(S(row.state), "plain"),
                "at": row.created_at,
                "given": [
                    words.thing(
                        line.kind,
                        line.unit,
                        line.received_quantity
                        if line.kind == "money" and line.received_quantity
                        else (line.quantity if line.accepted_quantity is None else line.accepted_quantity),
                        line.label,
                    )
                    for line in row.lines
                ],
            }
            for row in found.rows
        ],
        "stages": stages,
        "current": 0 if not stage else 1 + list(STAGES).index(stage),
        "stage": stage,
        "next": f"{base}{query}sesudah={found.next}" if found.next else None,
    }
