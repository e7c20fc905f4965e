"""When scheduled jobs run: seconds between two turns. Each turn is a row, so a second beat does no harm."""

from __future__ import annotations

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR

SCHEDULE: dict[str, float] = {
    "house.canary": MINUTE,
    "house.clean": HOUR,
    "journal.sweep": 15.0,
}
"""Job name -> seconds. Keep it sorted."""
