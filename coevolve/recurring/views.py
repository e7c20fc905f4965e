"""Pages of monthly gifts: the card, how a gift stands, pause, go on, stop, and the list of one's own.

Mail scanners follow links, so a link only shows a page with one button; the button does it.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from coevolve.config import settings
from coevolve.kit import clock, i18n
from coevolve.kit.access import AccessRule, access
from coevolve.kit.db import commit, session, uuid7
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import (
    actor,
    allow_form_action,
    flash_notice,
    flash_success,
    form_page,
    form_refusal,
    page,
    see_other,
)
from coevolve.listings import queries as listings
from coevolve.listings.queries.cards import PATHS
from coevolve.organisations import queries as organisations
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.links import receipt_path
from coevolve.payments.models import OPEN
from coevolve.people import web
from coevolve.recurring import links, policy, queries, service, words
from coevolve.recurring.calendar import day_in, following, month_of
from coevolve.recurring.forms import CardForm, StepForm
from coevolve.recurring.models import CHARGED, MonthlyCharge, MonthlyGift, MonthlyState

blueprint = Blueprint("recurring", __name__)

SIGNED_IN, FRESH = AccessRule("signed_in"), AccessRule("signed_in", step_up=True)
TAGS = {"active": "good", "past_due": "bad", "paused": "wait", "pending": "wait", "stopped": "plain"}


# --- who reads ---------------------------------------------------------------------------------------


def _seen(plan_id: uuid.UUID, verb: str = "see") -> MonthlyGift:
    """The gift, for somebody who may do the verb with it; strangers get 404."""
    plan = queries.get(plan_id)
    if not _may(plan, verb):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return plan


def _may(plan: MonthlyGift, verb: str) -> bool:
    person = actor()
    role = None
    if person is not None and plan.giver_organisation_id is not None:
        role = organisations.role_in(person.id, plan.giver_organisation_id)
    return policy.allows(
        plan,
        verb,
        is_giver=person is not None and person.id == plan.giver_person_id and queries.is_proven(plan),
        roles=[role] if role is not None else [],
        has_link=links.proves(request.args.get("kunci"), plan.id),
    )


def _door(plan_id: uuid.UUID, verb: str) -> tuple[MonthlyGift, Response | None]:
    """The gift, and where its reader must go first, if anywhere.

    Who has the mailed link and wants what it does not allow signs in; an organisation's money moves only with a code
    proven just now.
    """
    plan = queries.get(plan_id)
    has_link = links.proves(request.args.get("kunci"), plan_id)
    if actor() is None and has_link and not _may(plan, verb):
        return plan, web.require(SIGNED_IN)
    plan = _seen(plan_id, verb)
    is_money = verb in {"resume", "change_card"} and plan.giver_organisation_id is not None
    return plan, web.require(FRESH) if is_money else None


def _address(plan_id: uuid.UUID, tail: str = "") -> str:
    """A page of the gift, with the reader's key kept."""
    said = request.args.get("kunci", "")
    return f"/dukungan-bulanan/{plan_id}{tail}" + (f"?kunci={said}" if said else "")


def _private(response: Response) -> Response:
    """Neither kept by caches nor told to other sites: the address may carry a key."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _about(plan: MonthlyGift) -> dict[str, Any]:
    """What every page of a gift shows."""
    listing = listings.get(plan.listing_id)
    return {
        "plan": plan,
        "listing": listing,
        "listing_path": f"/{PATHS[listing.kind]}/{listing.slug}",
        "organisation": organisations.get(listing.organisation_id),
        "here": lambda tail="": _address(plan.id, tail),
    }


# --- the card ------------------------------------------------------------------------------------------


@blueprint.route("/dukungan-bulanan/<uuid:plan_id>/kartu", methods=["GET", "POST"])
@access("public")
def card(plan_id: uuid.UUID) -> Response:
    """What will be charged and when, then the provider's page: the first gift, or only another card."""
    plan, door = _door(plan_id, "change_card")
    if door is not None:
        return door
    if plan.state == MonthlyState.stopped:
        return see_other(_address(plan_id))
    is_first = plan.state == MonthlyState.pending
    form = CardForm()
    if request.method == "GET":
        form.client_token.data = str(uuid7())
        form.day.data = str(plan.day)
    elif form.validate_on_submit():
        try:
            return _pay_first(form, plan) if is_first else _change_card(form, plan)
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
    allow_form_action(settings().stripe_checkout_origin)
    plan = queries.get(plan_id)
    response = form_page(
        "recurring/card.html", form, is_first=is_first, second_on=_second_day(plan), **_about(plan)
    )
    return _private(response)


def _token(form: CardForm) -> uuid.UUID:
    try:
        return uuid.UUID(form.client_token.data or "")
    except ValueError:
        raise Invalid("token", lazy("Formulir ini sudah lama terbuka. Muat ulang halaman ini.")) from None


def _pay_first(form: CardForm, plan: MonthlyGift) -> Response:
    """The payment and its intent are committed first; then, as a second transaction, the call goes out."""
    payment = service.pay_first(
        plan_id=plan.id, client_token=_token(form), day=form.chosen_day(), language=i18n.language()
    )
    commit()
    outbox_id = payments.outbox_id_of(payment.id)
    if outbox_id is not None:
        payment = payments.send(outbox_id)
    if payment.checkout_url and payment.state in OPEN:
        return see_other(payment.checkout_url)
    return see_other(f"/bayar/{payment.public_ref}")


