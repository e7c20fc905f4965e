"""The table of the door: who gets what at which rule."""

from __future__ import annotations

import datetime as dt

import pytest

from coevolve.kit import clock
from coevolve.kit.access import AccessRule
from coevolve.people import policy, service
from coevolve.people.models import LoginSession, Person, PersonState, Stage
from coevolve.people.policy import Outcome, SignedIn
from tests.factories import people

NOW = clock.now()
"""The table is written when it is read, which in a long run is long before its turn."""


def someone(*roles, stage=Stage.full, has_factor=False, minutes=None, state=PersonState.active):
    moment = NOW
    proven = None if minutes is None else moment - dt.timedelta(minutes=minutes)
    login = LoginSession(stage=stage, began_at=moment, seen_at=moment, factor_at=proven)
    return SignedIn(login=login, person=Person(state=state), roles=frozenset(roles), has_factor=has_factor)


VISITOR = None
DONOR = someone()
OWNER = someone(has_factor=True, minutes=1)
OWNER_STALE = someone(has_factor=True, minutes=11)
HALF = someone("moderator", stage=Stage.half, has_factor=True)
BLOCKED = someone("admin", state=PersonState.blocked, has_factor=True, minutes=1)
MODERATOR = someone("moderator", has_factor=True, minutes=60)
MODERATOR_FRESH = someone("moderator", has_factor=True, minutes=1)
FINANCE = someone("finance", has_factor=True, minutes=60)
ADMIN_BARE = someone("admin")
ADMIN_UNPROVEN = someone("admin", has_factor=True)

PUBLIC, TOKEN = AccessRule("public"), AccessRule("token")
IN, IN_FRESH = AccessRule("signed_in"), AccessRule("signed_in", step_up=True)
MOD, MOD_FRESH = AccessRule("staff:moderator"), AccessRule("staff:moderator", step_up=True)
FIN, ADM, ANY = AccessRule("staff:finance"), AccessRule("staff:admin"), AccessRule("staff:any")


@pytest.mark.parametrize(
    ("who", "rule", "outcome"),
    [
        (VISITOR, PUBLIC, Outcome.go_on),
        (VISITOR, TOKEN, Outcome.go_on),
        (VISITOR, IN, Outcome.sign_in),
        (VISITOR, IN_FRESH, Outcome.sign_in),
        (VISITOR, MOD, Outcome.sign_in),
        (BLOCKED, PUBLIC, Outcome.go_on),
        (BLOCKED, IN, Outcome.sign_in),
        (BLOCKED, ADM, Outcome.sign_in),
        (HALF, PUBLIC, Outcome.go_on),
        (HALF, IN, Outcome.finish_sign_in),
        (HALF, MOD, Outcome.finish_sign_in),
        (DONOR, IN, Outcome.go_on),
        (DONOR, IN_FRESH, Outcome.enrol),
        (DONOR, MOD, Outcome.forbidden),
        (DONOR, ANY, Outcome.forbidden),
        (OWNER, IN_FRESH, Outcome.go_on),
        (OWNER_STALE, IN, Outcome.go_on),
        (OWNER_STALE, IN_FRESH, Outcome.step_up),
        (OWNER, FIN, Outcome.forbidden),
        (MODERATOR, MOD, Outcome.go_on),
        (MODERATOR, ANY, Outcome.go_on),
        (MODERATOR, FIN, Outcome.forbidden),
        (MODERATOR, ADM, Outcome.forbidden),
        (MODERATOR, MOD_FRESH, Outcome.step_up),
        (MODERATOR_FRESH, MOD_FRESH, Outcome.go_on),
        (FINANCE, FIN, Outcome.go_on),
        (FINANCE, MOD, Outcome.forbidden),
        (ADMIN_BARE, ADM, Outcome.enrol),
        (ADMIN_BARE, ANY, Outcome.enrol),
        (ADMIN_BARE, FIN, Outcome.forbidden),
        (ADMIN_UNPROVEN, ADM, Outcome.step_up),
    ],
)
def test_the_door(settings, who, rule, outcome):
    with clock.travel(NOW):
        assert policy.satisfies(who, rule) == outcome


def test_roles_are_granted_by_admins_and_not_to_themselves(session):
    admin, moderator, person = people.admin(), people.moderator(), people.person()
    from coevolve.kit.errors import Forbidden, Invalid

    service.grant_role(person_id=person.id, role="finance", by=admin.id)
    for granter in (moderator, person):
        with pytest.raises(Forbidden):
            service.grant_role(person_id=people.person().id, role="finance", by=granter.id)
    with pytest.raises(Forbidden):
        service.grant_role(person_id=admin.id, role="finance", by=admin.id)
    with pytest.raises(Forbidden):
        service.revoke_role(person_id=admin.id, role="admin", by=admin.id)
    with pytest.raises(Invalid):
        service.grant_role(person_id=people.guest().id, role="finance", by=admin.id)


def test_roles_end_with_the_account(session):
    from coevolve.people import queries

    moderator = people.moderator()
    service.block(person_id=moderator.id, by=people.admin().id, reason="uji")
    assert queries.staff_roles(moderator.id) == frozenset()
    assert moderator.id not in {person.id for person in queries.staff_with("moderator")}


def test_blocking_is_for_staff_and_not_for_oneself(session):
    from coevolve.kit.errors import Forbidden

    victim, finance, moderator = people.person(), people.finance(), people.moderator()
    for blocker in (victim, finance):
        with pytest.raises(Forbidden):
            service.block(person_id=people.person().id, by=blocker.id, reason="uji")
    with pytest.raises(Forbidden):
        service.block(person_id=moderator.id, by=moderator.id, reason="uji")
