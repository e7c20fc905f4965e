"""A giver's credit: given on with a receipt, moved to an own pledge, asked back; never below nothing, never twice."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit.db import commit, get, uuid7
from coevolve.kit.db import session as current
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.money import rupiah
from coevolve.localities import service as localities
from coevolve.payments import queries as payment_queries
from coevolve.people.models import Person
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.reconciliation.service import crediting
from tests.conftest import Committed
from tests.factories import listings, organisations, people, pledges
from tests.invariants import assert_books_balance
from tests.ledger.test_races import at_once
from tests.pledges.arrivals import arrives, cases, pays

SignIn = Callable[..., None]
S = PledgeState


def late_money(whole: int = 500_000, *, by: Person | None = None, **over: Any) -> Person:
    """Somebody whose gift was withdrawn while its money was under way: it is their credit."""
    giver = by or people.person()
    pledge = pledges.gift(whole=whole, by=giver, **over)
    payment = service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7())
    service.withdraw(pledge_id=pledge.id, by=giver)
    arrives(payment)
    return giver


def free(owner: Any, kind: str = "person") -> int:
    return crediting.wallet_of(kind, owner.id).free // 100


def give(giver: Person, listing: Any, whole: int, **over: Any) -> Pledge:
    return crediting.give_credit(
        owner_kind="person",
        owner_id=giver.id,
        listing_id=listing.id,
        amount=rupiah(whole).amount,
        by=giver,
        client_token=over.pop("client_token", uuid7()),
        **over,
    )


def back(giver: Person, whole: int, **over: Any) -> list[Any]:
    return crediting.take_back(
        owner_kind="person",
        owner_id=giver.id,
        amount=rupiah(whole).amount,
        by=giver,
        client_token=over.pop("client_token", uuid7()),
    )


def test_credit_is_given_on_with_a_receipt_of_its_own_and_once(session: Session) -> None:
    giver = late_money()
    assert (free(giver), cases()) == (500_000, ["late"])
    campaign, token = listings.open_campaign(), uuid7()
    pledge = give(giver, campaign, 200_000, client_token=token)
    assert give(giver, campaign, 200_000, client_token=token).id == pledge.id, "two clicks are one gift"
    assert (pledge.state, free(giver)) == (S.confirmed, 300_000)
    (payment,) = payment_queries.of("pledge", pledge.id)
    assert (payment.provider, payment.state) == ("credit", "captured")
    (receipt,) = payment_queries.receipts_of("pledge", pledge.id)
    assert receipt.amount == rupiah(200_000).amount
    totals = queries.totals_for([campaign.id])[campaign.id]
    assert totals.received == rupiah(200_000).amount
    give(giver, campaign, 300_000)
    assert (free(giver), cases()) == (0, []), "nobody need be asked about an empty wallet"
    assert_books_balance()


def test_more_than_there_is_nothing_and_others_credit_are_refused(session: Session) -> None:
    giver, other = late_money(100_000), people.person()
    campaign = listings.open_campaign()
    for whole, refusal in ((100_001, Conflict), (0, Invalid)):
        with pytest.raises(refusal):
            give(giver, campaign, whole)
    with pytest.raises(Conflict):
        give(other, campaign, 10_000)
    with pytest.raises(Forbidden):
        crediting.give_credit(
            owner_kind="person",
            owner_id=giver.id,
            listing_id=campaign.id,
            amount=1,
            by=other,
            client_token=uuid7(),
        )
    with pytest.raises(Invalid):
        give(giver, listings.open_need(lines=(listings.goods(10),)), 50_000)
    assert give(giver, campaign, 5).state == S.confirmed, "the last rupiah of a credit may be given"
    assert_books_balance()


def test_credit_pays_an_own_pledge_as_far_as_it_reaches(session: Session) -> None:
    giver = late_money(300_000)
    promise = pledges.gift(whole=1_000_000, by=giver, is_pay_now=False)
    service.accept(pledge_id=promise.id, by=pledges.receiver_of(promise))
    token = uuid7()
    first = crediting.pay_by_credit(pledge_id=promise.id, by=giver, client_token=token)
    assert crediting.pay_by_credit(pledge_id=promise.id, by=giver, client_token=token).id == first.id
    assert (promise.state, first.amount, free(giver)) == (S.partly_delivered, rupiah(300_000).amount, 0)
    totals = queries.totals_for([promise.listing_id])[promise.listing_id]
    assert (totals.received, totals.promised) == (rupiah(300_000).amount, rupiah(700_000).amount)
    foreign = pledges.gift(whole=100_000)
    with pytest.raises(NotFound):
        crediting.pay_by_credit(pledge_id=foreign.id, by=giver, client_token=uuid7())
    with pytest.raises(Invalid):
        crediting.pay_by_credit(pledge_id=promise.id, by=giver, client_token=uuid7())
    assert_books_balance()


def test_credit_is_asked_back_to_the_payments_it_came_by_newest_first(session: Session) -> None:
    giver = late_money(300_000)
    late_money(200_000, by=giver)
    give(giver, listings.open_campaign(), 100_000)
    token = uuid7()
    asked = back(giver, 350_000, client_token=token)
    assert [refund.amount // 100 for refund in asked] == [200_000, 150_000]
    assert back(giver, 350_000, client_token=token) == [], "asked once"
    assert {refund.origin for refund in asked} == {"giver"}
    assert free(giver) == 50_000, "what is asked back is not given on meanwhile"
    with pytest.raises(Conflict):
        back(giver, 60_000)
    with pytest.raises(Conflict):
        give(giver, listings.open_campaign(), 60_000)
    assert (
        sum(source.amount for source in crediting.sources_of(crediting.wallet_of("person", giver.id)))
        == 5_000_000
    )
    assert_books_balance()


def test_an_organisation_s_credit_is_moved_by_those_who_may_give(session: Session) -> None:
    company = organisations.company()
    owner = organisations.owner_of(company)
    late_money(800_000, by=owner, for_organisation_id=company.id)
    assert (free(company, "organisation"), free(owner)) == (800_000, 0)
    campaign = listings.open_campaign()
    given = {
        "owner_kind": "organisation",
        "owner_id": company.id,
        "listing_id": campaign.id,
        "amount": rupiah(500_000).amount,
    }
    with pytest.raises(Forbidden):
        crediting.give_credit(**given, by=organisations.member(company, "member"), client_token=uuid7())
    finance = organisations.member(company, "finance")
    service.set_rule(organisation_id=company.id, by=owner, approval_above=rupiah(400_000).amount)
    pledge = crediting.give_credit(**given, by=finance, client_token=uuid7())
    assert (pledge.state, free(company, "organisation")) == (S.awaiting_approval, 800_000)
    service.approve(pledge_id=pledge.id, by=owner)
    crediting.pay_by_credit(pledge_id=pledge.id, by=owner, client_token=uuid7())
    assert (pledge.state, free(company, "organisation")) == (S.confirmed, 300_000)
    assert_books_balance()


@hypothesis_settings(
    max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["late", "give", "back"]), st.integers(1, 20).map(lambda one: one * 10_000)
        ),
        max_size=7,
    )
)
def test_whatever_the_giver_does_the_wallet_adds_up(session: Session, steps: list[tuple[str, int]]) -> None:
    giver, campaign, expected, asked = people.person(), listings.open_campaign(), 0, 0
    for what, whole in steps:
        if what == "late":
            late_money(whole, by=giver, listing=campaign)
            expected += whole
        elif what == "give" and whole <= expected - asked:
            give(giver, campaign, whole)
            expected -= whole
        elif what == "back" and whole <= expected - asked:
            assert sum(refund.amount for refund in back(giver, whole)) == rupiah(whole).amount
            asked += whole
        else:
            with pytest.raises(Conflict):
                give(giver, campaign, whole) if what == "give" else back(giver, whole)
        wallet = crediting.wallet_of("person", giver.id)
        assert (wallet.balance // 100, wallet.free // 100) == (expected, expected - asked)
        sources = crediting.sources_of(wallet)
        assert sum(source.amount for source in sources) == wallet.free
    assert_books_balance()


@pytest.fixture
def wealthy(committed: Committed) -> tuple[Any, Any]:
    """Somebody with a credit of 100,000 and a campaign, committed."""
    localities.ensure_loaded()
    giver, campaign = late_money(100_000), listings.open_campaign()
    ids = (giver.id, campaign.id)
    commit()
    return ids


def both_give(committed: Committed, wealthy: tuple[Any, Any]) -> list[Any]:
    giver_id, listing_id = wealthy

    def work() -> Any:
        giver = get(Person, giver_id)
        return crediting.give_credit(
            owner_kind="person",
            owner_id=giver_id,
            listing_id=listing_id,
            amount=rupiah(80_000).amount,
            by=giver,
            client_token=uuid7(),
        ).id

    return at_once(committed.app, work, work)


def meet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both look at the wallet before either takes of it."""
    barrier = threading.Barrier(2)
    look = crediting._require_free

    def together(*given: Any) -> None:
        look(*given)
        barrier.wait(timeout=10)

    monkeypatch.setattr(crediting, "_require_free", together)


