"""Money out and what became of it, in every state a visitor may look for; told by the real use cases, in the past."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from PIL import Image, ImageDraw
from sqlalchemy import text

from coevolve.config import settings
from coevolve.disbursements import queries, service
from coevolve.disbursements.models import Disbursement, DisbursementReport
from coevolve.kit import clock
from coevolve.kit.db import session, uuid7
from coevolve.kit.money import Money
from coevolve.listings import queries as listings
from coevolve.listings import service as listing_service
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.payments import service as payments
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.reconciliation import service as reconciliation

RECEIPTS = (
    ("Toko Bangunan Sinar Soe", "Pipa HDPE 2 inci, 100 meter"),
    ("UD Flobamora", "Semen 40 sak dan pasir dua rit"),
    ("Pak Yusuf Tnines", "Upah empat tukang, enam hari"),
    ("CV Angkutan Timor", "Sewa truk pengangkut bahan"),
)
SUMMARIES = (
    "Pipa terpasang sampai bak penampung di ujung dusun. Empat puluh keluarga mengambil air dari keran sejak minggu lalu.",
    "Bahan sudah sampai di lokasi dan dihitung bersama warga. Pemasangan dimulai sesudah panen.",
)
NOBODY_TO_ASK = (
    "SELECT l.id FROM listing l JOIN organisation o ON o.id = l.organisation_id"
    " JOIN ledger_account a ON a.code = 'fund:' || l.id || '\\:IDR' JOIN ledger_balance b ON b.account_id = a.id"
    " WHERE l.state = 'open' AND l.opened_at < :before AND o.kind = 'cso' AND o.state = 'checked' AND o.id <> :but"
    " AND o.custody = 'platform' AND b.balance > :least"
    " AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.organisation_id = o.id AND m.role <> 'owner' AND m.until IS NULL)"
    " ORDER BY b.balance DESC, l.id LIMIT 1"
)


@dataclass(frozen=True)
class Cast:
    """Who moves money in the demo."""

    owner: Person
    treasurer: Person
    finance: Person
    finance2: Person
    moderator: Person
    admin: Person


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """The demo's own organisation in every step; another one whose report is late."""
    if not settings().data_dir:
        return
    cast = Cast(*(people.get(accounts[f"{name}@demo.example"]) for name in (
        "oms", "bendahara", "keuangan1", "keuangan2", "moderator1", "admin")))  # fmt: skip
    [seat] = [one for one in organisations.memberships_of(cast.owner.id) if one.role == "owner"]
    _account(seat.organisation, cast.treasurer, cast, days=200)
    funds = sorted(queries.funds_of(seat.organisation.id), key=lambda row: -row.available)
    if funds:
        _whole_way(funds[0].listing, cast)
    if len(funds) > 1:
        _on_its_way(funds[1].listing, cast)
    _late(seat.organisation, cast)
    _waiting_account(seat.organisation)
    _quiet()


def _whole_way(listing: Listing, cast: Cast) -> None:
    """Accounted for once, on its way a second time, asked for a third time."""
    age = (clock.now() - (listing.opened_at or clock.now())).days
    with _ago(age * 0.6):
        first = _settled(listing, cast, share="0.3")
    with _ago(age * 0.35):
        report = _report(first, cast, SUMMARIES[0])
        service.accept_report(report_id=report.id, by=cast.moderator)
    with _ago(age * 0.25):
        _told(listing, cast, SUMMARIES[0])
    with _ago(age * 0.2):
        second = _settled(listing, cast, share="0.4")
        _receipt(queries.reports_on(second.id)[-1], cast, 0, part=3)
    with _ago(1):
        _proposed(listing, cast, share="0.5")


def _on_its_way(listing: Listing, cast: Cast) -> None:
    """A report that waits for us, money to release, to pay, and one the bank has yet to show."""
    with _ago(30):
        first = _settled(listing, cast, share="0.3")
    with _ago(2):
        _report(first, cast, SUMMARIES[1])
    with _ago(12):
        _told(listing, cast, SUMMARIES[1])
    with _ago(3):
        sent = _released(listing, cast, share="0.2")
        service.list_for_payment(disbursement_ids=[sent.id], by=cast.finance)
        service.mark_sent(disbursement_id=sent.id, by=cast.finance, on=clock.today())
    with _ago(1):
        _released(listing, cast, share="0.2")
        asked = _proposed(listing, cast, share="0.2")
        service.approve(disbursement_id=asked.id, by=cast.owner)


