"""Digests: all that waited for a reader, in one letter a morning. Gathered in sets, written in chunks.

A digest is a row, at most one per person and day of the reader's own calendar. Gathering is two statements for
any number of readers: the digests whose hour has come, and what waits is put into them. A second beat finds
the day taken; a clock that jumps back finds an older day taken or nothing due; one that jumps forward gathers early,
once. What comes after its day's digest was gathered waits for the next one: nothing is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from coevolve.config import settings
from coevolve.kit import clock, inbox
from coevolve.kit.db import commit, session
from coevolve.localities.models import LEVELS, Locality
from coevolve.notifications import delivery, letters
from coevolve.notifications.delivery import (
    BadLetter,
    Delivered,
    Letter,
    Post,
    reader_columns,
    reader_of,
    wanted,
)
from coevolve.notifications.models import STOPPED, Digest, DigestState, Message, MessageState, ReaderSetting
from coevolve.notifications.service import planning
from coevolve.people.models import Person

PERSONS = 200
GATHERED = 20_000
"""So many readers at once at most: far inside a statement's time."""
LOCK = 0x636F6576


def gather(*, most: int = GATHERED) -> int:
    """Make the digests whose morning has come and put into each all that waits; how many messages were put in.

    Two statements, and one gatherer at a time, so that no digest is cut in two.
    """
    if not session().execute(select(func.pg_try_advisory_xact_lock(LOCK))).scalar_one():
        return 0
    moment = clock.now()
    is_due = and_(
        Message.channel == "email",
        Message.state == MessageState.queued,
        Message.cadence != "now",
        Message.digest_id.is_(None),
        Message.next_at <= moment,
    )
    taken = aliased(Digest)
    mornings = (
        select(
            Message.person_id,
            Message.channel,
            planning.slot_on(moment).label("slot_on"),
            literal(moment).label("next_at"),
        )
        .distinct()
        .join(Person, Person.id == Message.person_id)
        .where(
            is_due,
            ~exists().where(
                taken.person_id == Message.person_id,
                taken.channel == Message.channel,
                taken.slot_on == planning.slot_on(moment),
            ),
        )
        .order_by(Message.person_id)
        .limit(most)
    )
    session().execute(
        upsert(Digest)
        .from_select(["person_id", "channel", "slot_on", "next_at"], mornings)
        .on_conflict_do_nothing()
    )
    done = session().execute(
        update(Message)
        .where(
            is_due,
            Person.id == Message.person_id,
            Digest.person_id == Message.person_id,
            Digest.channel == Message.channel,
            Digest.slot_on == planning.slot_on(moment),
            # Those made just now: an older digest of this morning is on its way without what came after it.
            Digest.next_at == moment,
            Digest.attempts == 0,
            Digest.state == DigestState.queued,
        )
        .values(digest_id=Digest.id)
        .execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def deliver(*, post: Post | None = None, persons: int = PERSONS) -> Delivered:
    """Gather what is due and send the digests that wait, chunk by chunk."""
    while gather():
        commit()
    commit()
    delivery.settle_doubts(Digest, "email")
    _follow_digests()
    done = delivery.turn(
        Digest,
        claim=lambda: inbox.claim(
            Digest,
            where=Digest.state == DigestState.queued,
            limit=persons,
            lease_seconds=delivery.LEASE_SECONDS,
        ),
        read=_read,
        post=post,
    )
    _follow_digests()
    return done


def _follow_digests() -> None:
    """Messages become what their digest became. One statement; after a crash the next turn does it."""
    session().execute(
        update(Message)
        .where(
            Message.digest_id == Digest.id,
            Message.state == MessageState.queued,
            Digest.state.in_((DigestState.sent, DigestState.given_up)),
        )
        .values(
            state=Digest.state,
            sent_at=case((Digest.state == DigestState.sent, Digest.sent_at), else_=Message.sent_at),
            last_error=Digest.last_error,
        )
        .execution_options(synchronize_session=False)
    )
    commit()


def _read(claimed: list[int]) -> list[Letter]:
    """The digests of these rows. Three statements for a chunk: their readers, what nobody wants any more, the news."""
    readers = (
        session()
        .execute(
            select(Digest.id, Digest.attempts, Digest.slot_on, *reader_columns())
            .join(Person, Person.id == Digest.person_id)
            .outerjoin(ReaderSetting, ReaderSetting.person_id == Digest.person_id)
            .where(Digest.id.in_(claimed), Digest.state == DigestState.queued)
            .order_by(Digest.id)
        )
        .all()
    )
    _leave_out(claimed)
    news: dict[int, list[Any]] = defaultdict(list)
    for row in session().execute(_news(claimed)):
        news[row.digest_id].append(row)
    commit()
    return [
        Letter(
            id=row.id,
            attempts=row.attempts,
            reader=reader_of(row),
            write=_writer(row.id, reader_of(row), news[row.id]),
            is_wanted=bool(news[row.id]),
        )
        for row in readers
    ]


def _leave_out(claimed: list[int]) -> None:
    """What the reader stopped since it was gathered."""
    session().execute(
        update(Message)
        .where(Message.digest_id.in_(claimed), Message.state == MessageState.queued, ~wanted().element)
        .values(state=MessageState.given_up, last_error=STOPPED)
        .execution_options(synchronize_session=False)
    )


def _news(claimed: list[int]) -> Any:
    """What each digest names, near and new first, and how many there are of each kind in each place."""
    near = case(
        (Message.place_code.is_(None), 0),
        *[(Locality.level == level, len(LEVELS) - rank) for rank, level in enumerate(LEVELS)],
        else_=len(LEVELS) + 1,
    )
    wants = (
        select(
            Message.digest_id,
            Message.id,
            Message.kind,
            Message.data,
            func.coalesce(Message.place_code, "").label("place_code"),
            near.label("near"),
        )
        .outerjoin(Locality, Locality.code == Message.place_code)
        .where(Message.digest_id.in_(claimed), Message.state == MessageState.queued)
        .subquery("wants")
    )
    order = (wants.c.near, wants.c.id.desc())
    ranked = select(
        wants,
        func.row_number().over(partition_by=wants.c.digest_id, order_by=order).label("rank"),
        func.row_number()
        .over(partition_by=(wants.c.digest_id, wants.c.place_code, wants.c.kind), order_by=wants.c.id.desc())
        .label("rank_in_kind"),
        func.count()
        .over(partition_by=(wants.c.digest_id, wants.c.place_code, wants.c.kind))
        .label("of_kind"),
    ).subquery("ranked")
    # What is not named is counted: the first row of each kind in each place comes too.
    return (
        select(ranked)
        .where((ranked.c.rank <= settings().digest_shown) | (ranked.c.rank_in_kind == 1))
        .order_by(ranked.c.digest_id, ranked.c.rank)
    )


def _writer(number: int, reader: delivery.Reader, news: Sequence[Any]) -> Callable[[], EmailMessage]:
    def write() -> EmailMessage:
        try:
            return letters.digest(key=f"digest-{number}", places=places_of(news), **reader.address())
        except Exception as trouble:
            raise BadLetter(f"the digest could not be written: {trouble!r}") from trouble

    return write


def places_of(news: Sequence[Any]) -> list[letters.PlaceNews]:
    """News place by place, near first; those that are only counted add to the numbers."""
    grouped: dict[str, letters.PlaceNews] = {}
    for row in news:
        place = grouped.setdefault(row.place_code, letters.PlaceNews(code=row.place_code))
        if row.rank_in_kind == 1:
            place.counts[row.kind] = row.of_kind
        if row.rank <= settings().digest_shown:
            place.named.append((row.kind, row.data))
    return list(grouped.values())
