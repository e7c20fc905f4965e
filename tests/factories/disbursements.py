"""Money out for tests, made by the real use cases."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import uuid
from dataclasses import dataclass
from typing import Any

from PIL import Image

from coevolve.config import settings
from coevolve.disbursements import queries, service
from coevolve.disbursements.models import Disbursement, DisbursementReport
from coevolve.kit import clock, db
from coevolve.kit.db import session, uuid7
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.listings.models import Listing, ListingLine
from coevolve.organisations.models import Organisation
from coevolve.payments import account_standing
from coevolve.payments import service as payments
from coevolve.payments.account_standing import AccountStanding
from coevolve.payments.models import BankAccountVersion, Payment
from coevolve.people.models import Person
from coevolve.reconciliation.models import Allocation, Line, LineState
from coevolve.reconciliation.service.booking import Arrival, book, settlement_of
from tests.factories import listings, organisations, people
from tests.factories import payments as payment_factory

_count = itertools.count(1)
AFTER_THE_WAIT = dt.timedelta(hours=73)


@dataclass
class Ground:
    """An organisation with an account that can be used, a campaign with money, and everybody needed."""

    organisation: Organisation
    owner: Person
    treasurer: Person
    listing: Listing
    lines: list[ListingLine]
    finance: Person
    finance2: Person

    @property
    def first(self) -> ListingLine:
        """The first line of the budget."""
        return self.lines[0]


def ground(*, whole: int = 5_000_000, account: bool = True, listing: Listing | None = None) -> Ground:
    """Rp 5.000.000 in the fund of a campaign whose budget has two lines."""
    payment_factory.bank_account()
    if listing is None:
        lines = (
            listings.money(6_000_000, label="Pipa dan sambungan"),
            listings.money(4_000_000, label="Upah tukang"),
        )
        listing = listings.open_campaign(lines=lines)
    organisation = db.get(Organisation, listing.organisation_id)
    made = Ground(
        organisation=organisation,
        owner=organisations.owner_of(organisation),
        treasurer=organisations.member(organisation, role="finance", name="Markus Tefa"),
        listing=listing,
        lines=[line for line in listings.lines_of(listing) if line.kind == "money"],
        finance=people.finance(),
        finance2=people.finance(),
    )
    if whole:
        give(listing, whole)
    if account:
        usable_account(made)
    return made


def give(listing: Listing, whole: int, *, by: Person | None = None) -> None:
    """A transfer comes for a listing and is booked, as matching books it."""
    payment = payment_factory.transfer(listing=listing, money=rupiah(whole), by=by)
    assert payment.bank_account_id is not None
    line = _line(payment.bank_account_id, payment.amount, payment.public_ref)
    arrival = Arrival(
        key=f"bank:line:{line.id}:payment:{payment.id}",
        from_account=accounts.bank(payment.bank_account_id),
        money=Money(payment.amount, payment.unit),
        at=clock.now(),
    )
    posting_id = book(db.lock(Payment, payment.id), settlement_of(payment), arrival)
    _allocate(line, "payment", payment.id, posting_id)


def stated_account(at: Ground, **over: Any) -> BankAccountVersion:
    """An account as the treasurer stated it."""
    values = {
        "bank_name": "Bank Contoh Timor",
        "account_number": "0098123456",
        "holder": at.organisation.name,
        **over,
    }
    return payments.state_organisation_account(organisation_id=at.organisation.id, by=at.treasurer, **values)


def usable_account(
    at: Ground, *, moderator: Person | None = None, admin: Person | None = None, **over: Any
) -> BankAccountVersion:
    """An account that was stated long enough ago, checked and seconded."""
    with clock.travel(-AFTER_THE_WAIT):
        version = stated_account(at, **over)
    payments.check_organisation_account(
        version_id=version.id, by=moderator or people.moderator(), to="accepted"
    )
    payments.second_organisation_account(version_id=version.id, by=admin or people.admin())
    return version


def proposed(at: Ground, *, whole: int = 2_000_000, **over: Any) -> Disbursement:
    """Money asked for by the treasurer, all for the first line."""
    values = {
        "by": at.treasurer,
        "amounts": {at.first.id: rupiah(whole).amount},
        "purpose": "Membeli pipa tahap pertama",
        "client_token": uuid.uuid4(),
        **over,
    }
    return service.propose(listing_id=at.listing.id, **values)


def approved(at: Ground, **over: Any) -> Disbursement:
    """Approved by the owner."""
    return service.approve(disbursement_id=proposed(at, **over).id, by=at.owner)


def released(at: Ground, **over: Any) -> Disbursement:
    """Released by platform finance; what an earlier one became is told first, for it would be held."""
    if queries.untold_since(at.listing.id) is not None:
        listings.told(at.listing)
    return service.release(disbursement_id=approved(at, **over).id, by=at.finance)


def sent(at: Ground, **over: Any) -> Disbursement:
    """Paid at the bank, by finance's word."""
    made = released(at, **over)
    service.list_for_payment(disbursement_ids=[made.id], by=at.finance)
    return service.mark_sent(disbursement_id=made.id, by=at.finance, on=clock.today())


