"""Who may do what with money out. Pure: the caller brings the roles; the database's CHECKs stand behind."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from coevolve.organisations.models import Role, State
from coevolve.people.models import Role as StaffRole

MONEY = frozenset({Role.owner, Role.finance})
CHECKERS = frozenset({StaffRole.moderator, StaffRole.finance})


@dataclass(frozen=True, slots=True)
class Who:
    """A person as seen from one organisation: role there, roles of staff, and who else could decide there."""

    person_id: uuid.UUID
    role: str | None
    staff: frozenset[str]
    other_owners: Collection[uuid.UUID]
    """Owners of the organisation besides this person and besides whoever proposed."""
    organisation_state: str


def may_propose(who: Who) -> bool:
    """Finance and owners of a checked organisation."""
    return who.role in MONEY and who.organisation_state == State.checked


def may_approve(who: Who, proposed_by: uuid.UUID) -> bool:
    """An owner who did not propose; where there is no such owner, platform finance from outside."""
    if who.person_id == proposed_by or who.organisation_state != State.checked:
        return False
    if who.role == Role.owner:
        return True
    return is_platform_approval(who)


def is_platform_approval(who: Who) -> bool:
    """Whether platform finance stands in for the owner the organisation does not have."""
    return who.role is None and StaffRole.finance in who.staff and not who.other_owners


def may_release(who: Who, proposed_by: uuid.UUID, approved_by: uuid.UUID | None) -> bool:
    """Platform finance, neither proposer nor approver, no member of the organisation."""
    return (
        StaffRole.finance in who.staff
        and who.role is None
        and who.person_id not in {proposed_by, approved_by}
    )


def may_pay(who: Who) -> bool:
    """Platform finance from outside the organisation."""
    return StaffRole.finance in who.staff and who.role is None


def may_see(who: Who) -> bool:
    """Members of the organisation, finance and moderators."""
    return who.role is not None or bool(CHECKERS & who.staff)


def may_report(who: Who) -> bool:
    """Whoever acts for the organisation may hand in receipts; a frozen one may too: accounts are still owed."""
    return who.role is not None


def may_submit_report(who: Who) -> bool:
    """Owners and finance send the report."""
    return who.role in MONEY


def may_judge_report(who: Who, submitted_by: uuid.UUID | None) -> bool:
    """A moderator or finance from outside the organisation."""
    return bool(CHECKERS & who.staff) and who.role is None and who.person_id != submitted_by
