"""Gifts without an account: nobody's until the address is proven; hidden names stay hidden; erasure leaves sums."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from coevolve.journal.models import JournalDue
from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Forbidden, NotFound
from coevolve.kit.money import rupiah
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger
from coevolve.listings.models import Listing
from coevolve.notifications.models import Message
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.people import service as people_service
from coevolve.people import tokens
from coevolve.people.models import AccountMail, Person
from coevolve.pledges import links, policy, queries, service
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.service import Guest, Wish
from tests.factories import listings, people, pledges
from tests.invariants import assert_books_balance
from tests.pledges.arrivals import arrives, pays
from tests.pledges.conftest import told

SignIn = Callable[..., None]
SECRET = "Bu Rahasia Sekali"


def guest_gift(
    email: str, *, name: str = "Tamu Baik", listing: Listing | None = None, **over: object
) -> Pledge:
    where = listing or listings.open_campaign()
    return service.offer(
        listing_id=where.id,
        by=None,
        guest=Guest(email=email, name=name),
        lines=[Wish(line_id=pledges.line_of(where, "money").id, quantity=rupiah(100_000).amount)],
        client_token=uuid7(),
        **over,  # type: ignore[arg-type]
    )


def react(session: Session) -> None:
    """What workers do with what happened."""
    from workers import journal as reactions  # asks for settings when it is read

    session.flush()
    for journal_id in list(session.execute(select(JournalDue.journal_id)).scalars()):
        reactions.run(journal_id)


def test_an_active_person_s_address_typed_by_somebody_else_brings_nothing_into_their_lists(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    owner = people.person(name=SECRET)
    pledge = guest_gift(owner.email or "", is_name_public=True)
    pays(pledge)
    assert pledge.state == PledgeState.confirmed
    assert (pledge.is_guest, pledge.joined_at) == (True, None)
    assert queries.pledges_of(owner.id).rows == []
    assert queries.supporters_of(pledge.listing_id).rows[0].name == "Tamu Baik", "as typed, not as known"
    assert queries.name_on_receipt(pledge.id) == "Tamu Baik"
    link = links.path(pledge.id, "giver")
    assert SECRET not in html.unescape(client.get(link).get_data(as_text=True))
    thanks = told(session, "payment.received")
    assert [message.channel for message in thanks] == ["email"], (
        "a mail to the address, nothing on anybody's page"
    )
    assert "kunci=" in thanks[0].data["path"]
    (receipt,) = payment_queries.receipts_of("pledge", pledge.id)
    assert SECRET not in html.unescape(client.get(thanks[0].data["path"]).get_data(as_text=True))
    sign_in(client, owner)
    assert client.get(f"/dukungan/{pledge.id}").status_code == 404
    assert client.get(f"/kuitansi/{receipt.id}").status_code == 404
    page = html.unescape(client.get(link).get_data(as_text=True))
    assert "Masukkan ke daftar saya" in page


def test_the_mailed_link_and_that_very_account_bring_the_gift_home(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    owner, other = people.person(), people.person()
    pledge = guest_gift(owner.email or "")
    key = links.token(pledge.id, "giver")
    with pytest.raises(Forbidden):
        service.join(pledge_id=pledge.id, by=other, key=key)
    with pytest.raises(NotFound):
        service.join(pledge_id=pledge.id, by=owner, key=links.token(pledge.id, "receiver"))
    sign_in(client, owner)
    assert client.post(f"/dukungan/{pledge.id}/gabung?kunci={key}").status_code == 303
    assert [row.id for row in queries.pledges_of(owner.id).rows] == [pledge.id]
    assert client.get(f"/dukungan/{pledge.id}").status_code == 200
    service.join(pledge_id=pledge.id, by=owner, key=key)


def test_gifts_join_when_the_address_is_proven_and_their_credit_with_them(session: Session) -> None:
    email = "belum.ada@contoh.example"
    campaign = listings.open_campaign()
    first, second = guest_gift(email, listing=campaign), guest_gift(email, listing=campaign, name="Nama Lain")
    pays(first)
    late = service.pay(pledge_id=second.id, method="checkout", client_token=uuid7())
    payments.cancel(payment_id=late.id, by=None, cause="gave up")
    service.withdraw(pledge_id=second.id, by=policy.party_by_link("giver"))
    arrives(late)
    waiting = ledger.find_account(f"donor_credit:{second.id}:IDR")
    assert waiting is not None
    assert ledger.balance(waiting) == rupiah(100_000).amount
    people_service.sign_up(email=email)
    mail = session.execute(select(AccountMail).where(AccountMail.email == email)).scalar_one()
    plain, hashed = tokens.new()
    mail.token_hash, mail.done_at = hashed, clock.now()
    mail.expires_at = clock.now() + dt.timedelta(hours=1)
    session.flush()
    person = people_service.confirm_email(
        token=plain, name="Ibu Terbukti", password="tikar pandan biru 42", agrees=True
    )
    react(session)
    assert {row.id for row in queries.pledges_of(person.id).rows} == {first.id, second.id}
    assert ledger.balance(waiting) == 0
    assert ledger.balance(accounts.donor_credit(person.id)) == rupiah(100_000).amount
    assert queries.name_on_receipt(first.id) == "Tamu Baik", "the receipt keeps the name it was made out to"
    assert_books_balance()


@pytest.mark.case(77)
def test_a_person_is_erased_names_go_and_sums_stay(session: Session) -> None:
    giver = people.person(name=SECRET)
    campaign = listings.open_campaign()
    pledge = pledges.gift(
        campaign,
        by=giver,
        is_name_public=True,
        message=f"Dari {SECRET}",
        contact="0812 0000",
        shares_identity=True,
    )
    pays(pledge)
    goods = pledges.accepted(listings.open_need(), by=giver, contact="0812 0000")
    before = queries.totals_for([campaign.id])
    receipts = payment_queries.receipts_of("pledge", pledge.id)
    people_service.erase(person_id=giver.id, by=None)
    react(session)
    session.expire_all()
    assert queries.totals_for([campaign.id]) == before
    assert payment_queries.receipts_of("pledge", pledge.id) == receipts
    assert queries.supporters_of(campaign.id).rows[0].name is None
    assert queries.name_on_receipt(pledge.id) == ""
    found = []
    tables = session.execute(
        text(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type IN ('text', 'jsonb') AND table_name <> 'spatial_ref_sys'"
        )
    ).all()
    for table, column in tables:
        hit = session.execute(
            text(f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE :name LIMIT 1'),
            {"name": f"%{SECRET}%"},
        )
        if hit.first() is not None:
            found.append(f"{table}.{column}")
    assert found == [], "the name is in no row of any table"
    assert "0812 0000" not in {session.get(Pledge, pledge.id).contact, session.get(Pledge, goods.id).contact}  # type: ignore[union-attr]
    assert session.get(Person, giver.id).state == "erased"  # type: ignore[union-attr]
    assert_books_balance()


def test_a_hidden_name_is_on_no_public_page_yet_on_the_receipt(
    app: Flask, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    giver = people.person(name=SECRET)
    campaign = listings.open_campaign()
    pays(pledges.gift(campaign, by=giver, message="Semoga lancar"))
    session.commit()
    seen = []
    known = {"slug": campaign.slug, "code": campaign.locality_code, "kode": campaign.locality_code}
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            public = getattr(getattr(view, "access_rule", None), "rule", "") == "public"
            if not public or "GET" not in (rule.methods or set()) or not rule.arguments <= {*known, "word"}:
                continue
            address = rule.rule.replace("<any(kebutuhan,kampanye,penawaran,peluang):word>", "kampanye")
            for name in rule.arguments & set(known):
                address = re.sub(f"<(path:)?{name}>", str(known[name]), address)
            if "<" not in address:
                seen.append(address)
    assert f"/kampanye/{campaign.slug}" in seen
    shown = 0
    for address in seen:
        answer = client.get(address)
        shown += answer.status_code == 200
        assert SECRET not in html.unescape(answer.get_data().decode(errors="replace")), address
    assert shown > 8
    (row,) = queries.supporters_of(campaign.id).rows
    assert (row.name, row.message) == (None, "Semoga lancar")
    owner = listings.owner_of(campaign)
    sign_in(client, owner)
    (pledge,) = queries.pledges_for_organisation(campaign.organisation_id).rows
    assert SECRET not in html.unescape(client.get(f"/dukungan/{pledge.id}").get_data(as_text=True))
    assert pledge.giver_name == ""
    sign_in(client, giver)
    (receipt,) = payment_queries.receipts_of("pledge", pledge.id)
    assert SECRET in html.unescape(client.get(f"/kuitansi/{receipt.id}").get_data(as_text=True))
    hints = session.execute(select(Message.data).where(Message.kind == "payment.news")).scalars()
    assert all(SECRET not in str(data) for data in hints), "nor in the news to the CSO"
