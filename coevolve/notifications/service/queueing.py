"""Writing notices in the caller's transaction, and reading them. Sending is delivery.py."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import (
    DateTime,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.jobs import after_commit
from coevolve.notifications.channels import connected
from coevolve.notifications.kinds import GROUPS, KINDS
from coevolve.notifications.models import (
    AddressStanding,
    Message,
    MessageState,
    NotificationPreference,
    OrganisationAddress,
    OrganisationSwitch,
    PlacePreference,
    ReaderSetting,
)
from coevolve.notifications.service import planning
from coevolve.organisations.models import Membership
from coevolve.people.models import Person, PersonState


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
    chosen = _ways_for(kind, channels)
    if not chosen:
        return 0
    hours = (settings().quiet_from_hour, settings().quiet_until_hour)
    values = {"told_wanted": wanted, "told_data": dict(data), "told_for_organisation": for_organisation}
    return _write(
        _to_persons(kind, chosen, for_organisation is not None, hours),
        values | _values(about, dedupe_key),
    )


@cache
def _to_persons(kind: str, chosen: tuple[str, ...], in_a_name: bool, _hours: tuple[int, int]) -> Any:
    """The statement for a list of persons. It is long, and making it costs more than running it."""
    people = select(
        func.unnest(bindparam("told_wanted", type_=ARRAY(Uuid()))).label("person_id"),
        bindparam("told_data", type_=JSONB()).label("data"),
    )
    if in_a_name:
        people = people.add_columns(
            bindparam("told_for_organisation", type_=Uuid()).label("for_organisation")
        )
    return _insert(kind, people, chosen)


def queue_from_select(
    *,
    kind: str,
    people: Any,
    about: tuple[str, uuid.UUID],
    dedupe_key: str,
    channels: tuple[str, ...] | None = None,
) -> int:
    """Tell everybody a SELECT finds: `person_id`, and if wished `data` (jsonb), `for_organisation`, `place_code`.

    One INSERT ... SELECT however many persons there are. Persons who stopped this group, place or channel are left out.
    `for_organisation`: in whose name; that organisation's switches hold, and its shared address hears too.
    `place_code`: the followed place by which the person hears of it, which may have a cadence of its own.
    """
    chosen = _ways_for(kind, channels)
    if not chosen:
        return 0
    return _write(_insert(kind, people, chosen), _values(about, dedupe_key))


def _ways_for(kind: str, channels: tuple[str, ...] | None) -> tuple[str, ...]:
    """The channels by which this kind may be told, of those that are asked for."""
    told = KINDS[kind]
    wanted = told.channels if channels is None else channels
    return tuple(name for name in ways_to_tell() if name in told.channels and name in wanted)


def _values(about: tuple[str, uuid.UUID], dedupe_key: str) -> dict[str, Any]:
    return {
        "told_about_kind": about[0],
        "told_about_id": about[1],
        "told_dedupe_key": dedupe_key,
        "told_now": clock.now(),
    }


def _write(statement: Any, values: dict[str, Any]) -> int:
    done = session().execute(statement, values, execution_options={"preserve_rowcount": True})
    written = int(getattr(done, "rowcount", 0))
    if written:
        after_commit("notifications.deliver")
    return written


def _insert(kind: str, people: Any, chosen: tuple[str, ...]) -> Any:
    """The messages to everybody a SELECT finds; what is different each time are parameters."""
    told = KINDS[kind]
    group = GROUPS[told.group]
    found = _found(people, told.group, has_mail="email" in chosen)
    # Not VALUES: SQLAlchemy would write the statement anew each time instead of remembering it.
    ways = select(
        func.unnest(cast(list(chosen), ARRAY(Text()))).label("channel"),
        func.unnest(cast([group.standard(name) for name in chosen], ARRAY(Text()))).label("standard"),
    ).subquery("channels")
    said, here = aliased(NotificationPreference), aliased(PlacePreference)
    wish = func.coalesce(here.cadence, said.cadence, ways.c.standard)
    cadence = case((or_(ways.c.channel != "email", literal(told.is_always)), "now"), else_=wish)
    rows = (
        select(
            found.c.person_id,
            found.c.for_organisation,
            literal(kind, Text()).label("kind"),
            bindparam("told_about_kind", type_=Text()).label("about_kind"),
            bindparam("told_about_id", type_=Uuid()).label("about_id"),
            found.c.place_code,
            ways.c.channel,
            cadence.label("cadence"),
            case((ways.c.channel == "site", MessageState.delivered), else_=MessageState.queued).label(
                "state"
            ),
            found.c.data,
            bindparam("told_dedupe_key", type_=Text()).label("dedupe_key"),
            planning.due(
                cadence,
                ways.c.channel,
                bindparam("told_now", type_=DateTime(timezone=True)),
                is_prompt=told.is_prompt or told.is_always,
            ).label("next_at"),
        )
        .select_from(found)
        .join(Person, Person.id == found.c.person_id)
        .join(ways, literal(True))
        .outerjoin(ReaderSetting, ReaderSetting.person_id == found.c.person_id)
        .outerjoin(
            said,
            and_(
                said.person_id == found.c.person_id,
                said.kind_group == told.group,
                said.channel == ways.c.channel,
            ),
        )
        .outerjoin(
            here,
            and_(
                here.person_id == found.c.person_id,
                here.locality_code == found.c.place_code,
                here.channel == ways.c.channel,
            ),
        )
        .where(
            or_(found.c.is_told, and_(ways.c.channel == "site", found.c.is_owner)),
            or_(
                Person.state == PersonState.active,
                # A guest who gave without an account has no page, but wants the receipt.
                and_(Person.state == PersonState.invited, ways.c.channel == "email"),
            ),
            or_(ways.c.channel.in_(("site", "email")), Person.phone.is_not(None)),
            *([] if told.is_always else [wish != "off", ~_is_stopped(found, ways), ~_is_unreachable(ways)]),
        )
        .order_by(found.c.person_id)
    )
    names = [col.name for col in rows.selected_columns]
    table: Any = Message.__table__
    return upsert(table).from_select(names, rows).on_conflict_do_nothing()


def ways_to_tell() -> tuple[str, ...]:
    """The channels that lead anywhere: the site, mail, and those an operator connected."""
    return ("site", "email", *connected())


def _is_stopped(found: Any, ways: Any) -> Any:
    """Whether the person paused everything by this channel."""
    return exists().where(
        NotificationPreference.person_id == found.c.person_id,
        NotificationPreference.kind_group == "all",
        NotificationPreference.channel == ways.c.channel,
    )


def _is_unreachable(ways: Any) -> Any:
    """Whether mail to the person's address is known to come back."""
    return and_(
        ways.c.channel == "email",
        exists().where(
            AddressStanding.address_hash == planning.hash_of(Person.email),
            AddressStanding.stopped_at.is_not(None),
        ),
    )


