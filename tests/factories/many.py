"""Thousands of card gifts at once: one is made by the real use cases, the others are copies of all its rows.

The copies differ in their keys and sums only, so they are what the use cases would have written.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from coevolve.kit import clock
from coevolve.kit.db import lock, session, uuid7
from coevolve.kit.money import Money
from coevolve.ledger import accounts, bulk
from coevolve.listings.models import Listing
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import Payment
from coevolve.payments.provider import FoundCharge, FoundPayment, FoundRefund
from coevolve.payments.references import new_code, new_reference
from coevolve.people.models import Person
from coevolve.reconciliation.service.booking import Arrival, book, settlement_of
from coevolve.reconciliation.service.settlement import capture_key, settle_payment
from tests.factories import payments


@dataclass(frozen=True)
class CardGift:
    """A gift whose money the provider has, and that we have booked."""

    payment_id: uuid.UUID
    charge_ref: str
    amount: int


def copies(
    table: str, source: Any, columns: Mapping[str, tuple[str, Sequence[Any]]], *, by: str = "id"
) -> None:
    """Copy one row of a table once per value; `columns` says which are other in each copy: name -> (type, values)."""
    names = list(
        session()
        .execute(
            text(
                "SELECT column_name FROM information_schema.columns WHERE table_name = :table"
                " AND is_generated = 'NEVER' AND is_identity = 'NO' ORDER BY ordinal_position"
            ),
            {"table": table},
        )
        .scalars()
    )
    assert set(columns) <= set(names), set(columns) - set(names)
    selected = ", ".join(f"w.{name}" if name in columns else f"s.{name}" for name in names)
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, (kind, _) in columns.items())
    statement = (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {selected} FROM {table} s,"
        f" unnest({arrays}) AS w({', '.join(columns)}) WHERE s.{by} = :copied"
    )
    session().execute(
        text(statement), {"copied": source} | {name: list(values) for name, (_, values) in columns.items()}
    )


def _the(statement: str, key: Any) -> Any:
    return session().execute(text(statement), {"key": key}).scalar_one()


def started(amounts: Sequence[int], *, listing: Listing, by: Person) -> list[uuid.UUID]:
    """Card gifts that were begun and whose page was not asked for yet; returns their payments."""
    first = payments.checkout(listing=listing, by=by, money=Money(amounts[0]))
    rest = list(amounts[1:])
    return [first.id, *(_copy_pledges(first, rest) if rest else [])]


def captured(
    amounts: Sequence[int], *, listing: Listing | None = None, by: Person | None = None
) -> list[CardGift]:
    """Card gifts that the provider has and we have booked."""
    first = payments.checkout(money=Money(amounts[0]), **({"listing": listing} if listing else {}), by=by)
    settlement = settlement_of(first)
    clearing = accounts.provider_clearing("stripe")
    name = f"ch_{uuid7().hex}"
    arrival = Arrival(
        key=capture_key(f"{name}0"), from_account=clearing, money=Money(amounts[0]), at=clock.now()
    )
    book(lock(Payment, first.id), settlement, arrival)
    session().flush()
    gifts = [CardGift(first.id, f"{name}0", amounts[0])]
    rest = list(amounts[1:])
    if not rest:
        return gifts
    ids = _copy_pledges(first, rest)
    receipt = payment_queries.receipt_of(first.id)
    assert receipt is not None
    copies(
        "payment_receipt",
        receipt.id,
        {
            "id": ("uuid", [uuid7() for _ in rest]),
            "payment_id": ("uuid", ids),
            "code": ("text", [new_code() for _ in rest]),
            "amount": ("bigint", rest),
        },
    )
    gifts += [
        CardGift(payment_id, f"{name}{number}", amount)
        for number, (payment_id, amount) in enumerate(zip(ids, rest, strict=True), start=1)
    ]
    fund = accounts.fund(settlement.listing_id)
    bulk.load(
        [
            bulk.BulkPosting(
                key=capture_key(gift.charge_ref),
                kind="payment.captured",
                source_kind="payment",
                source_id=gift.payment_id,
                effective_at=arrival.at,
                legs=(bulk.BulkLeg(debit_id=clearing, credit_id=fund, amount=gift.amount),),
            )
            for gift in gifts[1:]
        ]
    )
    session().expire_all()
    return gifts


def _copy_pledges(first: Payment, amounts: list[int]) -> list[uuid.UUID]:
    """Copies of a gift's pledge, line, payment and call, in whatever state they are."""
    count = len(amounts)
    pledge_ids, line_ids, payment_ids = ([uuid7() for _ in amounts] for _ in range(3))
    copies(
        "pledge",
        first.reference_id,
        {"id": ("uuid", pledge_ids), "client_token": ("uuid", [uuid.uuid4() for _ in amounts])},
    )
    line_id = _the("SELECT id FROM pledge_line WHERE pledge_id = :key", first.reference_id)
    is_captured = first.captured > 0
    line: dict[str, tuple[str, Sequence[Any]]] = {
        "id": ("uuid", line_ids),
        "pledge_id": ("uuid", pledge_ids),
        "quantity": ("bigint", amounts),
    }
    if is_captured:
        line |= {"accepted_quantity": ("bigint", amounts), "received_quantity": ("bigint", amounts)}
    copies("pledge_line", line_id, line)
    payment: dict[str, tuple[str, Sequence[Any]]] = {
        "id": ("uuid", payment_ids),
        "public_ref": ("text", [new_reference() for _ in amounts]),
        "reference_id": ("uuid", pledge_ids),
        "client_token": ("uuid", [uuid.uuid4() for _ in amounts]),
        "amount": ("bigint", amounts),
        "expected_amount": ("bigint", [0] * count if is_captured else amounts),
        "captured": ("bigint", amounts if is_captured else [0] * count),
    }
    copies("payment", first.id, payment)
    if is_captured:
        copies(
            "pledge_fulfilment",
            line_id,
            {
                "id": ("uuid", [uuid7() for _ in amounts]),
                "pledge_line_id": ("uuid", line_ids),
                "payment_id": ("uuid", payment_ids),
                "quantity_sent": ("bigint", amounts),
                "quantity_received": ("bigint", amounts),
            },
            by="pledge_line_id",
        )
    else:
        copies(
            "payment_outbox",
            first.id,
            {
                "payment_id": ("uuid", payment_ids),
                "dedupe_key": ("text", [f"checkout.create:{one}" for one in payment_ids]),
                "provider_key": ("uuid", [uuid.uuid4() for _ in amounts]),
            },
            by="payment_id",
        )
    return payment_ids


