"""Companies that give: their own limit and the second member, orders and bills, their month."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve.kit import clock, db
from coevolve.kit.db import commit, uuid7
from coevolve.kit.db import session as current
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.money import rupiah
from coevolve.localities import service as localities
from coevolve.organisations.models import Organisation
from coevolve.payments import queries as payment_queries
from coevolve.people.models import Person
from coevolve.pledges import queries, service
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.service import Plan
from tests.conftest import Committed
from tests.factories import listings, organisations, people, pledges
from tests.factories import payments as payment_factory
from tests.invariants import assert_books_balance
from tests.ledger.test_races import at_once
from tests.pledges.arrivals import arrives, pays
from tests.pledges.conftest import journal, told

SignIn = Callable[..., None]
S = PledgeState


def company_with_limit(whole: int = 1_000_000) -> tuple[Organisation, Person, Person]:
    """A company, its owner, and its finance member; above the limit the other one approves."""
    company = organisations.company()
    owner = organisations.owner_of(company)
    service.set_rule(organisation_id=company.id, by=owner, approval_above=rupiah(whole).amount)
    return company, owner, organisations.member(company, "finance")


def big_gift(company: Organisation, by: Person, whole: int = 5_000_000, **over: object) -> Pledge:
    over.setdefault("is_pay_now", False)
    return pledges.gift(whole=whole, by=by, for_organisation_id=company.id, **over)  # type: ignore[arg-type]


def test_above_its_own_limit_a_company_s_pledge_waits_for_another_member(session: Session) -> None:
    company, owner, finance = company_with_limit()
    assert big_gift(company, owner, 1_000_000).state == S.offered, "the limit itself is within"
    pledge = big_gift(company, owner, purchase_order="PO-77/2026")
    assert (pledge.state, pledge.needs_approval) == (S.awaiting_approval, True)
    assert {message.person_id for message in told(session, "pledge.awaiting_approval")} == {finance.id}
    receiver = pledges.receiver_of(pledge)
    assert pledge.id not in {
        row.id for row in queries.pledges_for_organisation(pledge.receiver_organisation_id).rows
    }
    with pytest.raises(NotFound):
        service.accept(pledge_id=pledge.id, by=receiver)
    with pytest.raises(Conflict):
        service.pay(pledge_id=pledge.id, method="checkout", client_token=uuid7())
    writer = organisations.member(company, "member")
    for nobody in (owner, writer):
        with pytest.raises(Forbidden):
            service.approve(pledge_id=pledge.id, by=nobody)
    with pytest.raises(NotFound):
        service.approve(pledge_id=pledge.id, by=people.person())
    service.approve(pledge_id=pledge.id, by=finance)
    assert (pledge.state, pledge.approved_by) == (S.offered, finance.id)
    service.accept(pledge_id=pledge.id, by=receiver)
    assert journal(session, pledge.id) == ["pledge.awaiting_approval", "pledge.approved", "pledge.accepted"]
    with pytest.raises(Conflict):
        service.approve(pledge_id=pledge.id, by=finance)
    assert_books_balance()


def test_refused_inside_the_company_its_receiver_never_hears_of_it(session: Session) -> None:
    company, owner, finance = company_with_limit()
    pledge = big_gift(company, owner, is_pay_now=True)
    with pytest.raises(Invalid):
        service.refuse(pledge_id=pledge.id, by=finance, reason=" ")
    service.refuse(pledge_id=pledge.id, by=finance, reason="Anggaran kuartal ini habis.")
    assert pledge.state == S.withdrawn
    assert told(session, "pledge.not_approved")
    assert not told(session, "pledge.withdrawn")
    assert queries.pledges_for_organisation(pledge.receiver_organisation_id).rows == []
    waiting = big_gift(company, finance)
    service.withdraw(pledge_id=waiting.id, by=finance)
    assert not told(session, "pledge.withdrawn")


def test_nobody_else_to_approve_and_rules_of_the_rule(session: Session) -> None:
    company = organisations.company()
    owner = organisations.owner_of(company)
    service.set_rule(organisation_id=company.id, by=owner, approval_above=0)
    with pytest.raises(Conflict) as refusal:
        big_gift(company, owner)
    assert refusal.value.code == "nobody_to_approve"
    finance = organisations.member(company, "finance")
    with pytest.raises(Forbidden):
        service.set_rule(organisation_id=company.id, by=finance, approval_above=None)
    assert big_gift(company, finance).state == S.awaiting_approval
    service.set_rule(organisation_id=company.id, by=owner, approval_above=None)
    promise = big_gift(company, owner)
    service.set_rule(organisation_id=company.id, by=owner, approval_above=rupiah(6_000_000).amount)
    service.accept(pledge_id=promise.id, by=pledges.receiver_of(promise))
    with pytest.raises(Invalid) as above:
        service.change_amount(pledge_id=promise.id, by=owner, amount=rupiah(7_000_000).amount)
    assert above.value.code == "above_limit"
    member = organisations.member(company, "member")
    with pytest.raises(Forbidden):
        service.change_amount(pledge_id=promise.id, by=member, amount=rupiah(1_000_000).amount)


def test_a_bill_is_numbered_and_paid_by_its_reference(session: Session) -> None:
    payment_factory.bank_account()
    company, owner, _ = company_with_limit(50_000_000)
    pledge = big_gift(company, owner, purchase_order="PO-77/2026", plan=None)
    service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))
    token = uuid7()
    first = service.issue_invoice(
        pledge_id=pledge.id, by=owner, client_token=token, amount=rupiah(2_000_000).amount
    )
    again = service.issue_invoice(
        pledge_id=pledge.id, by=owner, client_token=token, amount=rupiah(2_000_000).amount
    )
    assert again.id == first.id, "a double click is one bill"
    payment = payment_queries.get(first.payment_id)
    assert (payment.unique_code, payment.by_amount, first.amount) == (None, False, rupiah(2_000_000).amount)
    assert first.purchase_order == "PO-77/2026"
    with pytest.raises(Conflict):
        service.issue_invoice(pledge_id=pledge.id, by=owner, client_token=uuid7())
    arrives(payment)
    assert pledge.state == S.partly_delivered
    second = service.issue_invoice(pledge_id=pledge.id, by=owner, client_token=uuid7(), with_code=True)
    assert second.number == first.number + 1
    assert second.amount == payment_queries.get(second.payment_id).amount > rupiah(3_000_000).amount
    service.cancel_payment(pledge_id=pledge.id, payment_id=second.payment_id, by=owner)
    past = clock.today() - dt.timedelta(days=1)
    with pytest.raises(Invalid):
        service.issue_invoice(pledge_id=pledge.id, by=owner, client_token=uuid7(), due_on=past)
    person = pledges.gift(is_pay_now=False)
    service.accept(pledge_id=person.id, by=pledges.receiver_of(person))
    with pytest.raises(Conflict):
        service.issue_invoice(pledge_id=person.id, by=pledges.giver_of(person), client_token=uuid7())
    assert_books_balance()


def test_bills_made_at_once_have_numbers_without_gaps(committed: Committed) -> None:
    localities.ensure_loaded()
    payment_factory.bank_account()
    company = organisations.company()
    owner = organisations.owner_of(company)
    ids = [pledges.promised_money(company=company, whole=1_000_000).id for _ in range(4)]
    owner_id = owner.id
    commit()

    def bill(pledge_id: object, *, fails: bool) -> int:
        by = db.get(Person, owner_id)
        made = service.issue_invoice(pledge_id=pledge_id, by=by, client_token=uuid7())  # type: ignore[arg-type]
        if fails:
            raise RuntimeError("rolled back")
        return made.number

    works = [lambda one=one, fails=number == 1: bill(one, fails=fails) for number, one in enumerate(ids)]
    results = at_once(committed.app, *works)
    numbers = sorted(one for one in results if isinstance(one, int))
    assert numbers == [1, 2, 3]
    current().rollback()
    assert_books_balance()


def test_the_month_of_a_company_on_page_and_in_its_file(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    company = organisations.company()
    owner = organisations.owner_of(company)
    pledge = pledges.promised_money(
        company=company, whole=5_000_000, plan=Plan(first_on=clock.today(), count=2)
    )
    pays(pledge, 2_500_000)
    pledges.accepted(listings.open_need(), by=owner, for_organisation_id=company.id, quantity=340)
    month = f"{clock.today():%Y-%m}"
    sign_in(client, owner)
    body = html.unescape(client.get(f"/dasbor/{company.slug}/pemberian/{month}").get_data(as_text=True))
    for words in ("Rp\u00a05.000.000", "Rp\u00a02.500.000", "340\u00a0", "Timor Tengah Selatan"):
        assert words in body, words
    file = client.get(f"/dasbor/{company.slug}/pemberian/{month}.csv")
    rows = file.get_data(as_text=True).splitlines()
    assert file.headers["Content-Type"].startswith("text/csv")
    assert rows[0].lstrip("\ufeff").startswith("date,what,kind,quantity,unit")
    assert sorted(",".join(row.split(",")[1:4]) for row in rows[1:]) == [
        "promised,goods,340",
        "promised,money,5000000",
        "received,money,2500000",
    ]
    for wrong in ("2026-13", "x", "1999-01", "2026-1"):
        assert client.get(f"/dasbor/{company.slug}/pemberian/{wrong}").status_code == 404
    page = html.unescape(client.get(f"/dasbor/{company.slug}/pemberian").get_data(as_text=True))
    assert month in page
    sign_in(client, people.person())
    assert client.get(f"/dasbor/{company.slug}/pemberian").status_code == 404
    assert client.get(f"/dasbor/{company.slug}/pemberian/{month}.csv").status_code == 404


def test_the_company_s_way_by_pages(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    payment_factory.bank_account()
    company, owner, finance = company_with_limit()
    campaign = listings.open_campaign()
    session.commit()
    people.sign_in(client, owner, fresh=True)
    people.sign_in(client, owner, fresh=False)
    page = html.unescape(client.get(f"/dukung/{campaign.slug}").get_data(as_text=True))
    assert "Kode dari aplikasi Anda" in page
    given = {
        "client_token": str(uuid7()),
        "amount": "5.000.000",
        "organisation": str(company.id),
        "pays": "later",
        "first_on": f"{clock.today() + dt.timedelta(days=9):%d/%m/%Y}",
        "parts": "2",
        "purchase_order": "PO-9",
    }
    refused = client.post(f"/dukung/{campaign.slug}", data=given | {"code": "123"})
    body = html.unescape(refused.get_data(as_text=True))
    assert refused.status_code == 422
    assert 'id="code-error"' in body
    assert 'value="PO-9"' in body, "what was typed stays"
    sent = client.post(f"/dukung/{campaign.slug}", data=given | {"code": people.next_code(owner)})
    assert sent.status_code == 303
    (pledge,) = session.query(Pledge).all()
    assert pledge.state == S.awaiting_approval
    where = f"/dukungan/{pledge.id}"
    assert "Menunggu persetujuan organisasi Anda" in html.unescape(client.get(where).get_data(as_text=True))
    assert client.post(f"{where}/setujui").status_code == 303, "to the page that asks for a code"
    session.refresh(pledge)
    assert pledge.state == S.awaiting_approval
    people.sign_in(client, finance, fresh=True)
    assert where in client.get(f"/dasbor/{company.slug}/pemberian").get_data(as_text=True)
    assert "Setujui" in client.get(where).get_data(as_text=True)
    assert client.post(f"{where}/setujui").status_code == 303
    session.refresh(pledge)
    assert pledge.state == S.offered
    service.accept(pledge_id=pledge.id, by=pledges.receiver_of(pledge))
    session.commit()
    page = html.unescape(client.get(where).get_data(as_text=True))
    assert "Jadwal bayar" in page
    assert "PO-9" in page
    wrong = client.post(
        f"{where}/tagihan", data={"tagihan-amount": "9.000.000", "tagihan-client_token": str(uuid7())}
    )
    assert wrong.status_code == 422
    made = client.post(
        f"{where}/tagihan",
        data={
            "tagihan-amount": "2.500.000",
            "tagihan-client_token": str(uuid7()),
            "tagihan-purchase_order": "PO-9",
        },
    )
    assert made.status_code == 303
    (invoice,) = queries.invoices_of(pledge.id)
    paper = html.unescape(client.get(f"{where}/tagihan/{invoice.id}").get_data(as_text=True))
    for words in (service.number_of(invoice), "PO-9", company.name, "Rp\u00a02.500.000", "012345678901"[:4]):
        assert words in paper, words
    assert re.search(r"CE[0-9A-Z]{9}", paper)
    sign_in(client, pledges.receiver_of(pledge))
    assert client.get(f"{where}/tagihan/{invoice.id}").status_code == 404
    assert_books_balance()