def _found(people: Any, group: str, *, has_mail: bool) -> Any:
    """Whom to tell, whether they are to be told in an organisation's name, and its shared address beside them."""
    given = people.cte("given")
    data = given.c.data if "data" in given.c else literal({}, JSONB())
    place = given.c.place_code if "place_code" in given.c else literal(None, Text())
    if "for_organisation" not in given.c:
        return select(
            given.c.person_id,
            data.label("data"),
            literal(None, Uuid()).label("for_organisation"),
            place.label("place_code"),
            literal(True).label("is_told"),
            literal(False).label("is_owner"),
        ).subquery("found")
    own, by_role = aliased(OrganisationSwitch), aliased(OrganisationSwitch)
    members = (
        select(
            given.c.person_id,
            data.label("data"),
            given.c.for_organisation,
            place.label("place_code"),
            func.coalesce(own.is_told, by_role.is_told, literal(True)).label("is_told"),
            func.coalesce(Membership.role == "owner", literal(False)).label("is_owner"),
        )
        .select_from(given)
        .outerjoin(
            Membership,
            and_(
                Membership.person_id == given.c.person_id,
                Membership.organisation_id == given.c.for_organisation,
                Membership.until.is_(None),
            ),
        )
        .outerjoin(
            own,
            and_(
                own.organisation_id == given.c.for_organisation,
                own.kind_group == group,
                own.person_id == given.c.person_id,
            ),
        )
        .outerjoin(
            by_role,
            and_(
                by_role.organisation_id == given.c.for_organisation,
                by_role.kind_group == group,
                by_role.role == Membership.role,
            ),
        )
    )
    if not has_mail:
        return members.subquery("found")
    shared = (
        select(
            OrganisationAddress.person_id,
            data.label("data"),
            given.c.for_organisation,
            place.label("place_code"),
            literal(True).label("is_told"),
            literal(False).label("is_owner"),
        )
        .ext(distinct_on(OrganisationAddress.organisation_id))
        .select_from(given)
        .join(
            OrganisationAddress,
            and_(
                OrganisationAddress.organisation_id == given.c.for_organisation,
                OrganisationAddress.proven_at.is_not(None),
                OrganisationAddress.groups.op("?")(group),
            ),
        )
        # An organisation's address hears what its members hear, never what is a giver's own.
        .join(
            Membership,
            and_(
                Membership.person_id == given.c.person_id,
                Membership.organisation_id == given.c.for_organisation,
                Membership.until.is_(None),
            ),
        )
        .order_by(OrganisationAddress.organisation_id)
    )
    return members.union_all(shared).subquery("found")


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


def requeue(*, message_ids: Iterable[int]) -> int:
    """Try again what was given up (staff, when the fault is mended)."""
    done = session().execute(
        update(Message)
        .where(Message.id.in_(list(message_ids)), Message.state == MessageState.given_up)
        .values(
            state=MessageState.queued,
            cadence="now",
            digest_id=None,
            attempts=0,
            next_at=clock.now(),
            leased_until=None,
        )
        .execution_options(synchronize_session=False)
    )
    again = int(getattr(done, "rowcount", 0))
    if again:
        after_commit("notifications.deliver")
    return again
