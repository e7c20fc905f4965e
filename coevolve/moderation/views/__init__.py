"""Pages of moderators, and the report that anybody may make."""

from __future__ import annotations

from coevolve.moderation.views import disasters, listings, organisations, queue, reports
from coevolve.moderation.views.door import blueprint

__all__ = ["blueprint", "disasters", "listings", "organisations", "queue", "reports"]
