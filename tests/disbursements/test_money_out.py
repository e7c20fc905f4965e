"""Money on its way out: three people, one hold, one line of the bank."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from coevolve.disbursements import queries, service
from coevolve.disbursements.models import Disbursement, State
from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.kit.money import Money
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger
from coevolve.listings import service as listing_service
from coevolve.notifications.models import Message
from coevolve.organisations import queries as organisation_queries
from coevolve.organisations import service as organisation_service
from coevolve.people.models import Person
from coevolve.people.models import Role as StaffRole
from tests.factories import disbursements as factory
from tests.factories import organisations, people
from tests.factories import payments as payment_factory
from tests.factories.disbursements import Ground
from tests.invariants import assert_books_balance


@pytest.fixture
def at(session: Session) -> Ground:
    return factory.ground()


def funds(at: Ground) -> tuple[int, int, int]:
    """Available, held, received."""
    totals = ledger.fund_totals([at.listing.id])[at.listing.id]
    return totals.available, totals.held, totals.received


def test_the_plain_way(at: Ground) -> None:
    available, _, received = funds(at)
    made = factory.proposed(at)
    assert funds(at) == (available - made.amount, made.amount, received)
    service.approve(disbursement_id=made.id, by=at.owner)
    service.release(disbursement_id=made.id, by=at.finance)
    service.list_for_payment(disbursement_ids=[made.id], by=at.finance)
    service.mark_sent(disbursement_id=made.id, by=at.finance, on=clock.today())
    assert ledger.fund_totals([at.listing.id])[at.listing.id].spent == 0, "a word of finance settles nothing"
    factory.settle(made)
    assert made.state == State.settled
    assert funds(at) == (available - made.amount, 0, received), "what was received stays received"
    assert ledger.balance(accounts.spending_memo(made.id)) == made.amount
    report = factory.report_of(made)
    assert report.due_on == clock.today() + dt.timedelta(days=90)
    assert_books_balance()


def test_each_step_tells_whose_turn_it_is(at: Ground, session: Session) -> None:
    factory.settled(at)
    told = session.execute(select(Message.kind, Message.person_id).where(Message.channel == "site")).all()
    by_kind: dict[str, set[uuid.UUID]] = {}
    for kind, person_id in told:
        by_kind.setdefault(kind, set()).add(person_id)
    assert by_kind["disbursement.proposed"] == {at.owner.id}
    assert by_kind["disbursement.approved"] == {at.finance.id, at.finance2.id}
    assert by_kind["disbursement.sent"] == {at.owner.id, at.treasurer.id}
    assert by_kind["disbursement.settled"] == {at.owner.id, at.treasurer.id}


@pytest.mark.case(70)
def test_an_account_changed_after_approval_stops_it(at: Ground) -> None:
    made = factory.approved(at)
    factory.stated_account(at, account_number="555444333")
    with pytest.raises(Conflict) as changed:
        service.release(disbursement_id=made.id, by=at.finance)
    assert changed.value.code == "held_account_changed"
    assert "Rekening diganti" in str(changed.value.message)
    assert made.state == State.approved
    service.cancel(disbursement_id=made.id, by=at.treasurer, reason="Rekening diganti")
    assert funds(at)[1] == 0
    assert_books_balance()


@pytest.mark.case(70)
def test_an_account_changed_after_release_stops_the_payout_list(at: Ground) -> None:
    made = factory.released(at)
    factory.stated_account(at, account_number="555444333")
    with pytest.raises(Conflict) as changed:
        service.list_for_payment(disbursement_ids=[made.id], by=at.finance)
    assert changed.value.code == "held_account_changed"
    service.cancel(disbursement_id=made.id, by=at.finance, reason="Rekening diganti sesudah dilepas")
    assert made.state == State.cancelled
    assert_books_balance()


@pytest.mark.case(71)
def test_nobody_approves_or_releases_their_own(at: Ground, session: Session) -> None:
    own = factory.proposed(at, by=at.owner)
    with pytest.raises(Forbidden) as refused:
        service.approve(disbursement_id=own.id, by=at.owner)
    assert refused.value.code == "own_proposal"
    factory.people.service.grant_role(person_id=at.owner.id, role=StaffRole.finance, by=None)
    with pytest.raises(Forbidden):
        service.release(disbursement_id=own.id, by=at.owner)
    made = factory.approved(at, whole=1_000_000)
    with pytest.raises(Forbidden):
        service.release(disbursement_id=made.id, by=at.owner)
    assert_books_balance()


@pytest.mark.case(71)
def test_the_database_refuses_two_hands_of_one_person(at: Ground, session: Session) -> None:
    made = factory.released(at)
    for first, second, constraint in (
        ("proposed_by", "approved_by", "proposer_not_approver"),
        ("approved_by", "released_by", "approver_not_releaser"),
        ("proposed_by", "released_by", "proposer_not_releaser"),
    ):
        same = {second: getattr(made, first)}
        with pytest.raises(IntegrityError, match=constraint), session.begin_nested():
            session.execute(update(Disbursement).where(Disbursement.id == made.id).values(**same))
    assert_books_balance()


def test_an_organisation_of_one_asks_platform_finance(session: Session) -> None:
    at = factory.ground(account=False)
    [seat] = organisation_queries.seats_in(at.organisation.id, ["finance"])
    organisation_service.end_membership(membership_id=seat.membership_id, by=at.owner)
    at.treasurer = at.owner
    factory.usable_account(at)
    made = factory.proposed(at, by=at.owner)
    with pytest.raises(Forbidden):
        service.approve(disbursement_id=made.id, by=at.owner)
    service.approve(disbursement_id=made.id, by=at.finance)
    assert made.is_approved_by_platform
    with pytest.raises(Forbidden) as same:
        service.release(disbursement_id=made.id, by=at.finance)
    assert same.value.code == "same_person"
    service.release(disbursement_id=made.id, by=at.finance2)
    assert made.state == State.released


def test_with_an_owner_to_ask_platform_finance_does_not_approve(at: Ground) -> None:
    made = factory.proposed(at)
    with pytest.raises(Forbidden):
        service.approve(disbursement_id=made.id, by=at.finance)


STEPS = ("propose", "approve", "release", "cancel", "list", "sent")


def test_strangers_hear_that_it_is_not_there(at: Ground) -> None:
    stranger, made = people.person(), factory.approved(at)
    for step in STEPS:
        with pytest.raises((NotFound, Forbidden)) as refused:
            _step(at, step, made, stranger)
        if step in {"propose", "approve", "release", "cancel"}:
            assert refused.value.http_status == 404


def test_plain_members_and_moderators_may_not(at: Ground) -> None:
    made = factory.approved(at)
    for person in (organisations.member(at.organisation), people.moderator()):
        for step in STEPS:
            with pytest.raises(Forbidden):
                _step(at, step, made, person)


def _step(at: Ground, step: str, made: Disbursement, person: Person) -> None:
    if step == "propose":
        factory.proposed(at, by=person)
    elif step == "list":
        service.list_for_payment(disbursement_ids=[made.id], by=person)
    elif step == "sent":
        service.mark_sent(disbursement_id=made.id, by=person, on=clock.today())
    elif step == "cancel":
        service.cancel(disbursement_id=made.id, by=person, reason="Tidak jadi")
    else:
        getattr(service, step)(disbursement_id=made.id, by=person)


@pytest.mark.case(25)
def test_two_clicks_on_disburse_are_one(at: Ground) -> None:
    token = uuid.uuid4()
    first, second = factory.proposed(at, client_token=token), factory.proposed(at, client_token=token)
    assert first.id == second.id
    assert funds(at)[1] == first.amount
    for _ in range(2):
        service.approve(disbursement_id=first.id, by=at.owner)
    for _ in range(2):
        service.release(disbursement_id=first.id, by=at.finance)
    for _ in range(2):
        service.list_for_payment(disbursement_ids=[first.id, first.id], by=at.finance)
    for _ in range(2):
        service.mark_sent(disbursement_id=first.id, by=at.finance, on=clock.today())
    line = factory.settle(first)
    again = service.settle_by_line(
        disbursement_id=first.id, line_id=line.id, money=Money(first.amount, "IDR"), at=clock.now()
    )
    assert again == first.posting_id
    assert len(queries.reports_on(first.id)) == 1
    assert_books_balance()


@pytest.mark.case(72)
def test_a_bounce_restores_the_fund(at: Ground) -> None:
    before = funds(at)
    made = factory.settled(at)
    factory.bounce(made)
    assert made.state == State.returned
    assert funds(at) == before
    assert [report.state for report in queries.reports_on(made.id)] == ["withdrawn"]
    assert ledger.balance(accounts.spending_memo(made.id)) == 0
    factory.settled(at)
    assert_books_balance()


@pytest.mark.case(72)
def test_money_that_was_accounted_for_does_not_come_back_this_way(at: Ground) -> None:
    made = factory.settled(at)
    factory.accepted(at, made, whole=500_000)
    with pytest.raises(Conflict) as reported:
        factory.bounce(made)
    assert reported.value.code == "reported_before"


def test_a_wrong_match_is_undone_and_the_money_held_again(at: Ground) -> None:
    made = factory.settled(at)
    assert made.settled_line is not None
    service.unsettle_by_line(disbursement_id=made.id, line_id=made.settled_line)
    assert (made.state, made.settled_line, made.round) == (State.sent, None, 2)
    assert funds(at)[1] == made.amount
    service.settle_by_line(
        disbursement_id=made.id,
        line_id=factory.bank_line(made, -made.amount).id,
        money=Money(made.amount, "IDR"),
        at=clock.now(),
    )
    assert made.state == State.settled
    assert [report.state for report in queries.reports_on(made.id)] == ["withdrawn", "due"]
    assert_books_balance(of="disbursements")
    assert_books_balance(of="ledger")


def test_paid_from_another_account_of_ours(at: Ground) -> None:
    made = factory.sent(at)
    other = payment_factory.service.add_bank_account(
        bank_name="Bank Kedua", account_number="5550001", holder="Co-Evolve"
    )
    line = factory.bank_line(made, -made.amount)
    service.settle_by_line(
        disbursement_id=made.id,
        line_id=line.id,
        money=Money(made.amount, "IDR"),
        at=clock.now(),
        bank_account_id=other.id,
    )
    assert ledger.balance(accounts.bank(other.id)) == made.amount
    assert_books_balance(of="disbursements")
    assert_books_balance(of="ledger")


def test_another_sum_settles_nothing(at: Ground) -> None:
    made = factory.sent(at)
    with pytest.raises(Conflict) as other:
        service.settle_by_line(
            disbursement_id=made.id, line_id=1, money=Money(made.amount - 100, "IDR"), at=clock.now()
        )
    assert other.value.code == "other_sum"
    assert made.state == State.sent


def test_a_forgotten_mark_does_not_keep_the_banks_line_away(at: Ground) -> None:
    made = factory.released(at)
    assert [one.id for one in queries.awaiting_line()] == [made.id]
    factory.settle(made)
    assert made.state == State.settled
    assert [one.id for one in queries.awaiting_return(made.reference, 0)] == [made.id]
    assert_books_balance()


def test_unknown_stays_held_until_the_bank_says(at: Ground) -> None:
    made = factory.sent(at)
    service.mark_unknown(disbursement_id=made.id, by=at.finance, reason="Layar bank padam")
    assert funds(at)[1] == made.amount
    factory.settle(made)
    assert made.state == State.settled
    lost = factory.sent(at, whole=500_000)
    service.mark_unknown(disbursement_id=lost.id, by=at.finance, reason="Layar bank padam")
    service.mark_failed(disbursement_id=lost.id, by=at.finance, reason="Bank memastikan tidak terkirim")
    assert funds(at)[1] == 0
    with pytest.raises(InvalidMove):
        service.mark_sent(disbursement_id=lost.id, by=at.finance, on=clock.today())
    assert_books_balance()


def test_what_ends_before_its_release_frees_the_money(at: Ground) -> None:
    rejected = factory.proposed(at, whole=1_000_000)
    service.reject(disbursement_id=rejected.id, by=at.owner, reason="Belum perlu")
    cancelled = factory.approved(at, whole=1_000_000)
    service.cancel(disbursement_id=cancelled.id, by=at.treasurer, reason="Salah hitung")
    refused = factory.approved(at, whole=1_000_000)
    service.reject(disbursement_id=refused.id, by=at.finance, reason="Rincian kurang jelas")
    assert {rejected.state, refused.state} == {State.rejected}
    assert cancelled.state == State.cancelled
    assert funds(at)[1] == 0
    assert_books_balance()


def test_not_more_than_the_fund_has(at: Ground) -> None:
    available, _, _ = funds(at)
    with pytest.raises(Conflict) as short:
        factory.proposed(at, amounts={at.first.id: available + 100})
    assert short.value.code == "fund_short"
    factory.proposed(at, amounts={at.first.id: available - 100_000, at.lines[1].id: 100_000})
    assert funds(at)[0] == 0
    assert_books_balance()


def test_what_is_no_proposal(at: Ground) -> None:
    first, other = at.first.id, uuid.uuid4()
    for amounts in ({}, {first: 0}, {first: -100}, {first: 150}, {other: 100_000}):
        with pytest.raises(Invalid):
            factory.proposed(at, amounts=amounts)
    with pytest.raises(Invalid):
        factory.proposed(at, purpose="x")


def test_everything_that_holds_money_is_said(session: Session) -> None:
    at = factory.ground(account=False)
    assert _codes(at) == {"no_account"}
    version = factory.stated_account(at)
    assert _codes(at) == {"account_unchecked"}
    factory.payments.check_organisation_account(version_id=version.id, by=people.moderator(), to="accepted")
    factory.payments.second_organisation_account(version_id=version.id, by=people.admin())
    assert _codes(at) == {"account_waiting"}
    with pytest.raises(Conflict) as waiting:
        factory.proposed(at)
    assert "mulai" in str(waiting.value.message)
    listing_service.freeze(listing_id=at.listing.id, by=people.moderator(), text="Ada laporan warga.")
    organisation_service.freeze(
        organisation_id=at.organisation.id, by=people.moderator().id, reason="Diperiksa."
    )
    session.expire_all()
    assert _codes(at) >= {"listing_frozen", "organisation_frozen"}


def test_a_freeze_stops_it_wherever_it_is(at: Ground) -> None:
    one, two, three = (
        factory.proposed(at, whole=100_000),
        factory.approved(at, whole=100_000),
        factory.released(at, whole=100_000),
    )
    listing_service.freeze(listing_id=at.listing.id, by=people.moderator(), text="Ada laporan warga.")
    for step in (
        lambda: service.approve(disbursement_id=one.id, by=at.owner),
        lambda: service.release(disbursement_id=two.id, by=at.finance),
        lambda: service.list_for_payment(disbursement_ids=[three.id], by=at.finance),
    ):
        with pytest.raises(Conflict) as frozen:
            step()
        assert frozen.value.code == "held_listing_frozen"


def test_sent_on_is_a_day_that_was(at: Ground) -> None:
    made = factory.released(at)
    service.list_for_payment(disbursement_ids=[made.id], by=at.finance)
    for days in (1, -61):
        with pytest.raises(Invalid):
            service.mark_sent(
                disbursement_id=made.id, by=at.finance, on=clock.today() + dt.timedelta(days=days)
            )


def _codes(at: Ground) -> set[str]:
    return {hold.code for hold in queries.holds_on(at.listing, at.organisation)}
