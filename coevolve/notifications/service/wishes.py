"""The reader's own wishes: how often, by what, about which place, when quiet; and what still waits follows them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import Boolean, Text, and_, case, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import after_commit
from coevolve.localities import queries as localities
from coevolve.notifications.kinds import GROUPS, KINDS
from coevolve.notifications.models import (
    CADENCES,
    CHANNELS,
    STOPPED,
    Message,
    MessageState,
    NotificationPreference,
    OrganisationAddress,
    OrganisationSwitch,
    PlacePreference,
    ReaderSetting,
    Subscription,
)
from coevolve.notifications.service import planning
from coevolve.people.models import Person

PLACED = "matches"
"""The group whose news come by a followed place, which may have a cadence of its own."""


def prefer(*, person_id: uuid.UUID, wishes: Mapping[tuple[str, str], str]) -> None:
    """Set how often the person wants groups by channels: (group, channel) -> cadence."""
    for (group, channel), cadence in wishes.items():
        allowed = CADENCES if channel == "email" else ("now", "off")
        if group not in GROUPS or channel not in CHANNELS or cadence not in allowed:
            raise Invalid("preference_unknown", lazy("Pilihan ini tidak dikenal."))
    if not wishes:
        return
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
    replan(person_id=person_id)


def prefer_place(*, person_id: uuid.UUID, locality_code: str, cadence: str | None) -> None:
    """Set how often the person wants mail about a place they follow; None: as the kind of news says."""
    if cadence is None:
        session().execute(
            delete(PlacePreference).where(
                PlacePreference.person_id == person_id, PlacePreference.locality_code == locality_code
            )
        )
    else:
        if cadence not in CADENCES or localities.find(locality_code) is None:
            raise Invalid("preference_unknown", lazy("Pilihan ini tidak dikenal."))
        session().execute(
            upsert(PlacePreference)
            .values(person_id=person_id, locality_code=locality_code, channel="email", cadence=cadence)
            .on_conflict_do_update(
                index_elements=["person_id", "locality_code", "channel"],
                set_={"cadence": cadence, "changed_at": func.clock_timestamp()},
            )
        )
    replan(person_id=person_id)


def be_quiet(*, person_id: uuid.UUID, begins: int, ends: int) -> None:
    """Set the hours in which no mail comes, in the person's own zone; the same hour twice: never quiet."""
    if not (0 <= begins <= 23 and 0 <= ends <= 23):
        raise Invalid("hour_unknown", lazy("Pilih jam antara 0 dan 23."))
    values = {"quiet_from": begins, "quiet_until": ends}
    session().execute(
        upsert(ReaderSetting)
        .values(person_id=person_id, **values)
        .on_conflict_do_update(
            index_elements=["person_id"], set_={**values, "changed_at": func.clock_timestamp()}
        )
    )
    replan(person_id=person_id)


def replan(*, person_id: uuid.UUID) -> None:
    """Let what still waits for this person follow the wishes of now: another hour, another digest, or not at all.

    A digest that is gathered already goes out as it is; what its reader no longer wants is left out when it is written.
    """
    said, here = aliased(NotificationPreference), aliased(PlacePreference)
    waiting = aliased(Message)
    groups = select(
        func.unnest(cast(list(KINDS), ARRAY(Text()))).label("kind"),
        func.unnest(cast([kind.group for kind in KINDS.values()], ARRAY(Text()))).label("kind_group"),
        func.unnest(cast([GROUPS[kind.group].email for kind in KINDS.values()], ARRAY(Text()))).label(
            "standard"
        ),
        func.unnest(
            cast([kind.is_prompt or kind.is_always for kind in KINDS.values()], ARRAY(Boolean()))
        ).label("is_prompt"),
    ).subquery("groups")
    wish = func.coalesce(here.cadence, said.cadence, groups.c.standard)
    planned = (
        select(
            waiting.id,
            wish.label("cadence"),
            planning.due(wish, waiting.channel, clock.now(), is_prompt=groups.c.is_prompt).label("next_at"),
        )
        .join(Person, Person.id == waiting.person_id)
        .join(groups, groups.c.kind == waiting.kind)
        .outerjoin(ReaderSetting, ReaderSetting.person_id == waiting.person_id)
        .outerjoin(
            said,
            and_(
                said.person_id == waiting.person_id,
                said.kind_group == groups.c.kind_group,
                said.channel == "email",
            ),
        )
        .outerjoin(here, and_(here.person_id == waiting.person_id, here.locality_code == waiting.place_code))
        .where(
            waiting.person_id == person_id,
            waiting.channel == "email",
            waiting.state == MessageState.queued,
            waiting.digest_id.is_(None),
            waiting.attempts == 0,
            ~groups.c.kind.in_([name for name, kind in KINDS.items() if kind.is_always]),
        )
        .subquery("planned")
    )
    is_off = planned.c.cadence == "off"
    session().execute(
        update(Message)
        .where(Message.id == planned.c.id, Message.state == MessageState.queued)
        .values(
            cadence=case((is_off, Message.cadence), else_=planned.c.cadence),
            next_at=planned.c.next_at,
            state=case((is_off, MessageState.given_up), else_=Message.state),
            last_error=case((is_off, STOPPED), else_=Message.last_error),
        )
        .execution_options(synchronize_session=False)
    )
    after_commit("notifications.deliver")


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
    if group == PLACED:
        # A cadence chosen for one place would win over the stop; who stops means all of it.
        session().execute(
            delete(PlacePreference).where(
                PlacePreference.person_id == person_id,
                PlacePreference.channel == channel,
                PlacePreference.cadence != "off",
            )
        )
    stopped = [name for name, kind in KINDS.items() if group in ("all", kind.group) and not kind.is_always]
    session().execute(
        update(Message)
        .where(
            Message.person_id == person_id,
            Message.channel == channel,
            Message.state == MessageState.queued,
            Message.kind.in_(stopped),
        )
        .values(state=MessageState.given_up, last_error=STOPPED)
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


def forget_reader(*, about_id: uuid.UUID, journal_id: int) -> None:
    """A person was erased: what they wished and followed goes too (a reaction; repeating it changes nothing)."""
    del journal_id
    for table in (NotificationPreference, PlacePreference, ReaderSetting, Subscription):
        session().execute(delete(table).where(table.person_id == about_id))
    session().execute(delete(OrganisationSwitch).where(OrganisationSwitch.person_id == about_id))
    session().execute(delete(OrganisationAddress).where(OrganisationAddress.person_id == about_id))
