"""What may be done with listings. Nothing here commits; `by` is the person who acts."""

from __future__ import annotations

from coevolve.listings.service.calendars import add_hours, close_days, remove_hours, reopen_days
from coevolve.listings.service.deciding import freeze, needs_second, open_, reject, return_, unfreeze
from coevolve.listings.service.drafting import (
    Changes,
    LineWords,
    create_draft,
    put_line,
    remove_line,
    revise,
    submit,
)
from coevolve.listings.service.living import (
    add_spending,
    close,
    expire_due,
    fold_facets,
    fulfil_met,
    hide,
    pause,
    pause_unconfirmed,
    rebuild_shelf,
    reconfirm,
    remind_unconfirmed,
    resume,
    show_again,
)

__all__ = [
    "Changes",
    "LineWords",
    "add_hours",
    "add_spending",
    "close",
    "close_days",
    "create_draft",
    "expire_due",
    "fold_facets",
    "freeze",
    "fulfil_met",
    "hide",
    "needs_second",
    "open_",
    "pause",
    "pause_unconfirmed",
    "put_line",
    "rebuild_shelf",
    "reconfirm",
    "reject",
    "remind_unconfirmed",
    "remove_hours",
    "remove_line",
    "reopen_days",
    "resume",
    "return_",
    "revise",
    "show_again",
    "submit",
    "unfreeze",
]
