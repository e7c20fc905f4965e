"""Pages of voices: the official's, the asker's, the organisation's desk, the moderator's."""

from __future__ import annotations

from coevolve.voices.views import desk, speaking
from coevolve.voices.views.door import blueprint

__all__ = ["blueprint", "desk", "speaking"]
