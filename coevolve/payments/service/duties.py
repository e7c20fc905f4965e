"""What one call to a provider needs: a duty of the outbox as it was claimed, and what its topic does with it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.payments.models import Outbox
from coevolve.payments.provider import ProviderRefuses

SWEEP_AFTER_SECONDS = 20
"""Whoever wrote the row makes the call itself; a sweep takes it up only after this."""
FAULTS_BEFORE_LOOKING = 4
"""After so many errors of the provider's own, the saved answer is no longer believed: we look whether it happened."""

T = TypeVar("T")


@dataclass(frozen=True)
class Duty:
    """A claimed row of the outbox, as it was when claimed."""

    id: int
    topic: str
    payment_id: uuid.UUID
    payload: dict[str, Any]
    key: str
    attempts: int
    first_sent_at: dt.datetime
    was_sent: bool = False
    """Whether an earlier try may have had its effect."""

    @property
    def is_too_old(self) -> bool:
        """Whether the provider may have forgotten the key, so that it must never be sent again."""
        return clock.now() - self.first_sent_at >= dt.timedelta(hours=settings().outbox_unknown_hours)

    @property
    def is_doubtful(self) -> bool:
        """Whether the provider erred so often that its saved answer is not believed any more."""
        return self.attempts > FAULTS_BEFORE_LOOKING


@dataclass(frozen=True, kw_only=True)
class Topic:
    """One kind of call. `call` runs with no transaction open; the others are part of the transaction around it."""

    is_needed: Callable[[Outbox], bool]
    """Asked when the row is taken: False ends it without a call."""
    call: Callable[[Duty], Any]
    write_answer: Callable[[Duty, Any], None]
    write_refusal: Callable[[Duty], None]
    """The provider will never do it."""


def once(
    duty: Duty, *, find: Callable[[dt.datetime], T | None], create: Callable[[], T], what: str = "nothing"
) -> T:
    """Make the call with its one key, or find what an earlier try made when the key cannot be trusted any more.

    A key that is too old is never sent again: what it made is looked up, else the duty is given up.
    """
    if duty.is_too_old or duty.is_doubtful:
        found = find(duty.first_sent_at)
        if found is not None:
            return found
        if duty.is_too_old:
            raise ProviderRefuses(f"key too old, and {what} was made with it")
    return create()
