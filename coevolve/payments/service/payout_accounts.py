"""Bank accounts of organisations: stated by their finance, checked by a moderator, seconded by another of staff.

Nothing is ever edited: a change is a new version, which waits as the first one did, and all owners are told.
"""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import func, select

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line
from coevolve.notifications import service as notifications
from coevolve.organisations import policy
from coevolve.organisations import queries as organisations
from coevolve.organisations import service as organisation_service
from coevolve.organisations.models import ClaimState, Method, Organisation
from coevolve.payments import account_standing
from coevolve.payments.models import BankAccount, BankAccountApproval, BankAccountVersion
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.people.models import Role as StaffRole

SECONDERS = frozenset({StaffRole.moderator, StaffRole.admin})


def state_organisation_account(
    *,
    organisation_id: uuid.UUID,
    by: Person,
    bank_name: str,
    account_number: str,
    holder: str,
    note: str = "",
) -> BankAccountVersion:
    """Say where the organisation wants its money. The same particulars again are no new version."""
    organisation = db.lock(Organisation, organisation_id)
    if not policy.may(by, "touch_money", organisation):
        raise Forbidden("may_not_state", lazy("Hanya pemilik atau bendahara yang dapat menyatakan rekening."))
    bank, owner, why = clean_line(bank_name), clean_line(holder), clean_line(note)
    digits = account_number.replace(" ", "").replace("-", "").replace(".", "")
    _refuse_unfit(bank, digits, owner, why)
    if account_standing.is_name_unlike(owner, organisation.name) and not why:
        message = lazy(
            "Nama pemilik rekening lain dari nama organisasi (%(name)s). Periksa lagi, atau tulis alasannya di bawah.",
            name=organisation.name,
        )
        raise Invalid("holder_unlike", message, field="holder")
    current = account_standing.account_of(organisation_id)
    if (
        current is not None
        and current.standing in {"to_check", "to_second", "waiting", "usable"}
        and (current.bank_name, current.account_number, current.holder) == (bank, digits, owner)
    ):
        return db.get(BankAccountVersion, current.version_id)
    claim = organisation_service.file_account(
        organisation_id=organisation_id, by=by, particulars=f"{bank} {digits} a.n. {owner}"[:80], note=why
    )
    account = _account(organisation_id)
    last = session().execute(
        select(func.coalesce(func.max(BankAccountVersion.version), 0)).where(
            BankAccountVersion.bank_account_id == account.id
        )
    )
    made = BankAccountVersion(
        bank_account_id=account.id,
        version=int(last.scalar_one()) + 1,
        bank_name=bank,
        account_number=digits,
        holder=owner,
        note=why,
        claim_id=claim.id,
        added_by=by.id,
        created_at=clock.now(),
    )
    session().add(made)
    session().flush()
    _note("bank_account.stated", organisation_id, by.id, made)
    _tell_owners(organisation, by, made)
    _tell_staff(organisation, made, "moderator")
    return made


def check_organisation_account(
    *, version_id: uuid.UUID, by: Person, to: str, method: str = Method.document, remark: str = ""
) -> BankAccountVersion:
    """A moderator's finding about an account as it was last stated: accepted, needs_fix or rejected."""
    version, standing = _newest(version_id)
    if standing.standing != "to_check" or version.claim_id is None:
        raise Conflict("account_checked", lazy("Rekening ini sudah diperiksa. Muat ulang halaman ini."))
    organisation_service.check_claim(claim_id=version.claim_id, by=by.id, to=to, method=method, remark=remark)
    organisation = organisations.get(standing.organisation_id)
    _note(f"bank_account.{to}", organisation.id, by.id, version)
    if to == ClaimState.accepted:
        _tell_staff(organisation, version, "admin")
    else:
        notifications.queue(
            kind="account.returned",
            person_ids=_money_people(organisation.id),
            about=("bank_account", version.bank_account_id),
            data={
                "organisation": organisation.name,
                "reason": clean_line(remark),
                "path": f"/dasbor/{organisation.slug}/rekening",
            },
            dedupe_key=f"account.returned:{version.id}",
            for_organisation=organisation.id,
        )
    return version


