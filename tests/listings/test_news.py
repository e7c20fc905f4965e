"""Updates: members tell, givers hear once, pages show them, a moderator may hide them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.disbursements import queries as disbursement_queries
from coevolve.disbursements import service as disbursement_service
from coevolve.journal.models import JournalDue, JournalLine
from coevolve.kit import clock
from coevolve.kit.errors import Forbidden, Invalid, NotFound
from coevolve.kit.money import rupiah
from coevolve.listings import queries, service
from coevolve.listings.models import Listing
from coevolve.listings.news_models import ListingUpdate
from coevolve.notifications.models import Message
from coevolve.organisations import queries as organisation_queries
from coevolve.pledges import service as pledges
from tests.factories import disbursements, organisations, people
from tests.factories import listings as factory
from workers.reactions import REACTIONS

TEXT = "Empat puluh batang pipa sudah terpasang, dan air mengalir sejak pagi ini."


def _base(listing: Listing) -> str:
    slug = organisation_queries.get(listing.organisation_id).slug
    return f"/dasbor/{slug}/listing/{listing.id}/kabar"


def _hear(update: ListingUpdate) -> int:
    """What the worker does with the journal line."""
    return pledges.tell_givers(about_id=update.id, journal_id=0)


# --- writing -------------------------------------------------------------------------------------------------------


def test_an_update_is_a_draft_until_it_is_published(session: Session) -> None:
    listing = factory.open_campaign()
    update = factory.told(listing, publish=False)
    assert queries.updates_of(listing_id=listing.id) == []
    photo = service.add_update_photo(
        update_id=update.id,
        by=factory.owner_of(listing),
        photo=factory.picture(),
        name="a.jpg",
        alt="Warga memasang pipa",
    )
    assert not queries.photo_uses(photo.key).is_public
    service.publish_update(update_id=update.id, by=factory.owner_of(listing))
    [shown] = queries.updates_of(listing_id=listing.id)
    assert [one.key for one in shown.photos] == [photo.key]
    assert queries.photo_uses(photo.key).is_public
    assert listing.cover is None
    line = session.execute(
        select(JournalLine).where(JournalLine.kind == "listing.update_published")
    ).scalar_one()
    assert line.about_id == update.id
    due = select(JournalDue).where(JournalDue.journal_id == line.id)
    assert session.execute(due).scalars().one()
    assert REACTIONS["listing.update_published"] == [pledges.tell_givers]


def test_the_same_form_twice_is_one_update(session: Session) -> None:
    listing = factory.open_need()
    owner, token = factory.owner_of(listing), uuid.uuid4()
    made = [
        service.write_update(
            listing_id=listing.id, by=owner, client_token=token, title="Pipa terpasang", text=TEXT
        )
        for _ in range(2)
    ]
    assert made[0].id == made[1].id
    member = organisations.member(organisation_queries.get(listing.organisation_id))
    with pytest.raises(NotFound):
        service.write_update(
            listing_id=listing.id, by=member, client_token=token, title="Pipa terpasang", text=TEXT
        )


def test_words_money_and_photos_are_checked(session: Session) -> None:
    listing = factory.open_campaign()
    line, thing = factory.lines_of(listing)
    wrong = (
        ({"title": "abc"}, "title"),
        ({"text": "Pendek."}, "text"),
        ({"line_id": thing.id}, "line"),
        ({"line_id": None, "amount": 50_000_00}, "line"),
        ({"line_id": line.id, "amount": -100}, "amount"),
        ({"line_id": line.id, "amount": 101}, "amount"),
    )
    for words, field in wrong:
        with pytest.raises(Invalid) as refused:
            factory.told(listing, **words)
        assert refused.value.field == field
    made = factory.told(listing, line_id=line.id, amount=rupiah(500_000).amount)
    [shown] = queries.updates_of(listing_id=listing.id)
    assert (shown.line, shown.amount) == (line.label, 50_000_000)
    assert made.unit == "IDR"
    draft = factory.told(listing, publish=False)
    for number in range(7):
        if number == 6:
            with pytest.raises(Invalid, match="paling banyak 6"):
                _photo(draft, listing, number)
        else:
            _photo(draft, listing, number)


def _photo(update: ListingUpdate, listing: Listing, number: int) -> None:
    service.add_update_photo(
        update_id=update.id,
        by=factory.owner_of(listing),
        photo=factory.picture(number, size=(500, 400)),
        name="a.jpg",
        alt=f"Warga memasang pipa {number}",
    )


def test_only_members_tell_and_only_of_what_is_public(session: Session) -> None:
    listing = factory.open_campaign()
    owner = factory.owner_of(listing)
    treasurer = organisations.member(organisation_queries.get(listing.organisation_id), role="finance")
    factory.told(listing, by=treasurer)
    for stranger in (organisations.owner_of(organisations.organisation()), people.moderator()):
        with pytest.raises(NotFound):
            factory.told(listing, by=stranger)
    draft = factory.draft()
    with pytest.raises(Forbidden):
        factory.told(draft)
    service.pause(listing_id=listing.id, by=owner)
    factory.told(listing)
    service.close(listing_id=listing.id, by=owner, text="Sudah selesai semuanya")
    late = factory.told(listing, publish=False)
    frozen = factory.open_campaign()
    kept = factory.told(frozen)
    service.freeze(listing_id=frozen.id, by=people.moderator(), text="Sedang diperiksa")
    with pytest.raises(Forbidden):
        factory.told(frozen)
    assert queries.shown_update(kept.id) is None
    service.publish_update(update_id=late.id, by=owner)
    assert len(queries.updates_of(listing_id=listing.id)) == 3


def test_it_may_be_changed_for_an_hour_and_says_so(session: Session, client: FlaskClient) -> None:
    listing = factory.open_campaign()
    owner = factory.owner_of(listing)
    update = factory.told(listing)
    assert update.edited_at is None
    service.revise_update(update_id=update.id, by=owner, title="Pipa terpasang sampai bak")
    page = client.get(f"/kampanye/{listing.slug}/kabar/{update.id}")
    assert "diubah" in page.text
    assert "Pipa terpasang sampai bak" in page.text
    with pytest.raises(Invalid):
        service.drop_update(update_id=update.id, by=owner)
    with clock.travel(dt.timedelta(minutes=61)), pytest.raises(Forbidden):
        service.revise_update(update_id=update.id, by=owner, title="Terlambat diubah")
    draft = factory.told(listing, publish=False)
    service.drop_update(update_id=draft.id, by=owner)
    assert queries.find_update(draft.id) is None


# --- who hears -----------------------------------------------------------------------------------------------------


def test_every_giver_hears_once(session: Session) -> None:
    at = disbursements.ground(whole=0)
    giver = people.person(name="Rosalina")
    for _ in range(2):
        disbursements.give(at.listing, 1_000_000, by=giver)
    disbursements.give(at.listing, 500_000, by=people.person())
    unpaid = people.person()
    update = factory.told(at.listing, title="Pipa sampai di dusun")
    assert _hear(update) > 0
    assert _hear(update) == 0
    rows = session.execute(select(Message).where(Message.kind == "listing.update")).scalars().all()
    mine = [row for row in rows if row.person_id == giver.id]
    assert sorted(row.channel for row in mine) == ["email", "site"]
    assert mine[0].data["path"] == f"/kampanye/{at.listing.slug}/kabar/{update.id}"
    assert mine[0].data["update"] == "Pipa sampai di dusun"
    assert unpaid.id not in {row.person_id for row in rows}
    assert len({(row.person_id, row.channel) for row in rows}) == len(rows)


def test_nobody_hears_of_what_was_hidden_meanwhile(session: Session) -> None:
    at = disbursements.ground(whole=1_000_000)
    update = factory.told(at.listing)
    service.hide_update(update_id=update.id, by=people.moderator(), reason="Menampilkan wajah anak")
    assert _hear(update) == 0
    told = select(Message).where(Message.kind == "listing.update_hidden")
    rows = session.execute(told).scalars().all()
    assert {row.data["reason"] for row in rows} == {"Menampilkan wajah anak"}


# --- the next disbursement waits --------------------------------------------------------------------------------------


def test_the_next_disbursement_waits_for_an_update(
    session: Session, client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    at = disbursements.ground()
    disbursements.settled(at, whole=500_000)
    waiting = disbursements.approved(at, whole=300_000)
    with pytest.raises(Exception, match="belum dikabarkan") as held:
        _release(at, waiting.id)
    assert held.value.code == "held_update_missing"
    sign_in(client, at.owner)
    desk = client.get("/dasbor").text
    assert f"Tulis kabar tentang dana yang sudah masuk: {at.listing.title}" in desk
    funds = client.get(f"/dasbor/{at.organisation.slug}/penyaluran").text
    assert "Kabar ditunggu" in funds
    assert f"/listing/{at.listing.id}/kabar/tulis" in funds
    draft = factory.told(at.listing, publish=False)
    with pytest.raises(Exception, match="belum dikabarkan"):
        _release(at, waiting.id)
    service.publish_update(update_id=draft.id, by=at.owner)
    service.hide_update(update_id=draft.id, by=people.moderator(), reason="Bukan tentang kegiatan ini")
    with pytest.raises(Exception, match="belum dikabarkan"):
        _release(at, waiting.id)
    factory.told(at.listing)
    assert _release(at, waiting.id).state == "released"
    assert "Tulis kabar tentang dana" not in client.get("/dasbor").text


def _release(at: disbursements.Ground, disbursement_id: uuid.UUID) -> Any:
    return disbursement_service.release(disbursement_id=disbursement_id, by=at.finance)


def test_money_that_came_back_asks_for_no_update(session: Session) -> None:
    at = disbursements.ground()
    made = disbursements.settled(at, whole=500_000)
    assert disbursement_queries.untold_since(at.listing.id) is not None
    disbursements.bounce(made)
    assert disbursement_queries.untold_since(at.listing.id) is None
    assert disbursement_queries.untold_listings(at.organisation.id) == []


# --- pages ---------------------------------------------------------------------------------------------------------


def test_the_listings_page_shows_the_newest_and_leads_to_all(session: Session, client: FlaskClient) -> None:
    listing = factory.open_campaign()
    for number in range(12):
        with clock.travel(dt.timedelta(minutes=number)):
            factory.told(listing, title=f"Kabar ke-{number:02}")
    page = client.get(f"/kampanye/{listing.slug}").text
    assert [f"Kabar ke-{number:02}" in page for number in (11, 10, 9, 8)] == [True, True, True, False]
    assert "Semua kabar (12)" in page
    first = client.get(f"/kampanye/{listing.slug}/kabar").text
    assert "Kabar ke-02" in first
    assert "Kabar ke-01" not in first
    onward = first.split('rel="next" href="')[1].split('"')[0]
    rest = client.get(onward).text
    assert ["Kabar ke-01" in rest, "Kabar ke-00" in rest, "Kabar ke-02" in rest] == [True, True, False]
    assert client.get(f"/kampanye/{listing.slug}/kabar?sesudah=omong-kosong").status_code == 200
    assert client.get(f"/kebutuhan/{listing.slug}/kabar").status_code == 301


def test_the_organisation_and_the_place_show_the_latest(session: Session, client: FlaskClient) -> None:
    listing = factory.open_campaign()
    factory.told(listing, title="Air sudah mengalir di dusun")
    organisation = organisation_queries.get(listing.organisation_id)
    assert "Air sudah mengalir di dusun" in client.get(f"/organisasi/{organisation.slug}").text
    for code in (listing.regency_code, listing.province_code):
        assert "Air sudah mengalir di dusun" in client.get(f"/lokalitas/{code}").text
        assert len(queries.updates_of(place=code)) == 1
    assert "Air sudah mengalir" not in client.get("/lokalitas/11").text
    assert [one.title for one in queries.updates_of(place="ID")] == ["Air sudah mengalir di dusun"]


def test_a_moderator_hides_and_shows_again(
    session: Session, client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    listing = factory.open_campaign()
    update = factory.told(listing)
    path = f"/kampanye/{listing.slug}/kabar/{update.id}"
    assert client.post(f"{path}/sembunyikan", data={"reason": "Tidak pantas"}).status_code in {302, 303, 401}
    sign_in(client, factory.owner_of(listing))
    assert client.post(f"{path}/sembunyikan", data={"reason": "Tidak pantas"}).status_code in {403, 404}
    assert "Sembunyikan kabar ini" not in client.get(path).text
    sign_in(client, people.moderator())
    assert "Sembunyikan kabar ini" in client.get(path).text
    empty = client.post(f"{path}/sembunyikan", data={"reason": "x"})
    assert empty.status_code == 422
    assert "Tulis alasannya" in empty.text
    assert client.post(f"{path}/sembunyikan", data={"reason": "Menampilkan wajah anak"}).status_code == 303
    assert "Tidak tampil untuk umum" in client.get(path).text
    client.post("/keluar")
    assert client.get(path).status_code == 404
    assert update.title not in client.get(f"/kampanye/{listing.slug}").text
    sign_in(client, factory.owner_of(listing))
    assert "Menampilkan wajah anak" in client.get(_base(listing)).text
    sign_in(client, people.moderator())
    assert client.post(f"{path}/tampilkan").status_code == 303
    client.post("/keluar")
    assert client.get(path).status_code == 200


def test_writing_with_a_photo_through_the_pages(
    session: Session, client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    listing = factory.open_campaign()
    base = _base(listing)
    stranger = organisations.owner_of(organisations.organisation())
    sign_in(client, stranger)
    for path in (base, f"{base}/tulis"):
        assert client.get(path).status_code == 404
    sign_in(client, factory.owner_of(listing))
    empty = client.post(f"{base}/tulis", data={"title": "Pipa", "text": "", "line": "", "amount": ""})
    assert empty.status_code == 422
    assert 'value="Pipa"' in empty.text
    line = factory.lines_of(listing)[0]
    words = {"title": "Pipa terpasang", "text": TEXT, "line": str(line.id), "amount": "500 rb"}
    wrong = client.post(f"{base}/tulis", data=words)
    assert "Maksud Anda 500.000" in wrong.text
    saved = client.post(
        f"{base}/tulis", data=words | {"amount": "500.000", "client_token": str(uuid.uuid4())}
    )
    assert saved.status_code == 303
    own = saved.headers["Location"]
    sent = client.post(own, data={"photo": (factory.picture(), "a.jpg"), "alt": "Warga memasang pipa"})
    assert sent.status_code == 303
    page = client.get(own).text
    assert "Rp\u00a0500.000 untuk" in page
    assert 'alt="Warga memasang pipa"' in page
    assert "Terbitkan sekarang" in page
    changed = client.post(f"{own}/ubah", data=words | {"amount": "", "title": "Pipa sudah terpasang"})
    assert changed.status_code == 303
    update = queries.find_update(uuid.UUID(own.rsplit("/", 1)[1]))
    assert update is not None
    assert update.amount is None
    sign_in(client, stranger)
    assert client.post(f"{own}/terbitkan").status_code == 404
    sign_in(client, factory.owner_of(listing))
    for _ in range(2):
        assert client.post(f"{own}/terbitkan").status_code == 303
    assert update.published_at is not None
    public = client.get(f"/kampanye/{listing.slug}/kabar/{update.id}")
    assert "Pipa sudah terpasang" in public.text
