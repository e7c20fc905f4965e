"""Signing in and out. A session is a row found by the hash of its cookie; ending it is deleting it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import delete, update

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db, rate
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.people import passwords, queries, tokens
from coevolve.people.models import AccountMail, LoginSession, Person, PersonState, Stage
from coevolve.people.service.factors import check_code

TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in that came through the password: the cookie's secret, and whether a code is still asked for."""

    person: Person
    token: str
    needs_code: bool


def sign_in(
    *, email: str, password: str, address: str, browser: str = "", device: str | None = None
) -> SignIn:
    """Check address and password, open a session. Refuses in one sentence and one time whatever was wrong.

    A browser that signed in before (`device`, proven by its own cookie) has its own count of tries, so an attacker who
    burns the account's or the address's cannot lock the owner out.
    """
    known_email = email.strip().lower()[:254]
    window = settings().sign_in_window_seconds
    keys = (
        [f"sign_in:device:{device}"]
        if device
        else [f"sign_in:account:{known_email}", f"sign_in:address:{address}"]
    )
    for key in keys:
        rate.hit(key, limit=settings().sign_in_tries, window_seconds=window)
    person = queries.find_by_email(known_email) if "\x00" not in known_email else None
    fits = len(password) <= settings().password_max_length
    right = passwords.matches(person.password_hash if person else None, password if fits else "")
    if person is None or not right or not fits or person.state != PersonState.active:
        raise Invalid("sign_in_refused", lazy("Alamat surel atau kata sandi tidak cocok."))
    for key in keys:
        rate.forgive(key, window_seconds=window)
    if person.password_hash and passwords.HASHER.check_needs_rehash(person.password_hash):
        person.password_hash = passwords.hash_(password)
    needs_code = queries.has_second_factor(person.id)
    token = start_session(
        person_id=person.id, browser=browser, stage=Stage.half if needs_code else Stage.full
    )
    if not needs_code:
        journal.record("person.signed_in", about=("person", person.id), by=person.id, visibility="staff")
    return SignIn(person=person, token=token, needs_code=needs_code)


def start_session(
    *, person_id: uuid.UUID, browser: str = "", stage: Stage = Stage.full, with_factor: bool = False
) -> str:
    """Open a session and return the secret for its cookie."""
    plain, token_hash = tokens.new()
    moment = clock.now()
    login = LoginSession(
        token_hash=token_hash,
        person_id=person_id,
        stage=stage,
        began_at=moment,
        seen_at=moment,
        factor_at=moment if with_factor else None,
        browser=_readable(browser),
    )
    db.session().add(login)
    db.session().flush()
    return plain


def prove_factor(*, login_id: uuid.UUID, code: str) -> str:
    """A code (app or recovery) ends a half sign-in or refreshes a whole one; the cookie's secret is new either way."""
    login = db.lock(LoginSession, login_id)
    check_code(person_id=login.person_id, code=code)
    finishes = login.stage == Stage.half
    plain, login.token_hash = tokens.new()
    login.stage = Stage.full
    login.factor_at = clock.now()
    login.seen_at = clock.now()
    db.session().flush()
    kind = "person.signed_in" if finishes else "person.stepped_up"
    journal.record(kind, about=("person", login.person_id), by=login.person_id, visibility="staff")
    return plain


def renew(*, login_id: uuid.UUID) -> str:
    """The app was just confirmed in this session: that proves it, and the cookie's secret is new."""
    login = db.lock(LoginSession, login_id)
    plain, login.token_hash = tokens.new()
    login.factor_at = login.seen_at = clock.now()
    db.session().flush()
    return plain


def touch(login: LoginSession) -> bool:
    """Note that a session is used, at most once a minute; tells whether there is something to commit."""
    moment = clock.now()
    if (moment - login.seen_at).total_seconds() < TOUCH_SECONDS:
        return False
    db.session().execute(
        update(LoginSession)
        .where(LoginSession.id == login.id, LoginSession.seen_at < moment)
        .values(seen_at=moment)
        .execution_options(synchronize_session=False)
    )
    return True


def sign_out(*, token: str) -> None:
    """End the session of this cookie; unknown ones are no fault."""
    db.session().execute(delete(LoginSession).where(LoginSession.token_hash == tokens.digest(token)))


def end_one(*, person_id: uuid.UUID, login_id: uuid.UUID) -> None:
    """End one of the person's own sessions."""
    db.session().execute(
        delete(LoginSession).where(LoginSession.id == login_id, LoginSession.person_id == person_id)
    )


def end_others(*, person_id: uuid.UUID, but: uuid.UUID) -> int:
    """End all the person's sessions but this one; returns how many ended."""
    gone = db.session().execute(
        delete(LoginSession)
        .where(LoginSession.person_id == person_id, LoginSession.id != but)
        .returning(LoginSession.id)
    )
    return len(gone.all())


def end_all(*, person_id: uuid.UUID) -> None:
    """End every session of a person: block, reset, change of roles."""
    db.session().execute(delete(LoginSession).where(LoginSession.person_id == person_id))


def sweep() -> int:
    """Remove sessions past the longest limit and account mails long done; returns how many rows went."""
    moment = clock.now()
    limits = settings()
    old_session = moment - dt.timedelta(days=limits.session_absolute_days)
    idle_session = moment - dt.timedelta(days=limits.session_idle_days)
    old_mail = moment - dt.timedelta(days=30)
    gone = db.session().execute(
        delete(LoginSession)
        .where((LoginSession.began_at < old_session) | (LoginSession.seen_at < idle_session))
        .returning(LoginSession.id)
    )
    mails = db.session().execute(
        delete(AccountMail).where(AccountMail.created_at < old_mail).returning(AccountMail.id)
    )
    return len(gone.all()) + len(mails.all())


def _readable(browser: str) -> str:
    return "".join(ch for ch in browser if ch.isprintable())[:200]
