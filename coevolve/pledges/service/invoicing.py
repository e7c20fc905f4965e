"""Bills to giving organisations: numbered without gaps, paid by a transfer that names them."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from coevolve.kit import clock, db
from coevolve.kit.clock import JAKARTA
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_line
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import OPEN as PAYMENT_OPEN
from coevolve.pledges.models import Invoice, InvoiceCounter, Pledge
from coevolve.pledges.policy import Doer
from coevolve.pledges.service import asking, telling
from coevolve.pledges.service.money import payable

ISSUER = "INV"
ORDER_MOST = 60
DUE_MOST_DAYS = 180


def issue_invoice(
    *,
    pledge_id: uuid.UUID,
    by: Doer,
    client_token: uuid.UUID,
    amount: int | None = None,
    due_on: dt.date | None = None,
    purchase_order: str | None = None,
    with_code: bool = False,
) -> Invoice:
    """Bill an organisation for what is still to come of its pledge, or a part. The same token finds the same bill.

    Paid by transfer: with the reference alone, as accountants pay exact sums, or with a code on top if wished.
    """
    pledge, party = asking.locked(pledge_id, by, "bill")
    if pledge.giver_organisation_id is None:
        raise Conflict("no_organisation", lazy("Tagihan hanya untuk dukungan atas nama organisasi."))
    known = payment_queries.find_by_token("pledge", pledge.id, client_token)
    if known is not None:
        return _of_payment(known.id)
    if any(one.state in PAYMENT_OPEN and not one.captured for one in payment_queries.of("pledge", pledge.id)):
        raise Conflict(
            "payment_waits", lazy("Ada pembayaran yang menunggu. Batalkan dulu, lalu buat tagihan baru.")
        )
    today = clock.today()
    until = due_on or today + dt.timedelta(days=30)
    if not today <= until <= today + dt.timedelta(days=DUE_MOST_DAYS):
        raise Invalid(
            "due_day", lazy("Pilih jatuh tempo dari hari ini sampai setengah tahun lagi."), field="due_on"
        )
    money = payable(pledge, db.get(Listing, pledge.listing_id), amount)
    order = order_number(pledge.purchase_order if purchase_order is None else purchase_order)
    payment = payments.start_bank_transfer(
        reference_kind="pledge",
        reference_id=pledge.id,
        money=money,
        client_token=client_token,
        payer_name=organisations.get(pledge.giver_organisation_id).name,
        is_rest=True,
        with_code=with_code,
        organisation_id=pledge.receiver_organisation_id,
        deadline=dt.datetime.combine(until, dt.time(23, 59, 59), tzinfo=ZoneInfo(JAKARTA)),
    )
    pledge.purchase_order = order
    number = _next_number(today.year)
    made = Invoice(
        pledge_id=pledge.id,
        payment_id=payment.id,
        issuer=ISSUER,
        year=today.year,
        number=number,
        unit=payment.unit,
        amount=payment.amount,
        purchase_order=order,
        issued_on=today,
        due_on=until,
        issued_by=party.person_id,
    )
    session().add(made)
    session().flush()
    telling.record(
        pledge, "billed", party.person_id, data={"invoice": str(made.id), "amount": str(made.amount)}
    )
    return made


def set_order(*, pledge_id: uuid.UUID, by: Doer, purchase_order: str) -> Pledge:
    """Write down the giver's own order number."""
    pledge, _party = asking.locked(pledge_id, by, "bill")
    pledge.purchase_order = order_number(purchase_order)
    session().flush()
    return pledge


def order_number(typed: str) -> str:
    """An order number as it is kept. Raises Invalid."""
    cleaned = clean_line(typed)
    if len(cleaned) > ORDER_MOST:
        raise Invalid(
            "too_long", lazy("Paling banyak %(most)s huruf.", most=ORDER_MOST), field="purchase_order"
        )
    return cleaned


def _of_payment(payment_id: uuid.UUID) -> Invoice:
    found = session().execute(select(Invoice).where(Invoice.payment_id == payment_id)).scalar_one_or_none()
    if found is None:
        raise Conflict("token_reused", lazy("Formulir ini sudah terkirim. Muat ulang halaman ini."))
    return found


def _next_number(year: int) -> int:
    """The next number of the year; whoever issues at the same moment waits, and a rollback gives it back."""
    session().execute(
        insert(InvoiceCounter).values(issuer=ISSUER, year=year, last=0).on_conflict_do_nothing()
    )
    counter = (
        session()
        .execute(
            select(InvoiceCounter)
            .where(InvoiceCounter.issuer == ISSUER, InvoiceCounter.year == year)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        .scalar_one()
    )
    counter.last += 1
    session().flush()
    return counter.last


def number_of(invoice: Invoice) -> str:
    """INV/2026/000123."""
    return f"{invoice.issuer}/{invoice.year}/{invoice.number:06d}"
