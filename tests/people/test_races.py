"""Several at once, with real commits: a code works once, a link opens one account, an organisation keeps an owner."""

from __future__ import annotations

import threading

from coevolve.kit import db
from coevolve.kit.errors import DomainError
from coevolve.organisations import queries as organisation_queries
from coevolve.organisations import service as organisation_service
from coevolve.people import queries, service
from coevolve.people.models import Person, Purpose, Stage
from tests.factories import organisations, people

AT_ONCE = 6


def together(app, work, arguments):
    """Call `work(argument)` in as many threads at the same moment; returns what came out, refusals as their codes."""
    barrier, results, guard = threading.Barrier(len(arguments)), [], threading.Lock()

    def run(argument):
        with app.app_context():
            barrier.wait()
            try:
                work(argument)
                db.commit()
                outcome = "done"
            except DomainError as refusal:
                db.session().rollback()
                outcome = refusal.code
            finally:
                db.db.session.remove()
        with guard:
            results.append(outcome)

    threads = [threading.Thread(target=run, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_code_typed_in_several_windows_opens_one(committed):
    person = people.person()
    service.enrol_totp(person=person)
    code = service.current_code(person=person)
    logins = []
    for _ in range(5):
        token = service.start_session(person_id=person.id, stage=Stage.half)
        logins.append(queries.find_signed_in(token).login.id)
    db.commit()
    results = together(committed.app, lambda login: service.prove_factor(login_id=login, code=code), logins)
    assert sorted(results) == ["code_wrong"] * 4 + ["done"]


def test_one_link_opened_at_once_makes_one_account(committed):
    mail = service.request_mail(purpose=Purpose.sign_up, email="serentak@contoh.example")
    token = service.letter(mail).context["link"].rpartition("/")[2]
    db.commit()

    def confirm(number):
        service.confirm_email(
            token=token, name=f"Orang {number}", password="tujuh gajah menari 9", agrees=True
        )

    results = together(committed.app, confirm, list(range(AT_ONCE)))
    assert results.count("done") == 1
    assert set(results) <= {"done", "link_spent"}
    assert db.session().query(Person).filter_by(email="serentak@contoh.example").count() == 1


def test_two_guests_of_one_address_are_one_person(committed):
    results = together(
        committed.app,
        lambda n: service.guest(email="tamu@contoh.example", name=f"Tamu {n}"),
        list(range(AT_ONCE)),
    )
    assert results == ["done"] * AT_ONCE
    assert db.session().query(Person).filter_by(email="tamu@contoh.example").count() == 1


def test_owners_leaving_together_leave_one_behind(committed):
    made = organisations.organisation()
    second = organisations.member(made, "owner")
    first = organisations.owner_of(made)
    seats = {seat.person.id: seat.membership_id for seat in organisation_queries.seats_in(made.id)}
    pairs = [(person.id, seats[person.id]) for person in (first, second)]
    db.commit()

    def leave(pair):
        organisation_service.end_membership(membership_id=pair[1], by=queries.get(pair[0]))

    results = together(committed.app, leave, pairs)
    assert sorted(results) == ["done", "last_owner"]