def _change_card(form: CardForm, plan: MonthlyGift) -> Response:
    outbox_id = service.change_card(plan_id=plan.id, client_token=_token(form), language=i18n.language())
    commit()
    payments.send(outbox_id)
    url = payments.setup_url(outbox_id)
    if url:
        return see_other(url)
    flash_notice(_("Halaman kartu belum dapat dibuka. Coba lagi sebentar lagi."))
    return see_other(_address(plan.id))


def _second_day(plan: MonthlyGift) -> dt.date:
    """When a gift that begins today is charged for the second time."""
    return day_in(following(month_of(clock.today())), plan.day)


# --- how it stands, and the giver's word -----------------------------------------------------------------


@blueprint.get("/dukungan-bulanan/<uuid:plan_id>")
@access("public")
def show(plan_id: uuid.UUID) -> Response:
    """How a monthly gift stands, its months, and what can be done."""
    plan = _seen(plan_id)
    months = [_month(charge) for charge in queries.months_of(plan.id)]
    latest = queries.open_charge(plan.id)
    response = page(
        "recurring/plan.html",
        state=words.STATES[plan.state],
        tag_kind=TAGS[plan.state],
        months=months,
        came_from_card=request.args.get("dari") == "kartu",
        why_paused=words.PAUSES.get(plan.paused_because or ""),
        why_declined=words.decline(latest.last_failure) if latest and latest.failed_payment_id else None,
        may_pause=plan.state in CHARGED and _may(plan, "pause"),
        may_resume=plan.state == MonthlyState.paused
        and plan.paused_because != "card"
        and _may(plan, "resume"),
        may_change_card=plan.state != MonthlyState.stopped and _may(plan, "change_card"),
        may_stop=plan.state != MonthlyState.stopped and _may(plan, "stop"),
        is_running=plan.state in CHARGED,
        **_about(plan),
    )
    return _private(response)


def _month(charge: MonthlyCharge) -> dict[str, Any]:
    """One month for the list: when, how it stands, its receipt."""
    paid = next((one for one in queries.payments_of(charge) if one.captured), None)
    receipt = payment_queries.receipt_of(paid.id) if paid is not None else None
    if charge.paid_at is not None:
        state, tag = _("Sudah diterima"), "good"
    elif charge.ended_at is not None:
        state, tag = _("Tidak berhasil"), "plain"
    else:
        state, tag = _("Menunggu pembayaran"), "wait"
    return {
        "at": charge.paid_at or charge.created_at,
        "state": state,
        "tag": tag,
        "receipt": receipt_path(receipt.id, for_guest=True) if receipt is not None else None,
    }


STEPS: dict[str, tuple[str, Callable[..., MonthlyGift], Any]] = {
    "jeda": ("pause", service.pause, lazy("Dukungan bulanan dijeda. Tidak ada yang ditagih selama dijeda.")),
    "lanjut": ("resume", service.resume, lazy("Dukungan bulanan berjalan lagi.")),
    "henti": ("stop", service.stop, lazy("Dukungan bulanan dihentikan. Kartunya kami lupakan.")),
}
"""Tail of the address -> verb, use case, what is said when it is done."""


@blueprint.route("/dukungan-bulanan/<uuid:plan_id>/<any(jeda, lanjut, henti):tail>", methods=["GET", "POST"])
@access("public")
def step(plan_id: uuid.UUID, tail: str) -> Response:
    """One page, one button. Who has the mailed link needs no sign-in to pause or to stop."""
    verb, do, done = STEPS[tail]
    plan, door = _door(plan_id, verb)
    if door is not None:
        return door
    form = StepForm()
    if request.method == "POST" and form.validate_on_submit():
        person = actor()
        try:
            do(plan_id=plan.id, by=person.id if person is not None else None)
            commit()
            flash_success(done)
            return see_other(_address(plan.id))
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
            plan = queries.get(plan_id)
    is_done = {
        "jeda": plan.state == MonthlyState.paused,
        "lanjut": plan.state in CHARGED,
        "henti": plan.state == MonthlyState.stopped,
    }[tail]
    return _private(form_page("recurring/step.html", form, tail=tail, is_done=is_done, **_about(plan)))


@blueprint.get("/dasbor/dukungan-bulanan")
@access("signed_in")
def mine() -> Response:
    """My monthly gifts, and those of the organisations whose money I handle."""
    rows = [
        {
            "plan": row.plan,
            "title": row.listing_title,
            "href": f"/dukungan-bulanan/{row.plan.id}",
            "state": words.STATES[row.plan.state],
            "tag": TAGS[row.plan.state],
            "is_running": row.plan.state in CHARGED,
            "may_resume": row.plan.state == MonthlyState.paused and row.plan.paused_because != "card",
            "needs_card": row.plan.paused_because == "card" or row.plan.state == MonthlyState.past_due,
            "is_over": row.plan.state == MonthlyState.stopped,
        }
        for row in queries.plans_of(actor().id)
    ]
    return _private(page("recurring/mine.html", rows=rows))
