"""What pages ask about refunds, payout lists, rounds and disputes. Rows are small and frozen; nothing here writes."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from coevolve.kit.db import session
from coevolve.kit.money import Money
from coevolve.payments.models import (
    Dispute,
    Payment,
    Refund,
    RefundAccount,
    RefundList,
    RefundRound,
    RoundState,
)
from coevolve.reconciliation.service.refund_lists import OWNER, READY

_OURS = """NOT EXISTS (SELECT 1 FROM payment q JOIN payment_bank_account b ON b.id = q.bank_account_id
   WHERE q.id = r.payment_id AND b.organisation_id IS NOT NULL)"""
"""Money in an organisation's own bank is given back by the organisation: our queue has nothing to do with it."""
TABS = {
    "setujui": f"r.state = 'requested' AND r.round_id IS NULL AND {_OURS}",
    "bayar": f"r.state = 'approved' AND r.provider = 'bank_transfer' AND {_OURS}",
    "jalan": "r.state IN ('sending', 'pending', 'requires_action')",
    "gagal": "r.state = 'failed'",
    "selesai": "r.state IN ('succeeded', 'canceled')",
}
"""What each part of the queue shows."""


@dataclass(frozen=True, slots=True)
class Row:
    """One refund in a list."""

    id: uuid.UUID
    amount: int
    unit: str
    state: str
    origin: str
    provider: str
    created_at: dt.datetime
    reason: str
    payment_ref: str
    title: str
    giver: str
    account: str
    """none, stated, verified or refused: the giver's own account, for transfers."""
    account_id: uuid.UUID | None
    public_ref: str = ""
    """What is written into the transfer."""

    @property
    def money(self) -> Money:
        """The sum."""
        return Money(self.amount, self.unit)


_ROWS = f"""
SELECT r.id, r.amount, r.unit, r.state, r.origin, r.provider, r.created_at, coalesce(r.reason, '') AS reason,
       y.public_ref AS payment_ref, l.title, coalesce(o.name, nullif(g.guest_name, ''), p.name, '') AS giver,
       CASE WHEN a.id IS NULL THEN 'none' WHEN a.verified_at IS NOT NULL THEN 'verified'
            WHEN a.refused_at IS NOT NULL THEN 'refused' ELSE 'stated' END AS account, a.id AS account_id,
       coalesce(r.public_ref, '') AS public_ref
  FROM payment_refund r
  JOIN payment y ON y.id = r.payment_id JOIN pledge g ON g.id = y.reference_id
  JOIN listing l ON l.id = g.listing_id
  LEFT JOIN organisation o ON o.id = g.giver_organisation_id LEFT JOIN person p ON p.id = g.giver_person_id
  LEFT JOIN LATERAL (
    SELECT v.id, v.verified_at, v.refused_at FROM payment_refund_account v
     WHERE r.provider = 'bank_transfer' AND (v.owner_kind, v.owner_id) = {OWNER}
     ORDER BY v.version DESC LIMIT 1) a ON true
"""


def queue(tab: str, *, after: uuid.UUID | None = None, limit: int = 30) -> list[Row]:
    """A part of the queue, the oldest first; what is finished, the newest first."""
    is_finished = tab == "selesai"
    sign, order = ("<", "DESC") if is_finished else (">", "ASC")
    rows = session().execute(
        text(
            f"{_ROWS} WHERE {TABS[tab]} AND (CAST(:after AS uuid) IS NULL OR r.id {sign} :after)"
            f" ORDER BY r.id {order} LIMIT :limit"
        ),
        {"after": after, "limit": limit},
    )
    return [Row(*row) for row in rows]


def of_own_bank(organisation_id: uuid.UUID, *, limit: int = 100) -> list[tuple[Row, RefundAccount | None]]:
    """Refunds out of an organisation's own bank, with the account the giver wrote; what waits first."""
    rows = session().execute(
        text(
            _ROWS
            + " JOIN payment_bank_account k ON k.id = y.bank_account_id AND k.organisation_id = :organisation"
            " ORDER BY r.state IN ('succeeded', 'canceled', 'failed'), r.id DESC LIMIT :limit"
        ),
        {"organisation": organisation_id, "limit": limit},
    )
    shown = [Row(*row) for row in rows]
    wanted = [one.account_id for one in shown if one.account_id]
    found = session().execute(select(RefundAccount).where(RefundAccount.id.in_(wanted))).scalars()
    accounts = {one.id: one for one in found}
    return [(one, accounts.get(one.account_id) if one.account_id else None) for one in shown]


