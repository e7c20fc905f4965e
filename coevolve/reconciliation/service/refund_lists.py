"""Refunds by bank transfer: lists that finance pays from, and the bank lines that settle them."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select, text

from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.text import clean_text
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import custody
from coevolve.payments import service as payments
from coevolve.payments.models import REFUND, Payment, Refund, RefundAccount, RefundList, RefundState
from coevolve.payments.service import refunding as asking
from coevolve.reconciliation.models import Line
from coevolve.reconciliation.service import own_hands, refund_news
from coevolve.reconciliation.service.booking import settlement_of
from coevolve.reconciliation.service.refunding import (
    BANK,
    book_back,
    finish,
    locked,
    owner_of,
    take_up_again,
    undo,
)

AT_ONCE = 500

# Whose account it is, as refunding.owner_of says: the organisation's, else the person's who proved to be the giver,
# else the pledge's own.
OWNER = """(
   CASE WHEN g.giver_organisation_id IS NOT NULL THEN 'organisation'
        WHEN g.giver_person_id IS NOT NULL AND NOT (g.is_guest AND g.joined_at IS NULL) THEN 'person'
        ELSE 'pledge' END,
   CASE WHEN g.giver_organisation_id IS NOT NULL THEN g.giver_organisation_id
        WHEN g.giver_person_id IS NOT NULL AND NOT (g.is_guest AND g.joined_at IS NULL) THEN g.giver_person_id
        ELSE g.id END)"""
# Approved transfers whose giver's newest account is checked.
READY = f"""
SELECT r.id, a.id AS account_id FROM payment_refund r
  JOIN payment y ON y.id = r.payment_id JOIN pledge g ON g.id = y.reference_id
  JOIN LATERAL (
    SELECT v.id, v.verified_at FROM payment_refund_account v
     WHERE (v.owner_kind, v.owner_id) = {OWNER}
     ORDER BY v.version DESC LIMIT 1) a ON a.verified_at IS NOT NULL
 WHERE r.state = 'approved' AND r.provider = 'bank_transfer'
   AND NOT EXISTS (SELECT 1 FROM payment_bank_account b
                    WHERE b.id = y.bank_account_id AND b.organisation_id IS NOT NULL)
"""


def make_list(*, by: uuid.UUID) -> RefundList:
    """Put every approved transfer whose account is checked on a new list; each refund keeps the version it goes to."""
    ready = session().execute(text(READY + " ORDER BY r.id LIMIT :most"), {"most": AT_ONCE}).all()
    if not ready:
        raise Conflict("nothing_to_pay_out", lazy("Belum ada pengembalian yang siap ditransfer."))
    made = RefundList(made_by=by)
    session().add(made)
    session().flush()
    taken = 0
    for refund_id, account_id in ready:
        refund = _locked(refund_id)
        if refund.state != RefundState.approved:
            continue
        refund.list_id, refund.account_id = made.id, account_id
        moves.move(refund, RefundState.sending, by=by, cause=f"list {made.number}")
        asking.record(refund, "refund.listed", by, list=str(made.number))
        taken += 1
    if not taken:
        raise Conflict("nothing_to_pay_out", lazy("Belum ada pengembalian yang siap ditransfer."))
    return made


def mark_sent(*, refund_id: uuid.UUID, by: uuid.UUID) -> Refund:
    """Finance has paid it at the bank; only the bank's line will say that it is gone."""
    refund = _locked(refund_id)
    if refund.provider != BANK or refund.state != RefundState.sending:
        raise Conflict("not_on_list", lazy("Pengembalian ini tidak sedang menunggu ditransfer."))
    moves.move(refund, RefundState.pending, by=by, cause="paid at the bank")
    refund.sent_at = clock.now()
    asking.record(refund, "refund.sent", by)
    session().flush()
    return refund


def mark_own_sent(*, refund_id: uuid.UUID, by: uuid.UUID) -> Refund:
    """An organisation has paid a refund out of its own bank; only that bank's line will say that it is gone."""
    refund, payment, settlement = locked(refund_id)
    if custody.custodian_of(payment) is None:
        raise Conflict("not_on_list", lazy("Pengembalian ini tidak sedang menunggu ditransfer."))
    own_hands.require_side(payment, by)
    account = payments.newest_account(owner_of(settlement))
    if account is None or account.refused_at is not None:
        raise Conflict("no_refund_account", lazy("Donatur belum menulis rekeningnya."))
    if refund.state != RefundState.approved:
        raise Conflict("not_on_list", lazy("Pengembalian ini tidak sedang menunggu ditransfer."))
    refund.account_id = account.id
    moves.move(refund, RefundState.sending, by=by, cause="paid by the organisation")
    return mark_sent(refund_id=refund.id, by=by)


def mark_list_sent(*, list_id: uuid.UUID, by: uuid.UUID) -> int:
    """Everything still open on a list was paid at the bank; returns how many."""
    get(RefundList, list_id)
    statement = (
        select(Refund.id)
        .where(Refund.list_id == list_id, Refund.state == str(RefundState.sending))
        .order_by(Refund.id)
    )
    found = list(session().execute(statement).scalars())
    for refund_id in found:
        mark_sent(refund_id=refund_id, by=by)
    return len(found)