def refunded(count: int, money: Money, *, listing: Listing, by: Person) -> list[tuple[CardGift, str]]:
    """Card gifts that were given back whole at the provider; returns each with its refund's name there."""
    [first] = captured([money.amount], listing=listing, by=by)
    ref = f"re_{uuid7().hex}"
    payment = session().get_one(Payment, first.payment_id)
    settle_payment(payment, _given_back(first, ref))
    session().flush()
    made = [(first, ref)]
    made += [
        (CardGift(uuid7(), f"{first.charge_ref}r{number}", first.amount), f"{ref}r{number}")
        for number in range(1, count)
    ]
    new = made[1:]
    if not new:
        return made
    pledge_ids, line_ids, refund_ids = ([uuid7() for _ in new] for _ in range(3))
    payment_ids = [gift.payment_id for gift, _ in new]
    line_id = _the("SELECT id FROM pledge_line WHERE pledge_id = :key", payment.reference_id)
    refund_id = _the("SELECT id FROM payment_refund WHERE payment_id = :key", payment.id)
    copies(
        "pledge",
        payment.reference_id,
        {"id": ("uuid", pledge_ids), "client_token": ("uuid", [uuid.uuid4() for _ in new])},
    )
    copies("pledge_line", line_id, {"id": ("uuid", line_ids), "pledge_id": ("uuid", pledge_ids)})
    copies(
        "payment",
        payment.id,
        {
            "id": ("uuid", payment_ids),
            "public_ref": ("text", [new_reference() for _ in new]),
            "reference_id": ("uuid", pledge_ids),
            "client_token": ("uuid", [uuid.uuid4() for _ in new]),
        },
    )
    for fulfilment in _all("SELECT id FROM pledge_fulfilment WHERE pledge_line_id = :key", line_id):
        copies(
            "pledge_fulfilment",
            fulfilment,
            {
                "id": ("uuid", [uuid7() for _ in new]),
                "pledge_line_id": ("uuid", line_ids),
                "payment_id": ("uuid", payment_ids),
            },
        )
    for receipt in _all("SELECT id FROM payment_receipt WHERE payment_id = :key", payment.id):
        copies(
            "payment_receipt",
            receipt,
            {
                "id": ("uuid", [uuid7() for _ in new]),
                "payment_id": ("uuid", payment_ids),
                "code": ("text", [new_code() for _ in new]),
            },
        )
    posted = _copy_postings(first, ref, refund_id, new, refund_ids)
    copies(
        "payment_refund",
        refund_id,
        {
            "id": ("uuid", refund_ids),
            "payment_id": ("uuid", payment_ids),
            "provider_ref": ("text", [name for _, name in new]),
            "fund_posting_id": ("bigint", posted["fund_posting_id"]),
            "done_posting_id": ("bigint", posted["done_posting_id"]),
        },
    )
    session().expire_all()
    return made


