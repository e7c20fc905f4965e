"""What providers tell us: by webhook, and by asking for what never came. It is kept as it came; work is done later."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import commit, get, session
from coevolve.kit.jobs import after_commit
from coevolve.payments.gateways import gateway
from coevolve.payments.models import OPEN, Cursor, Inbox, Payment
from coevolve.payments.provider import EventHint

SPEAKING = frozenset({"cs", "pi", "ch", "py", "re", "pyr", "dp", "du", "po"})
"""Prefixes of objects that say something about our money; events about others are kept and ignored."""
OVERLAP = dt.timedelta(minutes=30)
FIRST_LOOK = dt.timedelta(days=2)
FURTHEST = dt.timedelta(days=29)
"""Stripe lists events of the last 30 days."""
OLD_OPEN = dt.timedelta(minutes=10)
AT_ONCE = 500
RECENT = dt.timedelta(hours=2)


def receive(raw: bytes, headers: Mapping[str, str]) -> int:
    """Keep an event that proved its sender; the same event again changes nothing. Raises BadEvent."""
    hint = gateway().verify(raw, headers)
    return keep(hint, provider="stripe", via="push")


def keep(hint: EventHint, *, provider: str, via: str) -> int:
    """Write an event into the inbox, once, and ask a worker to look; returns its row's id."""
    row = _row(hint, provider, via)
    statement = insert(Inbox).values(**row).on_conflict_do_nothing().returning(Inbox.id)
    written = session().execute(statement).scalar_one_or_none()
    if written is not None:
        if row["state"] == "new":
            after_commit("payments.settle", event_id=written)
        return written
    known = select(Inbox.id).where(
        Inbox.provider == provider, Inbox.account == hint.account, Inbox.event_id == hint.event_id
    )
    return session().execute(known).scalar_one()


def _keep_many(hints: Sequence[EventHint], *, provider: str, via: str) -> int:
    """Write those events that are not there yet, in one statement; returns how many those were."""
    rows = [_row(hint, provider, via) for hint in hints]
    statement = insert(Inbox).values(rows).on_conflict_do_nothing().returning(Inbox.id, Inbox.state)
    written = session().execute(statement).all()
    for event_id, state in written:
        if state == "new":
            after_commit("payments.settle", event_id=event_id)
    return len(written)


def _row(hint: EventHint, provider: str, via: str) -> dict[str, Any]:
    """An event as it is kept; those about objects that say nothing of our money are kept and ignored."""
    return {
        "provider": provider,
        "account": hint.account,
        "event_id": hint.event_id,
        "event_type": hint.event_type,
        "object_ref": hint.object_ref,
        "livemode": hint.livemode,
        "provider_created": hint.created_at,
        "raw": hint.raw,
        "sha256": hashlib.sha256(hint.raw).digest(),
        "via": via,
        "state": "new" if _speaks(hint) else "ignored",
        "next_at": clock.now(),
    }


def _speaks(hint: EventHint) -> bool:
    return hint.object_ref is not None and hint.object_ref.partition("_")[0] in SPEAKING


def look_at(object_ref: str, *, provider: str = "stripe", why: str, slot: str) -> int:
    """Put an object on the worker's table without an event: we want to know how it stands. `slot` makes it unique."""
    hint = EventHint(
        event_id=f"{why}:{object_ref}:{slot}",
        event_type=f"coevolve.{why}",
        object_ref=object_ref,
        account=settings().stripe_account,
        livemode=False,
        created_at=None,
        raw=b"",
    )
    return keep(hint, provider=provider, via="poll")


def poll_events() -> int:
    """Read the provider's list of events since the last look, overlapping; returns how many were new to us."""
    account = settings().stripe_account
    began = clock.now()
    cursor = session().get(Cursor, ("stripe", account, "events"))
    since = max(cursor.read_until - OVERLAP if cursor else began - FIRST_LOOK, began - FURTHEST)
    session().rollback()
    hints = list(gateway().list_events(since=since))
    new = 0
    for start in range(0, len(hints), AT_ONCE):
        new += _keep_many(hints[start : start + AT_ONCE], provider="stripe", via="poll")
    session().execute(
        insert(Cursor)
        .values(provider="stripe", account=account, topic="events", read_until=began)
        .on_conflict_do_update(index_elements=["provider", "account", "topic"], set_={"read_until": began})
    )
    commit()
    return new


def poll_open(limit: int = 200) -> int:
    """Ask anew about open card payments that are old or past their deadline; returns how many.

    Ten minutes after its page opened, then every ten minutes until the deadline and a little beyond; what is still
    open later is asked about every four hours.
    """
    moment = clock.now()
    recently = moment - RECENT
    is_recent = or_(Payment.expires_at.is_(None), Payment.expires_at > recently)
    asked = 0
    for some, slot in (
        (is_recent, f"{moment:%Y%m%d%H%M}"[:11]),
        (~is_recent, f"{moment:%Y%m%d}q{moment.hour // 4}"),
    ):
        # Those asked about in this slot are left out, so that many old ones never keep the newer ones waiting.
        known = exists().where(
            Inbox.provider == "stripe",
            Inbox.account == Payment.account,
            Inbox.event_id == func.concat("age:", Payment.provider_ref, f":{slot}"),
        )
        statement = (
            select(Payment.provider_ref)
            .where(
                Payment.provider == "stripe",
                Payment.state.in_([str(state) for state in OPEN]),
                Payment.provider_ref.is_not(None),
                Payment.created_at < moment - OLD_OPEN,
                some,
                ~known,
            )
            .order_by(Payment.expires_at)
            .limit(limit)
        )
        for ref in session().execute(statement).scalars().all():
            look_at(str(ref), why="age", slot=slot)
            asked += 1
    return asked


def replay(*, event_id: int) -> Inbox:
    """Put a dead or finished event back on the table (staff command)."""
    row = get(Inbox, event_id)
    row.state, row.next_at, row.leased_until, row.attempts, row.via = "new", clock.now(), None, 0, "replay"
    session().flush()
    after_commit("payments.settle", event_id=row.id)
    return row
