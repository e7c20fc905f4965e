"""The public pages and the editor: addresses, access, words, statements, what was typed."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.listings import queries, service
from coevolve.listings.models import Kind, Listing
from tests.factories import listings, organisations, people
from tests.listings.test_browse import statements

PATHS = {"need": "kebutuhan", "campaign": "kampanye", "standing_offer": "penawaran", "opportunity": "peluang"}


def path_of(listing: Listing) -> str:
    return f"/{PATHS[listing.kind]}/{listing.slug}"


# --- public -------------------------------------------------------------------------------------------


def test_each_kind_has_its_page(client: FlaskClient, session: Session) -> None:
    for made in (
        listings.open_need(),
        listings.open_campaign(),
        listings.open_offer(),
        listings.open_opportunity(),
    ):
        page = client.get(path_of(made))
        assert page.status_code == 200, page.text
        assert made.title in page.text
        assert f'rel="canonical" href="http://localhost{path_of(made)}"' in page.text


def test_a_campaign_shows_money_things_and_story(client: FlaskClient, session: Session) -> None:
    made = listings.open_campaign(story=f"{listings.STORY}\n\n**Tebal** <script>alert(1)</script>")
    page = client.get(path_of(made)).text
    assert "Rp\u00a010.000.000" in page
    assert f'action="/dukung/{made.slug}"' in page
    assert "Tidak hanya uang" in page
    line = next(line for line in listings.lines_of(made) if line.kind == "goods")
    assert f"/dukung/{made.slug}?baris={line.id}" in page
    assert "<strong>Tebal</strong>" in page
    assert "<script>alert" not in page
    assert f"/laporkan/{made.slug}" in page
    assert "wa.me" in page


def test_old_and_wrong_addresses_redirect(client: FlaskClient, session: Session) -> None:
    made = listings.draft(title="Sumur bor untuk Oelbubuk")
    old = made.slug
    owner = listings.owner_of(made)
    service.revise(listing_id=made.id, by=owner, title="Sumur dalam untuk Oelbubuk")
    service.submit(listing_id=made.id, by=owner)
    service.open_(listing_id=made.id, by=people.moderator())
    for wrong in (f"/kebutuhan/{old}", f"/kampanye/{made.slug}", f"/peluang/{old}"):
        moved = client.get(wrong)
        assert moved.status_code == 301
        assert moved.location == path_of(made)
    for absent in ("/kebutuhan/tidak-ada", "/kebutuhan/" + "x" * 500, "/kebutuhan/%ff", "/lainnya/x"):
        assert client.get(absent).status_code == 404


def test_what_is_not_open_says_so_and_takes_nothing(client: FlaskClient, session: Session) -> None:
    made = listings.open_campaign()
    service.pause(listing_id=made.id, by=listings.owner_of(made))
    page = client.get(path_of(made)).text
    assert "Sedang dijeda" in page
    assert "/dukung/" not in page


def test_a_frozen_organisation_takes_nothing(client: FlaskClient, session: Session) -> None:
    from coevolve.organisations import service as organisation_service

    made = listings.open_campaign()
    organisation_service.freeze(
        organisation_id=made.organisation_id, by=people.moderator().id, reason="Laporan sedang diperiksa."
    )
    page = client.get(path_of(made)).text
    assert "Sedang ditinjau" in page
    assert "/dukung/" not in page


def test_drafts_are_seen_by_members_and_moderators_only(
    client: FlaskClient, session: Session, sign_in: Any
) -> None:
    made = listings.draft()
    assert client.get(path_of(made)).status_code == 404
    for who, status in (
        (people.person(), 404),
        (people.finance(), 404),
        (listings.owner_of(made), 200),
        (people.moderator(), 200),
    ):
        sign_in(client, who)
        page = client.get(path_of(made))
        assert page.status_code == status
        assert status == 404 or "Pratinjau" in page.text


def test_four_statements_for_one_line_and_for_many(client: FlaskClient, session: Session) -> None:
    small = listings.open_campaign(lines=(listings.money(),))
    large = listings.open_campaign(lines=(*[listings.money()] * 8, *[listings.goods()] * 8, listings.hours()))
    paths = [path_of(small), path_of(large)]
    client.get(paths[0])
    counts = []
    for path in paths:
        with statements() as sent:
            assert client.get(path).status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 4, "\n".join(one[:150] for one in sent)


# --- the editor ---------------------------------------------------------------------------------------


@pytest.fixture
def desk(session: Session, client: FlaskClient, sign_in: Any) -> tuple[Any, Any]:
    """A checked organisation with its owner signed in."""
    owner = people.person()
    organisation = organisations.organisation(owner=owner)
    sign_in(client, owner)
    return organisation, owner


def test_from_a_title_to_the_moderators(client: FlaskClient, desk: Any, session: Session) -> None:
    organisation, _owner = desk
    base = f"/dasbor/{organisation.slug}/listing"
    assert "Belum ada tayangan" in client.get(base).text
    form = client.get(f"{base}/baru").text
    token = re.search(r'name="client_token"[^>]*value="([^"]+)"', form)
    assert token
    data = {"client_token": token.group(1), "kind": "campaign", "title": "Air bersih untuk 312 keluarga"}
    first, again = client.post(f"{base}/baru", data=data), client.post(f"{base}/baru", data=data)
    assert first.status_code == 303
    assert first.location == again.location
    one = first.location
    assert "Belum lengkap" in client.get(one).text
    closes = (clock.today() + dt.timedelta(days=60)).isoformat()
    basics = {
        "title": data["title"],
        "summary": "Pipa dan bak untuk 312 keluarga.",
        "sector": "water",
        "closes_on": closes,
    }
    steps = [
        (f"{one}/dasar", basics),
        (f"{one}/lokasi", {"locality": "Kabupaten Timor Tengah Selatan"}),
        (f"{one}/cerita", {"story": listings.STORY}),
        (
            f"{one}/kebutuhan/baru/money",
            {
                "label": "Pipa",
                "category": "materials",
                "quantity": "120.000.000",
                "unit": "IDR",
                "is_required": "y",
            },
        ),
        (
            f"{one}/kebutuhan/baru/goods",
            {"label": "Pipa HDPE", "category": "water_equipment", "quantity": "800", "unit": "X:METRE"},
        ),
    ]
    for path, fields in steps:
        assert client.get(path).status_code == 200, path
        saved = client.post(path, data=fields)
        assert saved.status_code == 303, (path, re.findall(r'class="error"[^>]*>(.*?)</p>', saved.text))
    assert "Rp\u00a0120.000.000" in client.get(f"{one}/kebutuhan").text
    assert "Kirim untuk diperiksa" in client.get(f"{one}/kirim").text
    assert client.post(f"{one}/kirim").status_code == 303
    made = session.execute(select(Listing).where(Listing.organisation_id == organisation.id)).scalar_one()
    assert made.state == "in_review"
    assert made.regency_code == "53.02"
    assert client.get(f"{one}/dasar").status_code == 403
    assert client.get(base).text.count("Diperiksa") == 1


def _draft(desk: Any, **over: Any) -> tuple[Listing, str]:
    organisation, owner = desk
    made = listings.draft(organisation=organisation, by=owner, **over)
    return made, f"/dasbor/{organisation.slug}/listing/{made.id}"


WRONG_LINES = [
    ("money", {"quantity": "75.000,50"}, "75.000"),
    ("money", {"quantity": "-1"}, ""),
    ("money", {"quantity": "1e5"}, ""),
    ("money", {"quantity": "1,5 juta"}, "1.500.000"),
    ("money", {"quantity": str(2**63)}, ""),
    ("money", {"quantity": "\u0661\u0662\u0663"}, ""),
    ("money", {"label": ""}, ""),
    ("money", {"label": "x" * 200}, ""),
    ("goods", {"quantity": "0"}, ""),
    ("goods", {"quantity": "2,5"}, ""),
    ("goods", {"unit": "X:HOUR"}, ""),
    ("goods", {"category": "magic"}, ""),
    ("goods", {"needed_until": "31/02/2027"}, ""),
    ("goods", {"needed_until": "besok"}, ""),
    ("goods", {"needed_from": "2027-02-01", "needed_until": "2027-01-01"}, ""),
    ("goods", {"min_useful_quantity": "900"}, ""),
    ("goods", {"people_reached": "banyak"}, ""),
    ("goods", {"unit_value": "10.000"}, ""),
    ("goods", {"label": "Pipa\x00"}, None),
]


def test_wrong_lines_say_why_and_keep_what_was_typed(client: FlaskClient, desk: Any) -> None:
    made, base = _draft(desk, kind=Kind.campaign, lines=())
    for kind, wrong, proposed in WRONG_LINES:
        good = {"label": "Pipa HDPE dua inci", "quantity": "800"}
        rest = ("materials", "IDR") if kind == "money" else ("building", "X:METRE")
        good |= dict(zip(("category", "unit"), rest, strict=True))
        answer = client.post(f"{base}/kebutuhan/baru/{kind}", data=good | wrong)
        assert answer.status_code in (422, 400), wrong
        if proposed is None:
            continue
        assert 'class="error"' in answer.text, wrong
        assert "Pipa HDPE dua inci" in answer.text or "label" in wrong
        if proposed:
            assert proposed in answer.text
    assert queries.lines_of(made.id) == []


def test_wrong_basics_say_why_and_keep_what_was_typed(client: FlaskClient, desk: Any) -> None:
    _made, base = _draft(desk)
    good = {"title": "Air bersih untuk warga", "summary": "Sebuah ringkasan yang khas", "sector": "water"}
    for wrong in (
        {"title": ""},
        {"title": "Pendek"},
        {"title": "x" * 121},
        {"summary": "x" * 281},
        {"sector": "magic"},
        {"closes_on": "2020-01-01"},
        {"closes_on": "99/99/2026"},
        {"closes_on": "9" * 400},
    ):
        answer = client.post(f"{base}/dasar", data=good | wrong)
        assert answer.status_code == 422, wrong
        assert "Sebuah ringkasan yang khas" in answer.text or "summary" in wrong
    for place in ("", "Kota Antah Berantah", "bandung", "\x00", "x" * 5_000):
        assert client.post(f"{base}/lokasi", data={"locality": place}).status_code in (422, 400), place
    assert client.post(f"{base}/cerita", data={"story": "x" * 20_001}).status_code == 422


def test_lines_are_changed_and_removed(client: FlaskClient, desk: Any) -> None:
    made, base = _draft(desk, lines=(listings.goods(), listings.money()))
    pipe, money = queries.lines_of(made.id)
    form = client.get(f"{base}/kebutuhan/{money.id}").text
    assert 'value="10.000.000"' in form
    assert client.get(f"{base}/kebutuhan/{pipe.id}").status_code == 200
    changed = {"label": "Pipa 3 inci", "category": "building", "unit": "X:METRE", "quantity": "500"}
    assert client.post(f"{base}/kebutuhan/{pipe.id}", data=changed).status_code == 303
    assert client.post(f"{base}/kebutuhan/{money.id}/hapus").status_code == 303
    assert [(line.label, line.quantity) for line in queries.lines_of(made.id)] == [("Pipa 3 inci", 500)]
    assert client.get(f"{base}/kebutuhan/{uuid.uuid4()}").status_code == 404


def test_remarks_stand_beside_their_fields(client: FlaskClient, desk: Any, session: Session) -> None:
    organisation, owner = desk
    made = listings.submitted(organisation=organisation, by=owner)
    service.return_(
        listing_id=made.id,
        by=people.moderator(),
        text="Dua hal perlu diperbaiki.",
        remarks={"summary": "Sebut nama desanya.", "lines": "Rinci pipanya."},
    )
    session.commit()
    base = f"/dasbor/{organisation.slug}/listing/{made.id}"
    tasks = client.get(base).text
    assert "Perlu perbaikan" in tasks
    assert "Sebut nama desanya." in client.get(f"{base}/dasar").text
    assert "Rinci pipanya." in client.get(f"{base}/kebutuhan").text


def test_pause_resume_confirm_and_close_ask_first(client: FlaskClient, desk: Any, session: Session) -> None:
    organisation, owner = desk
    made = listings.opened(organisation=organisation, by=owner)
    base = f"/dasbor/{organisation.slug}/listing/{made.id}"
    for act, state in (
        ("konfirmasi", "open"),
        ("jeda", "paused"),
        ("tayangkan", "open"),
        ("tutup", "closed"),
    ):
        assert client.get(f"{base}/{act}").status_code == 200
        assert (
            client.post(f"{base}/{act}", data={"closes_on": made.closes_on.isoformat()}).status_code == 303
        ), act
        session.refresh(made)
        assert made.state == state
    assert client.post(f"{base}/jeda").status_code in (409, 422)


def test_the_editor_is_absent_for_others(client: FlaskClient, desk: Any, sign_in: Any) -> None:
    made, base = _draft(desk)
    paths = ["", "/dasar", "/lokasi", "/cerita", "/kebutuhan", "/kebutuhan/baru/goods", "/kirim", "/jeda"]
    elsewhere = people.person()
    organisations.organisation(owner=elsewhere)
    accountant = organisations.member(desk[0], role="finance")
    for who, status in ((elsewhere, 404), (people.moderator(), 404)):
        sign_in(client, who)
        for path in paths:
            assert client.get(base + path).status_code == status, path
            assert client.post(base + path).status_code in (404, 405), path
    sign_in(client, accountant)
    assert client.get(base).status_code == 200
    for path in paths[1:]:
        assert client.get(base + path).status_code == 403, path
    client.delete_cookie("session")
    assert made.title


def test_an_unchecked_organisation_may_write_but_not_send(
    client: FlaskClient, session: Session, sign_in: Any
) -> None:
    owner = people.person()
    organisation = organisations.draft(owner=owner)
    made = listings.draft(organisation=organisation, by=owner)
    sign_in(client, owner)
    base = f"/dasbor/{organisation.slug}/listing/{made.id}"
    assert "perlu diperiksa dahulu" in client.get(base).text
    assert client.post(f"{base}/kirim").status_code == 422