def _given_back(gift: CardGift, ref: str) -> FoundPayment:
    money = Money(gift.amount)
    refund = FoundRefund(ref=ref, money=money, state="succeeded", reason=None, created_at=clock.now())
    charge = FoundCharge(ref=gift.charge_ref, captured=money, captured_at=clock.now(), refunds=(refund,))
    return FoundPayment(
        provider="stripe",
        account="",
        payment_id=gift.payment_id,
        checkout_ref=None,
        intent_ref=None,
        status="paid",
        charges=(charge,),
    )


def _all(statement: str, key: Any) -> list[Any]:
    return list(session().execute(text(statement), {"key": key}).scalars())


def _copy_postings(
    first: CardGift,
    ref: str,
    refund_id: uuid.UUID,
    new: list[tuple[CardGift, str]],
    refund_ids: list[uuid.UUID],
) -> dict[str, list[int]]:
    """The postings of a capture and of its refund, once more for each copy; returns those that the refund names."""
    rows = (
        session()
        .execute(
            text(
                "SELECT p.id, p.idempotency_key, p.kind, p.source_kind, p.source_id, p.effective_at, p.actor,"
                " t.debit_id, t.credit_id, t.amount, t.unit, t.book, t.is_spending,"
                " CASE p.id WHEN r.fund_posting_id THEN 'fund_posting_id' WHEN r.done_posting_id THEN"
                " 'done_posting_id' END AS named FROM ledger_posting p JOIN ledger_transfer t ON t.posting_id = p.id"
                " JOIN payment_refund r ON r.id = :refund WHERE p.source_id IN (:payment, :refund) ORDER BY t.id"
            ),
            {"payment": first.payment_id, "refund": refund_id},
        )
        .mappings()
        .all()
    )
    postings, named = [], {"fund_posting_id": list[str](), "done_posting_id": list[str]()}
    for (gift, name), new_id in zip(new, refund_ids, strict=True):
        for posting_id in dict.fromkeys(row["id"] for row in rows):
            legs = [row for row in rows if row["id"] == posting_id]
            head = legs[0]
            key = head["idempotency_key"].replace(first.charge_ref, gift.charge_ref).replace(ref, name)
            key = key.replace(str(refund_id), str(new_id))
            if head["named"]:
                named[head["named"]].append(key)
            postings.append(
                bulk.BulkPosting(
                    key=key,
                    kind=head["kind"],
                    source_kind=head["source_kind"],
                    source_id=gift.payment_id if head["source_id"] == first.payment_id else new_id,
                    effective_at=head["effective_at"],
                    actor=head["actor"],
                    legs=tuple(
                        bulk.BulkLeg(
                            debit_id=leg["debit_id"],
                            credit_id=leg["credit_id"],
                            amount=leg["amount"],
                            unit=leg["unit"],
                            book=leg["book"],
                            is_spending=leg["is_spending"],
                        )
                        for leg in legs
                    ),
                )
            )
    loaded = bulk.load(postings)
    return {column: [loaded.posting_ids[key] for key in keys] for column, keys in named.items()}
