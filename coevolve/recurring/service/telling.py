"""The journal lines and the notices of monthly gifts."""

from __future__ import annotations

import uuid
from zoneinfo import ZoneInfo

from coevolve.journal import service as journal
from coevolve.kit import clock, db, i18n
from coevolve.listings.models import Listing
from coevolve.notifications import service as notifications
from coevolve.recurring import links, queries, words
from coevolve.recurring.models import MonthlyCharge, MonthlyGift, MonthlyState


def record(plan: MonthlyGift, happened: str, by: uuid.UUID | None = None, **data: str) -> int:
    """Write the journal line `monthly_gift.<happened>`."""
    return journal.record(
        f"monthly_gift.{happened}",
        about=("monthly_gift", plan.id),
        by=by,
        for_organisation=plan.giver_organisation_id,
        data={"listing": str(plan.listing_id), "amount": str(plan.amount), "unit": plan.unit, **data},
    )


def tell(plan: MonthlyGift, happened: str, *, key: object, **more: object) -> None:
    """Write to the giver; the mail carries the links to pause and to stop."""
    notifications.queue(
        kind=f"monthly.{happened}",
        person_ids=[plan.giver_person_id],
        about=("monthly_gift", plan.id),
        data={
            "title": db.get(Listing, plan.listing_id).title,
            "amount_minor": plan.amount,
            "path": links.path(plan.id) if plan.is_guest else f"/dukungan-bulanan/{plan.id}",
            **({} if plan.state == MonthlyState.stopped else _ways_out(plan)),
            **more,
        },
        dedupe_key=f"monthly.{happened}:{plan.id}:{key}",
        for_organisation=plan.giver_organisation_id,
    )


def _ways_out(plan: MonthlyGift) -> dict[str, str]:
    return {"pause_path": links.path(plan.id, "/jeda"), "stop_path": links.path(plan.id, "/henti")}


def tell_failed(plan: MonthlyGift, charge: MonthlyCharge, *, code: str | None) -> None:
    """A bank said no: why, when we try again, what the giver can do."""
    tell(
        plan,
        "failed",
        key=f"{charge.id}:{charge.failed_payment_id}",
        reason=said(words.decline(code)),
        again_on=_day(plan),
        card_path=links.path(plan.id, "/kartu"),
    )


def tell_paused(plan: MonthlyGift, *, because: str) -> None:
    """The gift rests: why, and how it goes on."""
    tell(plan, "paused", key=f"{clock.now().isoformat()}", reason=said(words.PAUSES[because]))


def tell_resumed(plan: MonthlyGift) -> None:
    """The gift goes on: when it is charged next."""
    tell(plan, "resumed", key=f"{clock.now().isoformat()}", next_on=_day(plan))


def _day(plan: MonthlyGift) -> str:
    return plan.due_at.astimezone(ZoneInfo(clock.JAKARTA)).date().isoformat() if plan.due_at else ""


def said(words_lazy: object) -> dict[str, str]:
    """A sentence in both languages, for the reader's own."""
    found = {}
    for code in i18n.LANGUAGES:
        with i18n.in_language(code):
            found[code] = str(words_lazy)
    return found


def words_for(pledge_id: uuid.UUID) -> dict[str, str]:
    """What the thanks for a month add: when the next one is, and the links to pause and to stop. Else nothing."""
    charge = queries.charge_of_pledge(pledge_id)
    if charge is None:
        return {}
    plan = queries.get(charge.plan_id)
    if plan.state == MonthlyState.stopped:
        return {}
    more = _ways_out(plan) | {"monthly": str(plan.id)}
    if plan.state != MonthlyState.paused:
        more["next_on"] = queries.next_day(plan, after=clock.today()).isoformat()
    return more
