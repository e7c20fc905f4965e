"""The second factor: an authenticator app (TOTP) and ten recovery codes.

A code is good for its half minute and the ones beside it, and only once: the step of the newest used code is kept, and
the UPDATE that raises it is the test, so two requests with one code cannot both win.
"""

from __future__ import annotations

import hmac
import re
import uuid

import pyotp
from sqlalchemy import delete, update

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db, rate
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.people import queries, tokens
from coevolve.people.models import LoginSession, Person, Purpose, RecoveryCode, SecondFactor
from coevolve.people.service.mails import request_mail

STEP_SECONDS = 30
RECOVERY_CODES = 10


def start_totp(*, person: Person) -> tuple[str, str]:
    """Begin to set up an app: the secret and its otpauth address. A confirmed app is not touched."""
    factor = db.session().get(SecondFactor, person.id)
    if factor is not None and factor.confirmed_at is not None:
        raise Conflict("factor_there", lazy("Aplikasi kode sudah terpasang."))
    if factor is None:
        factor = SecondFactor(person_id=person.id, secret=pyotp.random_base32(), last_step=0)
        db.session().add(factor)
        db.session().flush()
    return factor.secret, _address(person, factor.secret)


def confirm_totp(*, person: Person, code: str, keep: uuid.UUID | None = None) -> list[str]:
    """The first right code turns the app on; returns the recovery codes, shown this once. Other sessions end."""
    factor = db.lock(SecondFactor, person.id)
    if factor.confirmed_at is not None:
        raise Conflict("factor_there", lazy("Aplikasi kode sudah terpasang."))
    check_totp(person_id=person.id, code=code, unconfirmed=True)
    moment = clock.now()
    factor.confirmed_at = moment
    others = delete(LoginSession).where(LoginSession.person_id == person.id)
    db.session().execute(others if keep is None else others.where(LoginSession.id != keep))
    codes = _fresh_codes(person.id)
    _tell(person)
    journal.record(
        "person.second_factor_added", about=("person", person.id), by=person.id, visibility="staff"
    )
    return codes


def enrol_totp(*, person: Person, secret: str | None = None) -> str:
    """Give a person a confirmed app at once: seeds and tests; returns the secret."""
    chosen = secret or pyotp.random_base32()
    db.session().merge(
        SecondFactor(person_id=person.id, secret=chosen, confirmed_at=clock.now(), last_step=0)
    )
    db.session().flush()
    return chosen


def remove_totp(*, person: Person) -> None:
    """Take the app away, so that another can be set up; what needs a code is closed until then."""
    session = db.session()
    session.execute(delete(SecondFactor).where(SecondFactor.person_id == person.id))
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    session.execute(
        update(LoginSession)
        .where(LoginSession.person_id == person.id)
        .values(factor_at=None)
        .execution_options(synchronize_session="fetch")
    )
    _tell(person)
    journal.record(
        "person.second_factor_removed", about=("person", person.id), by=person.id, visibility="staff"
    )


def renew_recovery_codes(*, person: Person) -> list[str]:
    """Ten new recovery codes; the old ones stop working."""
    codes = _fresh_codes(person.id)
    _tell(person)
    journal.record(
        "person.recovery_codes_renewed", about=("person", person.id), by=person.id, visibility="staff"
    )
    return codes


def check_code(*, person_id: uuid.UUID, code: str) -> None:
    """Take a code of either kind, or refuse; few tries in five minutes for a person, whatever the browser."""
    window = settings().sign_in_window_seconds
    key = f"second_factor:{person_id}"
    rate.hit(key, limit=settings().second_factor_tries, window_seconds=window)
    typed = re.sub(r"[\s-]", "", code).lower()
    if re.fullmatch(r"[0-9]{6}", typed):
        check_totp(person_id=person_id, code=typed)
    else:
        _spend_recovery_code(person_id, typed)
    rate.forgive(key, window_seconds=window)


def check_totp(*, person_id: uuid.UUID, code: str, unconfirmed: bool = False) -> None:
    """Take a code of the app once, or refuse."""
    factor = db.session().get(SecondFactor, person_id)
    refusal = Invalid(
        "code_wrong", lazy("Kode ini tidak cocok atau sudah dipakai. Tunggu kode berikutnya."), field="code"
    )
    if factor is None or (factor.confirmed_at is None and not unconfirmed):
        raise refusal
    step = _step_of(factor.secret, re.sub(r"\s", "", code))
    if step is None:
        raise refusal
    used = db.session().execute(
        update(SecondFactor)
        .where(SecondFactor.person_id == person_id, SecondFactor.last_step < step)
        .values(last_step=step)
        .returning(SecondFactor.person_id)
        .execution_options(synchronize_session="fetch")
    )
    if used.first() is None:
        raise refusal


def current_code(*, person: Person) -> str:
    """The code the person's app shows now (demo and tests: there is no phone)."""
    factor = queries.factor_of(person.id)
    if factor is None:
        raise Invalid("no_factor", lazy("Akun ini tidak memakai aplikasi kode."))
    return str(pyotp.TOTP(factor.secret).generate_otp(_step_now()))


def _step_now() -> int:
    return int(clock.now().timestamp()) // STEP_SECONDS


def _step_of(secret: str, code: str) -> int | None:
    """Which of the three steps around now a code belongs to; all three are compared, in constant time."""
    totp = pyotp.TOTP(secret)
    found = None
    for step in (_step_now() - 1, _step_now(), _step_now() + 1):
        if hmac.compare_digest(str(totp.generate_otp(step)).encode(), code.encode("utf-8", "replace")):
            found = step
    return found


def _spend_recovery_code(person_id: uuid.UUID, typed: str) -> None:
    plain = f"{typed[:5]}-{typed[5:]}"
    spent = db.session().execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == tokens.digest(f"{person_id}:{plain}"),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    )
    if spent.first() is None:
        raise Invalid(
            "code_wrong",
            lazy("Kode ini tidak cocok atau sudah dipakai. Tunggu kode berikutnya."),
            field="code",
        )
    journal.record("person.recovery_code_used", about=("person", person_id), by=person_id, visibility="staff")


def _fresh_codes(person_id: uuid.UUID) -> list[str]:
    db.session().execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = [tokens.recovery_code() for _ in range(RECOVERY_CODES)]
    db.session().add_all(
        RecoveryCode(person_id=person_id, code_hash=tokens.digest(f"{person_id}:{code}")) for code in codes
    )
    db.session().flush()
    return codes


def _address(person: Person, secret: str) -> str:
    return str(pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=settings().platform_name))


def _tell(person: Person) -> None:
    if person.email:
        request_mail(
            purpose=Purpose.second_factor_changed,
            email=person.email,
            language=person.language,
            person_id=person.id,
        )
