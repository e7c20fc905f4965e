"""What every gift has: the pledge, its line, and the promise in the commitment book."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from coevolve.demo_world.giving import Gift
from coevolve.demo_world.society import Society
from coevolve.demo_world.world import World
from coevolve.ledger import accounts
from coevolve.ledger.bulk import BulkLeg, BulkPosting
from coevolve.ledger.models import COMMITMENT
from coevolve.ledger.service import opening


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


class Teller:
    """Writes the rows that gifts of all kinds have."""

    def __init__(self, world: World, society: Society, books: Books, ledger: Ledger) -> None:
        self.world, self.society, self.books, self.ledger = world, society, books, ledger

    def pledge(
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

    def line(self, gift: Gift, pledge: uuid.UUID, *, accepted: int | None, received: int) -> uuid.UUID:
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

    def hold(
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
