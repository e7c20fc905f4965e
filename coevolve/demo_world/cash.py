"""Gifts of money: payments, bank lines, receipts, and what the card provider took and paid out."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

from sqlalchemy import text

from coevolve.demo_world.giving import Gift
from coevolve.demo_world.society import Society
from coevolve.demo_world.telling import Books, Ledger, Teller
from coevolve.demo_world.world import World
from coevolve.kit.db import session
from coevolve.kit.text import normalise_name
from coevolve.ledger.bulk import BulkLeg, BulkPosting
from coevolve.payments.references import ALPHABET, PREFIX, check_symbol

FEE_PERMILLE, FEE_FIXED_MINOR = 29, 200_000
"""What the card provider takes: 2.9 % and Rp 2.000."""


class Cashier(Teller):
    """Writes gifts of money."""

    def __init__(self, world: World, society: Society, books: Books, ledger: Ledger) -> None:
        super().__init__(world, society, books, ledger)
        self.line_ids = _line_ids()
        self.open_sums: set[int] = set()

    # --- money --------------------------------------------------------------------------------------

    def money(self, number: int, gift: Gift) -> None:
        """A gift of money: paid, on its way, expired, or promised for later."""
        if gift.outcome == "promised":
            self._promised(gift)
            return
        is_paid = gift.outcome == "paid"
        wait = (
            dt.timedelta(minutes=self.world.some(1, 30))
            if gift.method == "stripe"
            else dt.timedelta(hours=self.world.some(1, 20))
        )
        paid_at = min(gift.at + wait, self.world.moment - dt.timedelta(minutes=5))
        code = self.world.dice.randint(1, 999) if gift.method == "bank_transfer" else 0
        amount = gift.quantity + code * 100
        while gift.outcome == "waiting" and amount in self.open_sums:
            code = code % 999 + 1
            amount = gift.quantity + code * 100
        state = {"paid": "confirmed", "waiting": "offered"}.get(gift.outcome, "lapsed")
        steps: list[tuple[str, dt.datetime, uuid.UUID | None]] = [("offered", gift.at, gift.person)]
        if is_paid:
            steps += [("accepted", paid_at, None), ("confirmed", paid_at, None)]
        elif state == "lapsed":
            steps.append(("lapsed", min(gift.at + dt.timedelta(days=4), self.world.moment), None))
        pledge = self.pledge(gift, state, steps, is_pay_now=True)
        line = self.line(
            gift, pledge, accepted=amount if is_paid else None, received=amount if is_paid else 0
        )
        payment = self._payment(number, gift, pledge, amount, code, paid_at)
        if is_paid:
            self._captured(number, gift, line, payment, amount, paid_at)
        elif gift.outcome == "waiting":
            self.open_sums.add(amount)

    def _promised(self, gift: Gift) -> None:
        steps: list[tuple[str, dt.datetime, uuid.UUID | None]] = [
            ("offered", gift.at, gift.person),
            ("accepted", gift.at + dt.timedelta(hours=5), gift.listing.body.owner),
        ]
        pledge = self.pledge(gift, "accepted", steps)
        line = self.line(gift, pledge, accepted=gift.quantity, received=0)
        self.hold(gift, pledge, line, gift.quantity, owner=gift.listing.id, owner_kind="listing")

    def _payment(
        self, number: int, gift: Gift, pledge: uuid.UUID, amount: int, code: int, paid_at: dt.datetime
    ) -> uuid.UUID:
        is_transfer, is_paid = gift.method == "bank_transfer", gift.outcome == "paid"
        key = self.world.key(gift.at)
        state = {"paid": "captured", "waiting": "awaiting"}.get(gift.outcome, "expired")
        expires = gift.at + dt.timedelta(hours=24 if is_transfer else 1)
        if state == "awaiting":
            expires = self.world.moment + dt.timedelta(hours=self.world.some(3, 22))
        self.world.add(
            "payment",
            id=key,
            public_ref=_reference(number),
            reference_kind="pledge",
            reference_id=pledge,
            client_token=uuid.UUID(int=self.world.dice.getrandbits(128), version=4),
            provider=gift.method,
            account="",
            provider_ref=None if is_transfer else f"cs_demo_{number}",
            intent_ref=None if is_transfer else f"pi_demo_{number}",
            bank_account_id=self.books.bank_account if is_transfer else None,
            unit="IDR",
            amount=amount,
            unique_code=code or None,
            expected_amount=0 if is_paid else amount,
            by_amount=is_transfer,
            captured=amount if is_paid else 0,
            state=state,
            payer_norm=normalise_name(gift.person_name),
            created_on=gift.at.date(),
            expires_at=expires,
            hold_until=expires + dt.timedelta(days=30) if is_transfer else None,
            captured_at=paid_at if is_paid else None,
            created_at=gift.at,
        )
        end = paid_at if is_paid else min(expires, self.world.moment)
        steps: list[tuple[str, dt.datetime, uuid.UUID | None]] = [("awaiting", gift.at, None)]
        if state != "awaiting":
            steps.append((state, end, None))
        self.world.moved("payment", key, steps)
        return key

    def _captured(
        self, number: int, gift: Gift, line: uuid.UUID, payment: uuid.UUID, amount: int, at: dt.datetime
    ) -> None:
        if gift.method == "stripe":
            posting, source = f"stripe:charge:ch_demo_{number}:capture", self.ledger.clearing
            self._card_transaction(number, amount, at)
        else:
            posting, at = self._bank_line(number, gift, payment, amount, at)
            source = self.ledger.bank
        self.books.postings.append(
            BulkPosting(
                key=posting,
                kind="payment.captured",
                source_kind="payment",
                source_id=payment,
                effective_at=at,
                legs=(BulkLeg(debit_id=source, credit_id=self.ledger.fund(gift.listing.id), amount=amount),),
            )
        )
        fulfilment = self.world.key(at)
        self.world.add(
            "pledge_fulfilment",
            id=fulfilment,
            pledge_line_id=line,
            kind="money",
            state="confirmed",
            quantity_sent=amount,
            quantity_received=amount,
            place="",
            evidence="",
            payment_id=payment,
            happened_at=at,
            created_at=at,
        )
        self.world.moved("pledge_fulfilment", fulfilment, [("confirmed", at, None)])
        self.world.add(
            "payment_receipt",
            id=self.world.key(at),
            payment_id=payment,
            issuer="CE",
            code=_code(self.world),
            unit="IDR",
            amount=amount,
            paid_on=(at + dt.timedelta(hours=7)).date(),
            created_at=at,
        )

    def _bank_line(
        self, number: int, gift: Gift, payment: uuid.UUID, amount: int, at: dt.datetime
    ) -> tuple[str, dt.datetime]:
        """The line by which the transfer came; a bank line carries a day and no hour."""
        line = next(self.line_ids)
        one, other = self.society.staff["finance"]
        day = (at + dt.timedelta(hours=7)).date()
        noon = dt.datetime.combine(day, dt.time(5), dt.UTC)
        reference = _reference(number)
        words = f"TRSF E-BANKING CR {day:%d%m} {reference} {normalise_name(gift.person_name)}"
        self.world.add(
            "recon_line",
            id=line,
            bank_account_id=self.books.bank_account,
            entered_by=one,
            booked_on=day,
            unit="IDR",
            amount=amount,
            bank_ref=f"D{number:07d}",
            text_raw=words,
            text_norm=normalise_name(words),
            ref=reference,
            raw={},
            line_key=f"ref:D{number:07d}",
            allocated=amount,
            state="matched",
            created_at=at,
        )
        key = f"bank:line:{line}:payment:{payment}"
        self.books.allocation_keys[key] = line
        self.world.add(
            "recon_allocation",
            line_id=line,
            target_kind="payment",
            target_id=payment,
            amount=amount,
            rule="ref_and_sum",
            score=1.0,
            run_id=payment,
            proposed_by="system",
            approved_by=str(other),
            created_at=at,
        )
        return key, noon

    # --- the provider's side ------------------------------------------------------------------------

    def _card_transaction(self, number: int, amount: int, at: dt.datetime) -> None:
        fee = amount * FEE_PERMILLE // 1000 + FEE_FIXED_MINOR
        self.books.card_days.setdefault(at.date(), []).append((f"txn_demo_{number}", amount, fee))
        self.world.add(
            "payment_provider_txn",
            id=self.world.key(at),
            provider="stripe",
            account="",
            txn_ref=f"txn_demo_{number}",
            kind="charge",
            source_ref=f"ch_demo_{number}",
            unit="IDR",
            gross=amount,
            fee=fee,
            net=amount - fee,
            occurred_at=at,
            available_at=at,
            explained_as=f"stripe:charge:ch_demo_{number}:capture",
            created_at=at,
        )
        self.books.postings.append(
            BulkPosting(
                key=f"stripe:txn:txn_demo_{number}:fee",
                kind="provider.fee",
                source_kind="provider_txn",
                source_id=self.world.tables["payment_provider_txn"][-1]["id"],
                effective_at=at,
                legs=(BulkLeg(debit_id=self.ledger.fees, credit_id=self.ledger.clearing, amount=fee),),
            )
        )

    def payouts(self) -> None:
        """The provider paid each week's charges out to our bank; nothing of the story is left with it."""
        weeks: dict[dt.date, int] = {}
        inside: dict[dt.date, set[str]] = {}
        for day, charges in self.books.card_days.items():
            monday = day + dt.timedelta(days=7 - day.weekday())
            weeks[monday] = weeks.get(monday, 0) + sum(gross - fee for _, gross, fee in charges)
            inside.setdefault(monday, set()).update(ref for ref, _, _ in charges)
        keys: dict[str, uuid.UUID] = {}
        for number, (monday, net) in enumerate(sorted(weeks.items()), start=1):
            day = min(monday, self.world.moment.date() - dt.timedelta(days=1))
            keys |= dict.fromkeys(inside[monday], self._payout(number, day, net))
        for row in self.world.tables.get("payment_provider_txn", []):
            if row["txn_ref"] in keys:
                row["payout_id"] = keys[row["txn_ref"]]

    def _payout(self, number: int, day: dt.date, net: int) -> uuid.UUID:
        at = dt.datetime.combine(day, dt.time(2), dt.UTC)
        key = self.world.key(at)
        reference = f"po_demo_{number}"
        line, (one, other) = next(self.line_ids), self.society.staff["finance"]
        self.world.add(
            "payment_payout",
            id=key,
            provider="stripe",
            account="",
            provider_ref=reference,
            unit="IDR",
            amount=net,
            arrives_on=day,
            state="reconciled",
            is_final=True,
            trace_ref=f"STRIPE PAYOUT {number:04d}",
            left_at=at,
            read_at=at,
            created_at=at,
        )
        self.world.moved("payout", key, [("paid", at, None), ("reconciled", at, other)])
        words = f"STRIPE PAYOUT {number:04d}"
        self.world.add(
            "recon_line",
            id=line,
            bank_account_id=self.books.bank_account,
            entered_by=one,
            booked_on=day,
            unit="IDR",
            amount=net,
            bank_ref=f"P{number:07d}",
            text_raw=words,
            text_norm=words,
            raw={},
            line_key=f"ref:P{number:07d}",
            allocated=net,
            state="matched",
            created_at=at,
        )
        arrived = f"bank:line:{line}:payout:{key}"
        self.books.allocation_keys[arrived] = line
        self.world.add(
            "recon_allocation",
            line_id=line,
            target_kind="payout",
            target_id=key,
            amount=net,
            rule="sum_and_day",
            score=1.0,
            run_id=key,
            proposed_by="system",
            approved_by=str(other),
            created_at=at,
        )
        self.world.add(
            "payment_provider_txn",
            id=self.world.key(at),
            provider="stripe",
            account="",
            txn_ref=f"txn_demo_po_{number}",
            kind="payout",
            source_ref=reference,
            unit="IDR",
            gross=-net,
            fee=0,
            net=-net,
            occurred_at=at,
            available_at=at,
            explained_as=f"stripe:payout:{reference}:left",
            payout_id=key,
            created_at=at,
        )
        noon = dt.datetime.combine(day, dt.time(5), dt.UTC)
        for name, kind, debit, credit, when in (
            (
                f"stripe:payout:{reference}:left",
                "payout.left",
                self.ledger.in_transit,
                self.ledger.clearing,
                at,
            ),
            (arrived, "payout.arrived", self.ledger.bank, self.ledger.in_transit, noon),
        ):
            leg = BulkLeg(debit_id=debit, credit_id=credit, amount=net)
            self.books.postings.append(
                BulkPosting(
                    key=name, kind=kind, source_kind="payout", source_id=key, effective_at=when, legs=(leg,)
                )
            )
        return key


def _reference(number: int) -> str:
    """The reference of a payment: counted through the alphabet with a stride, so that neighbours differ much."""
    value = (number * 2_654_435_761) % 32**8
    body = ""
    for _ in range(8):
        value, rest = divmod(value, 32)
        body += ALPHABET[rest]
    return f"{PREFIX}{body}{check_symbol(body)}"


def _line_ids() -> Iterator[int]:
    """Keys of bank lines, drawn from their sequence in handfuls: the app's role may not set a sequence."""
    statement = text(
        "SELECT nextval(pg_get_serial_sequence('recon_line', 'id')) FROM generate_series(1, 1000)"
    )
    while True:
        yield from sorted(session().execute(statement).scalars())


def _code(world: World) -> str:
    return "".join(world.dice.choice(ALPHABET) for _ in range(12))
