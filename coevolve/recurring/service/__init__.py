"""What people, the clock and the books do with monthly gifts; read the file of the use case you look for."""

from __future__ import annotations

from coevolve.recurring.service.beginning import begin, end_unbegun, pay_first
from coevolve.recurring.service.charging import charge_due
from coevolve.recurring.service.following import follow, follow_open, hold, keep_card
from coevolve.recurring.service.living import (
    change_card,
    forget_giver,
    pause,
    pause_unlisted,
    resume,
    resume_listed,
    stop,
)
from coevolve.recurring.service.telling import words_for

__all__ = [
    "begin",
    "change_card",
    "charge_due",
    "end_unbegun",
    "follow",
    "follow_open",
    "forget_giver",
    "hold",
    "keep_card",
    "pause",
    "pause_unlisted",
    "pay_first",
    "resume",
    "resume_listed",
    "stop",
    "words_for",
]
