"""Choosing how the money of a pledge comes: by card on the provider's page, or by bank transfer."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from coevolve.config import settings
from coevolve.kit import clock, db, i18n, rate
from coevolve.kit.access import access
from coevolve.kit.db import commit, session, uuid7
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money, format_money, parse_rupiah
from coevolve.kit.pages import (
    actor,
    allow_form_action,
    client_address,
    flash_notice,
    flash_success,
    form_page,
    see_other,
)
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import OPEN, PaymentState
from coevolve.pledges import policy, queries, service
from coevolve.pledges.forms import METHODS, PayForm
from coevolve.pledges.models import AGREED, Pledge
from coevolve.pledges.views.door import address, blueprint, key, private, refused, seen
from coevolve.reconciliation.service import crediting
from coevolve.recurring import links as recurring_links
from coevolve.recurring import queries as recurring

CREDIT = "credit"
RENEWABLE = (PaymentState.expired, PaymentState.cancelled, PaymentState.failed)
PROVIDER_METHODS = {"stripe": "checkout", "bank_transfer": "bank_transfer"}
RENEWALS = 20


@blueprint.route("/dukungan/<uuid:pledge_id>/bayar", methods=["GET", "POST"])
@access("public")
def pay(pledge_id: uuid.UUID) -> Response:
    """The method form. Only this page lets a form lead to the provider's origin."""
    pledge, party = seen(pledge_id)
    if not policy.allows(party, "pay", pledge):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    plan_id = recurring.plan_id_of_pledge(pledge_id)
    if plan_id is not None:
        return see_other(recurring_links.path(plan_id) if key() else f"/dukungan-bulanan/{plan_id}")
    listing = db.get(Listing, pledge.listing_id)
    line = queries.money_line_of(pledge_id)
    room = queries.room_of(pledge, listing)
    if line is None or room == 0 or not (pledge.is_pay_now or pledge.state in AGREED):
        return see_other(address(pledge_id))
    parts = queries.plan_of(line)
    due = queries.due_now(parts, clock.today()) if parts else room
    form = PayForm()
    free = _credit(pledge)
    form.method.choices = _methods(pledge, free)
    if not pledge.is_pay_now and room > settings().gift_min_minor:
        form.part.choices = _choices(due, room, line.unit)
    if request.method == "GET":
        form.client_token.data = str(uuid7())
        form.part.data = ALL if due == room else NEXT
    elif form.validate_on_submit():
        try:
            return _start(form, pledge, due=due, room=room)
        except DomainError as refusal:
            refused(form, refusal)
    allow_form_action(settings().stripe_checkout_origin)
    under_way = [one for one in payment_queries.of("pledge", pledge_id) if one.state in OPEN]
    return private(
        form_page(
            "pledges/pay.html",
            form,
            pledge=pledge,
            listing=listing,
            organisation=organisations.get(pledge.receiver_organisation_id),
            amount=room,
            unit=line.unit,
            due=due,
            parts=parts,
            free=free,
            under_way=under_way,
            cancels=[one.id for one in under_way if one.state in service.CANCELLABLE and not one.captured],
            cancel_href=lambda payment_id: address(pledge_id, f"/bayar/{payment_id}/batal"),
            back=address(pledge_id),
        )
    )


NEXT, ALL, SOME = "berikutnya", "semua", "lain"


def _choices(due: int, room: int, unit: str) -> list[Any]:
    """The next part (with what is overdue), all of the rest, or another amount."""
    found = []
    if due < room:
        found.append(
            SelectChoice(NEXT, _("Bagian berikutnya: %(amount)s", amount=format_money(Money(due, unit))))
        )
    found.append(SelectChoice(ALL, _("Semua sisanya: %(amount)s", amount=format_money(Money(room, unit)))))
    found.append(SelectChoice(SOME, str(_("Jumlah lain"))))
    return found


def _credit(pledge: Pledge) -> int:
    """What the reader's own credit could pay of this pledge."""
    person = actor()
    if person is None or queries.is_unproven(pledge):
        return 0
    owner_kind, owner_id = crediting.owner_of(pledge)
    if not crediting.may_use(owner_kind, owner_id, person):
        return 0
    return crediting.wallet_of(owner_kind, owner_id).free


