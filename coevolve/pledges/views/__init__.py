"""Pages of pledges: giving, paying, the status of one pledge, lists, promised money, companies, credit."""

from coevolve.pledges.views import (
    asking,
    calendars,
    companies,
    credit,
    giving,
    lists,
    paying,
    promises,
    status,
    steps,
)
from coevolve.pledges.views.door import blueprint

__all__ = [
    "asking",
    "blueprint",
    "calendars",
    "companies",
    "credit",
    "giving",
    "lists",
    "paying",
    "promises",
    "status",
    "steps",
]
