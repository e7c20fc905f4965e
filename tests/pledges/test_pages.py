"""The pages: giving without an account, wrong amounts, choosing the method, each step of both sides, who sees what."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.config import settings
from coevolve.kit import db
from coevolve.kit.db import uuid7
from coevolve.kit.money import rupiah
from coevolve.listings import service as listing_service
from coevolve.listings.models import Listing
from coevolve.organisations.models import Organisation
from coevolve.payments import queries as payment_queries
from coevolve.pledges import links, queries
from coevolve.pledges.models import Pledge, PledgeState
from tests.factories import listings, organisations, payments, people, pledges

Client = FlaskClient
SignIn = Callable[..., None]


def give(client: Client, listing: Listing, **fields: str) -> object:
    return client.post(f"/dukung/{listing.slug}", data={"client_token": str(uuid7())} | fields)


def text_of(response: object) -> str:
    return html.unescape(response.get_data(as_text=True))  # type: ignore[attr-defined]


GUEST = {"name": "Ibu Tamu", "email": "tamu@contoh.example"}


def test_a_guest_gives_money_and_comes_to_the_methods(client: Client, session: Session) -> None:
    payments.bank_account()
    campaign = listings.open_campaign()
    shown = client.get(f"/dukung/{campaign.slug}?jumlah=100000")
    assert shown.status_code == 200
    assert "no-store" in shown.headers["Cache-Control"]
    assert re.search(r"<input[^>]*checked[^>]*>", text_of(shown)), "the chip of the address is chosen"
    sent = give(client, campaign, amount_choice="100000", message="Semoga lancar", **GUEST)
    assert sent.status_code == 303  # type: ignore[attr-defined]
    where = sent.headers["Location"]  # type: ignore[attr-defined]
    pledge = session.execute(select(Pledge)).scalar_one()
    assert (pledge.is_guest, pledge.is_name_public, pledge.shares_identity) == (True, False, False)
    assert pledges.the_line(pledge).quantity == rupiah(100_000).amount
    assert where.startswith(f"/dukungan/{pledge.id}/bayar?kunci=")
    method = client.get(where)
    assert method.status_code == 200
    assert settings().stripe_checkout_origin in method.headers["Content-Security-Policy"]
    assert "hx-post" not in text_of(method)
    assert client.get(f"/dukungan/{pledge.id}/bayar").status_code == 404
    done = client.post(where, data={"client_token": str(uuid7()), "method": "bank_transfer"})
    assert done.status_code == 303
    (payment,) = payment_queries.of("pledge", pledge.id)
    assert done.headers["Location"] == f"/bayar/{payment.public_ref}"


def test_a_card_page_that_is_slow_leads_to_the_waiting_page(client: Client, session: Session) -> None:
    pledge = pledges.gift()
    session.commit()
    where = f"/dukungan/{pledge.id}/bayar?kunci={links.token(pledge.id, 'giver')}"
    done = client.post(where, data={"client_token": str(uuid7()), "method": "checkout"})
    assert done.status_code == 303
    (payment,) = payment_queries.of("pledge", pledge.id)
    assert done.headers["Location"] == f"/bayar/{payment.public_ref}"


WRONG_AMOUNTS = [
    "75.000,50",
    "-1",
    "1e5",
    str(2**63),
    "0",
    "9.999",
    "500rb",
    "Rp 75.000",
    "１００００",
    "NaN",
    "1_000",
    "75,000",
    "+5",
    "0x10",
    " 1 0",
    "99999999999999999999",
    "a" * 5000,
    "10000\x00",
    "'; DROP TABLE pledge; --",
]


def test_wrong_amounts_are_refused_beside_the_field_and_kept(client: Client, session: Session) -> None:
    campaign = listings.open_campaign()
    for typed in WRONG_AMOUNTS:
        refused = give(client, campaign, amount=typed, message="Semoga lancar", **GUEST)
        body = text_of(refused)
        assert refused.status_code == 422, typed  # type: ignore[attr-defined]
        assert 'id="amount-error"' in body, typed
        assert "Semoga lancar" in body
        if "\x00" not in typed:
            assert f'value="{typed}"' in body, typed
    assert session.execute(select(Pledge)).first() is None


def test_two_different_amounts_are_asked_about(client: Client, session: Session) -> None:
    campaign = listings.open_campaign()
    refused = give(client, campaign, amount="75.000", amount_choice="100000", **GUEST)
    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert "Pakai salah satu saja" in text_of(refused)
    assert give(client, campaign, amount_choice="lain", **GUEST).status_code == 422  # type: ignore[attr-defined]
    assert give(client, campaign, amount_choice="7", **GUEST).status_code == 422  # type: ignore[attr-defined]
    assert give(client, campaign, **GUEST).status_code == 422  # type: ignore[attr-defined]
    assert give(client, campaign, amount="75.000", amount_choice="lain", **GUEST).status_code == 303  # type: ignore[attr-defined]


@pytest.mark.parametrize("missing", ["name", "email"])
def test_a_guest_says_who_it_is(client: Client, session: Session, missing: str) -> None:
    refused = give(
        client, listings.open_campaign(), amount="75.000", **{k: v for k, v in GUEST.items() if k != missing}
    )
    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert f'id="{missing}-error"' in text_of(refused)


def test_a_double_click_sends_both_to_the_same_place(client: Client, session: Session) -> None:
    campaign, token = listings.open_campaign(), str(uuid7())
    first = give(client, campaign, amount="75.000", client_token=token, **GUEST)
    again = give(client, campaign, amount="75.000", client_token=token, **GUEST)
    assert first.headers["Location"].split("?")[0] == again.headers["Location"].split("?")[0]  # type: ignore[attr-defined]
    assert len(session.execute(select(Pledge)).all()) == 1
    assert give(client, campaign, amount="75.000", client_token="x", **GUEST).status_code == 422  # type: ignore[attr-defined]


def test_nothing_is_ticked_in_advance(client: Client, session: Session) -> None:
    body = text_of(client.get(f"/dukung/{listings.open_campaign().slug}"))
    assert "checked" not in body
    for bad in ("-5", "abc", "9" * 40):
        assert "checked" not in text_of(client.get(f"/dukung/{listings.open_campaign().slug}?jumlah={bad}"))


def test_a_person_offers_goods(client: Client, session: Session, sign_in: SignIn) -> None:
    need = listings.open_need()
    line = pledges.line_of(need)
    giver = people.person(name="Ibu Ratna", phone="+6281234567890")
    assert "Masuk untuk menawarkan" in text_of(client.get(f"/dukung/{need.slug}"))
    sign_in(client, giver)
    shown = text_of(client.get(f"/dukung/{need.slug}?baris={line.id}"))
    assert '<details class="acc" open>' in shown
    key = line.id.hex
    fields = {f"quantity_{key}": "340", f"from_{key}": "16/11/2027", f"note_{key}": "Pipa sisa proyek"}
    refused = give(client, need, **fields)
    assert refused.status_code == 422  # type: ignore[attr-defined]
    assert 'id="contact-error"' in text_of(refused)
    assert "Pipa sisa proyek" in text_of(refused)
    sent = give(client, need, contact="0812 3456 7890", **fields)
    pledge = session.execute(select(Pledge)).scalar_one()
    assert sent.headers["Location"] == f"/dukungan/{pledge.id}"  # type: ignore[attr-defined]
    body = text_of(client.get(f"/dukungan/{pledge.id}"))
    assert "340\u00a0meter Pipa HDPE 2 inci" in body
    assert "Menunggu jawaban OMS" in body


WRONG_LINES = [
    ("quantity", "3,5"),
    ("quantity", "-1"),
    ("quantity", "1e3"),
    ("quantity", "9" * 30),
    ("from", "besok"),
    ("until", "31/02/2027"),
]


def test_wrong_lines_are_refused_beside_the_field(client: Client, session: Session, sign_in: SignIn) -> None:
    need = listings.open_need()
    sign_in(client, people.person())
    key = pledges.line_of(need).id.hex
    for name, typed in WRONG_LINES:
        fields = {f"quantity_{key}": "5", "contact": "0812"} | {f"{name}_{key}": typed}
        refused = give(client, need, **fields)
        assert refused.status_code == 422, typed  # type: ignore[attr-defined]
        assert f'id="{name}_{key}-error"' in text_of(refused)
        assert typed in text_of(refused)


def test_the_whole_way_of_goods_by_pages(client: Client, session: Session, sign_in: SignIn) -> None:
    need = listings.open_need()
    pledge = pledges.offered(need, quantity=340)
    line, base = pledges.the_line(pledge), f"/dukungan/{pledge.id}"
    owner, giver = listings.owner_of(need), pledges.giver_of(pledge)
    sign_in(client, owner)
    assert "Sepakati" in text_of(client.get(base))
    refused = client.post(f"{base}/terima", data={f"terima-quantity-{line.id}": "341"})
    assert refused.status_code == 422
    assert f'id="terima-quantity-{line.id}-error"' in text_of(refused)
    assert client.post(f"{base}/terima", data={f"terima-quantity-{line.id}": "300"}).status_code == 303
    assert "Disepakati" in text_of(client.get(base))
    assert client.post(f"{base}/terima", data={f"terima-quantity-{line.id}": "300"}).status_code == 422
    sign_in(client, giver)
    hand = {f"serahkan-{line.id}-quantity": "300", f"serahkan-{line.id}-evidence": "Surat jalan 12"}
    assert (
        client.post(
            f"{base}/serahkan/{line.id}", data=hand | {f"serahkan-{line.id}-quantity": "301"}
        ).status_code
        == 422
    )
    assert client.post(f"{base}/serahkan/{line.id}", data=hand).status_code == 303
    (sent,) = queries.fulfilments_of([line.id])[line.id]
    sign_in(client, owner)
    assert "Surat jalan 12" in text_of(client.get(base))
    name = f"pastikan-{sent.id}"
    wrong = client.post(f"{base}/pastikan/{sent.id}", data={f"{name}-counted": "300", f"{name}-kept": "301"})
    assert wrong.status_code == 422
    kept = client.post(f"{base}/pastikan/{sent.id}", data={f"{name}-counted": "290", f"{name}-kept": "280"})
    assert kept.status_code == 303
    assert queries.get(pledge.id).state == PledgeState.partly_delivered
    assert queries.totals_for([need.id])[line.line_id].received == 280


def test_a_guest_link_confirms_without_sign_in(client: Client, session: Session) -> None:
    sent = pledges.handed_over(quantity=50)
    pledge = queries.get(_pledge_id(sent))
    session.commit()
    link = links.path(pledge.id, "receiver")
    assert client.get(link).status_code == 200
    assert client.get(link).headers["Referrer-Policy"] == "no-referrer"
    name = f"pastikan-{sent.id}"
    path, _, query = link.partition("?")
    done = client.post(
        f"{path}/pastikan/{sent.id}?{query}", data={f"{name}-counted": "50", f"{name}-kept": "50"}
    )
    assert done.status_code == 303
    assert queries.get(pledge.id).state == PledgeState.confirmed
    assert client.post(f"{path}/terima?{query}", data={}).status_code in {403, 422}


def _pledge_id(fulfilment: object) -> uuid.UUID:
    from coevolve.pledges.models import PledgeLine

    return db.get(PledgeLine, fulfilment.pledge_line_id).pledge_id  # type: ignore[attr-defined]


def test_strangers_see_nothing(client: Client, session: Session, sign_in: SignIn) -> None:
    pledge = pledges.accepted(quantity=10)
    line = pledges.the_line(pledge)
    other = pledges.handed_over(quantity=10)
    session.commit()
    base = f"/dukungan/{pledge.id}"
    addresses = [
        base,
        f"{base}?kunci=x",
        f"{base}?kunci={links.token(uuid7(), 'giver')}",
        f"{base}?kunci={links.token(pledge.id, 'staff')}",
        f"{base}/bayar",
        f"/dukungan/{uuid7()}",
    ]
    posts = [
        f"{base}/{step}"
        for step in ("terima", "tolak", "tarik", f"serahkan/{line.id}", f"jadwalkan/{line.id}")
    ]
    posts += [f"{base}/{step}/{other.id}" for step in ("pastikan", "gugat", "tidak-jadi")]
    for _round in range(2):
        for address in addresses:
            assert client.get(address).status_code == 404, address
        for address in posts:
            assert client.post(address, data={}).status_code == 404, address
        sign_in(client, people.person())
    sign_in(client, pledges.giver_of(pledge))
    for step in ("pastikan", "gugat", "tidak-jadi"):
        assert client.post(f"{base}/{step}/{other.id}", data={}).status_code == 404
    assert client.post(f"{base}/terima", data={}).status_code in {403, 422}


def test_the_receiver_sees_a_giver_of_money_only_when_shared(
    client: Client, session: Session, sign_in: SignIn
) -> None:
    campaign = listings.open_campaign()
    hidden = pledges.gift(campaign, by=people.person(name="Ibu Rahasia", email="rahasia@contoh.example"))
    shared = pledges.gift(campaign, by=people.person(name="Pak Terbuka"), shares_identity=True)
    for pledge in (hidden, shared):
        pledges.paid(pledge)
    sign_in(client, listings.owner_of(campaign))
    body = text_of(client.get(f"/dukungan/{hidden.id}"))
    assert "Rahasia" not in body
    assert "rahasia@" not in body
    assert "Pak Terbuka" in text_of(client.get(f"/dukungan/{shared.id}"))
    slug = db.get(Organisation, campaign.organisation_id).slug
    desk = text_of(client.get(f"/dasbor/{slug}/dukungan"))
    assert "Pak Terbuka" in desk
    assert "Rahasia" not in desk
    assert "Rahasia" not in text_of(client.get(f"/kampanye/{campaign.slug}"))


def test_lists_of_both_sides(client: Client, session: Session, sign_in: SignIn) -> None:
    need = listings.open_need()
    pledge = pledges.offered(need, quantity=340)
    slug = db.get(Organisation, need.organisation_id).slug
    assert client.get("/dasbor/dukungan").status_code in {302, 303}
    sign_in(client, pledges.giver_of(pledge))
    assert "340\u00a0meter" in text_of(client.get("/dasbor/dukungan"))
    assert "340\u00a0meter" not in text_of(client.get("/dasbor/dukungan?tahap=selesai"))
    assert client.get(f"/dasbor/{slug}/dukungan").status_code == 404
    sign_in(client, listings.owner_of(need))
    assert "340\u00a0meter" in text_of(client.get(f"/dasbor/{slug}/dukungan?tahap=menunggu"))
    assert client.get(f"/dasbor/{slug}/dukungan?tahap=x&sesudah=y").status_code == 200
    assert "Belum ada dukungan" in text_of(client.get("/dasbor/dukungan"))


def test_pages_of_lists(client: Client, session: Session, sign_in: SignIn) -> None:
    need, giver = listings.open_need(), people.person()
    for number in range(23):
        pledges.offered(need, by=giver, quantity=number + 1)
    sign_in(client, giver)
    first = text_of(client.get("/dasbor/dukungan"))
    (onward,) = re.findall(r'rel="next" href="([^"]+)"', first)
    second = text_of(client.get(onward))
    assert 'rel="next"' not in second
    seen = re.findall(r"/dukungan/[0-9a-f-]{36}", first) + re.findall(r"/dukungan/[0-9a-f-]{36}", second)
    assert len(set(seen)) == 23


def test_a_closed_listing_says_so(client: Client, session: Session) -> None:
    need = listings.open_need()
    listing_service.pause(listing_id=need.id, by=listings.owner_of(need))
    session.commit()
    assert "Sedang tidak menerima dukungan" in text_of(client.get(f"/dukung/{need.slug}"))
    assert give(client, need, amount="75.000", **GUEST).status_code == 200  # type: ignore[attr-defined]
    assert client.get("/dukung/tidak-ada").status_code == 404
    assert client.get(f"/dukung/{listings.draft().slug}").status_code == 404
    opportunity = listings.open_opportunity(lines=())
    assert client.get(f"/dukung/{opportunity.slug}").status_code == 303


def test_asking_on_a_standing_offer(client: Client, session: Session, sign_in: SignIn) -> None:
    offer = listings.open_offer(lines=(listings.room(30),))
    key = pledges.line_of(offer, "facility").id.hex
    cso = organisations.organisation()
    assert client.get(f"/dukung/{offer.slug}").headers["Location"].endswith(f"/minta/{offer.slug}")
    assert "Permintaan diajukan oleh organisasi" in text_of(client.get(f"/minta/{offer.slug}"))
    sign_in(client, organisations.owner_of(cso))
    assert client.get(f"/minta/{offer.slug}").status_code == 200
    asked = {"client_token": str(uuid7()), f"quantity_{key}": "3", "contact": "0812"}
    bare = client.post(f"/minta/{offer.slug}", data=asked)
    assert bare.status_code == 422
    assert 'id="message-error"' in text_of(bare)
    assert 'value="3"' in text_of(bare)
    sent = client.post(f"/minta/{offer.slug}", data=asked | {"message": "Untuk pelatihan kader"})
    assert sent.status_code == 303
    pledge = session.execute(select(Pledge)).scalar_one()
    assert pledge.state == PledgeState.requested
    sign_in(client, listings.owner_of(offer))
    line = pledges.the_line(pledge)
    body = text_of(client.get(f"/dukungan/{pledge.id}"))
    assert "Untuk pelatihan kader" in body
    assert (
        client.post(f"/dukungan/{pledge.id}/terima", data={f"terima-quantity-{line.id}": "3"}).status_code
        == 303
    )
    book = {
        f"jadwalkan-{line.id}-quantity": "3",
        f"jadwalkan-{line.id}-starts_at": "2027-02-01T08:00",
        f"jadwalkan-{line.id}-ends_at": "2027-02-04T08:00",
    }
    bad = client.post(
        f"/dukungan/{pledge.id}/jadwalkan/{line.id}", data=book | {f"jadwalkan-{line.id}-ends_at": "besok"}
    )
    assert bad.status_code == 422
    assert f'id="jadwalkan-{line.id}-ends_at-error"' in text_of(bad)
    assert client.post(f"/dukungan/{pledge.id}/jadwalkan/{line.id}", data=book).status_code == 303
    assert "Dipesan" in text_of(client.get(f"/dukungan/{pledge.id}"))


def test_declining_and_withdrawing_by_pages(client: Client, session: Session, sign_in: SignIn) -> None:
    one, other = pledges.offered(), pledges.offered()
    sign_in(client, pledges.receiver_of(one))
    assert client.post(f"/dukungan/{one.id}/tolak", data={"tolak-reason": " "}).status_code == 422
    assert client.post(f"/dukungan/{one.id}/tolak", data={"tolak-reason": "Sudah cukup"}).status_code == 303
    sign_in(client, pledges.giver_of(one))
    assert "Sudah cukup" in text_of(client.get(f"/dukungan/{one.id}"))
    sign_in(client, pledges.giver_of(other))
    assert client.post(f"/dukungan/{other.id}/tarik", data={}).status_code == 303
    assert client.post(f"/dukungan/{other.id}/tarik", data={}).status_code in {409, 422}


def test_pages_in_english(client: Client, session: Session, sign_in: SignIn) -> None:
    pledge = pledges.accepted(quantity=10)
    sign_in(client, pledges.giver_of(pledge))
    client.post("/bahasa", data={"ke": "en", "kembali": "/"})
    body = text_of(client.get(f"/dukungan/{pledge.id}"))
    assert '<html lang="en">' in body
    assert "Agreed" in body
    assert "Disepakati" not in body


def test_the_status_page_asks_a_fixed_number_of_questions(
    client: Client, session: Session, sign_in: SignIn, statements: list[str]
) -> None:
    need = listings.open_need()
    pledge = pledges.accepted(need, quantity=100)
    sign_in(client, pledges.giver_of(pledge))
    statements.clear()
    client.get("/dasbor/dukungan")
    one = len(statements)
    for _number in range(6):
        pledges.offered(need, by=pledges.giver_of(pledge), quantity=5)
    statements.clear()
    client.get("/dasbor/dukungan")
    assert len(statements) == one
