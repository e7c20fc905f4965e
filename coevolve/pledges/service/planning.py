"""Instalments: splitting a promise over days, re-splitting its rest, reminding of what is due."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete

from coevolve.config import settings
from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_money
from coevolve.listings.models import Listing
from coevolve.notifications import service as notifications
from coevolve.pledges import queries
from coevolve.pledges.models import Instalment, Pledge, PledgeLine, PledgeState
from coevolve.pledges.policy import Doer
from coevolve.pledges.queries import Part
from coevolve.pledges.service import asking, telling

MOST = 24
FURTHEST_DAYS = 366
"""The first day of a plan lies within a year."""
SOON_DAYS = 3
CHASED_DAYS = 60
"""So long after its day an unpaid instalment is still spoken of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How promised money is to come: in so many months, from a day on."""

    first_on: dt.date
    count: int = 1


def split(amount: int, count: int, *, step: int = 1) -> list[int]:
    """An amount in so many equal parts of whole steps; the last takes the rest. 100 in 3: 33, 33, 34."""
    if count < 1 or amount < count * step:
        raise ValueError(f"{amount} cannot be split into {count} parts")
    each = amount // count // step * step
    return [each] * (count - 1) + [amount - each * (count - 1)]


def days(plan: Plan) -> list[dt.date]:
    """The days of a plan: the same day of each month, or the month's last."""
    found = []
    for ahead in range(plan.count):
        year, month = divmod(plan.first_on.year * 12 + plan.first_on.month - 1 + ahead, 12)
        last = calendar.monthrange(year, month + 1)[1]
        found.append(dt.date(year, month + 1, min(plan.first_on.day, last)))
    return found


def check(plan: Plan, money: Money) -> None:
    """Refuse a plan that nobody could keep. Raises Invalid."""
    today = clock.today()
    if not 1 <= plan.count <= MOST:
        raise Invalid("too_many_parts", lazy("Pilih 1 sampai %(most)s kali bayar.", most=MOST), field="parts")
    if plan.first_on < today:
        raise Invalid("day_past", lazy("Tanggal ini sudah lewat."), field="first_on")
    if plan.first_on > today + dt.timedelta(days=FURTHEST_DAYS):
        raise Invalid("day_far", lazy("Tanggal pertama paling jauh satu tahun lagi."), field="first_on")
    least = settings().gift_min_minor
    if money.amount // plan.count < least:
        said = format_money(Money(least, money.unit))
        raise Invalid(
            "parts_too_small", lazy("Setiap kali bayar paling sedikit %(least)s.", least=said), field="parts"
        )


def write_plan(line: PledgeLine, plan: Plan, amount: int) -> None:
    """Lay a plan over a line that has none."""
    _write(line, days(plan), amount)


def _write(line: PledgeLine, on: Sequence[dt.date], amount: int) -> None:
    step = 100 if line.unit == "IDR" and amount % 100 == 0 else 1
    for due_on, quantity in zip(on, split(amount, len(on), step=step), strict=True):
        session().add(Instalment(pledge_line_id=line.id, due_on=due_on, quantity=quantity))
    session().flush()


