"""What a giver does with a running monthly gift, and what follows when its listing rests or opens again."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select, update

from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict
from coevolve.kit.i18n import lazy
from coevolve.listings.models import Listing
from coevolve.listings.models import State as ListingState
from coevolve.payments import service as payments
from coevolve.recurring import links, queries
from coevolve.recurring.models import CHARGED, MonthlyGift, MonthlyState
from coevolve.recurring.service import ending, telling
from coevolve.recurring.service.following import activate

NOTICE_DAYS = 2
"""A gift that goes on by itself is charged on the third day at the earliest: its giver has been told."""


def pause(*, plan_id: uuid.UUID, by: uuid.UUID | None) -> MonthlyGift:
    """Let the gift rest until its giver says otherwise. Pausing what rests changes nothing."""
    plan = db.lock(MonthlyGift, plan_id)
    if plan.state == MonthlyState.paused and plan.paused_because != "giver":
        # It would go on by itself with its listing: now it waits for the giver.
        plan.paused_because = "giver"
        session().flush()
    elif plan.state != MonthlyState.paused:
        if plan.state not in CHARGED:
            raise Conflict("not_running", lazy("Dukungan bulanan ini tidak sedang berjalan."))
        ending.rest(plan, because="giver", by=by)
    return plan


def resume(*, plan_id: uuid.UUID, by: uuid.UUID | None) -> MonthlyGift:
    """Let a paused gift go on from its next day; a month that has passed is not caught up."""
    plan = db.lock(MonthlyGift, plan_id)
    if plan.state in CHARGED:
        return plan
    if plan.state != MonthlyState.paused:
        raise Conflict("not_paused", lazy("Dukungan bulanan ini tidak sedang dijeda."))
    if plan.paused_because == "card":
        raise Conflict("card_first", lazy("Ganti kartunya dulu, lalu dukungan bulanan berjalan lagi."))
    if db.get(Listing, plan.listing_id).state != ListingState.open:
        raise Conflict("listing_rests", lazy("Halaman ini sedang tidak menerima dukungan."))
    activate(plan, cause="resumed", after=clock.today(), by=by)
    telling.record(plan, "resumed", by)
    telling.tell_resumed(plan)
    return plan


def stop(*, plan_id: uuid.UUID, by: uuid.UUID | None) -> MonthlyGift:
    """End the gift for good. Stopping what is stopped changes nothing."""
    plan = db.lock(MonthlyGift, plan_id)
    if plan.state != MonthlyState.stopped:
        was_begun = plan.state != MonthlyState.pending
        ending.stop(plan, by=by, cause="stopped by the giver")
        if was_begun:
            telling.tell(plan, "stopped", key="giver")
    return plan


def change_card(*, plan_id: uuid.UUID, client_token: uuid.UUID, language: str = "id") -> int:
    """Ask for a page on which the giver leaves another card; returns the row to send. Nothing is charged there."""
    plan = db.lock(MonthlyGift, plan_id)
    last = queries.last_payment(plan_id)
    if (
        plan.state in {MonthlyState.pending, MonthlyState.stopped}
        or plan.customer_ref is None
        or last is None
    ):
        raise Conflict("no_card", lazy("Kartu dukungan bulanan ini tidak dapat diganti sekarang."))
    here = links.path(plan.id) if plan.is_guest else f"/dukungan-bulanan/{plan.id}"
    return payments.start_setup(
        payment_id=last.id,
        subject_id=plan.id,
        client_token=client_token,
        customer_ref=plan.customer_ref,
        success_path=here + ("&" if "?" in here else "?") + "dari=kartu",
        cancel_path=here,
        language=language,
    )


# --- the listing ------------------------------------------------------------------------------------


def pause_unlisted(limit: int = 100) -> int:
    """Let gifts rest whose listing takes none now (paused, frozen, full, closed); returns how many."""
    statement = (
        select(MonthlyGift.id)
        .join(Listing, Listing.id == MonthlyGift.listing_id)
        .where(MonthlyGift.due_at.is_not(None), Listing.state != ListingState.open)
        .order_by(MonthlyGift.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=MonthlyGift)
    )
    found = list(session().execute(statement).scalars())
    for plan_id in found:
        ending.rest(
            db.lock(MonthlyGift, plan_id), because="listing", by=None, cause="the listing takes no gifts"
        )
    return len(found)


def resume_listed(limit: int = 100) -> int:
    """Let gifts go on that rested only because of their listing, which is open again; returns how many."""
    statement = (
        select(MonthlyGift.id)
        .join(Listing, Listing.id == MonthlyGift.listing_id)
        .where(MonthlyGift.paused_because == "listing", Listing.state == ListingState.open)
        .order_by(MonthlyGift.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=MonthlyGift)
    )
    found = list(session().execute(statement).scalars())
    for plan_id in found:
        plan = db.lock(MonthlyGift, plan_id)
        activate(
            plan, cause="the listing is open again", after=clock.today() + dt.timedelta(days=NOTICE_DAYS)
        )
        telling.record(plan, "resumed")
        telling.tell_resumed(plan)
    return len(found)


def forget_giver(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - reactions get both
    """Reaction to an erasure: the person's gifts stop and their names are emptied."""
    own = select(MonthlyGift.id).where(MonthlyGift.giver_person_id == about_id)
    for plan_id in list(session().execute(own.where(MonthlyGift.state != MonthlyState.stopped)).scalars()):
        ending.stop(db.lock(MonthlyGift, plan_id), by=None, cause="the giver's account was erased")
    done = session().execute(
        update(MonthlyGift)
        .where(MonthlyGift.giver_person_id == about_id)
        .values(guest_name="", public_name="", is_name_public=False, card_last4="", card_brand="")
        .returning(MonthlyGift.id)
        .execution_options(synchronize_session="fetch")
    )
    return len(done.all())
