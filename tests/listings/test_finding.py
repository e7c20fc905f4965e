"""Several places and sectors, the finer filters, the map, the feed, the table, and what is perhaps meant."""

from __future__ import annotations

import csv
import datetime as dt
import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from coevolve.impact import service as impact
from coevolve.kit import clock, invariants
from coevolve.kit.errors import Invalid
from coevolve.listings import queries, service
from coevolve.listings.invariants import INVARIANTS
from coevolve.listings.models import Listing
from coevolve.listings.queries import Query
from coevolve.localities import queries as localities
from tests.factories import listings, organisations, people

ATOM = "{http://www.w3.org/2005/Atom}"
Several = tuple[Listing, Listing]


@pytest.fixture
def several(session: Session) -> Several:
    """A need in three places and two sectors, and a plain one."""
    moderators = people.moderator(), people.moderator()
    cso = organisations.organisation(name="Yayasan Bambu Lestari")
    wide = listings.open_need(
        organisation=cso,
        moderators=moderators,
        title="Sekolah darurat dan sumur untuk tiga daerah",
        more_localities=["53.01", "52.01", "53.02"],
        more_sectors=["education", "water"],
        lines=(listings.money(20_000_000), listings.goods()),
    )
    plain = listings.open_need(organisation=cso, moderators=moderators, title="Benih padi bagi petani")
    return wide, plain


def _found(**asked: Any) -> list[Any]:
    place = asked.pop("place", None)
    return [row.id for row in queries.browse(Query(place=localities.find(place), **asked)).rows]


def test_it_stands_in_each_place_and_sector_and_counts_once(several: Several) -> None:
    wide, plain = several
    assert wide.more_localities == ["53.01", "52.01"]  # the main place is not named again
    assert wide.more_sectors == ["education"]
    for place in ("53.01", "52.01", "52", "53", "BNT", "ID"):
        assert wide.id in _found(place=place), place
        assert len(_found(place=place)) == len(set(_found(place=place)))
    assert _found(place="52") == [wide.id]
    assert _found(sector="education", place="52.01") == [wide.id]
    assert _found() == [plain.id, wide.id]
    for fold in (False, True):
        if fold:
            service.fold_facets()
        everywhere = queries.facets(Query())
        assert (everywhere.total, everywhere.sectors) == (2, {"water": 2, "education": 1})
        assert everywhere.places == {"BNT": 2}
        here = queries.facets(Query(place=localities.get("53")))
        assert (here.total, here.places) == (2, {"53.02": 2, "53.01": 1})
    by_words = queries.facets(Query(words="sumur"))
    assert (by_words.total, by_words.places) == (1, {"BNT": 1})
    by_level = queries.facets(Query(level=2))
    assert (by_level.total, by_level.sectors) == (2, {"water": 2, "education": 1})
    impact.roll_up()
    from coevolve.impact.queries import totals

    needs = {code: total.needs for code, total in totals(["", "53", "52", "53.01"]).items()}
    assert needs == {"": 2, "53": 2, "52": 1, "53.01": 1}
    assert invariants.check(INVARIANTS) == []
    before = queries.facets(Query()).sectors
    service.rebuild_shelf()
    assert queries.facets(Query()).sectors == before
    service.close(listing_id=wide.id, by=listings.owner_of(wide))
    assert (queries.facets(Query()).total, _found(place="52")) == (1, [])


def test_too_many_or_unknown_places_are_refused(session: Session) -> None:
    made = listings.draft()
    by = listings.owner_of(made)
    for changes, field in (
        ({"more_localities": ["53.01", "53.03", "53.04", "53.05", "53.06"]}, "more_localities"),
        ({"more_localities": ["99.99"]}, "locality"),
        ({"more_sectors": ["health", "food", "digital"]}, "more_sectors"),
        ({"more_sectors": ["magic"]}, "more_sectors"),
    ):
        with pytest.raises(Invalid) as refusal:
            service.revise(listing_id=made.id, by=by, **changes)  # type: ignore[arg-type]
        assert refusal.value.field == field


def test_the_editor_takes_several_places(client: FlaskClient, session: Session, sign_in: Any) -> None:
    made = listings.draft()
    owner = listings.owner_of(made)
    slug = session.execute(
        text("SELECT slug FROM organisation WHERE id = :id"), {"id": made.organisation_id}
    ).scalar_one()
    sign_in(client, owner)
    base = f"/dasbor/{slug}/listing/{made.id}"
    wrong = client.post(f"{base}/lokasi", data={"locality": "53.02", "more_1": "Negeri Antah Berantah"})
    assert wrong.status_code == 422
    assert "Negeri Antah Berantah" in wrong.text
    assert client.post(f"{base}/lokasi", data={"locality": "53.02", "more_1": "53.01"}).status_code == 303
    two = {
        "title": made.title,
        "summary": made.summary,
        "sector": "water",
        "more_sectors": ["health", "food"],
    }
    assert client.post(f"{base}/dasar", data=two).status_code == 303
    session.refresh(made)
    assert (made.more_localities, made.more_sectors) == (["53.01"], ["health", "food"])


