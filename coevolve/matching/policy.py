"""Who may do what with interests."""

from __future__ import annotations

FOLLOWING_ROLES = frozenset({"owner", "finance", "member"})


def may_follow_for(role: str | None) -> bool:
    """Whether somebody with this role in an organisation may set what it follows: every member."""
    return role in FOLLOWING_ROLES