def _told(listing: Listing, cast: Cast, words: str) -> None:
    """Givers read what became of the money before more of it leaves."""
    made = listing_service.write_update(
        listing_id=listing.id,
        by=cast.owner,
        client_token=uuid.uuid4(),
        title="Kabar dari lapangan",
        text=words,
    )
    listing_service.publish_update(update_id=made.id, by=cast.owner)


def _late(own: Organisation, cast: Cast) -> None:
    """An organisation of one: platform finance stands in for the owner it lacks, and its report is late."""
    values = {"before": clock.now() - dt.timedelta(days=120), "but": own.id, "least": 200_000_000}
    found = session().execute(text(NOBODY_TO_ASK), values).scalar_one_or_none()
    if found is None:
        return
    listing = listings.get(found)
    organisation = organisations.get(listing.organisation_id)
    [owner] = organisations.members_of(organisation.id, ["owner"])[:1]
    _account(organisation, owner, cast, days=115)
    with _ago(100):
        alone = Cast(owner, owner, cast.finance2, cast.finance, cast.moderator, cast.admin)
        made = _proposed(listing, alone, share="0.5")
        service.approve(disbursement_id=made.id, by=cast.finance)
        service.release(disbursement_id=made.id, by=cast.finance2)
        _settle(made, cast)
        _date(made.id)
    service.refresh_late()


def _waiting_account(own: Organisation) -> None:
    """An account that a moderator has yet to look at."""
    statement = text(
        "SELECT o.id, o.registered_by FROM organisation o WHERE o.kind = 'cso' AND o.state = 'checked' AND o.id <> :own"
        " AND NOT EXISTS (SELECT 1 FROM payment_bank_account b WHERE b.organisation_id = o.id) ORDER BY o.id LIMIT 1"
    )
    found = session().execute(statement, {"own": own.id}).one_or_none()
    if found is None:
        return
    organisation, owner = organisations.get(found[0]), people.get(found[1])
    with _ago(1):
        payments.state_organisation_account(
            organisation_id=organisation.id,
            by=owner,
            bank_name="Bank Contoh Nusantara",
            account_number="7001122334",
            holder=owner.name,
            note="Rekening lama atas nama ketua; rekening lembaga sedang dibuka.",
        )


# --- steps -----------------------------------------------------------------------------------------------------------


@contextmanager
def _ago(days: float) -> Iterator[None]:
    with clock.travel(dt.timedelta(days=-days)):
        yield


def _account(organisation: Organisation, by: Person, cast: Cast, *, days: float) -> None:
    with _ago(days):
        version = payments.state_organisation_account(
            organisation_id=organisation.id,
            by=by,
            bank_name="Bank Contoh Timor",
            account_number=f"0{organisation.id.int % 10**9:09d}",
            holder=organisation.name,
        )
        payments.check_organisation_account(version_id=version.id, by=cast.moderator, to="accepted")
        payments.second_organisation_account(version_id=version.id, by=cast.admin)


