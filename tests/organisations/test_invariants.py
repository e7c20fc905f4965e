"""The rules that must always hold: quiet on a sound world, loud on a planted fault; the actors of the access tests."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from coevolve.commands import actors
from coevolve.kit.invariants import check
from coevolve.organisations.invariants import INVARIANTS
from coevolve.people import invariants as of_people
from coevolve.people import queries as people_queries
from coevolve.people import service as people_service
from tests.factories import organisations, people

RULES = [*INVARIANTS, *of_people.INVARIANTS]


def codes():
    return {violation.code for violation in check(RULES)}


def test_a_sound_world_is_quiet(session):
    made = organisations.organisation()
    organisations.agency()
    organisations.draft()
    from coevolve.organisations import service

    service.record_visit(organisation_id=made.id, by=people.moderator().id)
    session.flush()
    assert codes() == set()


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("OR1", "UPDATE membership SET until = since"),
        ("OR2", "UPDATE organisation SET level = 4"),
        ("PE1", "UPDATE person SET state = 'blocked'"),
        ("PE2", "DELETE FROM second_factor"),
    ],
)
def test_a_planted_fault_is_found(session, code, fault):
    owner = organisations.owner_of(organisations.organisation())
    people_service.enrol_totp(person=owner)
    people_service.renew_recovery_codes(person=owner)
    people_service.start_session(person_id=owner.id)
    session.flush()
    assert codes() == set()
    session.execute(text(fault))
    assert codes() == {code}


def test_the_fourteen_actors(session):
    made = {actor["actor"]: actor for actor in actors.seed()}
    assert len(made) == 14 and len({actor["organisation"] for actor in made.values()} - {None}) == 4
    again = {actor["actor"]: actor for actor in actors.seed()}
    assert {name: actor["id"] for name, actor in made.items()} == {
        name: actor["id"] for name, actor in again.items()
    }
    assert made["unverified"]["password"] is None
    assert (
        made["admin-without-2fa"]["totp_secret"] is None
        and made["admin-without-2fa"]["staff_role"] == "admin"
    )
    assert made["cso-a-member"]["totp_secret"] is None and made["cso-a-finance"]["role"] == "finance"
    assert made["officer-x"]["area"] != made["officer-y"]["area"]
    for actor in made.values():
        if actor["password"] is None:
            continue
        done = people_service.sign_in(
            email=actor["email"], password=actor["password"], address=actor["actor"], device=actor["actor"]
        )
        assert done.needs_code == (actor["totp_secret"] is not None)
        person = people_queries.find_by_email(actor["email"])
        if done.needs_code:
            login = people_queries.find_signed_in(done.token).login
            people_service.prove_factor(login_id=login.id, code=people_service.current_code(person=person))
