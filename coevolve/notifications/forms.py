"""Shapes of input of notifications."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm

from coevolve.notifications.kinds import GROUPS
from coevolve.notifications.models import CHANNELS


class PreferenceForm(FlaskForm):
    """How often each group by each channel; the fields are read by name, for the groups are a table."""

    def wishes(self, typed: Any, *, is_staff: bool) -> dict[tuple[str, str], str]:
        """What was chosen: (group, channel) -> cadence."""
        return {
            (name, channel): typed[f"{name}-{channel}"]
            for name, group in GROUPS.items()
            for channel in CHANNELS
            if f"{name}-{channel}" in typed and (is_staff or not group.staff_only)
        }
