"""Pages of pledges: giving, paying, the status of one pledge, the lists of giver and receiver."""

from coevolve.pledges.views import giving, lists, paying, status, steps
from coevolve.pledges.views.door import blueprint

__all__ = ["blueprint", "giving", "lists", "paying", "status", "steps"]
