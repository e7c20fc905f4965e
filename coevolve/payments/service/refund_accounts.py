"""Where givers want their money: stated by the giver, checked by finance, kept version by version."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import lock, session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line, clean_text
from coevolve.payments.models import RefundAccount

Owner = tuple[str, uuid.UUID]
"""Whose account it is: a person, an organisation, or a pledge whose giver nobody knows."""


def newest_account(owner: Owner) -> RefundAccount | None:
    """What the giver said last."""
    statement = (
        select(RefundAccount)
        .where(RefundAccount.owner_kind == owner[0], RefundAccount.owner_id == owner[1])
        .order_by(RefundAccount.version.desc())
        .limit(1)
    )
    return session().execute(statement).scalar_one_or_none()


def state_account(
    *, owner: Owner, bank_name: str, account_number: str, holder: str, by: uuid.UUID | None
) -> RefundAccount:
    """Write down where a giver wants its money; the same words again change nothing, others are a new version."""
    bank, name = clean_line(bank_name), clean_line(holder)
    digits = "".join(sign for sign in account_number if sign not in " .-")
    if not 2 <= len(bank) <= 60:
        raise Invalid("bank_name", lazy("Tulis nama banknya."), field="bank_name")
    if not digits.isascii() or not digits.isdigit() or not 5 <= len(digits) <= 24:
        raise Invalid(
            "refund_account_number",
            lazy("Nomor rekening hanya angka, 5 sampai 24 angka."),
            field="account_number",
        )
    if not 3 <= len(name) <= 100:
        raise Invalid("holder", lazy("Tulis nama pemilik rekening seperti di buku tabungan."), field="holder")
    last = newest_account(owner)
    said = (bank, digits, name)
    if last and not last.refused_at and (last.bank_name, last.account_number, last.holder) == said:
        return last
    made = RefundAccount(
        owner_kind=owner[0],
        owner_id=owner[1],
        version=last.version + 1 if last else 1,
        bank_name=bank,
        account_number=digits,
        holder=name,
        stated_by=by,
    )
    session().add(made)
    session().flush()
    _record(made, "refund_account.stated", by)
    return made


def verify_account(*, account_id: uuid.UUID, by: uuid.UUID) -> RefundAccount:
    """Finance has checked that this is the giver's own account."""
    account = _unchecked(account_id)
    account.checked_by, account.verified_at = by, clock.now()
    session().flush()
    _record(account, "refund_account.verified", by)
    return account


def refuse_account(*, account_id: uuid.UUID, by: uuid.UUID, because: str) -> RefundAccount:
    """Finance will not pay to this account; the giver reads why and states another."""
    words = clean_text(because)[:500]
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    account = _unchecked(account_id)
    account.checked_by, account.refused_at, account.refused_because = by, clock.now(), words
    session().flush()
    _record(account, "refund_account.refused", by)
    return account


def _unchecked(account_id: uuid.UUID) -> RefundAccount:
    account = lock(RefundAccount, account_id)
    newest = newest_account((account.owner_kind, account.owner_id))
    if account.checked_by is not None or newest is None or newest.id != account.id:
        raise Conflict(
            "account_checked", lazy("Rekening ini sudah diperiksa, atau donatur sudah menulis yang baru.")
        )
    return account


def _record(account: RefundAccount, kind: str, by: uuid.UUID | None) -> None:
    # The number itself stays in the table: the journal is read by more people and never forgets.
    journal.record(
        kind,
        about=("refund_account", account.id),
        by=by,
        data={"version": account.version, "owner": account.owner_kind},
        visibility="staff",
    )
