"""Our books against the provider's own: every one of its transactions ends in a posting or in an open case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments import service as payments
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Cursor, Inbox, ProviderTransaction
from coevolve.payments.provider import FoundTransaction
from coevolve.reconciliation.models import Comparison
from coevolve.reconciliation.service.cases import close_by_itself, open_case
from coevolve.reconciliation.service.relay import work_off

OVERLAP = dt.timedelta(days=3)
FIRST_LOOK = dt.timedelta(days=30)
SETTLED_AFTER = dt.timedelta(hours=1)
"""A transaction younger than this may still be on its way through our inbox."""
NET_KEYS = {
    "charge": ("stripe:charge:{}:capture",),
    "payment": ("stripe:charge:{}:capture",),
    "refund": ("stripe:refund:{}:done",),
    "payment_refund": ("stripe:refund:{}:done",),
    "refund_failure": ("stripe:refund:{}:came_back",),
    "payment_failure_refund": ("stripe:refund:{}:came_back",),
    "payout": ("stripe:payout:{}:left",),
    "payout_failure": ("stripe:payout:{}:returned",),
    "payout_cancel": ("stripe:payout:{}:returned",),
    "adjustment": (
        "stripe:dispute:{}:held",
        "stripe:dispute:{}:lost",
        "stripe:dispute:{}:released",
        "stripe:dispute:{}:reverted",
    ),
}
"""Which posting accounts for the gross amount of a transaction of each kind (source: the object it is about)."""
FEE_KINDS = frozenset({"stripe_fee", "application_fee", "tax_fee", "stripe_fx_fee"})
"""Kinds whose whole amount is a fee."""


def compare_provider_transactions() -> list[Comparison]:
    """Read the provider's transactions and balance, book fees, look into what we do not know, open cases.

    An edge of background work, like the relay: it asks with no transaction open and commits in steps.
    """
    began = clock.now()
    account = settings().stripe_account
    since = _since(account, began)
    session().rollback()
    found = list(gateway().list_transactions(since=since))
    theirs = gateway().balance()
    cases_before = _open_cases()
    for transaction in found:
        _keep(transaction, account)
    commit()
    _look_into_unknown(account)
    commit()
    work_off(limit=500)
    _explain(account, began)
    _fees(account)
    commit()
    _missing_at_provider(account, began)
    rows = [
        _balance(account, unit, theirs.get(unit, 0), len(found), cases_before)
        for unit in _units(account, theirs)
    ]
    session().execute(
        insert(Cursor)
        .values(provider="stripe", account=account, topic="transactions", read_until=began)
        .on_conflict_do_update(index_elements=["provider", "account", "topic"], set_={"read_until": began})
    )
    commit()
    return rows


def _since(account: str, began: dt.datetime) -> dt.datetime:
    cursor = session().get(Cursor, ("stripe", account, "transactions"))
    return cursor.read_until - OVERLAP if cursor else began - FIRST_LOOK


def _keep(found: FoundTransaction, account: str) -> None:
    session().execute(
        insert(ProviderTransaction)
        .values(
            provider="stripe",
            account=account,
            txn_ref=found.ref,
            kind=found.kind,
            source_ref=found.source_ref,
            unit=found.unit,
            gross=found.gross,
            fee=found.fee,
            net=found.net,
            occurred_at=found.occurred_at,
            available_at=found.available_at,
        )
        .on_conflict_do_nothing()
    )


def _unexplained(account: str) -> list[ProviderTransaction]:
    statement = (
        select(ProviderTransaction)
        .where(
            ProviderTransaction.provider == "stripe",
            ProviderTransaction.account == account,
            ProviderTransaction.explained_as.is_(None),
        )
        .order_by(ProviderTransaction.occurred_at, ProviderTransaction.id)
    )
    return list(session().execute(statement).scalars())


def _look_into_unknown(account: str) -> None:
    """Transactions without a posting: ask about their object, as if its event had come (it was lost)."""
    slot = f"{clock.now():%Y%m%d%H%M}"
    for transaction in _unexplained(account):
        if transaction.source_ref and _posted(_keys(transaction)) is None:
            payments.look_at(transaction.source_ref, why="transaction", slot=slot)


def _keys(transaction: ProviderTransaction) -> list[str]:
    return [key.format(transaction.source_ref) for key in NET_KEYS.get(transaction.kind, ())]


def _posted(keys: Iterable[str]) -> tuple[str, int] | None:
    """The first of these postings that exists, with its sum of transfers."""
    for key in keys:
        row = (
            session()
            .execute(
                text(
                    "SELECT sum(t.amount) FROM ledger_posting p JOIN ledger_transfer t ON t.posting_id = p.id"
                    " WHERE p.idempotency_key = :key"
                ),
                {"key": key},
            )
            .scalar_one_or_none()
        )
        if row is not None:
            return key, int(row)
    return None


def _explain(account: str, began: dt.datetime) -> None:
    for transaction in _unexplained(account):
        subject = ("transaction", transaction.txn_ref)
        money = Money(transaction.gross, transaction.unit)
        if transaction.kind in FEE_KINDS or transaction.gross == 0:
            transaction.explained_as = f"stripe:txn:{transaction.txn_ref}:fee"
            continue
        posted = _posted(_keys(transaction))
        if posted is not None and posted[1] == abs(transaction.gross):
            transaction.explained_as = posted[0]
            close_by_itself(kind="unknown_transaction", subject=subject, note=f"Terbukukan: {posted[0]}.")
        elif posted is not None:
            open_case(
                kind="gross", subject=subject, difference=Money(transaction.gross - posted[1], money.unit)
            )
            transaction.explained_as = "case"
        elif began - transaction.occurred_at > SETTLED_AFTER:
            open_case(
                kind="unknown_transaction",
                subject=subject,
                difference=money,
                data={"kind": transaction.kind, "source": transaction.source_ref or ""},
            )
    session().flush()


def _fees(account: str) -> None:
    """Book what the provider took for itself, from its own figures and never from a formula."""
    statement = (
        select(ProviderTransaction)
        .where(
            ProviderTransaction.provider == "stripe",
            ProviderTransaction.account == account,
            ProviderTransaction.fee_posting_id.is_(None),
        )
        .where((ProviderTransaction.fee != 0) | ProviderTransaction.kind.in_(FEE_KINDS))
        .order_by(ProviderTransaction.occurred_at, ProviderTransaction.id)
    )
    for transaction in session().execute(statement).scalars():
        fee = transaction.fee - (transaction.gross if transaction.kind in FEE_KINDS else 0)
        if fee == 0:
            continue
        expense = accounts.fee_expense("stripe", transaction.unit)
        clearing = accounts.provider_clearing("stripe", account, transaction.unit)
        debit, credit = (expense, clearing) if fee > 0 else (clearing, expense)
        transaction.fee_posting_id = ledger.post(
            key=f"stripe:txn:{transaction.txn_ref}:fee",
            kind="provider.fee",
            transfers=[Transfer(debit_id=debit, credit_id=credit, amount=abs(fee), unit=transaction.unit)],
            source_kind="provider_txn",
            source_id=transaction.id,
            effective_at=transaction.occurred_at,
        )
    session().flush()


def _missing_at_provider(account: str, began: dt.datetime) -> None:
    """Captures we booked that the provider shows no transaction for."""
    rows = session().execute(
        text(
            """
            SELECT p.idempotency_key, p.source_id, sum(t.amount)::bigint AS amount, min(t.unit) AS unit
            FROM ledger_posting p JOIN ledger_transfer t ON t.posting_id = p.id
            WHERE p.idempotency_key LIKE 'stripe:charge:%' AND p.kind = 'payment.captured'
              AND p.effective_at > :since AND p.effective_at < :until
              AND EXISTS (SELECT 1 FROM payment y WHERE y.id = p.source_id AND y.account = :account)
              AND NOT EXISTS (SELECT 1 FROM payment_provider_txn x
                              WHERE x.provider = 'stripe' AND x.source_ref = split_part(p.idempotency_key, ':', 3))
            GROUP BY p.id
            """
        ),
        {"since": began - FIRST_LOOK, "until": began - dt.timedelta(hours=2), "account": account},
    )
    for row in rows.mappings():
        open_case(
            kind="missing_at_provider",
            subject=("charge", row["idempotency_key"].split(":")[2]),
            payment_id=row["source_id"],
            difference=Money(int(row["amount"]), row["unit"]),
        )


def _units(account: str, theirs: dict[str, int]) -> list[str]:
    """Units that the provider shows or that we have a clearing account in."""
    prefix = f"clearing:stripe:{account}:"
    ours = session().execute(
        text("SELECT unit FROM ledger_account WHERE code LIKE :prefix"), {"prefix": prefix + "%"}
    )
    return sorted({*ours.scalars(), *theirs})


def _balance(account: str, unit: str, theirs: int, looked_at: int, cases_before: int) -> Comparison:
    """What we say the provider holds, what it says, and what of the difference is known."""
    ours = -ledger_queries.balance(accounts.provider_clearing("stripe", account, unit))
    explained = _on_its_way(account, unit)
    difference = theirs - ours - explained
    subject = ("balance", f"stripe:{account}:{unit}")
    if difference and not _is_busy():
        open_case(kind="balance", subject=subject, difference=Money(difference, unit))
    elif not difference:
        close_by_itself(kind="balance", subject=subject, note="Saldo sudah sama.")
    row = Comparison(
        provider="stripe",
        account=account,
        unit=unit,
        theirs=theirs,
        ours=ours,
        explained=explained,
        transactions=looked_at,
        cases=max(0, _open_cases() - cases_before),
    )
    session().add(row)
    session().flush()
    return row


def _is_busy() -> bool:
    """Whether events still wait in our inbox: a difference now may only be their absence."""
    waiting = select(Inbox.id).where(Inbox.state == "new").limit(1)
    return session().execute(waiting).first() is not None


def _on_its_way(account: str, unit: str) -> int:
    """What the provider has taken back already and we still carry: disputes not decided, refunds not done."""
    disputes = session().execute(
        text(
            "SELECT coalesce(sum(held), 0)::bigint FROM payment_dispute"
            " WHERE provider = 'stripe' AND account = :account AND unit = :unit"
        ),
        {"account": account, "unit": unit},
    )
    refunds = session().execute(
        text(
            "SELECT coalesce(sum(amount), 0)::bigint FROM payment_refund WHERE provider = 'stripe'"
            " AND account = :account AND unit = :unit AND state IN ('pending', 'requires_action')"
        ),
        {"account": account, "unit": unit},
    )
    return -int(disputes.scalar_one()) - int(refunds.scalar_one())


def _open_cases() -> int:
    return int(
        session()
        .execute(text("SELECT count(*) FROM recon_case WHERE state NOT IN ('resolved', 'written_off')"))
        .scalar_one()
    )
