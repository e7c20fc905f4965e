"""Pages of organisations: the public ones, the dashboard of a person, the desk of an organisation."""

from coevolve.organisations.views import claims, dashboard, desk, members, public, refusals, sharing
from coevolve.organisations.views.door import blueprint

__all__ = ["blueprint", "claims", "dashboard", "desk", "members", "public", "refusals", "sharing"]
