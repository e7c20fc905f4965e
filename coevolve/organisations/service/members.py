"""Who acts for an organisation. An invitation opens by the link in a mail; an end takes effect at once."""

from __future__ import annotations

import uuid

from sqlalchemy import func, select, update

from coevolve.journal import service as journal
from coevolve.kit import clock, db, rate
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, refuse_nul
from coevolve.organisations import policy
from coevolve.organisations.models import Invitation, Membership, Organisation, Role
from coevolve.people import queries as people_queries
from coevolve.people import service as people
from coevolve.people.models import AccountMail, Person, PersonState, Purpose

OPEN_INVITATIONS = 20


def seat(*, person_id: uuid.UUID, organisation_id: uuid.UUID, role: str, office: str = "") -> Membership:
    """Write a membership; the caller has asked who may."""
    if role not in set(Role):
        raise Invalid("role_unknown", lazy("Pilih peran anggota."), field="role")
    held = select(Membership.id).where(
        Membership.person_id == person_id,
        Membership.organisation_id == organisation_id,
        Membership.until.is_(None),
    )
    if db.session().execute(held).first() is not None:
        raise Conflict("already_member", lazy("Orang ini sudah menjadi anggota."), field="email")
    membership = Membership(
        person_id=person_id,
        organisation_id=organisation_id,
        role=role,
        office=clean_line(office)[:120],
        since=clock.now(),
    )
    db.session().add(membership)
    db.session().flush()
    return membership


def add_member(
    *,
    organisation_id: uuid.UUID,
    person_id: uuid.UUID,
    role: str,
    office: str = "",
    by: uuid.UUID | None = None,
) -> Membership:
    """Make an active person a member without a mail: seeds, tests and the command line."""
    person = people_queries.get(person_id)
    if person.state != PersonState.active:
        raise Invalid("person_not_active", lazy("Hanya akun aktif yang dapat menjadi anggota."))
    membership = seat(person_id=person_id, organisation_id=organisation_id, role=role, office=office)
    _note("membership.began", membership, by)
    return membership


def invite(*, organisation_id: uuid.UUID, by: Person, email: str, role: str, office: str = "") -> Invitation:
    """Open a door for an address; the mail's link leads through it."""
    organisation = db.lock(Organisation, organisation_id)
    if not policy.may(by, "manage_members", organisation):
        raise Forbidden("may_not_invite", lazy("Hanya pemilik yang dapat mengundang anggota."))
    rate.hit(f"invite:{organisation_id}", limit=OPEN_INVITATIONS, window_seconds=24 * 3600)
    address = people.normal_email(email)
    if role not in set(Role):
        raise Invalid("role_unknown", lazy("Pilih peran anggota."), field="role")
    known = people_queries.find_by_email(address)
    if known is not None and _membership(known.id, organisation_id) is not None:
        raise Conflict("already_member", lazy("Orang ini sudah menjadi anggota."), field="email")
    _close_open(organisation_id, address)
    invitation = Invitation(
        organisation_id=organisation_id,
        email=address,
        role=role,
        office=clean_line(refuse_nul(office))[:120],
        invited_by=by.id,
    )
    db.session().add(invitation)
    db.session().flush()
    people.request_mail(
        purpose=Purpose.invite,
        email=address,
        language=known.language if known is not None else by.language,
        about_id=invitation.id,
        data={"organisation": organisation.name, "inviter": by.name, "role": role},
    )
    journal.record(
        "membership.invited",
        about=("organisation", organisation_id),
        by=by.id,
        for_organisation=organisation_id,
        data={"role": role},
    )
    return invitation


def withdraw_invitation(*, invitation_id: uuid.UUID, by: Person) -> None:
    """Close a door nobody went through."""
    invitation = db.lock(Invitation, invitation_id)
    organisation = db.get(Organisation, invitation.organisation_id)
    if not policy.may(by, "manage_members", organisation):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    if invitation.accepted_at is None and invitation.withdrawn_at is None:
        invitation.withdrawn_at = clock.now()


