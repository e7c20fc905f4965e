"""Writing notices in the caller's transaction, and the reader's own doings. Sending is delivery.py."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    Text,
    Uuid,
    and_,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import after_commit
from coevolve.localities.gazetteer import ZONES
from coevolve.notifications.kinds import GROUPS, KINDS
from coevolve.notifications.models import CADENCES, CHANNELS, Message, MessageState, NotificationPreference
from coevolve.people.models import Person, PersonState

DIGEST_HOUR = 7
"""Digests go out at this hour of the reader's own morning."""


def queue(
    *,
    kind: str,
    person_ids: Iterable[uuid.UUID],
    about: tuple[str, uuid.UUID],
    data: Mapping[str, Any],
    dedupe_key: str,
    for_organisation: uuid.UUID | None = None,
    channels: tuple[str, ...] | None = None,
) -> int:
    """Tell these persons, each by the channels and as often as they prefer; the same key is told once.

    `channels`: these alone (a mail to an address nobody has proven shows on nobody's page). Returns how many messages
    were written. Part of the caller's transaction; one statement for any number of persons.
    """
    wanted = sorted(set(person_ids))
    if not wanted:
        return 0
    people = select(
        func.unnest(cast(wanted, ARRAY(Uuid()))).label("person_id"),
        literal(dict(data), JSONB()).label("data"),
        literal(for_organisation, Uuid()).label("for_organisation"),
    )
    return queue_from_select(kind=kind, people=people, about=about, dedupe_key=dedupe_key, channels=channels)


def queue_from_select(
    *,
    kind: str,
    people: Any,
    about: tuple[str, uuid.UUID],
    dedupe_key: str,
    channels: tuple[str, ...] | None = None,
) -> int:
    """Tell everybody a SELECT finds: columns `person_id`, and if wished `data` (jsonb) and `for_organisation`.

    One INSERT ... SELECT however many persons there are. Persons who stopped this group or channel are left out.
    """
    told = KINDS[kind]
    group = GROUPS[told.group]
    found = people.subquery("found")
    wanted = told.channels if channels is None else channels
    chosen = [name for name in CHANNELS if name in told.channels and name in wanted]
    # Not VALUES: SQLAlchemy would write the statement anew each time instead of remembering it.
    ways = select(
        func.unnest(cast(chosen, ARRAY(Text()))).label("channel"),
        func.unnest(cast([getattr(group, name) for name in chosen], ARRAY(Text()))).label("standard"),
    ).subquery("channels")
    said, stop = aliased(NotificationPreference), aliased(NotificationPreference)
    cadence = case((ways.c.channel == "site", "now"), else_=func.coalesce(said.cadence, ways.c.standard))
    data = found.c.data if "data" in found.c else literal({}, JSONB())
    organisation = found.c.for_organisation if "for_organisation" in found.c else literal(None, Uuid())
    rows = (
        select(
            found.c.person_id,
            organisation.label("for_organisation"),
            literal(kind, Text()).label("kind"),
            literal(about[0], Text()).label("about_kind"),
            literal(about[1], Uuid()).label("about_id"),
            ways.c.channel,
            cadence.label("cadence"),
            case((ways.c.channel == "site", MessageState.delivered), else_=MessageState.queued).label(
                "state"
            ),
            data.label("data"),
            literal(dedupe_key, Text()).label("dedupe_key"),
            _due(cadence).label("next_at"),
        )
        .select_from(found)
        .join(Person, Person.id == found.c.person_id)
        .join(ways, literal(True))
        .outerjoin(
            said,
            and_(
                said.person_id == found.c.person_id,
                said.kind_group == told.group,
                said.channel == ways.c.channel,
            ),
        )
        .outerjoin(
            stop,
            and_(
                stop.person_id == found.c.person_id,
                stop.kind_group == "all",
                stop.channel == ways.c.channel,
            ),
        )
        .where(
            stop.person_id.is_(None),
            func.coalesce(said.cadence, ways.c.standard) != "off",
            or_(
                Person.state == PersonState.active,
                # A guest who gave without an account has no page, but wants the receipt.
                and_(Person.state == PersonState.invited, ways.c.channel == "email"),
            ),
        )
        .order_by(found.c.person_id)
    )
    names = [col.name for col in rows.selected_columns]
    done = session().execute(
        upsert(Message).from_select(names, rows).on_conflict_do_nothing(),
        execution_options={"preserve_rowcount": True},
    )
    written = int(getattr(done, "rowcount", 0))
    if written:
        after_commit("notifications.deliver")
    return written


