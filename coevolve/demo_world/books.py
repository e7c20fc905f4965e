"""The rows of what was given: pledges, payments, bank lines, receipts, and the postings that make the books balance."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import text

from coevolve.demo_world.giving import Gift
from coevolve.demo_world.society import Society
from coevolve.demo_world.world import World
from coevolve.kit.db import session
from coevolve.kit.text import normalise_name
from coevolve.ledger import accounts
from coevolve.ledger.bulk import BulkLeg, BulkPosting
from coevolve.ledger.models import COMMITMENT
from coevolve.ledger.service import opening
from coevolve.payments.references import ALPHABET, PREFIX, check_symbol

FEE_PERMILLE, FEE_FIXED_MINOR = 29, 200_000
"""What the card provider takes: 2.9 % and Rp 2.000."""


@dataclass
class Books:
    """What is written after the rows: postings in order of time, and which row waits for which posting."""

    bank_account: uuid.UUID
    postings: list[BulkPosting] = field(default_factory=list)
    fulfilment_keys: dict[str, list[uuid.UUID]] = field(default_factory=dict)
    """Posting key -> the fulfilments it kept."""
    allocation_keys: dict[str, int] = field(default_factory=dict)
    """Posting key -> the bank line it booked."""
    hold_lines: dict[str, uuid.UUID] = field(default_factory=dict)
    """Promise name -> the pledge line it holds."""
    card_days: dict[dt.date, list[tuple[str, int, int]]] = field(default_factory=dict)
    """Day -> charges of that day: transaction, gross, fee."""


class Ledger:
    """Account ids of the world, opened all at once."""

    def __init__(self, gifts: list[Gift], bank_account: uuid.UUID) -> None:
        listings = {gift.listing.id for gift in gifts if gift.line.kind == "money"}
        lines = {gift.line.id: gift.line.unit for gift in gifts if gift.line.kind != "money"}
        specs = [accounts.fund_spec(listing) for listing in listings]
        for listing in listings:
            specs += [
                accounts.promises_spec(listing, "IDR", "listing"),
                accounts.promised_to_spec(listing, "IDR", "listing"),
            ]
        for line, unit in lines.items():
            specs += [accounts.promises_spec(line, unit), accounts.promised_to_spec(line, unit)]
        self.by_code = opening.open_accounts(specs)
        self.clearing = accounts.provider_clearing("stripe")
        self.fees = accounts.fee_expense("stripe")
        self.in_transit = accounts.in_transit("stripe")
        self.bank = accounts.bank(bank_account)

    def fund(self, listing: uuid.UUID) -> int:
        """The fund of a listing."""
        return self.by_code[accounts.fund_spec(listing).code]

    def promise(self, owner: uuid.UUID, unit: str, kind: str = "listing_line") -> tuple[int, int]:
        """The pair of accounts of promises to a line, or to a listing's money."""
        return (
            self.by_code[accounts.promises_spec(owner, unit, kind).code],
            self.by_code[accounts.promised_to_spec(owner, unit, kind).code],
        )


def write(world: World, society: Society, gifts: list[Gift]) -> Books:
    """Turn gifts into rows and postings."""
    books = Books(_bank_account(world, society))
    ledger = Ledger(gifts, books.bank_account)
    teller = Teller(world, society, books, ledger)
    for number, gift in enumerate(gifts, start=1):
        if gift.line.kind == "money":
            teller.money(number, gift)
        else:
            teller.things(number, gift)
    teller.payouts()
    books.postings.sort(key=lambda posting: posting.effective_at)
    return books


def _bank_account(world: World, society: Society) -> uuid.UUID:
    at = world.ago(430)
    key = world.key(at)
    world.add("payment_bank_account", id=key, unit="IDR", is_receiving=True, created_at=at)
    world.add(
        "payment_bank_account_version",
        id=world.key(at),
        bank_account_id=key,
        version=1,
        bank_name="Bank Contoh Nusantara",
        account_number="7012345678",
        holder="Co-Evolve (contoh)",
        added_by=society.staff["finance"][0],
        created_at=at,
    )
    return key


