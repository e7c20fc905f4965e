"""What an organisation's owner sets: which kinds go to which role or member, and a shared address."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.notifications.kinds import GROUPS
from coevolve.notifications.models import OrganisationAddress, OrganisationSwitch
from coevolve.notifications.service.queueing import queue
from coevolve.organisations import queries as organisations
from coevolve.people import service as people

ROLES = ("owner", "finance", "member")
Target = str | uuid.UUID
"""A role, or one member."""


def _owner_only(by: uuid.UUID, organisation_id: uuid.UUID) -> None:
    if organisations.role_in(by, organisation_id) != "owner":
        raise Forbidden("owner_only", lazy("Hanya pemilik organisasi yang dapat mengatur ini."))


def switch(*, organisation_id: uuid.UUID, told: Mapping[tuple[str, Target], bool], by: uuid.UUID) -> None:
    """Set who hears which group in the organisation's name: (group, role or member) -> yes or no."""
    _owner_only(by, organisation_id)
    members = {member.id for member in organisations.members_of(organisation_id)}
    rows = []
    for (group, target), is_told in told.items():
        is_role = isinstance(target, str)
        if (
            group not in GROUPS
            or (is_role and target not in ROLES)
            or (not is_role and target not in members)
        ):
            raise Invalid("switch_unknown", lazy("Pilihan ini tidak dikenal."))
        rows.append(
            {
                "organisation_id": organisation_id,
                "kind_group": group,
                "role": target if is_role else None,
                "person_id": None if is_role else target,
                "is_told": is_told,
                "changed_by": by,
                "changed_at": clock.now(),
            }
        )
    if not rows:
        return
    statement = upsert(OrganisationSwitch)
    session().execute(
        statement.on_conflict_do_update(
            index_elements=["organisation_id", "kind_group", "role", "person_id"],
            set_={name: statement.excluded[name] for name in ("is_told", "changed_by", "changed_at")},
        ),
        rows,
    )


def as_role(*, organisation_id: uuid.UUID, person_id: uuid.UUID, by: uuid.UUID) -> None:
    """Let a member hear what their role hears, again."""
    _owner_only(by, organisation_id)
    session().execute(
        delete(OrganisationSwitch).where(
            OrganisationSwitch.organisation_id == organisation_id, OrganisationSwitch.person_id == person_id
        )
    )


def share(
    *, organisation_id: uuid.UUID, address: str, groups: Iterable[str], by: uuid.UUID, link: str
) -> OrganisationAddress:
    """Let a shared address hear these groups. A new one first gets one mail with a link."""
    _owner_only(by, organisation_id)
    organisation = organisations.get(organisation_id)
    chosen = sorted(set(groups))
    if not chosen or any(name not in GROUPS or GROUPS[name].staff_only for name in chosen):
        raise Invalid("groups", lazy("Pilih paling sedikit satu jenis kabar."), field="jenis")
    reader = people.guest(email=address, name=organisation.name)
    row = session().get(OrganisationAddress, organisation_id)
    if row is None or row.person_id != reader.id:
        if row is not None:
            session().delete(row)
            session().flush()
        row = OrganisationAddress(
            organisation_id=organisation_id, person_id=reader.id, groups=chosen, set_by=by, proven_at=None
        )
        session().add(row)
    row.groups = chosen
    session().flush()
    if row.proven_at is None:
        queue(
            kind="organisation.address",
            person_ids=[reader.id],
            about=("organisation", organisation_id),
            data={"organisation": organisation.name, "path": link},
            dedupe_key=f"organisation.address:{organisation_id}:{reader.id}:{clock.today().isoformat()}",
            channels=("email",),
        )
    return row


def prove_address(*, organisation_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """The link sent to a shared address came back; whether it is still the one that is set."""
    done = session().execute(
        update(OrganisationAddress)
        .where(
            OrganisationAddress.organisation_id == organisation_id,
            OrganisationAddress.person_id == person_id,
        )
        .values(proven_at=clock.now())
        .returning(OrganisationAddress.organisation_id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def stop_sharing(*, organisation_id: uuid.UUID, by: uuid.UUID) -> None:
    """Take the shared address away."""
    _owner_only(by, organisation_id)
    session().execute(
        delete(OrganisationAddress).where(OrganisationAddress.organisation_id == organisation_id)
    )
