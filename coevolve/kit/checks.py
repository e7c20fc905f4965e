"""The outcome of each look at what must always hold, kept as rows: for the public badge and for whoever asks later."""

from __future__ import annotations

import datetime as dt
import time

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit import clock
from coevolve.kit.db import BigKey, Model, session
from coevolve.kit.invariants import Invariant, Violation, check

FRESH_MINUTES = 20
"""Older than this, the last look says nothing about now."""


class SelfCheck(BigKey, Model):
    """One look at all rules."""

    __tablename__ = "self_check"

    at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
    rules: Mapped[int]
    """How many rules were asked."""
    broken: Mapped[list[str]]
    """Codes of those that did not hold."""
    took_ms: Mapped[int]

    @property
    def is_clean(self) -> bool:
        """Whether everything held."""
        return not self.broken

    @property
    def is_fresh(self) -> bool:
        """Whether it still says something about now."""
        return clock.now() - self.at < dt.timedelta(minutes=FRESH_MINUTES)


def look(rules: list[Invariant]) -> list[Violation]:
    """Ask all rules, keep the outcome, and return what does not hold."""
    began = time.monotonic()
    found = check(rules)
    took_ms = round((time.monotonic() - began) * 1000)
    row = SelfCheck(at=clock.now(), rules=len(rules), broken=[one.code for one in found], took_ms=took_ms)
    session().add(row)
    session().flush()
    return found


def last() -> SelfCheck | None:
    """The newest look."""
    return session().execute(select(SelfCheck).order_by(SelfCheck.id.desc()).limit(1)).scalar_one_or_none()


def sweep(*, keep_days: int = 90) -> None:
    """Forget looks of long ago."""
    session().execute(delete(SelfCheck).where(SelfCheck.at < clock.now() - dt.timedelta(days=keep_days)))
