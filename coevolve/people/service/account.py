"""Changing an account. Whatever touches the ways in ends the other sessions and is told to the old address."""

from __future__ import annotations

import uuid
from zoneinfo import available_timezones

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db, rate
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import LANGUAGES, lazy
from coevolve.kit.moves import move
from coevolve.kit.text import clean_line
from coevolve.people import passwords, policy, queries
from coevolve.people.models import (
    AccountMail,
    Consent,
    LoginSession,
    Person,
    PersonState,
    Purpose,
    RecoveryCode,
    Role,
    SecondFactor,
    StaffRole,
)
from coevolve.people.service.mails import request_mail
from coevolve.people.service.registration import normal_email, normal_name
from coevolve.people.service.sessions import end_all, end_others

LINK_SPENT = lazy("Tautan ini sudah dipakai atau sudah kedaluwarsa. Mintalah yang baru.")


def change_profile(*, person: Person, name: str, phone: str | None, language: str, zone: str) -> Person:
    """Set what the person says about themselves."""
    if language not in LANGUAGES:
        raise Invalid("language_unknown", lazy("Pilih salah satu bahasa."), field="language")
    if zone not in available_timezones():
        raise Invalid("zone_unknown", lazy("Pilih salah satu zona waktu."), field="zone")
    person.name = normal_name(name)
    person.phone = normal_phone(phone)
    person.language = language
    person.zone = zone
    return person


def normal_phone(text: str | None, *, field: str = "phone") -> str | None:
    """A telephone number as E.164, read as Indonesian when no country is given; empty stays empty."""
    import phonenumbers

    typed = clean_line(text)
    if not typed:
        return None
    try:
        number = phonenumbers.parse(typed, "ID")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_valid_number(number):
        raise Invalid("phone_shape", lazy("Tulis nomor telepon seperti 0812 3456 7890."), field=field)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def ask_reset(*, email: str, language: str = "id") -> None:
    """Ask for the link to a new password; says and costs the same whether the address is known or not."""
    request_mail(purpose=Purpose.reset, email=normal_email(email), language=language)


def reset_password(*, token: str, password: str) -> Person:
    """The reset link came back: set the password, end every session. The second factor stays as it is."""
    link = queries.find_link(token, purposes=[Purpose.reset])
    person = queries.find_by_email(link.email) if link is not None else None
    if link is None or person is None or person.state != PersonState.active:
        raise Forbidden("link_spent", LINK_SPENT)
    _set_password(person, password)
    link.used_at = clock.now()
    end_all(person_id=person.id)
    journal.record("person.password_reset", about=("person", person.id), by=person.id, visibility="staff")
    return person


def check_password(*, person: Person, current: str) -> None:
    """Ask for the password again before something that opens a way in; few tries in five minutes."""
    rate.hit(f"check_password:{person.id}", limit=settings().sign_in_tries, window_seconds=300)
    if not passwords.matches(person.password_hash, current):
        raise Invalid("password_wrong", lazy("Kata sandi sekarang tidak cocok."), field="current")


def change_password(*, person: Person, current: str, password: str, keep: uuid.UUID) -> None:
    """Set a new password with the old one at hand; the other sessions end."""
    check_password(person=person, current=current)
    _set_password(person, password)
    end_others(person_id=person.id, but=keep)
    journal.record("person.password_changed", about=("person", person.id), by=person.id, visibility="staff")


def _set_password(person: Person, password: str) -> None:
    own = (person.name, person.email or "")
    passwords.refuse_weak(password, is_staff=bool(queries.staff_roles(person.id)), own=own)
    person.password_hash = passwords.hash_(password)
    person.password_changed_at = clock.now()
    if person.email:
        request_mail(
            purpose=Purpose.password_changed,
            email=person.email,
            language=person.language,
            person_id=person.id,
        )


def ask_email_change(*, person: Person, email: str) -> None:
    """Ask for the link that proves a new address; nothing changes before it comes back."""
    wanted = normal_email(email)
    if wanted == person.email:
        raise Invalid("email_same", lazy("Ini sudah alamat surel Anda."), field="email")
    request_mail(purpose=Purpose.change_email, email=wanted, language=person.language, person_id=person.id)


def confirm_email_change(*, person: Person, token: str, keep: uuid.UUID) -> None:
    """The link to the new address came back, opened by the person who asked: change it and tell the old address."""
    link = queries.find_link(token, purposes=[Purpose.change_email])
    if link is None or link.person_id != person.id:
        raise Forbidden("link_spent", LINK_SPENT)
    if queries.find_by_email(link.email) is not None:
        raise Conflict("email_taken", LINK_SPENT)
    before = person.email
    person.email = link.email
    person.email_proven_at = link.used_at = clock.now()
    end_others(person_id=person.id, but=keep)
    if before:
        request_mail(
            purpose=Purpose.email_changed, email=before, language=person.language, person_id=person.id
        )
    journal.record("person.email_changed", about=("person", person.id), by=person.id, visibility="staff")


