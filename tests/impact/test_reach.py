"""How pages travel: what chats and search engines are told, cards, embeds, posters, the map of addresses, offline."""

from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import brotli
import pypdf
import pytest
from PIL import Image

from coevolve import config
from coevolve.impact import addresses, service
from coevolve.kit import drawn, sharing
from coevolve.kit.db import commit
from coevolve.listings import service as listings_service
from coevolve.organisations import queries as organisation_queries
from coevolve.organisations import service as organisations_service
from tests.factories import listings, organisations, people
from tests.kit.test_sharing import HOSTILE
from tests.statements import counted

TITLES = [
    *(HOSTILE[name] for name in ("quotes", "markup", "rtl", "wide")), "🎉" * 9,
]  # fmt: skip
"""What people can really call a listing: between 8 and 120 letters, nothing that no page can hold."""
EMBED_MOST = 15 * 1024
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture(autouse=True)
def folder(app: Any, tmp_path: Path) -> Iterator[Path]:
    """Drawings of this test alone."""
    drawn._recent.clear()
    with config.overridden(data_dir=str(tmp_path)):
        yield tmp_path


def _text(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def _meta(page: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def _linked(page: str) -> list[dict[str, Any]]:
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert len(scripts) == 1
    return list(json.loads(scripts[0])["@graph"])


def _organisation_of(organisation_id: Any) -> Any:
    return organisation_queries.get(organisation_id)


def _path(listing: Any) -> str:
    word = {
        "need": "kebutuhan",
        "campaign": "kampanye",
        "standing_offer": "penawaran",
        "opportunity": "peluang",
    }
    return f"/{word[listing.kind]}/{listing.slug}"


# --- what pages say of themselves ---------------------------------------------------------------------


@pytest.mark.parametrize("title", TITLES)
def test_a_listing_says_what_it_is_whatever_its_title(client: Any, session: Any, title: str) -> None:
    need = listings.open_need(title=title)
    page = _text(client.get(_path(need)))
    said = _meta(page)
    assert len(said["og:title"]) <= 65
    assert said["og:title"] == sharing.shortened(need.title, 65)
    assert said["og:url"] == f"http://localhost{_path(need)}"
    assert f'<link rel="canonical" href="{said["og:url"]}">' in page
    assert said["twitter:card"] == "summary_large_image"
    assert len(said["og:description"]) <= 200
    gift, crumbs = _linked(page)
    assert gift["@type"] == "DonateAction"
    assert gift["name"] == need.title
    assert gift["target"].endswith(f"/dukung/{need.slug}")
    assert crumbs["itemListElement"][-1]["name"] == need.title
    card = client.get(urlsplit(said["og:image"]).path)
    assert card.mimetype == "image/jpeg"
    assert len(card.data) <= 300_000


def test_each_kind_is_what_search_engines_call_it(client: Any, session: Any) -> None:
    offer, campaign = listings.open_offer(), listings.open_campaign()
    opportunity = listings.opened(kind="opportunity", planning_on=dt.date(2027, 3, 1))
    for listing, kind in ((offer, "Offer"), (campaign, "DonateAction"), (opportunity, "Event")):
        assert _linked(_text(client.get(_path(listing))))[0]["@type"] == kind
    assert _linked(_text(client.get(_path(campaign))))[0]["priceSpecification"]["priceCurrency"] == "IDR"


def test_organisations_places_and_home_have_their_card(client: Any, session: Any) -> None:
    body = organisations.organisation()
    listings.open_need()
    service.roll_up()
    pages = {f"/organisasi/{body.slug}": "NGO", "/lokalitas/53": "AdministrativeArea", "/": "WebSite"}
    for path, kind in pages.items():
        page = _text(client.get(path))
        assert _linked(page)[0]["@type"] == kind, path
        said = _meta(page)
        assert len(said["og:title"]) <= 65
        card = client.get(urlsplit(said["og:image"]).path)
        assert (card.status_code, card.mimetype) == (200, "image/jpeg"), path
        assert Image.open(io.BytesIO(card.data)).size == (1200, 630)


def test_other_public_pages_show_the_card_of_the_house(client: Any, session: Any) -> None:
    said = _meta(_text(client.get("/bantuan")))
    assert said["og:title"]
    assert "og:image" not in _text(client.get("/luring"))
    answer = client.get(urlsplit(said["og:image"]).path, follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")


def test_pages_nobody_else_may_see_say_nothing(client: Any, sign_in: Any, session: Any) -> None:
    draft = listings.draft()
    sign_in(client, organisations.owner_of(_organisation_of(draft.organisation_id)))
    page = _text(client.get(_path(draft)))
    assert "og:image" not in page
    assert "ld+json" not in page
    assert "Bagikan" not in page


def test_a_page_can_be_passed_on(client: Any, session: Any) -> None:
    need = listings.open_need()
    page = _text(client.get(_path(need)))
    link = html.unescape(re.findall(r'href="(https://wa\.me/[^"]+)"', page)[0])
    assert parse_qs(urlsplit(link).query) == {"text": [f"{need.title}\nhttp://localhost{_path(need)}"]}
    assert f'data-copy="http://localhost{_path(need)}"' in page
    assert f'href="{_path(need)}/poster.pdf"' in page
    assert f'href="{_path(need)}/sematkan"' in page
    assert page.count('class="on-paper"') == 1


# --- cards --------------------------------------------------------------------------------------------


def _card_of(client: Any, listing: Any) -> str:
    return urlsplit(_meta(_text(client.get(_path(listing))))["og:image"]).path


def test_a_card_is_kept_for_ever_and_an_old_address_leads_to_it(
    client: Any, session: Any, folder: Path
) -> None:
    need = listings.open_need()
    now = _card_of(client, need)
    answer = client.get(now)
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    assert len(list(folder.glob("drawings/*/card-*.jpg"))) == 1
    listings_service.pause(
        listing_id=need.id, by=organisations.owner_of(_organisation_of(need.organisation_id))
    )
    commit()
    assert _card_of(client, need) != now
    old = client.get(now)
    assert (old.status_code, old.headers["Location"]) == (302, _card_of(client, need))


def test_made_up_hashes_draw_nothing(client: Any, session: Any, folder: Path) -> None:
    need = listings.open_need()
    for number in range(20):
        answer = client.get(f"/kartu/tayangan/{need.slug}-{number:016x}.jpg")
        assert answer.status_code == 302
    assert list(folder.glob("drawings/*/*")) == []


def test_what_is_not_public_has_no_card(client: Any, session: Any) -> None:
    draft = listings.draft()
    for path in (
        f"/kartu/tayangan/{draft.slug}-0000.jpg", "/kartu/tayangan/tidak-ada-0000.jpg", "/kartu/beranda/lain-0.jpg",
        "/kartu/organisasi/tidak-ada-0.jpg", "/kartu/lokalitas/99.99-0.jpg", "/kartu/tayangan/-.jpg",
        "/kartu/lain/x-0.jpg", "/kartu/tayangan/" + "x" * 3000 + "-0.jpg",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path


def test_too_many_at_once_are_asked_to_come_again(client: Any, session: Any) -> None:
    need = listings.open_need()
    card = _card_of(client, need)
    with config.overridden(drawings_per_minute=0):
        answer = client.get(card)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"


# --- embeds -------------------------------------------------------------------------------------------


def _embed(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    csp = answer.headers["Content-Security-Policy"]
    assert "frame-ancestors https:" in csp
    assert "script-src" not in csp
    assert "default-src 'none'" in csp
    assert "form-action 'none'" in csp
    assert "Set-Cookie" not in answer.headers
    page = _text(answer)
    assert "<form" not in page
    assert "<script" not in page
    for link in re.findall(r"<a [^>]*>", page):
        assert 'target="_blank" rel="noopener"' in link, link
        assert 'href="http://localhost/' in link, link
    style = (Path(sharing.__file__).parents[1] / "static" / "embed.css").read_bytes()
    assert len(answer.data) + len(style) <= EMBED_MOST
    assert len(brotli.compress(answer.data)) + len(brotli.compress(style)) <= 4_000
    return page


@pytest.mark.parametrize("title", TITLES)
def test_a_listing_stands_on_other_peoples_pages(client: Any, session: Any, title: str) -> None:
    need = listings.open_need(title=title)
    page = _embed(client, f"/sisip{_path(need)}")
    assert need.title in html.unescape(page)
    assert "Lihat dan dukung" in page
    english = _embed(client, f"/sisip{_path(need)}?bahasa=en")
    assert '<html lang="en">' in english
    assert "Lihat dan dukung" not in english


def test_an_embed_says_when_it_is_over(client: Any, session: Any) -> None:
    body = organisations.organisation()
    need = listings.open_need(organisation=body)
    path = f"/sisip{_path(need)}"
    listings_service.close(listing_id=need.id, by=organisations.owner_of(body), text="Sudah cukup")
    commit()
    assert "Ditutup" in _embed(client, path)
    other = listings.open_need(organisation=body)
    organisations_service.freeze(organisation_id=body.id, by=people.moderator().id, reason="Ada laporan")
    commit()
    page = _embed(client, f"/sisip{_path(other)}")
    assert "Sedang ditinjau" in page
    assert "Lihat dan dukung" not in page
    assert "meter" not in page
    assert "Sudah tidak ada" in _embed(client, "/sisip/kebutuhan/tidak-ada", 404)
    assert "Sudah tidak ada" in _embed(client, f"/sisip{_path(listings.draft())}", 404)


def test_a_place_stands_on_other_peoples_pages(client: Any, session: Any) -> None:
    need = listings.open_need()
    service.roll_up()
    page = _embed(client, "/sisip/lokalitas/53")
    assert need.title in page
    _embed(client, "/sisip/lokalitas/94")
    _embed(client, "/sisip/lokalitas/99.99", 404)


def test_only_embeds_may_be_framed(client: Any, session: Any) -> None:
    need = listings.open_need()
    for path in ("/", _path(need), "/lokalitas/53", "/luring", f"{_path(need)}/sematkan"):
        csp = client.get(path).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in csp, path
        assert ("frame-src 'self'" in csp) == path.endswith("sematkan"), path
        assert "worker-src 'self'" in csp
        assert "unsafe" not in csp


def test_the_line_to_copy_shows_what_will_be_seen(client: Any, session: Any) -> None:
    need = listings.open_need(title=HOSTILE["markup"])
    page = _text(client.get(f"{_path(need)}/sematkan"))
    assert f'src="/sisip{_path(need)}"' in page
    shown = html.unescape(re.findall(r"<p class=\"code\">(.*?)</p>", page, re.DOTALL)[0])
    assert shown.startswith(f'<iframe src="http://localhost/sisip{_path(need)}"')
    assert client.get("/lokalitas/53.02/sematkan").status_code == 200
    assert client.get("/kebutuhan/tidak-ada/sematkan").status_code == 404


# --- posters ------------------------------------------------------------------------------------------


def _words_of(raw: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(raw)).pages
    assert len(pages) == 1
    box = pages[0].mediabox
    assert (round(float(box.width)), round(float(box.height))) == (595, 842)
    return " ".join(pages[0].extract_text().split())


@pytest.mark.parametrize("title", [HOSTILE["typst"], HOSTILE["rtl"], HOSTILE["wide"], "🎉" * 9])
def test_a_poster_is_one_sheet_whatever_the_title(client: Any, session: Any, title: str) -> None:
    need = listings.open_need(title=title)
    answer = client.get(f"{_path(need)}/poster.pdf")
    assert answer.mimetype == "application/pdf"
    words = _words_of(answer.data)
    assert "Begini cara membantu" in words
    assert f"localhost{_path(need)}"[:30] in words
    assert len(answer.data) < 200_000


def test_posters_speak_both_languages(client: Any, session: Any) -> None:
    body = organisations.organisation()
    need = listings.open_need(organisation=body)
    service.roll_up()
    paths = (f"{_path(need)}/poster.pdf", f"/organisasi/{body.slug}/poster.pdf", "/lokalitas/53/poster.pdf")
    for path in paths:
        assert "Pindai" in _words_of(client.get(path).data), path
    client.set_cookie("lang", "en")
    for path in paths:
        words = _words_of(client.get(path).data)
        assert "Scan the code" in words, path
        assert "Pindai" not in words, path


def test_posters_of_what_is_not_public_are_not_there(client: Any, session: Any) -> None:
    for path in (
        f"{_path(listings.draft())}/poster.pdf",
        f"/organisasi/{organisations.draft().slug}/poster.pdf",
    ):
        assert client.get(path).status_code == 404
    need = listings.open_need()
    answer = client.get(f"/kampanye/{need.slug}/poster.pdf")
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{_path(need)}/poster.pdf")


# --- addresses ----------------------------------------------------------------------------------------


def _locations(client: Any, path: str) -> dict[str, str | None]:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml"), path
    tree = ET.fromstring(answer.data)
    return {one.findtext(f"{SITEMAP}loc"): one.findtext(f"{SITEMAP}lastmod") for one in tree}  # type: ignore[misc]


def test_the_map_of_addresses_names_all_that_is_public_and_no_more(
    client: Any, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "MOST", 2)
    body = organisations.organisation()
    shown = [listings.open_need(organisation=body) for _ in range(3)]
    hidden = listings.open_need(organisation=body)
    hidden.hidden_since = dt.date(2026, 1, 1)
    draft, frozen_body = listings.draft(), organisations.organisation()
    frozen = listings.open_need(organisation=frozen_body)
    organisations_service.freeze(
        organisation_id=frozen_body.id, by=people.moderator().id, reason="Ada laporan"
    )
    commit()
    parts = _locations(client, "/sitemap.xml")
    found: dict[str, str | None] = {}
    for part in parts:
        rows = _locations(client, urlsplit(part).path)
        if "lokalitas" not in part and "halaman" not in part:
            assert 1 <= len(rows) <= 2
        assert not set(rows) & set(found)
        found |= rows
    for one in shown:
        assert found[f"http://localhost{_path(one)}"] == f"{one.opened_at:%Y-%m-%dT%H:%M:%SZ}"
    assert f"http://localhost/organisasi/{body.slug}" in found
    for secret in (_path(hidden), _path(draft), _path(frozen), f"/organisasi/{frozen_body.slug}"):
        assert f"http://localhost{secret}" not in found
    for page in addresses.PAGES:
        assert client.get(page).status_code == 200, page


def test_the_map_costs_few_statements_and_is_kept(client: Any, session: Any) -> None:
    for _ in range(3):
        listings.open_need()
    commit()
    with counted() as first:
        client.get("/sitemap/tayangan-1.xml")
    with counted() as second:
        client.get("/sitemap/tayangan-1.xml")
    assert (len(first), len(second)) == (2, 0)


@pytest.mark.parametrize(
    "name", ["tayangan-0", "tayangan-99", "tayangan-", "x-1", "tayangan-1e3", "tayangan--1", "²"]
)
def test_parts_that_are_not_there(client: Any, session: Any, name: str) -> None:
    assert client.get(f"/sitemap/{name}.xml").status_code == 404


def test_robots_are_told_where_to_go(client: Any, session: Any) -> None:
    words = _text(client.get("/robots.txt"))
    assert "Sitemap: http://localhost/sitemap.xml" in words
    for door in addresses.CLOSED_DOORS:
        assert f"Disallow: {door}\n" in words
    with config.overridden(env="demo"):
        assert _text(client.get("/robots.txt")) == "User-agent: *\nDisallow: /\n"


# --- offline ------------------------------------------------------------------------------------------


def test_the_worker_keeps_files_that_exist(client: Any, session: Any) -> None:
    answer = client.get("/sw.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "no-cache"
    shell = json.loads(re.findall(r"SHELL = (\[.*?\]);", _text(answer))[0])
    assert "/luring" in shell
    for path in shell:
        with client.get(path) as file:
            assert file.status_code == 200, path
    page = _text(client.get("/"))
    for path in shell:
        assert path in page or path == "/luring", path


def test_pages_of_signed_in_people_are_kept_by_nobody(client: Any, sign_in: Any, session: Any) -> None:
    need = listings.open_need()
    paths = ("/", _path(need), "/lokalitas/53", "/jelajah", "/organisasi", "/peta")
    for path in paths:
        assert "no-store" not in client.get(path).headers["Cache-Control"]
    sign_in(client, people.person())
    for path in paths:
        assert "no-store" in client.get(path).headers["Cache-Control"], path


def test_the_offline_page_is_nobodys(client: Any, sign_in: Any, session: Any) -> None:
    before = _text(client.get("/luring"))
    sign_in(client, people.person(name="Rahasia Sekali"))
    after = _text(client.get("/luring"))
    assert "Rahasia" not in after
    assert "Dasbor saya" not in after
    assert "Sedang luring" in before
