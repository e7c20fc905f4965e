"""What a bank line can pay or be paid for, and how each is booked: one function forth, one back, per kind."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from coevolve.disbursements import service as disbursements
from coevolve.kit import moves
from coevolve.kit.db import get, lock
from coevolve.kit.errors import Conflict, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments import custody
from coevolve.payments.models import Payment, Payout, PayoutState, Refund
from coevolve.reconciliation.models import Line
from coevolve.reconciliation.service import own_hands
from coevolve.reconciliation.service.booking import Arrival, book, settlement_of
from coevolve.reconciliation.service.refund_lists import (
    bounce_refund_by_line,
    settle_refund_by_line,
    unsettle_refund_by_line,
)
from coevolve.reconciliation.service.unbooking import unbook

BANK = "bank"
"""The provider under whose name the bank's own fees stand in the books."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some of a line, for one target. `amount` is positive; the line's sign says which way the money went."""

    line: Line
    target_id: uuid.UUID
    amount: int
    source: int
    """The account the money is booked out of: the bank's, or unidentified money once the line was set aside."""
    key: str
    at: dt.datetime
    by: uuid.UUID | None

    @property
    def money(self) -> Money:
        """The sum in the line's currency."""
        return Money(self.amount, self.line.unit)

    @property
    def actor(self) -> str:
        """Who books it, as the ledger writes it."""
        return str(self.by) if self.by else "system"


@dataclass(frozen=True)
class Target:
    """A kind of target: what is booked, and how that is taken back (given the posting, under a new key)."""

    settle: Callable[[Part], int]
    unsettle: Callable[[Part, int], int]


def _payment(part: Part) -> int:
    _comes_in(part)
    settlement = settlement_of(get(Payment, part.target_id))
    payment = lock(Payment, part.target_id)
    if payment.bank_account_id != part.line.bank_account_id or payment.unit != part.line.unit:
        raise Conflict("other_account", lazy("Dukungan ini menunggu di rekening atau mata uang yang lain."))
    arrival = Arrival(key=part.key, from_account=part.source, money=part.money, at=part.at, actor=part.actor)
    return book(payment, settlement, arrival)


def _payment_back(part: Part, posting_id: int) -> int:
    return unbook(
        payment_id=part.target_id,
        posting_id=posting_id,
        key=part.key,
        money=part.money,
        at=part.at,
        by=part.by,
    )


def _payout(part: Part) -> int:
    _comes_in(part)
    payout = lock(Payout, part.target_id)
    if custody.custodian_of_account(part.line.bank_account_id) is not None:
        raise Conflict("other_account", lazy("Dukungan ini menunggu di rekening atau mata uang yang lain."))
    if payout.unit != part.line.unit or payout.amount != part.amount:
        raise Conflict("other_sum", lazy("Jumlah pencairan ini berbeda dari mutasi bank."))
    moves.move(payout, PayoutState.reconciled, by=part.by, cause=f"bank line {part.line.id}")
    to = accounts.in_transit(payout.provider, payout.account, payout.unit)
    return _post(part, "payout.arrived", part.source, to, ("payout", payout.id))


def _payout_back(part: Part, posting_id: int) -> int:
    payout = lock(Payout, part.target_id)
    moves.move(payout, PayoutState.paid, by=part.by, cause=f"bank line {part.line.id} undone")
    return _reverse(part, posting_id, ("payout", payout.id))


def _fee(part: Part) -> int:
    """The bank's own fee, tax or interest."""
    about = ("bank_account", part.line.bank_account_id)
    own = own_hands.fees_of(part.line.bank_account_id, part.line.unit)
    if own is not None:
        sides = (part.source, own) if part.line.amount > 0 else (own, part.source)
        return _post(part, "bank.interest" if part.line.amount > 0 else "bank.fee", *sides, about)
    if part.line.amount > 0:
        return _post(part, "bank.interest", part.source, accounts.bank_interest(part.line.unit), about)
    expense = accounts.fee_expense(BANK, part.line.unit)
    return _post(part, "bank.fee", expense, part.source, about)


def _fee_back(part: Part, posting_id: int) -> int:
    return _reverse(part, posting_id, ("bank_account", part.line.bank_account_id))


def _refund(part: Part) -> int:
    """Money out: a refund that finance paid. Money in: the giver's bank sent it back."""
    own_hands.refuse_other_bank(get(Refund, part.target_id), part.line.bank_account_id)
    settle = settle_refund_by_line if part.line.amount < 0 else bounce_refund_by_line
    return settle(
        refund_id=part.target_id, line_id=part.line.id, money=part.money, at=part.at, actor=part.actor
    )


def _refund_back(part: Part, _posting_id: int) -> int:
    if part.line.amount > 0:
        raise Conflict(
            "bounced", lazy("Pengembalian yang gagal tidak dapat dipulihkan dari sini. Buka kasus.")
        )
    return unsettle_refund_by_line(refund_id=part.target_id, line_id=part.line.id, by=_person(part))


def _disbursement(part: Part) -> int:
    """Money out: a disbursement arrives. Money in: the receiver's bank sent it back."""
    if part.line.amount < 0:
        return disbursements.settle_by_line(
            disbursement_id=part.target_id,
            line_id=part.line.id,
            money=part.money,
            at=part.at,
            actor=part.actor,
            bank_account_id=part.line.bank_account_id,
        )
    return disbursements.return_by_line(
        disbursement_id=part.target_id,
        line_id=part.line.id,
        money=part.money,
        at=part.at,
        actor=part.actor,
    )


def _disbursement_back(part: Part, _posting_id: int) -> int:
    if part.line.amount > 0:
        raise Conflict(
            "bounced", lazy("Penyaluran yang kembali tidak dapat dipulihkan dari sini. Buka kasus.")
        )
    return disbursements.unsettle_by_line(
        disbursement_id=part.target_id, line_id=part.line.id, actor=part.actor
    )


def _person(part: Part) -> uuid.UUID:
    if part.by is None:
        raise Conflict("person_needed", lazy("Langkah ini perlu keputusan petugas."))
    return part.by


def _comes_in(part: Part) -> None:
    if part.line.amount < 0:
        raise Conflict("goes_out", lazy("Mutasi ini uang keluar; dukungan dibayar dengan uang masuk."))


def _post(part: Part, kind: str, debit_id: int, credit_id: int, about: tuple[str, uuid.UUID]) -> int:
    transfer = Transfer(debit_id=debit_id, credit_id=credit_id, amount=part.amount, unit=part.line.unit)
    return ledger.post(
        key=part.key,
        kind=kind,
        transfers=[transfer],
        source_kind=about[0],
        source_id=about[1],
        effective_at=part.at,
        actor=part.actor,
    )


def _reverse(part: Part, posting_id: int, about: tuple[str, uuid.UUID]) -> int:
    return ledger.reverse(
        key=part.key,
        posting_id=posting_id,
        source_kind=about[0],
        source_id=about[1],
        effective_at=part.at,
        actor=part.actor,
    )


TARGETS: dict[str, Target] = {
    "disbursement": Target(_disbursement, _disbursement_back),
    "fee": Target(_fee, _fee_back),
    "payment": Target(_payment, _payment_back),
    "payout": Target(_payout, _payout_back),
    "refund": Target(_refund, _refund_back),
}


def target(kind: str) -> Target:
    """How targets of this kind are booked; NotFound for a kind nobody books."""
    found = TARGETS.get(kind)
    if found is None:
        raise NotFound("no_target", lazy("Pilihan ini sudah tidak ada. Muat ulang halaman ini."))
    return found
