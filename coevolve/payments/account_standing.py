"""Whether money may go to an organisation's bank account, and if not, why not and until when."""

from __future__ import annotations

import datetime as dt
import difflib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.i18n import lazy
from coevolve.kit.text import normalise_name
from coevolve.organisations.models import ClaimState, Organisation, VerificationClaim
from coevolve.payments.models import BankAccount, BankAccountApproval, BankAccountVersion

ALIKE = 0.75

STANDINGS: dict[str, Any] = {
    "to_check": lazy("Menunggu diperiksa moderator"),
    "to_mend": lazy("Perlu perbaikan"),
    "refused": lazy("Rekening ditolak"),
    "to_second": lazy("Menunggu petugas kedua"),
    "waiting": lazy("Menunggu masa tunggu"),
    "usable": lazy("Dapat dipakai"),
    "lapsed": lazy("Pemeriksaannya sudah lewat masa berlaku"),
}
STANDING_TAGS = {
    "to_check": "wait",
    "to_mend": "bad",
    "refused": "bad",
    "to_second": "wait",
    "waiting": "wait",
    "usable": "good",
    "lapsed": "bad",
}


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """The newest particulars of an organisation's account, and how far they are from being used."""

    version_id: uuid.UUID
    account_id: uuid.UUID
    organisation_id: uuid.UUID
    version: int
    bank_name: str
    account_number: str
    holder: str
    note: str
    stated_by: uuid.UUID | None
    stated_at: dt.datetime
    usable_at: dt.datetime
    """The end of the wait; the checks are asked besides."""
    claim_id: uuid.UUID | None
    checked_by: uuid.UUID | None
    remark: str
    standing: str
    is_name_unlike: bool

    @property
    def is_usable(self) -> bool:
        """Whether money may go there now."""
        return self.standing == "usable"

    @property
    def grouped_number(self) -> str:
        """The number in groups of four, for reading."""
        return " ".join(self.account_number[i : i + 4] for i in range(0, len(self.account_number), 4))

    @property
    def short(self) -> str:
        """Bank and last four digits, for whoever need not see the rest."""
        return f"{self.bank_name} ···{self.account_number[-4:]}"


def account_of(organisation_id: uuid.UUID) -> AccountStanding | None:
    """The organisation's account as last stated; None when none was."""
    found = _standings(BankAccount.organisation_id == organisation_id)
    live = [one for one in found if one.standing != "refused"]
    return next(iter(live or found), None)


def version(version_id: uuid.UUID) -> AccountStanding | None:
    """One version, as it stands."""
    found = _standings(BankAccountVersion.id == version_id)
    return found[0] if found else None


def by_versions(version_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, AccountStanding]:
    """Several versions as they stand, by their ids."""
    wanted = set(version_ids)
    return {one.version_id: one for one in _standings(BankAccountVersion.id.in_(wanted))} if wanted else {}


def history_of(organisation_id: uuid.UUID) -> list[AccountStanding]:
    """All versions, newest first."""
    return _standings(BankAccount.organisation_id == organisation_id)


def waiting_accounts() -> list[AccountStanding]:
    """What staff should look at: to check or to second, the longest waiting first. Only the newest of each."""
    found = _standings(
        BankAccount.organisation_id.is_not(None), VerificationClaim.state.in_(["submitted", "accepted"])
    )
    newest: dict[uuid.UUID, AccountStanding] = {}
    for one in found:
        newest.setdefault(one.account_id, one)
    waiting = [one for one in newest.values() if one.standing in {"to_check", "to_second"}]
    return sorted(waiting, key=lambda one: one.stated_at)


def is_name_unlike(holder: str, organisation_name: str) -> bool:
    """Whether the holder's name is not the organisation's, legal forms and order of words aside."""
    left, right = _bare(holder), _bare(organisation_name)
    if not left or not right:
        return True
    if set(left) <= set(right) or set(right) <= set(left):
        return False
    ratio = difflib.SequenceMatcher(None, " ".join(sorted(left)), " ".join(sorted(right))).ratio()
    return ratio < ALIKE


_FORMS = frozenset({"YAYASAN", "PERKUMPULAN", "LEMBAGA", "PT", "CV", "KSM", "LSM", "KELOMPOK", "YYS", "PERK"})


def _bare(name: str) -> list[str]:
    return [word for word in normalise_name(name).split() if word not in _FORMS]


def _standings(*conditions: Any) -> list[AccountStanding]:
    statement = (
        select(BankAccountVersion, BankAccount, Organisation.name, VerificationClaim, BankAccountApproval)
        .join(BankAccount, BankAccount.id == BankAccountVersion.bank_account_id)
        .join(Organisation, Organisation.id == BankAccount.organisation_id)
        .outerjoin(VerificationClaim, VerificationClaim.id == BankAccountVersion.claim_id)
        .outerjoin(BankAccountApproval, BankAccountApproval.version_id == BankAccountVersion.id)
        .where(BankAccount.claim_id.is_(None), *conditions)
        .order_by(BankAccountVersion.bank_account_id, BankAccountVersion.version.desc())
    )
    wait = dt.timedelta(hours=settings().account_wait_hours)
    found = []
    for one, account, name, claim, approval in session().execute(statement):
        if account.organisation_id is None:
            continue
        usable_at = one.created_at + wait
        found.append(
            AccountStanding(
                version_id=one.id,
                account_id=account.id,
                organisation_id=account.organisation_id,
                version=one.version,
                bank_name=one.bank_name,
                account_number=one.account_number,
                holder=one.holder,
                note=one.note,
                stated_by=one.added_by,
                stated_at=one.created_at,
                usable_at=usable_at,
                claim_id=one.claim_id,
                checked_by=claim.checked_by if claim else None,
                remark=claim.remark if claim else "",
                standing=_standing(claim, approval, usable_at),
                is_name_unlike=is_name_unlike(one.holder, name),
            )
        )
    return found


_BY_CLAIM = {
    ClaimState.draft: "to_check",
    ClaimState.submitted: "to_check",
    ClaimState.needs_fix: "to_mend",
    ClaimState.rejected: "refused",
    ClaimState.revoked: "refused",
    ClaimState.expired: "lapsed",
}


def _standing(
    claim: VerificationClaim | None, approval: BankAccountApproval | None, usable_at: dt.datetime
) -> str:
    if claim is None:
        return "to_check"
    if claim.state != ClaimState.accepted:
        return _BY_CLAIM[ClaimState(claim.state)]
    if claim.expires_on is not None and claim.expires_on < clock.today():
        return "lapsed"
    if approval is None:
        return "to_second"
    return "usable" if usable_at <= clock.now() else "waiting"
