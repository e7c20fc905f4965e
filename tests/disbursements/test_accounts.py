"""Bank accounts of organisations: stated, checked, seconded, waited for; never edited."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.notifications.models import Message
from coevolve.organisations import queries as organisation_queries
from coevolve.payments import account_standing, service
from coevolve.payments import queries as payments
from coevolve.payments.models import BankAccountApproval, BankAccountVersion
from tests.factories import disbursements as factory
from tests.factories import organisations, people


def test_three_people_and_three_days(session: Session) -> None:
    at = factory.ground(account=False)
    version = factory.stated_account(at)
    moderator, admin = people.moderator(), people.admin()
    assert _standing(at) == "to_check"
    with pytest.raises(Conflict):
        service.second_organisation_account(version_id=version.id, by=admin)
    service.check_organisation_account(version_id=version.id, by=moderator, to="accepted", method="call")
    assert _standing(at) == "to_second"
    for person in (people.finance(), at.owner):
        with pytest.raises(Forbidden):
            service.second_organisation_account(version_id=version.id, by=person)
    with pytest.raises(Forbidden) as same:
        service.second_organisation_account(version_id=version.id, by=moderator)
    assert same.value.code == "account_same_person"
    service.second_organisation_account(version_id=version.id, by=admin)
    assert _standing(at) == "waiting"
    with clock.travel(dt.timedelta(hours=71)):
        assert _standing(at) == "waiting"
    with clock.travel(dt.timedelta(hours=73)):
        assert _standing(at) == "usable"
    card = organisation_queries.trust_card(at.organisation)
    assert "bank_account" in {line.subject for line in card.checked}


def test_all_owners_are_told_of_a_change(session: Session) -> None:
    at = factory.ground(account=False, whole=0)
    second = organisations.member(at.organisation, role="owner")
    factory.stated_account(at)
    told = session.execute(
        select(Message).where(Message.kind == "account.changed", Message.channel == "email")
    )
    rows = list(told.scalars())
    assert {row.person_id for row in rows} == {at.owner.id, second.id, at.treasurer.id}
    assert "···3456" in rows[0].data["account"]
    assert "0098123456" not in str(rows[0].data), "the number itself is in no mail"


def test_the_same_again_is_no_new_version_and_what_is_checked_does_not_change(session: Session) -> None:
    at = factory.ground(account=False, whole=0)
    first = factory.stated_account(at)
    assert factory.stated_account(at).id == first.id
    with pytest.raises(Conflict) as busy:
        factory.stated_account(at, account_number="777000111")
    assert busy.value.code == "account_under_check"
    service.check_organisation_account(
        version_id=first.id, by=people.moderator(), to="needs_fix", remark="Fotonya tidak terbaca."
    )
    second = factory.stated_account(at, account_number="777000111")
    assert second.version == 2
    assert _standing(at) == "to_check"


def test_a_refused_change_leaves_the_account_before_it(session: Session) -> None:
    at = factory.ground(whole=0)
    first = account_standing.account_of(at.organisation.id)
    assert first is not None and first.is_usable
    changed = factory.stated_account(at, account_number="666000666")
    assert _standing(at) == "to_check", "until it is decided, no money goes out"
    service.check_organisation_account(
        version_id=changed.id, by=people.moderator(), to="rejected", remark="Bukan milik organisasi."
    )
    back = account_standing.account_of(at.organisation.id)
    assert back is not None
    assert (back.version_id, back.is_usable) == (first.version_id, True)


def test_a_holder_of_another_name_needs_a_word(session: Session) -> None:
    at = factory.ground(account=False, whole=0)
    with pytest.raises(Invalid) as unlike:
        factory.stated_account(at, holder="Budi Santoso")
    assert (unlike.value.code, unlike.value.field) == ("holder_unlike", "holder")
    factory.stated_account(at, holder="Budi Santoso", note="Rekening bendahara menurut surat kuasa.")
    standing = account_standing.account_of(at.organisation.id)
    assert standing is not None and standing.is_name_unlike


@pytest.mark.parametrize(
    ("holder", "name", "unlike"),
    [
        ("YAYASAN SUMBER HARAPAN", "Yayasan Sumber Harapan", False),
        ("Sumber Harapan, Yys.", "Yayasan Sumber Harapan", False),
        ("Perk Sumber Harapan Timor", "Sumber Harapan", False),
        ("YAYASAN SUMBR HARAPAN", "Yayasan Sumber Harapan", False),
        ("Budi Santoso", "Yayasan Sumber Harapan", True),
        ("Yayasan", "Yayasan Sumber Harapan", True),
    ],
)
def test_names_are_compared_without_their_legal_forms(holder: str, name: str, unlike: bool) -> None:
    assert account_standing.is_name_unlike(holder, name) is unlike


def test_what_cannot_be_an_account_is_refused(session: Session) -> None:
    at = factory.ground(account=False, whole=0)
    for field, value in (
        ("account_number", "12ab"),
        ("account_number", "１２３４５６"),
        ("bank_name", "B"),
        ("holder", "x"),
    ):
        with pytest.raises(Invalid) as refused:
            factory.stated_account(at, **{field: value})
        assert refused.value.field == field


def test_only_finance_and_owners_state_it(session: Session) -> None:
    at = factory.ground(account=False, whole=0)
    for person in (organisations.member(at.organisation), people.person(), people.admin()):
        with pytest.raises(Forbidden):
            service.state_organisation_account(
                organisation_id=at.organisation.id,
                by=person,
                bank_name="Bank",
                account_number="1234567",
                holder=at.organisation.name,
            )


@pytest.mark.parametrize("change", ["UPDATE payment_bank_account_version SET account_number = '99999'",
                                    "DELETE FROM payment_bank_account_version"])  # fmt: skip
def test_the_database_keeps_every_version(session: Session, change: str) -> None:
    factory.ground(whole=0)
    with pytest.raises(DBAPIError, match="never changed"), session.begin_nested():
        session.execute(text(change))


def test_the_database_wants_three_people(session: Session) -> None:
    at = factory.ground(account=False, whole=0)
    version = factory.stated_account(at)
    with pytest.raises(IntegrityError, match="three_people"), session.begin_nested():
        session.add(
            BankAccountApproval(
                version_id=version.id,
                stated_by=at.treasurer.id,
                checked_by=at.finance.id,
                seconded_by=at.finance.id,
            )
        )


def test_donors_are_not_shown_accounts_of_organisations(session: Session) -> None:
    at = factory.ground()
    assert at.organisation.name not in {one.holder for one in payments.bank_accounts()}
    newest = session.execute(
        select(BankAccountVersion).where(BankAccountVersion.holder == at.organisation.name)
    ).scalar_one()
    assert newest.bank_account_id not in {one.id for one in payments.bank_accounts()}


def test_a_check_grows_old(session: Session) -> None:
    at = factory.ground(whole=0)
    with clock.travel(dt.timedelta(days=731)):
        assert _standing(at) == "lapsed"


def _standing(at: factory.Ground) -> str:
    found = account_standing.account_of(at.organisation.id)
    assert found is not None
    return found.standing
