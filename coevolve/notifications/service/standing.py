"""How addresses stand: what comes back stops the mail there, until the reader proves the address anew."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid

from sqlalchemy import case, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.config import settings
from coevolve.kit import clock, rate
from coevolve.kit.db import session
from coevolve.notifications.models import AddressStanding
from coevolve.notifications.service.planning import hash_of
from coevolve.notifications.service.queueing import queue
from coevolve.people.models import Person

HARD = ("refused", "bounced", "complaint")
FULL_FORGOTTEN = dt.timedelta(days=30)
"""Full mailboxes count in a row only within this time."""
_ADDRESS = re.compile(r"[^\s<>\"']+@[^\s<>\"']+")


def hashed(address: str) -> bytes:
    """The hash of an address."""
    return hashlib.sha256(address.strip().lower().encode()).digest()


def note(*, address: str, cause: str, says: str) -> bool:
    """Remember that mail to an address came back, or that its reader complained; whether it is stopped now.

    A refusal, a bounce or a complaint stops at once; a full mailbox after a few times in a row.
    """
    moment = clock.now()
    is_hard = cause in HARD
    most = settings().mail_full_times
    statement = upsert(AddressStanding).values(
        address_hash=hashed(address),
        cause=cause,
        says=_ADDRESS.sub("…", " ".join(says.split()))[:500],
        times=1,
        seen_at=moment,
        stopped_at=moment if is_hard or most <= 1 else None,
    )
    new = statement.excluded
    is_old = AddressStanding.stopped_at.is_(None) & (AddressStanding.seen_at < moment - FULL_FORGOTTEN)
    times = case((is_old, 1), else_=AddressStanding.times + literal(1))
    kept = statement.on_conflict_do_update(
        index_elements=["address_hash"],
        set_={
            "cause": new.cause,
            "says": new.says,
            "times": times,
            "seen_at": moment,
            "stopped_at": func.coalesce(
                AddressStanding.stopped_at, new.stopped_at, case((times >= most, moment), else_=None)
            ),
        },
    ).returning(AddressStanding.stopped_at)
    return session().execute(kept).scalar_one() is not None


def of_person(person_id: uuid.UUID) -> AddressStanding | None:
    """Why mail no longer reaches a person, or None."""
    statement = (
        select(AddressStanding)
        .join(Person, AddressStanding.address_hash == hash_of(Person.email))
        .where(Person.id == person_id, AddressStanding.stopped_at.is_not(None))
    )
    return session().execute(statement).scalar_one_or_none()


def clear(*, address: str) -> None:
    """The address is proven: a link sent there came back."""
    session().execute(delete(AddressStanding).where(AddressStanding.address_hash == hashed(address)))


def ask_proof(*, person_id: uuid.UUID, address: str, link: str) -> None:
    """Send one mail to the address, whatever is known of it, with a link that proves it; a few times a day."""
    rate.hit(f"mail.proof:{person_id}", limit=settings().mail_proofs_a_day, window_seconds=24 * 3600)
    queue(
        kind="mail.proof",
        person_ids=[person_id],
        about=("person", person_id),
        data={"address": address, "path": link},
        dedupe_key=f"mail.proof:{clock.now():%Y%m%d%H%M%S}",
    )


def tell_stopped(*, person_id: uuid.UUID, address: str) -> None:
    """Tell the person on the site, once per address and day, that mail no longer reaches them."""
    queue(
        kind="mail.stopped",
        person_ids=[person_id],
        about=("person", person_id),
        data={},
        dedupe_key=f"mail.stopped:{hashed(address).hex()[:16]}:{clock.today().isoformat()}",
    )