def second_organisation_account(*, version_id: uuid.UUID, by: Person) -> BankAccountApproval:
    """The second yes, by somebody of staff who neither stated nor checked it and is no member there."""
    version, standing = _newest(version_id)
    if not SECONDERS & set(people.staff_roles(by.id)):
        raise Forbidden("may_not_second", lazy("Hanya moderator atau admin yang dapat menyetujui rekening."))
    if standing.standing != "to_second" or standing.checked_by is None or standing.stated_by is None:
        raise Conflict("account_seconded", lazy("Rekening ini tidak sedang menunggu petugas kedua."))
    if by.id in {standing.checked_by, standing.stated_by}:
        raise Forbidden("account_same_person", lazy("Petugas kedua harus orang lain dari pemeriksa pertama."))
    if organisations.role_in(by.id, standing.organisation_id) is not None:
        raise Forbidden("own_account", lazy("Anda anggota organisasi ini; petugas lain yang menyetujuinya."))
    approval = BankAccountApproval(
        version_id=version.id,
        stated_by=standing.stated_by,
        checked_by=standing.checked_by,
        seconded_by=by.id,
    )
    session().add(approval)
    session().flush()
    _note("bank_account.seconded", standing.organisation_id, by.id, version)
    return approval


# --- shared ----------------------------------------------------------------------------------------------------------


def _refuse_unfit(bank: str, digits: str, holder: str, why: str) -> None:
    if not 2 <= len(bank) <= 60:
        raise Invalid("bank_name", lazy("Tulis nama banknya, 2 sampai 60 karakter."), field="bank_name")
    if not digits.isascii() or not digits.isdigit() or not 5 <= len(digits) <= 24:
        raise Invalid(
            "account_number", lazy("Nomor rekening terdiri dari 5 sampai 24 angka."), field="account_number"
        )
    if not 3 <= len(holder) <= 80:
        raise Invalid("holder", lazy("Tulis nama pemilik rekening seperti di buku tabungan."), field="holder")
    if len(why) > 300:
        raise Invalid("note_long", lazy("Paling banyak %(most)s karakter.", most=300), field="note")


def _account(organisation_id: uuid.UUID) -> BankAccount:
    statement = select(BankAccount).where(
        BankAccount.organisation_id == organisation_id,
        BankAccount.unit == "IDR",
        BankAccount.claim_id.is_(None),
    )
    account = session().execute(statement).scalar_one_or_none()
    if account is None:
        account = BankAccount(organisation_id=organisation_id, unit="IDR", is_receiving=False)
        session().add(account)
        session().flush()
    return account


def _newest(version_id: uuid.UUID) -> tuple[BankAccountVersion, account_standing.AccountStanding]:
    version = db.get(BankAccountVersion, version_id)
    account = db.lock(BankAccount, version.bank_account_id)
    if account.organisation_id is None:
        raise NotFound("no_account", lazy("Rekening ini tidak ada."))
    newest = account_standing.account_of(account.organisation_id)
    if newest is None or newest.version_id != version_id:
        raise Conflict("account_changed", lazy("Rekening ini sudah diganti. Periksa yang terbaru."))
    return version, newest


def _tell_owners(organisation: Organisation, by: Person, version: BankAccountVersion) -> None:
    """Every owner hears of it, the one who stated it too: a stolen account is noticed by its people first."""
    usable = clock.now() + dt.timedelta(hours=settings().account_wait_hours)
    notifications.queue(
        kind="account.changed",
        person_ids=[one.id for one in organisations.members_of(organisation.id, ["owner"])] + [by.id],
        about=("bank_account", version.bank_account_id),
        data={
            "organisation": organisation.name,
            "person": by.name,
            "account": f"{version.bank_name} ···{version.account_number[-4:]}",
            "usable_at": usable.isoformat(),
            "path": f"/dasbor/{organisation.slug}/rekening",
        },
        dedupe_key=f"account.changed:{version.id}",
        for_organisation=organisation.id,
    )


def _tell_staff(organisation: Organisation, version: BankAccountVersion, role: str) -> None:
    notifications.queue(
        kind="account.waiting",
        person_ids=[person.id for person in people.staff_with(role)],
        about=("bank_account", version.bank_account_id),
        data={"organisation": organisation.name, "path": "/moderasi/rekening"},
        dedupe_key=f"account.waiting:{version.id}:{role}",
    )


def _money_people(organisation_id: uuid.UUID) -> list[uuid.UUID]:
    return [one.id for one in organisations.members_of(organisation_id, ["owner", "finance"])]


def _note(kind: str, organisation_id: uuid.UUID, by: uuid.UUID, version: BankAccountVersion) -> None:
    journal.record(
        kind,
        about=("organisation", organisation_id),
        by=by,
        for_organisation=organisation_id,
        data={"version": str(version.id)},
        visibility="parties",
    )