def refit(pledge: Pledge, line: PledgeLine, amount: int) -> None:
    """The promise became `amount`: what came stays as it was laid, the rest goes over the days still open."""
    parts = queries.plan_of(line)
    if not parts:
        return
    rest = amount - line.received_quantity
    open_days = [part.due_on for part in parts if part.rest]
    if rest > 0 and not open_days:
        open_days = [max(clock.today(), parts[-1].due_on) + dt.timedelta(days=30)]
    _replace(pledge, line, parts, open_days[: max(1, rest // settings().gift_min_minor)], rest)


def _replace(pledge: Pledge, line: PledgeLine, parts: list[Part], on: Sequence[dt.date], rest: int) -> None:
    """Cut every part to what is paid of it, and lay the rest over the days given."""
    session().execute(delete(Instalment).where(Instalment.pledge_line_id == line.id))
    taken = set(on) if rest > 0 else set()
    first = min(taken, default=dt.date.max)
    paid: dict[dt.date, int] = {}
    for part in reversed(parts):
        if part.paid:
            # What is paid stands before what is not, so that the oldest day stays the one that money fills first.
            day = part.due_on if part.due_on < first else first - dt.timedelta(days=1)
            paid[_free(day, taken | set(paid))] = part.paid
    over = line.received_quantity - sum(paid.values())
    if over > 0 and paid:
        # More came than the old plan held; it counts towards the new one.
        paid[max(paid)] += over
    elif over > 0:
        paid[_free(min(part.due_on for part in parts), taken)] = over
    for due_on, quantity in paid.items():
        session().add(Instalment(pledge_line_id=line.id, due_on=due_on, quantity=quantity))
    if rest > 0:
        _write(line, sorted(on), rest)
    session().flush()
    pledge.lapses_at = latest(pledge, line)


def _free(day: dt.date, taken: set[dt.date]) -> dt.date:
    """A day for what is paid already: its own, or the nearest earlier one that no other part has."""
    while day in taken:
        day -= dt.timedelta(days=1)
    return day


def latest(pledge: Pledge, line: PledgeLine) -> dt.datetime | None:
    """When the clock ends a promise with a plan: some time after its last day."""
    parts = queries.instalments_of(line.id)
    if not parts:
        return pledge.lapses_at
    noon = dt.datetime.combine(parts[-1].due_on, dt.time(12), tzinfo=dt.UTC)
    planned = noon + dt.timedelta(days=settings().pledge_lapse_days)
    return max(pledge.lapses_at, planned) if pledge.lapses_at is not None else planned


def change_plan(*, pledge_id: object, by: Doer, plan: Plan) -> Pledge:
    """The giver lays the rest of a promise over other days; what is paid stays."""
    pledge, party = asking.locked(pledge_id, by, "change")  # type: ignore[arg-type]
    line = queries.money_line_of(pledge.id)
    if line is None or pledge.is_pay_now or pledge.state not in PLANNED:
        raise Conflict("no_plan", lazy("Jadwal bayar hanya untuk janji uang yang masih berjalan."))
    session().refresh(line)
    rest = queries.goal_of(line) - line.received_quantity
    if rest <= 0:
        raise Conflict("nothing_to_pay", lazy("Tidak ada lagi yang perlu dibayar untuk dukungan ini."))
    if plan.count > 1 or rest >= settings().gift_min_minor:
        check(plan, Money(rest, line.unit))
    parts = queries.plan_of(line)
    if not parts and line.received_quantity:
        parts = [Part(line.id, clock.today(), line.received_quantity, line.received_quantity)]
    _replace(pledge, line, parts, days(plan), rest)
    now = [f"{one.due_on} {one.quantity}" for one in queries.instalments_of(line.id)]
    telling.record(pledge, "plan_changed", party.person_id, data={"plan": now})
    if pledge.state != PledgeState.offered or not pledge.is_pay_now:
        telling.tell_receiver(pledge, "changed", [line], key=f"{pledge.id}:{clock.now().timestamp()}")
    return pledge


PLANNED = frozenset({PledgeState.offered, PledgeState.accepted, PledgeState.partly_delivered})


def remind_due(*, limit: int = 1000) -> int:
    """Tell givers of instalments that are near, due today or overdue, and receivers of those overdue; each once."""
    today = clock.today()
    told = 0
    due = queries.parts_due(
        oldest=today - dt.timedelta(days=CHASED_DAYS),
        until=today + dt.timedelta(days=SOON_DAYS),
        limit=limit,
    )
    for part in due:
        stage = "due" if part.due_on == today else ("due_soon" if part.due_on > today else "overdue")
        told += _remind(part, stage)
    return told


def _remind(part: queries.DuePart, stage: str) -> int:
    pledge = queries.get(part.pledge_id)
    data = {
        "title": db.get(Listing, pledge.listing_id).title,
        "amount_minor": part.rest,
        "closes_on": part.due_on.isoformat(),
        "path": f"/dukungan/{pledge.id}",
    }
    told = notifications.queue(
        kind=f"pledge.{stage}",
        person_ids=telling.giver_ids(pledge),
        about=("pledge", pledge.id),
        data=data,
        dedupe_key=f"pledge.{stage}:{part.id}:giver",
        for_organisation=pledge.giver_organisation_id,
    )
    if stage == "overdue":
        told += notifications.queue(
            kind="pledge.overdue_receiver",
            person_ids=telling.receiver_ids(pledge),
            about=("pledge", pledge.id),
            data=data,
            dedupe_key=f"pledge.overdue:{part.id}:receiver",
            for_organisation=pledge.receiver_organisation_id,
        )
    return told