def test_finer_filters_alone_and_together(several: Several, session: Session) -> None:
    wide, plain = several
    small = listings.open_campaign(lines=(listings.money(3_000_000),))
    session.execute(
        update(Listing).where(Listing.id == small.id).values(closes_on=clock.today() + dt.timedelta(days=5))
    )
    session.expire_all()
    for order in ("newest", "closing"):
        assert _found(gap="small", order=order) == [small.id]
        assert _found(gap="some", order=order) == [wide.id]
        assert _found(gap="some", kind="standing_offer", order=order) == []
        assert _found(due=clock.today() + dt.timedelta(days=7), order=order) == [small.id]
        assert set(_found(level=2, order=order)) == {wide.id, plain.id, small.id}
        assert _found(level=3, order=order) == []
        # so few pass all of these that the search rows answer, not an index
        fine = {"gap": "small", "due": clock.today() + dt.timedelta(days=7), "support": "money", "level": 2}
        rare = Query(sector="water", kind="campaign", order=order, **fine)
        assert [row.id for row in queries.browse(rare).rows] == [small.id]
    assert _found(words="tiga daerah", order="closing") == [wide.id]


def test_the_band_of_missing_money_follows_the_books(several: Several, session: Session) -> None:
    wide, _plain = several
    assert _found(gap="some") == [wide.id]
    line = next(one for one in listings.lines_of(wide) if one.kind == "money")
    session.execute(text("UPDATE listing_line SET quantity = 400000000 WHERE id = :id"), {"id": line.id})
    session.execute(
        text(
            "UPDATE listing_place SET gap = listing_gap(l) FROM listing l"
            " WHERE l.id = listing_id AND l.id = :id"
        ),
        {"id": wide.id},
    )
    assert _found(gap="small") == [wide.id]
    assert service.gauge_gaps() == 0


def test_an_organisation_is_verified_further(several: Several, session: Session) -> None:
    wide, plain = several
    session.execute(text("UPDATE organisation SET level = 3 WHERE id = :id"), {"id": wide.organisation_id})
    assert set(_found(level=3)) == {wide.id, plain.id}
    assert _found(level=3, words="benih") == [plain.id]


def test_what_was_perhaps_meant(client: FlaskClient, several: Several) -> None:
    assert queries.guess("sekolh darurt").words == "sekolah darurat"
    assert queries.guess("sekolah").words == ""
    assert [name for _slug, name in queries.guess("bambu lestri").organisations] == ["Yayasan Bambu Lestari"]
    page = client.get("/jelajah?kata=sekolh+darurt").text
    assert "Maksud Anda:" in page
    assert "/jelajah?kata=sekolah+darurat" in page
    assert "Maksud Anda:" not in client.get("/jelajah?kata=%25_%27").text


def test_the_map_counts_what_the_list_shows(client: FlaskClient, several: Several) -> None:
    country = client.get("/jelajah?sektor=education&tampil=peta").text
    assert 'aria-label="Nusa Tenggara Timur: 1"' in country
    assert (
        "sektor=education&amp;tampil=peta&amp;tempat=52" in country
        or "tempat=52&amp;sektor=education" in country
    )
    province = client.get("/jelajah?tempat=53.01&tampil=peta").text
    assert 'aria-label="Kabupaten Timor Tengah Selatan: 2"' in province
    assert 'aria-label="Kabupaten Kupang: 1"' in province


def test_the_feed_is_atom_and_asks_the_same(client: FlaskClient, several: Several) -> None:
    wide, _plain = several
    for path in ("/jelajah.atom?sektor=education", "/lokalitas/52/kabar.atom"):
        answer = client.get(path)
        assert answer.mimetype == "application/atom+xml"
        entries = ET.fromstring(answer.text).findall(f"{ATOM}entry")
        assert [entry.findtext(f"{ATOM}id") for entry in entries] == [f"urn:uuid:{wide.id}"], path
        again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert client.get("/lokalitas/99.99/kabar.atom").status_code == 404


def test_the_table_obeys_the_filters_and_is_harmless(client: FlaskClient, several: Several) -> None:
    listings.open_need(title="=HYPERLINK pompa air desa")
    answer = client.get("/jelajah.csv?tempat=53")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["judul"][:12] for row in rows] == ["'=HYPERLINK ", "Benih padi b", "Sekolah daru"]
    assert rows[2]["kode_tempat"] == "53.02;53.01;52.01"
    assert (rows[2]["target_rp"], rows[2]["diterima_rp"]) == ("20000000", "0")
    assert len(list(csv.reader(io.StringIO(client.get("/jelajah.csv?sektor=education").text)))) == 2
    meaning = client.get("/jelajah/kolom").text
    assert all(name in meaning for name in rows[0])


def test_what_makes_no_sense_is_said_and_the_rest_kept(client: FlaskClient, several: Several) -> None:
    odd = "sektor=magic&tutup=2999-01-01&kurang=1&periksa=9&bencana=x&tampil=bola&kata=sumur&sesudah=u1.1"
    page = client.get(f"/jelajah?{odd}")
    assert page.status_code == 400
    for said in ("magic", "luar jangkauan", "Sekolah darurat dan sumur", 'value="sumur"', "halaman pertama"):
        assert said in page.text, said
    unknown = client.get("/jelajah?tempat=qqqqzzzz")
    assert unknown.status_code == 400
    assert 'value="qqqqzzzz"' in unknown.text
    for path in ("/jelajah.atom", "/jelajah.csv"):
        assert client.get(f"{path}?{odd}").status_code in (200, 303)
