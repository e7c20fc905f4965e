"""Who may call a route: each view carries its rule; a route without one refuses (deny by default)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

RULES = frozenset(
    {
        "public",
        "signed_in",
        "staff:moderator",
        "staff:finance",
        "staff:admin",
        "staff:any",
        "signature",
        "token",
    }
)
"""`signature`: the body proves its sender (webhooks). `token`: a signed link in the address proves it."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class AccessRule:
    """What a caller must be, and whether a fresh second factor is needed."""

    rule: str
    step_up: bool = False


def access(rule: str, *, step_up: bool = False) -> Callable[[F], F]:
    """Give a view its rule. Finer rights (this organisation, this pledge) are asked inside with policy.may."""
    if rule not in RULES:
        raise ValueError(f"unknown access rule {rule!r}")

    def mark(view: F) -> F:
        view.access_rule = AccessRule(rule, step_up)  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(view: Callable[..., Any] | None) -> AccessRule | None:
    """The rule of a view, or None when somebody forgot it."""
    return getattr(view, "access_rule", None)