def take_off_list(*, refund_id: uuid.UUID, by: uuid.UUID, because: str) -> Refund:
    """It was not paid after all (a wrong account, a bank that refused): it waits again."""
    words = clean_text(because)[:500]
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    refund = _locked(refund_id)
    if refund.provider != BANK or refund.state != RefundState.sending:
        raise Conflict("not_on_list", lazy("Pengembalian ini tidak sedang menunggu ditransfer."))
    moves.move(refund, RefundState.approved, by=by, cause=words[:200])
    refund.list_id = refund.account_id = None
    asking.record(refund, "refund.taken_off", by, reason=words)
    session().flush()
    return refund


def refuse_account(*, account_id: uuid.UUID, by: uuid.UUID, because: str) -> RefundAccount:
    """Finance will not pay to this account: the giver of every refund that waits for it hears why."""
    account = payments.refuse_account(account_id=account_id, by=by, because=because)
    for refund in waiting_for(account):
        payment = get(Payment, refund.payment_id)
        refund_news.tell_account_refused(payment, settlement_of(payment), refund, account)
    return account


def waiting_for(account: RefundAccount) -> list[Refund]:
    """Approved transfers that go to the owner of this account."""
    statement = select(Refund).where(Refund.state == str(RefundState.approved), Refund.provider == BANK)
    found = session().execute(statement.order_by(Refund.id)).scalars()
    return [
        one
        for one in found
        if owner_of(settlement_of(get(Payment, one.payment_id))) == (account.owner_kind, account.owner_id)
    ]


# --- bank lines -------------------------------------------------------------------------------------


def settle_refund_by_line(
    *, refund_id: uuid.UUID, line_id: int, money: Money, at: dt.datetime, actor: str
) -> int:
    """A debit line of the bank says that a refund is gone: nothing else settles one by transfer. The posting's id."""
    refund, payment, settlement = locked(refund_id)
    line = get(Line, line_id)
    if custody.custodian_of(payment) is not None and refund.state == RefundState.approved:
        # The organisation paid it and nobody had said so: its bank's line is the proof.
        moves.move(refund, RefundState.sending, by=None, cause=f"bank line {line_id}")
    if refund.provider != BANK or refund.state not in {RefundState.sending, RefundState.pending}:
        raise Conflict("refund_not_waiting", lazy("Pengembalian ini tidak sedang menunggu mutasi bank."))
    if abs(money.amount) != refund.amount or money.unit != refund.unit:
        raise Conflict("other_sum", lazy("Jumlah pengembalian ini berbeda dari mutasi bank."))
    moves.move(refund, RefundState.succeeded, by=None, cause=f"bank line {line_id}")
    refund.sent_at = refund.sent_at or at
    return finish(
        refund,
        payment,
        settlement,
        # The number of moves so far: a line that was undone and matched again is a new posting.
        key=f"refund:{refund.id}:line:{line_id}:{len(moves.history(REFUND, refund.id))}",
        into=accounts.bank(line.bank_account_id, refund.unit),
        at=at,
        actor=actor,
    )


def unsettle_refund_by_line(*, refund_id: uuid.UUID, line_id: int, by: uuid.UUID) -> int:
    """The line was matched wrongly: the refund waits for its own line again. The posting's id."""
    refund, payment, settlement = locked(refund_id)
    if refund.provider != BANK or refund.state != RefundState.succeeded or refund.done_posting_id is None:
        raise Conflict("refund_not_settled", lazy("Pengembalian ini belum selesai lewat mutasi bank."))
    posting_id = ledger.reverse(
        key=f"refund:{refund.id}:line:{line_id}:undone:{refund.done_posting_id}",
        kind="refund.came_back",
        posting_id=refund.done_posting_id,
        source_kind="refund",
        source_id=refund.id,
        actor=str(by),
    )
    moves.move(refund, RefundState.pending, by=by, cause=f"bank line {line_id} taken back")
    payment.refunded -= refund.amount
    payment.refund_pending += refund.amount
    refund.done_posting_id = refund.done_at = None
    take_up_again(refund, payment, settlement, cause="bank line taken back")
    asking.record(refund, "refund.line_undone", by, line=str(line_id))
    session().flush()
    return posting_id


def bounce_refund_by_line(
    *, refund_id: uuid.UUID, line_id: int, money: Money, at: dt.datetime, actor: str
) -> int:
    """A credit line brings the transfer back: it failed, its money lies where it was, a person asks the giver."""
    refund, payment, settlement = locked(refund_id)
    line = get(Line, line_id)
    if refund.provider != BANK or refund.state != RefundState.succeeded:
        raise Conflict("refund_not_settled", lazy("Pengembalian ini belum selesai lewat mutasi bank."))
    if abs(money.amount) != refund.amount or money.unit != refund.unit:
        raise Conflict("other_sum", lazy("Jumlah pengembalian ini berbeda dari mutasi bank."))
    posting_id = book_back(
        refund,
        key=f"refund:{refund.id}:bounced:{line_id}",
        out_of=accounts.bank(line.bank_account_id, refund.unit),
        at=at,
    )
    moves.move(refund, RefundState.failed, by=None, cause=f"bank line {line_id} by {actor}"[:200])
    undo(refund, payment, settlement, was_done=True, why="dikembalikan bank")
    return posting_id


def _locked(refund_id: uuid.UUID) -> Refund:
    """A refund behind its payment, as everybody locks them."""
    lock(Payment, get(Refund, refund_id).payment_id)
    return lock(Refund, refund_id)
