"""Keeping the books quick to read: folding by the second, closing days by the night."""

from __future__ import annotations

import datetime as dt

from coevolve.kit import clock
from coevolve.kit.db import commit
from coevolve.ledger import service as ledger
from workers.app import task


@task("ledger.fold")
def fold() -> None:
    """Fold what was credited since the last turn into the balance rows."""
    ledger.fold()


@task("ledger.close_day")
def close_day() -> None:
    """Seal yesterday, once it is over in Jakarta; a later turn finds it sealed."""
    last_id = ledger.settled_up_to()
    commit()  # ends the lock: until then nobody can post
    ledger.seal_day(clock.today() - dt.timedelta(days=1), last_id=last_id)