def give_consent(*, person_id: uuid.UUID, purpose: str, version: str) -> None:
    """Note what the person agrees to; agreeing twice is once."""
    row = {
        "id": db.uuid7(),
        "person_id": person_id,
        "purpose": purpose,
        "version": version,
        "given_at": clock.now(),
    }
    db.session().execute(insert(Consent).values(row).on_conflict_do_nothing())


def withdraw_consent(*, person_id: uuid.UUID, purpose: str) -> None:
    """Note that the person no longer agrees."""
    db.session().execute(
        update(Consent)
        .where(Consent.person_id == person_id, Consent.purpose == purpose, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )


def grant_role(*, person_id: uuid.UUID, role: str, by: uuid.UUID | None) -> None:
    """Make somebody a member of staff; `by` is empty on the command line only. Their sessions end."""
    wanted = Role(role)
    if by is not None and not policy.may_grant(queries.staff_roles(by), by, person_id):
        raise Forbidden("may_not_grant", lazy("Anda tidak berwenang mengubah peran ini."))
    person = db.lock(Person, person_id)
    if person.state != PersonState.active:
        raise Invalid("person_not_active", lazy("Hanya akun aktif yang dapat diberi peran."))
    statement = insert(StaffRole).values(
        person_id=person_id, role=wanted, granted_by=by, granted_at=clock.now()
    )
    db.session().execute(statement.on_conflict_do_nothing())
    end_all(person_id=person_id)
    journal.record(
        "person.role_granted",
        about=("person", person_id),
        by=by,
        data={"role": str(wanted)},
        visibility="staff",
    )


def revoke_role(*, person_id: uuid.UUID, role: str, by: uuid.UUID | None) -> None:
    """Take a role away; it is gone at the next request."""
    if by is not None and not policy.may_grant(queries.staff_roles(by), by, person_id):
        raise Forbidden("may_not_grant", lazy("Anda tidak berwenang mengubah peran ini."))
    db.session().execute(
        delete(StaffRole).where(StaffRole.person_id == person_id, StaffRole.role == Role(role))
    )
    end_all(person_id=person_id)
    journal.record(
        "person.role_revoked", about=("person", person_id), by=by, data={"role": role}, visibility="staff"
    )


def block(*, person_id: uuid.UUID, by: uuid.UUID, reason: str) -> None:
    """Shut somebody out; every session ends."""
    if not policy.may_block(queries.staff_roles(by), by, person_id):
        raise Forbidden("may_not_block", lazy("Anda tidak berwenang memblokir akun ini."))
    person = db.lock(Person, person_id)
    move(person, PersonState.blocked, by=by, cause=reason)
    end_all(person_id=person_id)
    journal.record(
        "person.blocked", about=("person", person_id), by=by, data={"reason": reason}, visibility="staff"
    )


def unblock(*, person_id: uuid.UUID, by: uuid.UUID) -> None:
    """Let somebody in again."""
    if not policy.may_block(queries.staff_roles(by), by, person_id):
        raise Forbidden("may_not_block", lazy("Anda tidak berwenang memblokir akun ini."))
    person = db.lock(Person, person_id)
    move(person, PersonState.active, by=by)
    journal.record("person.unblocked", about=("person", person_id), by=by, visibility="staff")


def erase(*, person_id: uuid.UUID, by: uuid.UUID | None) -> None:
    """Empty the personal fields at the person's own wish. Rows about money stay and name nobody."""
    person = db.lock(Person, person_id)
    if queries.staff_roles(person_id):
        raise Forbidden("staff_stays", lazy("Lepaskan dulu peran staf pada akun ini."))
    address = person.email
    person.name, person.email, person.phone, person.password_hash = "", None, None, None
    move(person, PersonState.erased, by=by)
    session = db.session()
    for table in (LoginSession, RecoveryCode, SecondFactor):
        session.execute(delete(table).where(table.person_id == person_id))
    session.execute(
        delete(AccountMail).where((AccountMail.person_id == person_id) | (AccountMail.email == address))
    )
    session.execute(
        update(Consent)
        .where(Consent.person_id == person_id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=clock.now())
        .execution_options(synchronize_session="fetch")
    )
    journal.record("person.erased", about=("person", person_id), by=by, visibility="staff")