def counts() -> dict[str, int]:
    """How many refunds wait in each open part of the queue."""
    parts = ", ".join(
        f"count(*) FILTER (WHERE {TABS[tab]})" for tab in ("setujui", "bayar", "jalan", "gagal")
    )
    row = session().execute(text(f"SELECT {parts} FROM payment_refund r WHERE r.state <> 'succeeded'")).one()
    return dict(zip(("setujui", "bayar", "jalan", "gagal"), (int(one) for one in row), strict=True))


def rows_of_list(list_id: uuid.UUID) -> list[tuple[Row, RefundAccount, str]]:
    """The refunds on a payout list, each with the account it goes to and its reference."""
    rows = session().execute(text(f"{_ROWS} WHERE r.list_id = :list ORDER BY r.id"), {"list": list_id})
    shown = [Row(*row) for row in rows]
    refunds = {
        one.id: one for one in session().execute(select(Refund).where(Refund.list_id == list_id)).scalars()
    }
    accounts = {
        one.id: one
        for one in session()
        .execute(
            select(RefundAccount).where(RefundAccount.id.in_([one.account_id for one in refunds.values()]))
        )
        .scalars()
    }
    return [
        (row, accounts[refunds[row.id].account_id], refunds[row.id].public_ref or "")  # type: ignore[index]
        for row in shown
    ]


def ready_count() -> int:
    """How many approved transfers could go on a list now."""
    return int(session().execute(text(f"SELECT count(*) FROM ({READY}) ready")).scalar_one())


def open_lists() -> list[tuple[RefundList, int, int]]:
    """Lists with something still to pay, with how many rows and their sum."""
    rows = session().execute(
        text(
            "SELECT list_id, count(*), sum(amount)::bigint FROM payment_refund"
            " WHERE list_id IS NOT NULL AND state = 'sending' GROUP BY list_id"
        )
    )
    found = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    lists = session().execute(
        select(RefundList).where(RefundList.id.in_(list(found))).order_by(RefundList.number)
    )
    return [(one, *found[one.id]) for one in lists.scalars()]


def rounds() -> list[RefundRound]:
    """Rounds that wait or run, and those done lately."""
    statement = (
        select(RefundRound)
        .where(RefundRound.state != str(RoundState.cancelled))
        .order_by(RefundRound.state, RefundRound.created_at.desc())
        .limit(20)
    )
    return list(session().execute(statement).scalars())


def rows_of_round(round_id: uuid.UUID, *, after: uuid.UUID | None = None, limit: int = 50) -> list[Row]:
    """The refunds of a round."""
    rows = session().execute(
        text(
            f"{_ROWS} WHERE r.round_id = :round AND (CAST(:after AS uuid) IS NULL OR r.id > :after)"
            " ORDER BY r.id LIMIT :limit"
        ),
        {"round": round_id, "after": after, "limit": limit},
    )
    return [Row(*row) for row in rows]


def refunds_of(payment_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Refund]]:
    """The refunds of several payments, oldest first."""
    statement = select(Refund).where(Refund.payment_id.in_(payment_ids)).order_by(Refund.id)
    found: dict[uuid.UUID, list[Refund]] = {}
    for one in session().execute(statement).scalars():
        found.setdefault(one.payment_id, []).append(one)
    return found


def disputes_of(payment_id: uuid.UUID) -> list[Dispute]:
    """The disputes of a payment, oldest first."""
    statement = select(Dispute).where(Dispute.payment_id == payment_id).order_by(Dispute.id)
    return list(session().execute(statement).scalars())


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """One dispute in a list."""

    dispute: Dispute
    payment: Payment
    title: str


