"""What became of the money: receipts, reports, checkers, donors, and the late-report rule."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from coevolve.disbursements import queries, service
from coevolve.disbursements.models import DisbursementExpense, DisbursementReport, ReportState
from coevolve.kit import clock, db
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.kit.money import rupiah
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger
from coevolve.listings.models import Listing, ListingLine, ListingPlace, ListingSearch
from coevolve.listings.queries import Query, browse, facets
from coevolve.notifications.models import Message
from coevolve.organisations import queries as organisations
from coevolve.pledges.models import Pledge
from tests.factories import disbursements as factory
from tests.factories import organisations as organisation_factory
from tests.factories import people
from tests.factories.disbursements import Ground
from tests.invariants import assert_books_balance

SUMMARY = "Pipa terpasang dari mata air sampai bak penampung di dusun."


@pytest.fixture
def at(session: Session) -> Ground:
    return factory.ground()


def is_on_the_shelf(listing_id: uuid.UUID) -> bool:
    found = {row.id for row in browse(Query(size=100)).rows}
    shelves = [
        db.session().execute(select(func.count()).where(table.listing_id == listing_id)).scalar_one()
        for table in (ListingPlace, ListingSearch)
    ]
    assert set(shelves) == {int(listing_id in found)}
    return listing_id in found


def test_accepted_receipts_clear_the_advance_and_show_on_the_budget(at: Ground, session: Session) -> None:
    made = factory.settled(at)
    report = factory.accepted(at, made)
    assert report.state == ReportState.accepted
    assert ledger.balance(accounts.spending_memo(made.id)) == 0
    session.expire_all()
    line = db.get(ListingLine, at.first.id)
    assert (line.spent, line.receipts) == (made.amount, 1)
    assert queries.spent_rows(at.listing.id)[0].what == "Pipa HDPE 100 meter"
    assert_books_balance()


def test_what_is_left_over_is_accounted_for_in_a_next_round(at: Ground) -> None:
    made = factory.settled(at)
    factory.accepted(at, made, whole=1_200_000)
    second = factory.report_of(made)
    assert (second.round, second.state, queries.left_of(second)) == (2, "due", rupiah(800_000).amount)
    factory.accepted(at, made, whole=800_000)
    assert [one.state for one in queries.reports_on(made.id)] == ["accepted", "accepted"]
    assert_books_balance()


def test_donors_hear_once(at: Ground, session: Session) -> None:
    donor = people.person()
    factory.give(at.listing, 100_000, by=donor)
    factory.give(at.listing, 50_000, by=donor)
    report = factory.accepted(at, factory.settled(at))
    service.accept_report(report_id=report.id, by=at.finance)
    told = session.execute(
        select(Message.person_id, func.count())
        .where(Message.kind == "spending.reported", Message.channel == "email")
        .group_by(Message.person_id)
    ).all()
    assert [count for person_id, count in told if person_id == donor.id] == [1]
    assert {count for _, count in told} == {1}


def test_an_unproven_guest_hears_by_mail_only(at: Ground, session: Session) -> None:
    donor = people.person()
    factory.give(at.listing, 100_000, by=donor)
    mark = update(Pledge).where(Pledge.giver_person_id == donor.id).values(is_guest=True, joined_at=None)
    session.execute(mark)
    factory.accepted(at, factory.settled(at))
    channels = select(Message.channel).where(
        Message.kind == "spending.reported", Message.person_id == donor.id
    )
    assert list(session.execute(channels).scalars()) == ["email"]


def test_a_track_record_grows(at: Ground) -> None:
    factory.accepted(at, factory.settled(at))
    card = organisations.trust_card(at.organisation)
    assert "track_record" in {line.subject for line in card.checked}


@pytest.mark.case(73)
def test_a_report_above_its_advance_is_refused_at_every_door(at: Ground, session: Session) -> None:
    made = factory.settled(at)
    report = factory.report_of(made)
    with pytest.raises(Invalid) as above:
        factory.expense(at, report, whole=2_000_001)
    assert (above.value.code, above.value.field) == ("above_advance", "amount")
    factory.expense(at, report, whole=2_000_000)
    with pytest.raises(Invalid):
        factory.expense(at, report, whole=1)
    _sneak_in(report, at)
    with pytest.raises(Invalid) as still:
        service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    assert still.value.code == "above_advance"
    sneaked = session.execute(
        select(DisbursementExpense).where(DisbursementExpense.payee == "Diselundupkan")
    ).scalar_one()
    service.remove_expense(report_id=report.id, expense_id=sneaked.id, by=at.treasurer)
    service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    _sneak_in(report, at)
    with pytest.raises(Conflict) as books, session.begin_nested():
        service.accept_report(report_id=report.id, by=at.finance)
    assert books.value.code == "above_advance", "the floor of the books stands behind"
    session.expire_all()
    assert report.state == ReportState.submitted
    assert_books_balance()


def _sneak_in(report: DisbursementReport, at: Ground) -> None:
    """A receipt that no use case let in."""
    proof = queries.expenses_of(report.id)[0].proof
    db.session().add(
        DisbursementExpense(
            report_id=report.id,
            line_id=at.first.id,
            spent_on=clock.today(),
            payee="Diselundupkan",
            what="Apa saja",
            unit="IDR",
            amount=100,
            proof_id=proof.id,
            added_by=at.treasurer.id,
            client_token=uuid.uuid4(),
        )
    )
    db.session().flush()


@pytest.mark.case(73)
def test_a_proof_used_twice_is_flagged(at: Ground) -> None:
    colour = (10, 20, 30)
    made = factory.settled(at)
    report = factory.report_of(made)
    first_photo = factory.photo(colour=colour)
    raw = first_photo.getvalue()
    first = factory.expense(at, report, whole=300_000, proof=first_photo)
    assert queries.expenses_of(report.id)[0].twins == []
    again = factory.photo(colour=colour)
    again.seek(0)
    again.truncate()
    again.write(raw)
    again.seek(0)
    second = factory.expense(at, report, whole=400_000, proof=again, what="Sambungan pipa")
    twins = {
        row.expense.id: [twin.expense_id for twin in row.twins] for row in queries.expenses_of(report.id)
    }
    assert twins == {first.id: [second.id], second.id: [first.id]}
    service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    service.accept_report(report_id=report.id, by=at.finance)
    other = factory.settled(at, whole=500_000)
    later = factory.report_of(other)
    again.seek(0)
    factory.expense(at, later, whole=100_000, proof=again)
    [row] = queries.expenses_of(later.id)
    assert [twin.is_other_report for twin in row.twins] == [True, True]
    assert_books_balance()


def test_overspending_a_line_asks_why(at: Ground) -> None:
    amounts = {at.lines[0].id: rupiah(600_000).amount, at.lines[1].id: rupiah(400_000).amount}
    made = factory.settled(at, amounts=amounts)
    report = factory.report_of(made)
    factory.expense(at, report, whole=250_000)
    factory.expense(at, report, whole=700_000, line_id=at.lines[1].id, what="Upah empat tukang")
    with pytest.raises(Invalid) as over:
        service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    assert over.value.field == f"reason-{at.lines[1].id}"
    assert "Rp\u00a0300.000" in str(over.value.message)
    why = "Harga upah naik karena medannya berbatu."
    service.submit_report(
        report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={at.lines[1].id: why}
    )
    assert report.reasons == {str(at.lines[1].id): why}
    service.accept_report(report_id=report.id, by=at.finance)
    uses = {use.line.id: use.over for use in queries.uses_of(report)}
    assert uses[at.lines[1].id] == rupiah(300_000).amount
    assert_books_balance()


def test_a_second_tap_saves_nothing_twice(at: Ground) -> None:
    report = factory.report_of(factory.settled(at))
    token = uuid.uuid4()
    first = factory.expense(at, report, client_token=token)
    assert factory.expense(at, report, client_token=token).id == first.id
    assert len(queries.expenses_of(report.id)) == 1
    service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    for _ in range(2):
        service.accept_report(report_id=report.id, by=at.finance)


def test_what_is_no_receipt(at: Ground) -> None:
    report = factory.report_of(factory.settled(at))
    changes: list[tuple[str, dict[str, object]]] = [
        ("spent_on", {"spent_on": None}),
        ("spent_on", {"spent_on": dt.date(2999, 1, 1)}),
        ("payee", {"payee": "x"}),
        ("what", {"what": "ya"}),
        ("amount", {"amount": 0}),
        ("amount", {"amount": 150}),
        ("line", {"line_id": uuid.uuid4()}),
    ]
    for field, change in changes:
        with pytest.raises(Invalid) as refused:
            factory.expense(at, report, **change)
        assert refused.value.field == field


def test_a_receipt_needs_its_proof_and_a_report_its_words(at: Ground) -> None:
    report = factory.report_of(factory.settled(at))
    with pytest.raises(Invalid) as missing:
        service.add_expense(
            report_id=report.id,
            by=at.treasurer,
            line_id=at.first.id,
            spent_on=clock.today(),
            payee="Toko",
            what="Pipa",
            amount=100_000,
            proof=None,
            proof_name="",
            client_token=uuid.uuid4(),
        )
    assert missing.value.field == "proof"
    for summary in (SUMMARY, "pendek"):
        with pytest.raises(Invalid):
            service.submit_report(report_id=report.id, by=at.treasurer, summary=summary, reasons={})
        factory.expense(at, report, whole=100_000)


def test_who_writes_who_sends_who_judges(at: Ground) -> None:
    made = factory.settled(at)
    report = factory.report_of(made)
    helper = organisation_factory.member(at.organisation)
    factory.expense(at, report, by=helper)
    with pytest.raises(Forbidden):
        service.submit_report(report_id=report.id, by=helper, summary=SUMMARY, reasons={})
    with pytest.raises(NotFound):
        factory.expense(at, report, by=people.person())
    service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    with pytest.raises(Conflict):
        factory.expense(at, report)
    for person in (at.owner, at.treasurer, people.admin(), people.person()):
        with pytest.raises(DomainError):
            service.accept_report(report_id=report.id, by=person)
    service.accept_report(report_id=report.id, by=people.moderator())
    with pytest.raises(InvalidMove):
        service.return_report(report_id=report.id, by=at.finance, remark="Terlambat menyadarinya.")


def test_a_returned_report_has_time_to_be_mended(at: Ground, session: Session) -> None:
    made = factory.settled(at)
    with clock.travel(dt.timedelta(days=89)):
        report = factory.submitted(at, made)
        with pytest.raises(Invalid):
            service.return_report(report_id=report.id, by=at.finance, remark="kurang")
        service.return_report(report_id=report.id, by=at.finance, remark="Nota kedua tidak terbaca.")
        assert report.due_on == clock.today() + dt.timedelta(days=14)
        assert session.execute(
            select(func.count()).where(Message.kind == "report.returned", Message.channel == "email")
        ).scalar_one() >= 2  # fmt: skip
    service.submit_report(report_id=report.id, by=at.treasurer, summary=SUMMARY, reasons={})
    assert report.state == ReportState.submitted


# --- late ------------------------------------------------------------------------------------------------------------


def test_a_late_report_takes_the_listing_out_of_search_until_it_is_there(
    at: Ground, session: Session
) -> None:
    made = factory.settled(at)
    report = factory.report_of(made)
    total = facets(Query()).total
    with clock.travel(dt.timedelta(days=90)):
        assert service.refresh_late() == 0, "the last day is on time"
    with factory.past_due():
        assert is_on_the_shelf(at.listing.id), "until the clock's job has come by"
        assert service.refresh_late() == 1
        assert service.refresh_late() == 0
        assert not is_on_the_shelf(at.listing.id)
        assert facets(Query()).total == total - 1
        session.expire_all()
        assert db.get(Listing, at.listing.id).hidden_since == report.due_on + dt.timedelta(days=1)
        assert db.get(Listing, at.listing.id).state == "open", "a mark, not a state"
        assert {hold.code for hold in queries.holds_on(at.listing, at.organisation)} == {"report_late"}
        assert_books_balance()
        factory.submitted(at, made)
        assert is_on_the_shelf(at.listing.id)
        assert facets(Query()).total == total
        assert report.was_late
        assert [hold.code for hold in queries.holds_on(at.listing, at.organisation)] == ["report_late"]
        with pytest.raises(Conflict) as waits:
            factory.proposed(at, whole=500_000)
        assert waits.value.code == "held_report_late"
        service.accept_report(report_id=report.id, by=at.finance)
        assert queries.holds_on(at.listing, at.organisation) == []
        factory.proposed(at, whole=500_000)
        assert_books_balance()


def test_a_report_on_time_holds_nothing_while_we_look_at_it(at: Ground) -> None:
    factory.submitted(at, factory.settled(at))
    with factory.past_due():
        assert service.refresh_late() == 0
        assert queries.holds_on(at.listing, at.organisation) == []


def test_a_hidden_listing_that_ends_and_one_that_opens_again(at: Ground, session: Session) -> None:
    from coevolve.listings import service as listings

    made = factory.settled(at)
    with factory.past_due():
        service.refresh_late()
        listings.pause(listing_id=at.listing.id, by=at.owner)
        listings.resume(
            listing_id=at.listing.id, by=at.owner, closes_on=clock.today() + dt.timedelta(days=20)
        )
        assert not is_on_the_shelf(at.listing.id)
        listings.rebuild_shelf()
        assert not is_on_the_shelf(at.listing.id)
        assert_books_balance(of="listings")
        factory.submitted(at, made)
        assert is_on_the_shelf(at.listing.id)
        assert_books_balance(of="listings")


def test_reminders_come_before_and_on_the_day_each_once(at: Ground, session: Session) -> None:
    factory.settled(at)
    service.remind()
    with clock.travel(dt.timedelta(days=76)):
        service.remind()
        service.remind()
    with clock.travel(dt.timedelta(days=90)):
        service.remind()
    with factory.past_due():
        service.refresh_late()
    rows = session.execute(
        select(Message.kind).where(
            Message.kind.like("report.%"), Message.person_id == at.treasurer.id, Message.channel == "email"
        )
    ).scalars()
    assert sorted(rows) == ["report.due", "report.due_today", "report.late"]


def test_nothing_is_released_while_the_books_do_not_agree(at: Ground, session: Session) -> None:
    from coevolve.kit.checks import SelfCheck

    made = factory.approved(at)
    bad = SelfCheck(rules=40, broken=["I2"], took_ms=5)
    session.add(bad)
    session.flush()
    with pytest.raises(Conflict) as unclean:
        service.release(disbursement_id=made.id, by=at.finance)
    assert unclean.value.code == "held_books"
    session.add(SelfCheck(rules=40, broken=[], took_ms=5))
    session.flush()
    service.release(disbursement_id=made.id, by=at.finance)