def _proposed(listing: Listing, cast: Cast, *, share: str) -> Disbursement:
    """A share of what the fund has, in round sums, over the first lines of the budget."""
    whole = int(Decimal(queries.fund_of(listing.id)) * Decimal(share)) // 10_000_000 * 10_000_000
    whole = max(whole, 10_000_000)
    lines = queries.budget_of(listing.id)[:2]
    parts = (
        [whole]
        if len(lines) == 1
        else [whole - whole // 30_000_000 * 10_000_000, whole // 30_000_000 * 10_000_000]
    )
    made = service.propose(
        listing_id=listing.id,
        by=cast.treasurer,
        amounts={line.id: part for line, part in zip(lines, parts, strict=False) if part},
        purpose="Bahan dan upah tahap ini, sesuai rencana anggaran.",
        client_token=uuid7(),
    )
    _date(made.id)
    return made


def _released(listing: Listing, cast: Cast, *, share: str) -> Disbursement:
    made = _proposed(listing, cast, share=share)
    service.approve(disbursement_id=made.id, by=cast.owner)
    service.release(disbursement_id=made.id, by=cast.finance)
    _date(made.id)
    return made


def _settled(listing: Listing, cast: Cast, *, share: str) -> Disbursement:
    made = _released(listing, cast, share=share)
    _settle(made, cast)
    return made


def _settle(made: Disbursement, cast: Cast) -> None:
    """Paid at the bank, and the bank's own line says so."""
    service.list_for_payment(disbursement_ids=[made.id], by=cast.finance)
    service.mark_sent(disbursement_id=made.id, by=cast.finance, on=clock.today())
    line = reconciliation.enter_bank_line(
        bank_account_id=made.from_account_id,
        booked_on=clock.today(),
        money=Money(made.amount, made.unit),
        words=f"TRSF E-BANKING DB {made.reference} PENYALURAN",
        bank_ref=None,
        by=cast.finance.id,
        is_outgoing=True,
    )
    reconciliation.propose_match(
        line_id=line.id, target_kind="disbursement", target_id=made.id, by=cast.finance.id
    )
    _date(made.id)


def _report(made: Disbursement, cast: Cast, summary: str) -> DisbursementReport:
    """A report over all of it, with receipts on the lines it was given for."""
    report = queries.reports_on(made.id)[-1]
    number = 0
    for line, _budget in queries.lines_of(made.id):
        for part in (line.amount - line.amount // 2_000 * 1_000, line.amount // 2_000 * 1_000):
            if part:
                _receipt(report, cast, number, line_id=line.line_id, amount=part)
                number += 1
    service.submit_report(report_id=report.id, by=cast.treasurer, summary=summary, reasons={})
    _date(report.id)
    return report


def _receipt(
    report: DisbursementReport,
    cast: Cast,
    number: int,
    *,
    line_id: uuid.UUID | None = None,
    amount: int = 0,
    part: int = 1,
) -> None:
    shop, what = RECEIPTS[number % len(RECEIPTS)]
    first, _budget = queries.lines_of(report.disbursement_id or report.id)[0]
    service.add_expense(
        report_id=report.id,
        by=cast.treasurer,
        line_id=line_id or first.line_id,
        spent_on=clock.today() - dt.timedelta(days=3 + number),
        payee=shop,
        what=what,
        amount=amount or first.amount // (part * 1_000) * 1_000,
        proof=_slip(shop, what, number),
        proof_name="nota.jpg",
        client_token=uuid7(),
    )


def _slip(shop: str, what: str, number: int) -> io.BytesIO:
    """A receipt on a wooden table."""
    picture = Image.new("RGB", (720, 960), (111, 78, 48))
    pen = ImageDraw.Draw(picture)
    for grain in range(0, 960, 24):
        pen.line((0, grain, 720, grain + (number * 7) % 20), fill=(98, 68, 40), width=3)
    pen.rectangle((120, 90, 600, 870), fill=(250, 247, 238))
    pen.text((150, 130), shop, fill=(30, 30, 40), font_size=26)
    pen.text(
        (150, 200),
        f"No. {clock.now():%Y%m%d}-{number + 1:02d}\n\n{what}\n\nLUNAS",
        fill=(40, 40, 60),
        font_size=22,
    )
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=85)
    sink.seek(0)
    return sink


def _date(thing: uuid.UUID) -> None:
    """What the database's own clock dated just now happened at the told moment."""
    session().flush()
    session().execute(
        text("UPDATE move_event SET at = :at WHERE object_id = :thing AND at > :at"),
        {"at": clock.now(), "thing": thing},
    )


def _quiet() -> None:
    """Letters of long ago are not sent today; notices on the site stay."""
    session().flush()
    session().execute(
        text(
            "DELETE FROM message WHERE channel = 'email' AND state = 'queued' AND (kind LIKE 'disbursement.%'"
            " OR kind LIKE 'report.%' OR kind LIKE 'account.%' OR kind = 'spending.reported')"
        )
    )