def _methods(pledge: Pledge, free: int) -> list[Any]:
    takes_transfers = payment_queries.has_receiving_account(organisation_id=pledge.receiver_organisation_id)
    found = list(METHODS if takes_transfers else METHODS[:1])
    if free >= 100:
        found.append(SelectChoice(CREDIT, _("Saldo (%(free)s)", free=format_money(Money(free)))))
    return found


def _amount(form: PayForm, due: int, room: int) -> int | None:
    """How much is to be paid; None: all of the rest. Raises Invalid."""
    if not form.part.choices or form.part.data == ALL:
        return None
    if form.part.data == NEXT:
        return min(due, room)
    if form.part.data == SOME:
        return parse_rupiah(form.amount.data or "", field="amount").amount
    raise Invalid("part", lazy("Pilih berapa yang dibayar."), field="part")


def _start(form: PayForm, pledge: Pledge, *, due: int, room: int) -> Response:
    """First the payment and its intent are committed; then, as a second transaction, the call goes out."""
    try:
        token = uuid.UUID(form.client_token.data or "")
    except ValueError:
        raise Invalid("token", lazy("Formulir ini sudah lama terbuka. Muat ulang halaman ini.")) from None
    amount = _amount(form, due, room)
    if form.method.data == CREDIT:
        crediting.pay_by_credit(pledge_id=pledge.id, by=actor(), client_token=token, amount=amount)
        commit()
        flash_success(_("Sudah dibayar dari saldo Anda."))
        return see_other(address(pledge.id))
    payment = service.pay(
        pledge_id=pledge.id,
        method=form.method.data,
        client_token=token,
        amount=amount,
        language=i18n.language(),
    )
    commit()
    outbox_id = payments.outbox_id_of(payment.id)
    if outbox_id is not None:
        payment = payments.send(outbox_id)
    if payment.checkout_url and payment.state in OPEN:
        return see_other(payment.checkout_url)
    return see_other(f"/bayar/{payment.public_ref}")


@blueprint.post("/dukungan/<uuid:pledge_id>/bayar/<uuid:payment_id>/batal")
@access("public")
def cancel_payment(pledge_id: uuid.UUID, payment_id: uuid.UUID) -> Response:
    """Give up one payment that waits; the pledge stays."""
    _pledge, party = seen(pledge_id)
    try:
        service.cancel_payment(pledge_id=pledge_id, payment_id=payment_id, by=party)
        commit()
    except DomainError as refusal:
        if refusal.http_status in {403, 404}:
            raise
        session().rollback()
        flash_notice(refusal.message)
    else:
        flash_success(_("Pembayaran itu dibatalkan. Jangan transfer ke petunjuknya."))
    return see_other(address(pledge_id))


@blueprint.post("/bayar/<ref>/lagi")
@access("public")
def renew(ref: str) -> Response:
    """A payment whose time is over is made anew for the same pledge, with a new code; two clicks make one."""
    old = payment_queries.find_by_ref(ref)
    if old.reference_kind != "pledge" or old.state not in RENEWABLE or old.provider not in PROVIDER_METHODS:
        return see_other(f"/bayar/{old.public_ref}")
    rate.hit(f"renew:{client_address()}", limit=RENEWALS, window_seconds=600)
    commit()
    pledge = queries.get(old.reference_id)
    listing = db.get(Listing, pledge.listing_id)
    try:
        payment = service.pay(
            pledge_id=pledge.id,
            method=PROVIDER_METHODS[old.provider],
            client_token=uuid.uuid5(old.id, "renewed"),
            amount=min(old.base_amount, queries.room_of(pledge, listing)) or None,
            language=i18n.language(),
        )
        commit()
    except DomainError as refusal:
        session().rollback()
        flash_notice(refusal.message)
        return see_other(f"/bayar/{ref}")
    outbox_id = payments.outbox_id_of(payment.id)
    if outbox_id is not None:
        payment = payments.send(outbox_id)
    return see_other(f"/bayar/{payment.public_ref}")
