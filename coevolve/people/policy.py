"""Who gets through which rule. Pure: everything it looks at is handed in."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import StrEnum

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.access import AccessRule
from coevolve.people.models import LoginSession, Person, Role, Stage


class Outcome(StrEnum):
    """What the door answers; all but `go_on` refuse."""

    go_on = "go_on"
    sign_in = "sign_in"
    finish_sign_in = "finish_sign_in"
    forbidden = "forbidden"
    enrol = "enrol"
    step_up = "step_up"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody at a browser: the session's row, the person, their staff roles, whether they have an app for codes."""

    login: LoginSession
    person: Person
    roles: frozenset[str]
    has_factor: bool

    @property
    def is_complete(self) -> bool:
        """Whether the sign-in has come to its end: for whoever has an app, the password alone is half of it."""
        return self.login.stage == Stage.full

    @property
    def has_proven_factor(self) -> bool:
        """Whether a code was proven in this session."""
        return self.has_factor and self.is_complete and self.login.factor_at is not None

    def is_fresh(self, moment: dt.datetime) -> bool:
        """Whether that was only minutes ago."""
        limit = dt.timedelta(minutes=settings().step_up_minutes)
        return (
            self.has_proven_factor
            and self.login.factor_at is not None
            and moment - self.login.factor_at <= limit
        )


def is_alive(login: LoginSession, roles: frozenset[str], moment: dt.datetime) -> bool:
    """Whether a session is within its idle and absolute limits; staff have short ones."""
    limits = settings()
    idle = dt.timedelta(days=limits.session_idle_days)
    absolute = dt.timedelta(days=limits.session_absolute_days)
    if roles:
        idle = dt.timedelta(hours=limits.staff_session_idle_hours)
        absolute = dt.timedelta(hours=limits.staff_session_absolute_hours)
    return moment - login.seen_at <= idle and moment - login.began_at <= absolute


def satisfies(signed_in: SignedIn | None, rule: AccessRule) -> Outcome:
    """What a caller gets at a route with this rule."""
    if rule.rule in {"public", "signature", "token"} and not rule.step_up:
        return Outcome.go_on
    if signed_in is None or not signed_in.person.is_active:
        return Outcome.sign_in
    if not signed_in.is_complete:
        return Outcome.finish_sign_in
    wants_staff = rule.rule.startswith("staff:")
    if wants_staff:
        wanted = rule.rule.removeprefix("staff:")
        if not signed_in.roles or (wanted != "any" and wanted not in signed_in.roles):
            return Outcome.forbidden
    if (wants_staff or rule.step_up) and not signed_in.has_factor:
        return Outcome.enrol
    if wants_staff and not signed_in.has_proven_factor:
        return Outcome.step_up
    if rule.step_up and not signed_in.is_fresh(clock.now()):
        return Outcome.step_up
    return Outcome.go_on


def may_grant(granter_roles: frozenset[str], granter_id: uuid.UUID, receiver_id: uuid.UUID) -> bool:
    """Only an admin gives and takes roles, and never their own."""
    return Role.admin in granter_roles and granter_id != receiver_id


def may_block(blocker_roles: frozenset[str], blocker_id: uuid.UUID, person_id: uuid.UUID) -> bool:
    """Moderators and admins block; nobody blocks themselves."""
    return bool(blocker_roles & {Role.moderator, Role.admin}) and blocker_id != person_id