def find_invitation(token: str) -> tuple[Invitation, AccountMail] | None:
    """The open invitation of a mail's link; None when it was used, withdrawn, or its inviter may no longer invite."""
    link = people_queries.find_link(token, purposes=[Purpose.invite])
    invitation = db.session().get(Invitation, link.about_id) if link is not None and link.about_id else None
    if link is None or invitation is None or invitation.accepted_at or invitation.withdrawn_at:
        return None
    inviter = _membership(invitation.invited_by, invitation.organisation_id)
    if inviter is None or inviter.role != Role.owner:
        return None
    return invitation, link


def accept_invitation(*, token: str, by: Person) -> Membership:
    """Go through the door: only the person whose address was invited."""
    found = find_invitation(token)
    if found is None:
        raise Forbidden("link_spent", lazy("Undangan ini sudah dipakai, dicabut, atau kedaluwarsa."))
    invitation = db.lock(Invitation, found[0].id)
    if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
        raise Forbidden("link_spent", lazy("Undangan ini sudah dipakai, dicabut, atau kedaluwarsa."))
    if by.email != invitation.email:
        raise Forbidden(
            "other_address", lazy("Undangan ini untuk alamat surel lain. Masuk dengan alamat yang diundang.")
        )
    membership = seat(
        person_id=by.id,
        organisation_id=invitation.organisation_id,
        role=invitation.role,
        office=invitation.office,
    )
    invitation.accepted_at = found[1].used_at = clock.now()
    _note("membership.began", membership, by.id)
    return membership


def change_role(*, membership_id: uuid.UUID, by: Person, role: str, office: str | None = None) -> Membership:
    """Give a member another role; the last owner stays one."""
    membership = _managed(membership_id, by)
    if role not in set(Role):
        raise Invalid("role_unknown", lazy("Pilih peran anggota."), field="role")
    if membership.role == Role.owner and role != Role.owner:
        _refuse_last_owner(membership)
    before, membership.role = membership.role, role
    if office is not None:
        membership.office = clean_line(refuse_nul(office))[:120]
    _note("membership.changed", membership, by.id, before=before)
    return membership


def end_membership(*, membership_id: uuid.UUID, by: Person) -> Membership:
    """End a membership: an owner any, everybody their own. What hung from it is refused from the next request on."""
    membership = _managed(membership_id, by, own_too=True)
    if membership.role == Role.owner:
        _refuse_last_owner(membership)
    membership.until = clock.now()
    membership.ended_by = by.id
    ended = db.get(Person, membership.person_id)
    if ended.email:
        _close_open(membership.organisation_id, ended.email)
    _note("membership.ended", membership, by.id)
    return membership


def _managed(membership_id: uuid.UUID, by: Person, *, own_too: bool = False) -> Membership:
    """A live membership the person may change, its organisation locked so that owners cannot leave in parallel."""
    membership = db.get(Membership, membership_id)
    organisation = db.lock(Organisation, membership.organisation_id)
    membership = db.lock(Membership, membership_id)
    own = own_too and membership.person_id == by.id
    if not own and not policy.may(by, "manage_members", organisation):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    if membership.until is not None:
        raise Conflict("membership_over", lazy("Keanggotaan ini sudah berakhir."))
    return membership


def _refuse_last_owner(membership: Membership) -> None:
    statement = select(func.count()).where(
        Membership.organisation_id == membership.organisation_id,
        Membership.role == Role.owner,
        Membership.until.is_(None),
        Membership.id != membership.id,
    )
    if int(db.session().execute(statement).scalar_one()) == 0:
        raise Conflict("last_owner", lazy("Organisasi harus punya pemilik. Angkat pemilik lain dulu."))


def _membership(person_id: uuid.UUID, organisation_id: uuid.UUID) -> Membership | None:
    statement = select(Membership).where(
        Membership.person_id == person_id,
        Membership.organisation_id == organisation_id,
        Membership.until.is_(None),
    )
    return db.session().execute(statement).scalar_one_or_none()


def _close_open(organisation_id: uuid.UUID, email: str) -> None:
    db.session().execute(
        update(Invitation)
        .where(
            Invitation.organisation_id == organisation_id,
            Invitation.email == email,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )


def _note(kind: str, membership: Membership, by: uuid.UUID | None, *, before: str | None = None) -> None:
    data = {"person": str(membership.person_id), "role": membership.role}
    if before is not None:
        data["before"] = before
    journal.record(
        kind,
        about=("organisation", membership.organisation_id),
        by=by,
        for_organisation=membership.organisation_id,
        data=data,
    )
