"""One day of the books: what came in, what is explained, what waits."""

from __future__ import annotations

import datetime as dt

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.kit import clock
from coevolve.kit.pages import page
from coevolve.reconciliation import queries
from coevolve.reconciliation.views.door import both, names_of, room
from coevolve.reconciliation.words import CASE_STATES, LINE_STATES, REASONS


@both("")
def today() -> BaseResponse:
    """One day: what came in, what of it is explained, and what waits for a person."""
    on = typed_day(request.args.get("hari")) or clock.today()
    here = room()
    of = here.account_ids
    cases = queries.open_cases(of=here.of, limit=10)
    return page(
        "reconciliation/day.html",
        day=queries.day(on, of=of),
        accounts={one.id: one for one in here.accounts},
        before=on - dt.timedelta(days=1),
        after=on + dt.timedelta(days=1) if on < clock.today() else None,
        lines=queries.lines_of(of=of, on=on, limit=100),
        waiting=queries.queue(of=of, limit=10),
        waiting_count=queries.count_waiting(of),
        due_count=queries.count_due(of),
        cases=cases,
        case_count=queries.count_open_cases(of=here.of),
        comparisons=queries.last_comparisons() if here.organisation is None else [],
        line_states=LINE_STATES,
        reasons=REASONS,
        case_states=CASE_STATES,
        owners=names_of(case.owner_id for case in cases),
        today=clock.today(),
    )


def typed_day(typed: str | None) -> dt.date | None:
    """A day in an address, or None: never in the future, never before there was anything."""
    try:
        found = dt.date.fromisoformat(typed or "")
    except ValueError:
        return None
    return min(found, clock.today()) if found.year >= 2000 else None
