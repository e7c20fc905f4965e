"""How a monthly gift begins: a pledge for its first month, and a card page that keeps the card."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.kit import clock, db, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.listings import queries as listings
from coevolve.listings.models import Kind, Listing
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, PaymentState
from coevolve.people.models import Person
from coevolve.pledges import queries as pledge_queries
from coevolve.pledges import service as pledges
from coevolve.pledges.models import OPEN as PLEDGE_OPEN
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.service import Guest, Wish
from coevolve.recurring import calendar, queries
from coevolve.recurring.models import MonthlyCharge, MonthlyGift, MonthlyState
from coevolve.recurring.service import telling

WAITING = (PaymentState.created, PaymentState.awaiting)
"""States of a card page that nobody has paid on."""


def begin(
    *,
    listing_id: uuid.UUID,
    by: Person | None,
    money: Money,
    client_token: uuid.UUID,
    for_organisation_id: uuid.UUID | None = None,
    guest: Guest | None = None,
    is_name_public: bool = False,
    shares_identity: bool = False,
    public_name: str = "",
    message: str = "",
    language: str = "id",
) -> MonthlyGift:
    """Begin a monthly gift: its first month's pledge, and nothing charged before the giver pays on the card page.

    The same token finds the same plan.
    """
    found = queries.find_by_token(client_token)
    if found is not None:
        return found
    listing = db.get(Listing, listing_id)
    if listing.kind != Kind.campaign:
        raise Invalid("not_a_campaign", lazy("Dukungan bulanan hanya untuk kampanye."), field="frequency")
    pledge = pledges.offer(
        listing_id=listing_id,
        by=by,
        guest=guest,
        lines=[Wish(line_id=money_line_of(listing_id), quantity=money.amount, field="amount")],
        client_token=first_token(client_token),
        for_organisation_id=for_organisation_id,
        is_name_public=is_name_public,
        shares_identity=shares_identity,
        public_name=public_name,
        message=message,
        language=language,
    )
    refuse_approval(pledge)
    if pledge.giver_person_id is None:
        raise Invalid("giver_unknown", lazy("Isi nama dan alamat surel Anda."), field="email")
    plan = MonthlyGift(
        listing_id=listing_id,
        giver_person_id=pledge.giver_person_id,
        giver_organisation_id=pledge.giver_organisation_id,
        state=MonthlyState.pending,
        unit=money.unit,
        amount=money.amount,
        day=clock.today().day,
        is_guest=by is None,
        guest_name=pledge.guest_name,
        is_name_public=is_name_public,
        shares_identity=shares_identity,
        public_name=pledge.public_name,
        language=language,
        client_token=client_token,
    )
    try:
        with session().begin_nested():
            moves.begin(plan, by=by.id if by else None)
            session().add(
                MonthlyCharge(plan_id=plan.id, month=calendar.month_of(clock.today()), pledge_id=pledge.id)
            )
            session().flush()
    except IntegrityError:
        found = queries.find_by_token(client_token)
        if found is None:
            raise
        return found
    return plan


def first_token(client_token: uuid.UUID) -> uuid.UUID:
    """The token of the first month's pledge, made from the form's."""
    return uuid.uuid5(client_token, "monthly")


def money_line_of(listing_id: uuid.UUID) -> uuid.UUID:
    """The line of a listing that gifts of money name."""
    for line in listings.lines_of(listing_id):
        if line.kind == "money":
            return line.id
    raise Invalid("no_money", lazy("Halaman ini tidak menerima dukungan uang."), field="amount_choice")


def refuse_approval(pledge: Pledge) -> None:
    """A sum that a second member must approve each time is none that goes by itself."""
    if pledge.state == PledgeState.awaiting_approval:
        raise Conflict(
            "above_limit",
            lazy("Jumlah ini di atas batas persetujuan organisasi Anda, jadi tidak dapat berjalan sendiri."),
            field="amount",
        )


def pay_first(
    *, plan_id: uuid.UUID, client_token: uuid.UUID, day: int | None = None, language: str = "id"
) -> Payment:
    """Open the card page of the first month; the card is kept for the following ones. The caller commits and sends."""
    plan = db.lock(MonthlyGift, plan_id)
    charge = queries.open_charge(plan_id)
    if plan.state != MonthlyState.pending or charge is None:
        raise Conflict("begun", lazy("Dukungan bulanan ini sudah berjalan atau sudah dihentikan."))
    if day is not None:
        if not 1 <= day <= 31:
            raise Invalid("day", lazy("Isi tanggal antara 1 dan 31."), field="day")
        plan.day = day
    pledge = db.lock(Pledge, charge.pledge_id)
    listing = db.get(Listing, plan.listing_id)
    if not pledge_queries.takes_money(pledge, listing):
        raise Conflict("nothing_to_pay", lazy("Halaman ini sedang tidak menerima dukungan."))
    for earlier in queries.payments_of(charge):
        if earlier.client_token == client_token:
            return earlier
        if earlier.state in WAITING:
            payments.cancel(payment_id=earlier.id, by=None, cause="another card page was opened")
    giver = db.get(Person, plan.giver_person_id)
    return payments.start_checkout(
        reference_kind="pledge",
        reference_id=pledge.id,
        money=Money(plan.amount, plan.unit),
        client_token=client_token,
        payer_email=giver.email,
        description=listing.title,
        language=language,
        saves_card=True,
    )


def end_unbegun(limit: int = 100) -> int:
    """Stop plans whose first money never came: their first pledge is over. Returns how many."""
    statement = (
        select(MonthlyGift.id)
        .join(MonthlyCharge, MonthlyCharge.plan_id == MonthlyGift.id)
        .join(Pledge, Pledge.id == MonthlyCharge.pledge_id)
        .where(
            MonthlyGift.state == MonthlyState.pending,
            MonthlyGift.created_at < clock.now() - dt.timedelta(hours=1),
            Pledge.state.not_in([str(state) for state in PLEDGE_OPEN]),
            MonthlyCharge.paid_at.is_(None),
        )
        .order_by(MonthlyGift.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=MonthlyGift)
    )
    ended = 0
    for plan_id in list(session().execute(statement).scalars()):
        plan = db.lock(MonthlyGift, plan_id)
        charge = queries.open_charge(plan.id)
        if charge is None or queries.is_under_way(charge):
            continue
        charge.ended_at = clock.now()
        moves.move(plan, MonthlyState.stopped, by=None, cause="the first gift never came")
        telling.record(plan, "stopped", cause="never begun")
        ended += 1
    return ended
