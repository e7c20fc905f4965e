"""Who may do what with a monthly gift: whose it is, those who handle the money of the giving organisation, a link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from coevolve.organisations.models import Role
from coevolve.recurring.models import MonthlyGift

HANDLERS = frozenset({Role.owner, Role.finance})
BY_LINK = frozenset({"see", "pause", "stop"})
"""What a mailed link allows for a gift whose giver can sign in; a guest's link allows everything."""
VERBS = BY_LINK | {"resume", "change_card"}


def allows(
    plan: MonthlyGift, verb: str, *, is_giver: bool, roles: Iterable[Any] = (), has_link: bool = False
) -> bool:
    """Whether somebody may do the verb: as its (proven) giver, by role in the giving organisation, or by link. Pure."""
    if verb not in VERBS:
        raise ValueError(verb)
    if is_giver and plan.giver_organisation_id is None:
        return True
    if plan.giver_organisation_id is not None and HANDLERS & {Role(role) for role in roles}:
        return True
    return has_link and (plan.is_guest or verb in BY_LINK)