def _due(cadence: Any) -> Any:
    """When a message may go: now, or at the next digest hour of the reader's zone."""
    moment = literal(clock.now())
    # A zone that PostgreSQL does not know would stop the notices of all others.
    zone = case((Person.zone.in_(ZONES), Person.zone), else_=ZONES[0])
    local = func.timezone(zone, moment)
    before = sql(f"interval '{DIGEST_HOUR} hours'")
    tomorrow = func.date_trunc("day", local - before) + sql(f"interval '1 day {DIGEST_HOUR} hours'")
    monday = func.date_trunc("week", local - before) + sql(f"interval '7 days {DIGEST_HOUR} hours'")
    return case(
        (cadence == "daily", func.timezone(zone, tomorrow)),
        (cadence == "weekly", func.timezone(zone, monday)),
        else_=moment,
    )


def forget(*, about_kind: str, about_ids: Any, fields: tuple[str, ...]) -> None:
    """Take fields out of the words of all notices about these things (a name, on erasure)."""
    session().execute(
        update(Message)
        .where(Message.about_kind == about_kind, Message.about_id.in_(about_ids))
        .values(data=Message.data.op("-")(cast(list(fields), ARRAY(Text()))))
        .execution_options(synchronize_session=False)
    )


def mark_read(*, person_id: uuid.UUID, notice_id: int | None = None) -> int:
    """Remember that the person has seen one notice, or all."""
    statement = update(Message).where(
        Message.person_id == person_id, Message.channel == "site", Message.read_at.is_(None)
    )
    if notice_id is not None:
        statement = statement.where(Message.id == notice_id)
    done = session().execute(
        statement.values(read_at=clock.now()).execution_options(synchronize_session=False)
    )
    return int(getattr(done, "rowcount", 0))


def prefer(*, person_id: uuid.UUID, wishes: Mapping[tuple[str, str], str]) -> None:
    """Set how often the person wants groups by channels: (group, channel) -> cadence."""
    for (group, channel), cadence in wishes.items():
        allowed = CADENCES if channel == "email" else ("now", "off")
        if group not in GROUPS or channel not in CHANNELS or cadence not in allowed:
            raise Invalid("preference_unknown", lazy("Pilihan ini tidak dikenal."))
    statement = upsert(NotificationPreference)
    session().execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "kind_group", "channel"],
            set_={"cadence": statement.excluded.cadence, "changed_at": func.clock_timestamp()},
        ),
        [
            {"person_id": person_id, "kind_group": group, "channel": channel, "cadence": cadence}
            for (group, channel), cadence in sorted(wishes.items())
        ],
    )


def stop(*, person_id: uuid.UUID, group: str = "all", channel: str = "email") -> None:
    """Stop a group, or everything, by a channel, and drop what still waits there. Repeating it changes nothing."""
    if group != "all" and group not in GROUPS:
        raise Invalid("preference_unknown", lazy("Pilihan ini tidak dikenal."))
    session().execute(
        upsert(NotificationPreference)
        .values(person_id=person_id, kind_group=group, channel=channel, cadence="off")
        .on_conflict_do_update(
            index_elements=["person_id", "kind_group", "channel"],
            set_={"cadence": "off", "changed_at": func.clock_timestamp()},
        )
    )
    stopped = [name for name, kind in KINDS.items() if group in ("all", kind.group)]
    session().execute(
        update(Message)
        .where(
            Message.person_id == person_id,
            Message.channel == channel,
            Message.state == MessageState.queued,
            Message.kind.in_(stopped),
        )
        .values(state=MessageState.given_up, last_error="stopped by the reader")
        .execution_options(synchronize_session=False)
    )


def resume(*, person_id: uuid.UUID, channel: str = "email") -> None:
    """End a pause of everything by a channel; the groups' own preferences hold again."""
    session().execute(
        delete(NotificationPreference).where(
            NotificationPreference.person_id == person_id,
            NotificationPreference.kind_group == "all",
            NotificationPreference.channel == channel,
        )
    )


def requeue(*, message_ids: Iterable[int]) -> int:
    """Try again what was given up (staff, when the fault is mended)."""
    done = session().execute(
        update(Message)
        .where(Message.id.in_(list(message_ids)), Message.state == MessageState.given_up)
        .values(state=MessageState.queued, cadence="now", attempts=0, next_at=clock.now(), leased_until=None)
        .execution_options(synchronize_session=False)
    )
    again = int(getattr(done, "rowcount", 0))
    if again:
        after_commit("notifications.deliver")
    return again
