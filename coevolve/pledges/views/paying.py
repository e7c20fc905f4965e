"""Choosing how the money of a pledge comes: by card on the provider's page, or by bank transfer."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from coevolve.config import settings
from coevolve.kit import db, i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, uuid7
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import allow_form_action, form_page, see_other
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import OPEN
from coevolve.pledges import policy, queries, service
from coevolve.pledges.forms import METHODS, PayForm
from coevolve.pledges.models import AGREED, Pledge
from coevolve.pledges.views.door import address, blueprint, private, refused, seen


@blueprint.route("/dukungan/<uuid:pledge_id>/bayar", methods=["GET", "POST"])
@access("public")
def pay(pledge_id: uuid.UUID) -> Response:
    """The method form. Only this page lets a form lead to the provider's origin."""
    pledge, party = seen(pledge_id)
    if not policy.allows(party, "pay", pledge):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    listing = db.get(Listing, pledge.listing_id)
    line = queries.money_line_of(pledge_id)
    if (
        line is None
        or not queries.takes_money(pledge, listing)
        or not (pledge.is_pay_now or pledge.state in AGREED)
    ):
        return see_other(address(pledge_id))
    form = PayForm()
    if not payment_queries.has_receiving_account():
        form.method.choices = list(METHODS[:1])
    if request.method == "GET":
        form.client_token.data = str(uuid7())
    elif form.validate_on_submit():
        try:
            return _start(form, pledge)
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
            amount=line.quantity - line.received_quantity,
            under_way=under_way,
            back=address(pledge_id),
        )
    )


def _start(form: PayForm, pledge: Pledge) -> Response:
    """First the payment and its intent are committed; then, as a second transaction, the call goes out."""
    try:
        token = uuid.UUID(form.client_token.data or "")
    except ValueError:
        raise Invalid("token", lazy("Formulir ini sudah lama terbuka. Muat ulang halaman ini.")) from None
    payment = service.pay(
        pledge_id=pledge.id, method=form.method.data, client_token=token, language=i18n.language()
    )
    commit()
    outbox_id = payments.outbox_id_of(payment.id)
    if outbox_id is not None:
        payment = payments.send(outbox_id)
    if payment.checkout_url and payment.state in OPEN:
        return see_other(payment.checkout_url)
    return see_other(f"/bayar/{payment.public_ref}")