@pytest.mark.case(41)
def test_two_give_the_last_rupiah_of_a_credit_at_once(committed: Committed, wealthy: tuple[Any, Any]) -> None:
    results = both_give(committed, wealthy)
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "UUID"]
    current().rollback()
    assert free(get(Person, wealthy[0])) == 20_000
    assert_books_balance()


def test_control_without_locks_only_the_check_of_the_database_stands(
    committed: Committed, wealthy: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    meet(monkeypatch)
    with config.overridden(fault="skip-lock"):
        results = both_give(committed, wealthy)
    current().rollback()
    assert "IntegrityError" in [type(result).__name__ for result in results], "nobody was told in words"
    assert free(get(Person, wealthy[0])) >= 0


def test_the_page_of_credit(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    giver, campaign = late_money(500_000), listings.open_campaign()
    session.commit()
    assert client.get("/saldo").status_code == 303
    sign_in(client, giver)

    def page(answer: Any) -> str:
        return html.unescape(answer.get_data(as_text=True))

    shown = page(client.get("/saldo"))
    assert "Rp\u00a0500.000" in shown
    assert "Datang lebih atau terlambat" in shown
    for fields, field in (
        ({"berikan-listing": "bukan alamat", "berikan-amount": "100.000"}, "berikan-listing"),
        ({"berikan-listing": campaign.slug, "berikan-amount": "900.000"}, "berikan-amount"),
        ({"berikan-listing": campaign.slug, "berikan-amount": "abc"}, "berikan-amount"),
    ):
        refused = client.post("/saldo/berikan", data={"berikan-client_token": str(uuid7())} | fields)
        assert refused.status_code == 422
        assert f'id="{field}-error"' in page(refused)
        assert fields["berikan-amount"] in page(refused)
    address = f"http://localhost/kampanye/{campaign.slug}?x=1"
    fields = {"berikan-client_token": str(uuid7()), "berikan-listing": address, "berikan-amount": "100.000"}
    assert client.post("/saldo/berikan", data=fields).status_code == 303
    assert client.post("/saldo/berikan", data=fields).status_code == 303
    assert free(giver) == 400_000
    fields = {"kembali-client_token": str(uuid7()), "kembali-amount": "400.000"}
    assert client.post("/saldo/minta-kembali", data=fields).status_code == 303
    assert "Sedang diminta kembali" in page(client.get("/saldo"))
    company = organisations.company()
    assert client.get(f"/dasbor/{company.slug}/saldo").status_code == 404
    pledge = pledges.gift(whole=100_000, by=giver)
    late_money(150_000, by=giver)
    where = f"/dukungan/{pledge.id}/bayar"
    assert "Saldo (Rp\u00a0150.000)" in page(client.get(where))
    paid = client.post(where, data={"client_token": str(uuid7()), "method": "credit"})
    assert paid.headers["Location"] == f"/dukungan/{pledge.id}"
    session.refresh(pledge)
    assert pledge.state == S.confirmed
    assert client.get(f"/bayar/{payment_queries.of('pledge', pledge.id)[0].public_ref}").status_code == 200
    assert_books_balance()


def test_two_payments_for_one_gift_are_told_in_plain_words(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    pledge = pledges.gift(whole=500_000)
    first = service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7())
    pays(pledge)
    arrives(first)
    session.commit()
    for reader in (pledges.giver_of(pledge), people.finance()):
        sign_in(client, reader)
        page = html.unescape(client.get(f"/dukungan/{pledge.id}").get_data(as_text=True))
        assert "disimpan sebagai saldo pemberi" in page
    assert pledge.state == S.confirmed