class Teller:
    """Writes one gift after another."""

    def __init__(self, world: World, society: Society, books: Books, ledger: Ledger) -> None:
        self.world, self.society, self.books, self.ledger = world, society, books, ledger
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
        pledge = self._pledge(gift, state, steps, is_pay_now=True)
        line = self._line(
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
        pledge = self._pledge(gift, "accepted", steps)
        line = self._line(gift, pledge, accepted=gift.quantity, received=0)
        self._hold(gift, pledge, line, gift.quantity, owner=gift.listing.id, owner_kind="listing")

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
        for day, charges in self.books.card_days.items():
            monday = day + dt.timedelta(days=7 - day.weekday())
            weeks[monday] = weeks.get(monday, 0) + sum(gross - fee for _, gross, fee in charges)
        for number, (monday, net) in enumerate(sorted(weeks.items()), start=1):
            day = min(monday, self.world.moment.date() - dt.timedelta(days=1))
            self._payout(number, day, net)

    def _payout(self, number: int, day: dt.date, net: int) -> None:
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

    # --- goods, time, facilities --------------------------------------------------------------------

    def things(self, _number: int, gift: Gift) -> None:
        """An offer of goods, time or a facility, up to where it came."""
        owner, day = gift.listing.body.owner, dt.timedelta(days=1)
        last = self.world.moment - dt.timedelta(minutes=10)
        answered, sent, kept = (min(gift.at + day * n, last) for n in (1, 3, 5))
        steps: list[tuple[str, dt.datetime, uuid.UUID | None]] = [("offered", gift.at, gift.person)]
        state = gift.outcome
        if state in {"accepted", "delivered", "confirmed"}:
            steps.append(("accepted", answered, owner))
        if state in {"delivered", "confirmed"}:
            steps.append(("delivered", sent, gift.person))
        if state == "confirmed":
            steps.append(("confirmed", kept, owner))
        if state in {"declined", "withdrawn"}:
            steps.append((state, answered, owner if state == "declined" else gift.person))
        pledge = self._pledge(gift, state, steps, answered=answered if state != "offered" else None)
        received = gift.accepted if state == "confirmed" else 0
        line = self._line(gift, pledge, accepted=gift.accepted or None, received=received)
        if gift.accepted:
            name = self._hold(gift, pledge, line, gift.accepted, owner=gift.line.id)
            self._fulfilment(gift, line, name, answered, sent, kept)

    def _fulfilment(
        self,
        gift: Gift,
        line: uuid.UUID,
        promise: str,
        answered: dt.datetime,
        sent: dt.datetime,
        kept: dt.datetime,
    ) -> None:
        """One hand-over, shift or booking of all that was accepted."""
        kind, owner, giver = gift.line.kind, gift.listing.body.owner, gift.person
        path = {
            "goods": ["scheduled", "handed_over", "received", "accepted"],
            "time": ["scheduled", "performed", "confirmed"],
            "facility": ["booked", "used", "confirmed"],
        }[kind]
        length = {"accepted": 1, "delivered": 2, "confirmed": len(path)}[gift.outcome]
        path = path[:length]
        key = self.world.key(answered)
        is_kept = gift.outcome == "confirmed"
        slot_begin = dt.datetime.combine(
            sent.date() + dt.timedelta(days=2 if length == 1 else 0), dt.time(1), dt.UTC
        )
        slot = (
            f"[{slot_begin.isoformat()},{(slot_begin + dt.timedelta(hours=8)).isoformat()})"
            if kind == "facility"
            else None
        )
        self.world.add(
            "pledge_fulfilment",
            id=key,
            pledge_line_id=line,
            kind=kind,
            state=path[-1],
            quantity_sent=gift.accepted,
            quantity_received=gift.accepted if is_kept else 0,
            slot=slot,
            facility_id=line if kind == "facility" else None,
            place="Balai warga setempat",
            evidence="Dihitung bersama dan difoto." if is_kept else "",
            happened_at=sent if length > 1 else None,
            created_at=answered,
        )
        moments = [answered, sent, kept, kept]
        people = [owner, giver, owner, owner]
        self.world.moved("pledge_fulfilment", key, list(zip(path, moments, people, strict=False)))
        if is_kept:
            posting = f"pledge:fulfilment:{key}:kept"
            self.books.fulfilment_keys[posting] = [key]
            debit, credit = self.ledger.promise(gift.line.id, gift.line.unit)
            self.books.postings.append(
                BulkPosting(
                    key=posting,
                    kind="pledge.kept",
                    source_kind="pledge_fulfilment",
                    source_id=key,
                    effective_at=kept,
                    legs=(
                        BulkLeg(
                            debit_id=debit,
                            credit_id=credit,
                            amount=gift.accepted,
                            unit=gift.line.unit,
                            book=COMMITMENT,
                            phase="fulfil",
                            promise=promise,
                        ),
                    ),
                )
            )

    # --- both ---------------------------------------------------------------------------------------

    def _pledge(
        self, gift: Gift, state: str, steps: list[tuple[str, dt.datetime, uuid.UUID | None]], *, is_pay_now: bool = False,
        answered: dt.datetime | None = None,
    ) -> uuid.UUID:  # fmt: skip
        key = self.world.key(gift.at)
        reasons = {
            "declined": "Ukurannya tidak cocok dengan yang terpasang.",
            "withdrawn": "Persediaan kami berubah.",
        }
        is_open = state in {"offered", "accepted"}
        self.world.add(
            "pledge",
            id=key,
            listing_id=gift.listing.id,
            giver_person_id=gift.person,
            giver_organisation_id=gift.body.id if gift.body else None,
            receiver_organisation_id=gift.listing.body.id,
            receiver_person_id=gift.listing.body.owner if answered else None,
            state=state,
            is_pay_now=is_pay_now,
            is_name_public=gift.is_name_public,
            shares_identity=gift.body is not None,
            public_name=gift.person_name,
            message=gift.message,
            reason=reasons.get(state, ""),
            client_token=uuid.UUID(int=self.world.dice.getrandbits(128), version=4),
            lapses_at=self.world.moment + dt.timedelta(days=self.world.dice.randint(4, 30))
            if is_open
            else None,
            answered_at=answered,
            created_at=gift.at,
        )
        self.world.moved("pledge", key, steps)
        return key

    def _line(self, gift: Gift, pledge: uuid.UUID, *, accepted: int | None, received: int) -> uuid.UUID:
        key = self.world.key(gift.at)
        value = gift.line.unit_value
        self.world.add(
            "pledge_line",
            id=key,
            pledge_id=pledge,
            line_id=gift.line.id,
            kind=gift.line.kind,
            unit=gift.line.unit,
            quantity=gift.quantity,
            accepted_quantity=accepted,
            received_quantity=received,
            unit_value=value,
            valuation_source="giver_estimate" if value else None,
        )
        return key

    def _hold(
        self,
        gift: Gift,
        pledge: uuid.UUID,
        line: uuid.UUID,
        amount: int,
        *,
        owner: uuid.UUID,
        owner_kind: str = "listing_line",
    ) -> str:
        """The promise in the commitment book."""
        unit = gift.line.unit
        name = f"pledge:{pledge}:line:{line}:hold"
        debit, credit = self.ledger.promise(owner, unit, owner_kind)
        self.books.postings.append(
            BulkPosting(
                key=name,
                kind="pledge.accepted",
                source_kind="pledge",
                source_id=pledge,
                effective_at=min(
                    gift.at + dt.timedelta(hours=5), self.world.moment - dt.timedelta(minutes=20)
                ),
                legs=(
                    BulkLeg(
                        debit_id=debit,
                        credit_id=credit,
                        amount=amount,
                        unit=unit,
                        book=COMMITMENT,
                        phase="pending",
                        promise=name,
                    ),
                ),
            )
        )
        self.books.hold_lines[name] = line
        return name


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
    statement = text("SELECT nextval(pg_get_serial_sequence('recon_line', 'id')) FROM generate_series(1, 1000)")
    while True:
        yield from sorted(session().execute(statement).scalars())


def _code(world: World) -> str:
    return "".join(world.dice.choice(ALPHABET) for _ in range(12))