def disputes(*, is_open: bool, limit: int = 100) -> list[DisputeRow]:
    """Disputes that wait for an answer or a decision, the most urgent first; or those decided, the newest first."""
    decided = ("won", "lost", "warning_closed", "prevented")
    statement = select(Dispute, Payment).join(Payment, Payment.id == Dispute.payment_id)
    if is_open:
        statement = statement.where(Dispute.state.not_in(decided)).order_by(
            Dispute.due_at.nulls_last(), Dispute.id
        )
    else:
        statement = statement.where(Dispute.state.in_(decided)).order_by(Dispute.id.desc())
    rows = session().execute(statement.limit(limit)).all()
    titles = titles_of([payment.reference_id for _dispute, payment in rows])
    return [DisputeRow(dispute, payment, titles.get(payment.reference_id, "")) for dispute, payment in rows]


def titles_of(pledge_ids: list[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What these pledges are for."""
    rows = session().execute(
        text(
            "SELECT g.id, l.title FROM pledge g JOIN listing l ON l.id = g.listing_id WHERE g.id = ANY(:ids)"
        ),
        {"ids": pledge_ids},
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class Booked:
    """One row of the books: what moved from where to where, or will."""

    kind: str
    debit: str
    credit: str
    money: Money
    at: dt.datetime | None


_BOOKED = text(
    """
    SELECT p.kind, d.code, c.code, t.amount, t.unit, p.effective_at
      FROM ledger_posting p JOIN ledger_transfer t ON t.posting_id = p.id
      JOIN ledger_account d ON d.id = t.debit_id JOIN ledger_account c ON c.id = t.credit_id
     WHERE p.id = ANY(:ids) OR p.reverses_id = ANY(:ids) OR p.idempotency_key = ANY(:keys)
     ORDER BY t.id
    """
)


def booked_of_refund(refund: Refund) -> list[Booked]:
    """The rows a refund has in the books."""
    ids = [one for one in (refund.fund_posting_id, refund.done_posting_id) if one is not None]
    return _booked(ids, [f"{refund.provider}:refund:{refund.provider_ref}:came_back"])


def booked_of_dispute(dispute: Dispute) -> list[Booked]:
    """The rows a dispute has in the books, hold by hold."""
    stem = f"{dispute.provider}:dispute:{dispute.provider_ref}"
    steps = ("held", "released", "lost", "reverted")
    return _booked([], [f"{stem}:{step}:{n}" for n in range(1, dispute.holds + 1) for step in steps])


def _booked(ids: list[int], keys: list[str]) -> list[Booked]:
    rows = session().execute(_BOOKED, {"ids": ids, "keys": keys})
    return [Booked(row[0], row[1], row[2], Money(row[3], row[4]), row[5]) for row in rows]


def account_codes(account_ids: list[int]) -> dict[int, str]:
    """Names of accounts of the books."""
    rows = session().execute(
        text("SELECT id, code FROM ledger_account WHERE id = ANY(:ids)"), {"ids": account_ids}
    )
    return {row[0]: row[1] for row in rows}


def payer_names(payment_id: uuid.UUID) -> list[str]:
    """Names on the bank lines that paid a payment, to compare with the account its giver states."""
    rows = session().execute(
        text(
            "SELECT DISTINCT coalesce(l.payer_norm, l.text_norm) FROM recon_allocation a"
            " JOIN recon_line l ON l.id = a.line_id WHERE a.target_kind = 'payment' AND a.target_id = :payment"
            " AND a.undone_at IS NULL AND a.posting_id IS NOT NULL"
        ),
        {"payment": payment_id},
    )
    return [row[0] for row in rows if row[0]]


@dataclass(frozen=True, slots=True)
class ToMatch:
    """A refund that waits for its bank line."""

    id: uuid.UUID
    public_ref: str
    amount: int
    unit: str
    holder: str
    account_number: str
    sent_at: dt.datetime | None
    state: str


def refunds_to_match() -> list[ToMatch]:
    """Transfers on a list or paid at the bank whose debit line has not been seen."""
    statement = (
        select(Refund, RefundAccount)
        .outerjoin(RefundAccount, RefundAccount.id == Refund.account_id)
        .where(Refund.provider == "bank_transfer", Refund.state.in_(("sending", "pending")))
        .order_by(Refund.id)
    )
    return [_to_match(refund, account) for refund, account in session().execute(statement)]


def _to_match(refund: Refund, account: Any) -> ToMatch:
    return ToMatch(
        refund.id,
        refund.public_ref or "",
        refund.amount,
        refund.unit,
        account.holder if account else "",
        account.account_number if account else "",
        refund.sent_at,
        refund.state,
    )
