"""From an address to an account.

The password is chosen only after the link in the mail came back: so nobody can prepare an account on another's address
and wait for its owner to confirm it.
"""

from __future__ import annotations

import re
import uuid

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.kit.i18n import LANGUAGES, lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_line, refuse_nul
from coevolve.people import passwords, queries
from coevolve.people.models import Consent, Person, PersonState, Purpose
from coevolve.people.service.mails import request_mail

TERMS_VERSION = "2026-11-01"
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)


def normal_email(text: str, *, field: str = "email") -> str:
    """The address as we keep it; Invalid when it cannot be one."""
    email = refuse_nul(text).strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email) or ".." in email:
        raise Invalid("email_shape", lazy("Tulis alamat surel seperti nama@contoh.or.id."), field=field)
    return email


def normal_name(text: str, *, field: str = "name") -> str:
    """A person's name as we keep it."""
    name = clean_line(refuse_nul(text))
    if not 2 <= len(name) <= 120:
        raise Invalid("name_length", lazy("Isi nama Anda, 2 sampai 120 karakter."), field=field)
    if "://" in name or "www." in name.lower():
        raise Invalid("name_link", lazy("Nama tidak boleh memuat alamat situs."), field=field)
    return name


def sign_up(*, email: str, language: str = "id", next_path: str = "") -> None:
    """Ask for the link that begins an account; says and costs the same whether the address is known or not."""
    request_mail(purpose=Purpose.sign_up, email=normal_email(email), language=language, next_path=next_path)


def confirm_email(*, token: str, name: str, password: str, language: str = "id", agrees: bool) -> Person:
    """The link came back: choose a name and a password; the account is open, and gifts made as a guest are in it."""
    link = queries.find_link(token, purposes=[Purpose.sign_up, Purpose.invite])
    if link is None:
        raise Forbidden(
            "link_spent", lazy("Tautan ini sudah dipakai atau sudah kedaluwarsa. Mintalah yang baru.")
        )
    if not agrees:
        raise Invalid("terms", lazy("Centang persetujuan untuk membuat akun."), field="agrees")
    full_name = normal_name(name)
    passwords.refuse_weak(password, own=(full_name, link.email))
    person = db.lock(Person, _known_or_new(link.email, full_name, language).id)
    if person.state != PersonState.invited:
        raise Forbidden(
            "link_spent", lazy("Tautan ini sudah dipakai atau sudah kedaluwarsa. Mintalah yang baru.")
        )
    person.name = full_name
    person.language = language if language in LANGUAGES else "id"
    _open(person, password)
    if link.purpose == Purpose.sign_up:
        link.used_at = clock.now()
    _agree(person.id)
    journal.record("person.confirmed", about=("person", person.id), by=person.id, visibility="staff")
    return person


def create_active(*, email: str, name: str, password: str | None, language: str = "id") -> Person:
    """An account that is open at once: seeds, tests and the command line, where the address needs no proof."""
    person = _known_or_new(normal_email(email), normal_name(name), language)
    _open(person, password)
    _agree(person.id)
    return person


def guest(*, email: str, name: str, language: str = "id", phone: str | None = None) -> Person:
    """Whom a gift without an account belongs to: the person of that address, or a new one who is only invited.

    A guest's row proves nothing and signs nobody in; the gifts wait there until the address is proven.
    """
    person = _known_or_new(normal_email(email), normal_name(name), language)
    if person.state == PersonState.blocked:
        raise Forbidden("person_blocked", lazy("Dukungan dengan alamat surel ini tidak dapat kami terima."))
    if person.state == PersonState.invited and phone and not person.phone:
        person.phone = phone
    return person


def _known_or_new(email: str, name: str, language: str) -> Person:
    """The person of an address; made if there is none, once even when two ask at the same moment."""
    known = queries.find_by_email(email)
    if known is not None:
        return known
    row = Person(
        email=email,
        name=name,
        language=language if language in LANGUAGES else "id",
        state=PersonState.invited,
    )
    session = db.session()
    savepoint = session.begin_nested()
    try:
        begin(row, by=None)
        savepoint.commit()
    except IntegrityError:
        savepoint.rollback()
        found = queries.find_by_email(email)
        if found is None:
            raise
        return found
    return row


def _open(person: Person, password: str | None) -> None:
    moment = clock.now()
    person.email_proven_at = moment
    if password is not None:
        person.password_hash = passwords.hash_(password)
        person.password_changed_at = moment
    move(person, PersonState.active, by=person.id)


def _agree(person_id: uuid.UUID) -> None:
    statement = insert(Consent).values(
        id=db.uuid7(), person_id=person_id, purpose="terms", version=TERMS_VERSION, given_at=clock.now()
    )
    db.session().execute(statement.on_conflict_do_nothing())