def settled(at: Ground, **over: Any) -> Disbursement:
    """Shown by a line of our bank."""
    made = sent(at, **over)
    settle(made)
    return made


def settle(made: Disbursement) -> Line:
    """A debit line of our bank pays it, as matching books it."""
    line = bank_line(made, -made.amount)
    posting_id = service.settle_by_line(
        disbursement_id=made.id, line_id=line.id, money=Money(made.amount, made.unit), at=clock.now()
    )
    _allocate(line, "disbursement", made.id, posting_id)
    return line


def bounce(made: Disbursement) -> Line:
    """A credit line of our bank brings it back."""
    line = bank_line(made, made.amount)
    posting_id = service.return_by_line(
        disbursement_id=made.id, line_id=line.id, money=Money(made.amount, made.unit), at=clock.now()
    )
    _allocate(line, "disbursement", made.id, posting_id)
    return line


def bank_line(made: Disbursement, amount: int) -> Line:
    """A line of the account it is paid from."""
    return _line(made.from_account_id, amount, made.reference)


def _line(bank_account_id: uuid.UUID, amount: int, reference: str) -> Line:
    line = Line(
        bank_account_id=bank_account_id,
        entered_by=uuid7(),
        booked_on=clock.today(),
        unit="IDR",
        amount=amount,
        text_raw=f"TRF {reference}",
        text_norm=f"TRF {reference}",
        ref=reference,
        raw={},
        line_key=f"test:{uuid.uuid4()}",
        state=LineState.unmatched,
    )
    session().add(line)
    session().flush()
    return line


def _allocate(line: Line, kind: str, target_id: uuid.UUID, posting_id: int) -> None:
    session().add(
        Allocation(
            line_id=line.id,
            target_kind=kind,
            target_id=target_id,
            amount=line.amount,
            rule="test",
            score=1.0,
            run_id=uuid7(),
            proposed_by="system",
            posting_id=posting_id,
        )
    )
    line.allocated, line.state = line.amount, LineState.matched
    session().flush()


# --- reports ---


def report_of(made: Disbursement) -> DisbursementReport:
    """The newest report of a disbursement."""
    return queries.reports_on(made.id)[-1]


def photo(*, colour: tuple[int, int, int] | None = None, kind: str = "JPEG", **save: Any) -> io.BytesIO:
    """A small picture; each one different unless a colour is given."""
    number = next(_count)
    shade = colour or (number % 251, (number * 7) % 251, (number * 13) % 251)
    sink = io.BytesIO()
    picture = Image.new("RGB", (60, 80), shade)
    picture.putpixel((number % 60, number % 80), (255, 255, 255))
    picture.save(sink, kind, **save)
    sink.seek(0)
    return sink


def expense(at: Ground, report: DisbursementReport, *, whole: int = 500_000, **over: Any) -> Any:
    """A receipt on the first line, with a photo."""
    values = {
        "by": at.treasurer,
        "line_id": at.first.id,
        "spent_on": clock.today(),
        "payee": "Toko Besi Soe",
        "what": "Pipa HDPE 100 meter",
        "amount": rupiah(whole).amount,
        "proof": over.pop("proof", None) or photo(),
        "proof_name": "nota.jpg",
        "client_token": uuid.uuid4(),
        **over,
    }
    return service.add_expense(report_id=report.id, **values)


def submitted(at: Ground, made: Disbursement, *, whole: int | None = None) -> DisbursementReport:
    """A report with one receipt over everything (or so much), handed in."""
    report = report_of(made)
    expense(at, report, whole=whole or made.amount // 100)
    return service.submit_report(
        report_id=report.id, by=at.treasurer, summary="Pipa terpasang dari mata air sampai bak.", reasons={}
    )


def accepted(at: Ground, made: Disbursement, **over: Any) -> DisbursementReport:
    """A report that finance accepted."""
    return service.accept_report(report_id=submitted(at, made, **over).id, by=at.finance)


def past_due() -> Any:
    """A moment after a report that opens now is due."""
    return clock.travel(dt.timedelta(days=settings().report_days + 1))


def payments_standing(at: Ground) -> list[AccountStanding]:
    """The versions of its account as they stand, newest first."""
    return account_standing.history_of(at.organisation.id)
