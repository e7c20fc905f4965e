"""The browse page against a brute-force filter, its cursors, its counts, its statements, and bad addresses."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from coevolve.kit import clock, db
from coevolve.listings import queries, service
from coevolve.listings.models import KIND_BITS, Kind, Listing
from coevolve.listings.queries import Query
from coevolve.localities import queries as localities
from tests.factories import listings, organisations, people

PLACES = ("53.02", "53.02.01", "53.01", "52.01", "11.71", "91")
SECTORS = ("water", "health")
LINES = ((listings.goods(),), (listings.money(),), (listings.money(), listings.hours()), (listings.room(),))


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL sent meanwhile (savepoints left out)."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN")):
            sent.append(statement)

    engine = db.session().get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def world(session: Session) -> list[Listing]:
    """Thirty-six open listings in several places, sectors, kinds; some opened at the very same moment."""
    cso, agency = organisations.organisation(name="Yayasan Pipa Lestari"), organisations.agency()
    moderators = people.moderator(), people.moderator()
    dice = random.Random(7)
    made = []
    for number in range(36):
        kind = dice.choice([Kind.need, Kind.campaign, Kind.standing_offer, Kind.opportunity])
        lines = dice.choice(LINES)
        if kind == Kind.campaign:
            lines = (listings.money(), *[line for line in lines if line["kind"] != "money"])
        elif kind in (Kind.standing_offer, Kind.opportunity):
            lines = tuple(line for line in lines if line["kind"] != "money") or (listings.room(),)
        made.append(
            listings.opened(
                moderators=moderators,
                kind=kind,
                organisation=agency if kind == Kind.opportunity else cso,
                locality_code=dice.choice(PLACES),
                sector=dice.choice(SECTORS),
                title=f"{dice.choice(['Sumur bor', 'Kelas literasi', 'Posyandu'])} nomor {number}",
                closes_on=clock.today() + dt.timedelta(days=dice.choice([10, 20, 20, 30])),
                lines=lines,
            )
        )
    for number, listing in enumerate(made):
        moment = dt.datetime(2026, 11, 1, tzinfo=dt.UTC) + dt.timedelta(hours=number // 4)
        session.execute(update(Listing).where(Listing.id == listing.id).values(opened_at=moment))
    closed = listings.open_need(moderators=moderators, organisation=cso)
    service.close(listing_id=closed.id, by=listings.owner_of(closed))
    session.expire_all()
    return made


def fits(listing: Listing, query: Query) -> bool:
    """The filter, the slow and plain way."""
    chain = localities.ancestor_codes(str(listing.locality_code))
    return (
        (query.place is None or query.place.code in chain)
        and query.sector in ("", listing.sector)
        and query.kind in ("", listing.kind)
        and (not query.bit or bool(listing.kinds & query.bit))
        and all(word.lower() in listing.title.lower() for word in query.words.split())
    )


def walk(query: Query) -> list[Any]:
    """All pages, one after another; then back again, which must give the same."""
    forth: list[Any] = []
    page = queries.browse(query)
    firsts = [page]
    forth += page.rows
    while page.next:
        page = queries.browse(Query(**{**_words(query), "cursor": page.next}))
        firsts.append(page)
        forth += page.rows
    back = list(page.rows)
    while page.previous:
        page = queries.browse(Query(**{**_words(query), "cursor": page.previous}))
        back = [*page.rows, *back]
    assert [row.id for row in back] == [row.id for row in forth]
    assert firsts[0].previous is None
    return forth


def _words(query: Query) -> dict[str, Any]:
    return {
        name: getattr(query, name)
        for name in ("words", "place", "sector", "kind", "support", "order", "size")
    }


FILTERS = list(
    itertools.product(
        (None, "ID", "BNT", "53", "53.02", "53.02.01", "MY"),
        ("", "water"),
        ("", "need", "opportunity"),
        ("", "money"),
    )
)


def test_every_filter_gives_what_the_plain_way_gives(world: list[Listing]) -> None:
    for code, sector, kind, support in FILTERS:
        for order in ("newest", "closing"):
            query = Query(
                place=localities.find(code), sector=sector, kind=kind, support=support, order=order, size=5
            )
            expected = [listing for listing in world if fits(listing, query)]
            if order == "newest":
                expected.sort(key=lambda one: (one.opened_at, one.id), reverse=True)
            else:
                expected.sort(key=lambda one: (one.closes_on, one.id))
            assert [row.id for row in walk(query)] == [one.id for one in expected], (
                code,
                sector,
                kind,
                support,
                order,
            )


def test_counts_are_exact_folded_and_unfolded(world: list[Listing]) -> None:
    _check_counts(world)
    assert service.fold_facets() > 36
    assert service.fold_facets() == 0
    _check_counts(world)
    service.pause(listing_id=world[0].id, by=listings.owner_of(world[0]))
    _check_counts(world)


def _check_counts(world: list[Listing]) -> None:
    alive = [listing for listing in world if listing.state == "open"]
    for code, sector, kind, support in FILTERS:
        query = Query(place=localities.find(code), sector=sector, kind=kind, support=support)
        facets = queries.facets(query)
        assert facets.total == sum(fits(one, query) for one in alive)
        for other in SECTORS:
            wanted = Query(**{**_words(query), "sector": other})
            assert facets.sectors.get(other, 0) == sum(fits(one, wanted) for one in alive)
        for other in Kind:
            wanted = Query(**{**_words(query), "kind": str(other)})
            assert facets.kinds.get(other, 0) == sum(fits(one, wanted) for one in alive)
        for other in KIND_BITS:
            wanted = Query(**{**_words(query), "support": other})
            assert facets.supports.get(other, 0) == sum(fits(one, wanted) for one in alive)
        below = localities.children(code) if code else localities.regions()
        for place in below[:6] if code != "53.02.01" else []:
            wanted = Query(**{**_words(query), "place": place})
            assert facets.places.get(place.code, 0) == sum(fits(one, wanted) for one in alive)


def test_words_with_every_filter(world: list[Listing]) -> None:
    for words, code, sector, kind in itertools.product(
        ("sumur", "Kelas Literasi", "posyandu"), (None, "53", "53.02.01"), ("", "water"), ("", "need")
    ):
        query = Query(words=words, place=localities.find(code), sector=sector, kind=kind, size=4)
        expected = [one for one in world if fits(one, query)]
        expected.sort(key=lambda one: (one.opened_at, one.id), reverse=True)
        assert [row.id for row in walk(query)] == [one.id for one in expected], (words, code, sector, kind)
        assert queries.facets(query).total == len(expected)


def test_what_words_find(world: list[Listing]) -> None:
    for words in ("pipa", "Pipa Lestari", "sumur yang di dan", "timor tengah selatan", "HDPE"):
        assert queries.browse(Query(words=words)).rows, words
    for words in ("zzz", "yang di", "' & | ! :* <-> \\", "p:53"):
        assert not queries.browse(Query(words=words)).rows, words


def test_slabs_are_walked_newest_first(world: list[Listing], session: Session) -> None:
    session.execute(
        text(
            "UPDATE listing_search s SET slab = CASE WHEN l.open_order % 2 = 0 THEN 0 ELSE 1 END "
            "FROM listing l WHERE l.id = s.listing_id"
        )
    )
    session.execute(text("SELECT setval('listing_open_order', 15000)"))
    rows = walk(Query(words="nomor", size=5))
    assert len(rows) == 36
    assert [row.key.split("-")[0] for row in rows] == sorted(
        (row.key.split("-")[0] for row in rows), reverse=True
    )


COUNTS = (
    "SELECT place_code, sector, kind, support, sum(count) FROM listing_facet_now "
    "GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0 ORDER BY 1, 2, 3, 4"
)


def test_rebuilding_gives_the_same_shelf(world: list[Listing], session: Session) -> None:
    def shelf() -> list[Any]:
        return [
            session.execute(text(sql)).all()
            for sql in (
                "SELECT * FROM listing_place ORDER BY listing_id, locality_code, sector",
                "SELECT listing_id, regency_codes, sectors, kinds, due_on, tsv FROM listing_search ORDER BY 1",
                COUNTS,
            )
        ]

    before = shelf()
    service.rebuild_shelf()
    for was, now in zip(before, shelf(), strict=True):
        assert now == was


def test_a_listing_leaves_the_shelf_with_its_state(world: list[Listing], session: Session) -> None:
    gone = world[3]
    service.freeze(listing_id=gone.id, by=people.moderator(), text="Ada laporan yang diperiksa.")
    assert gone.id not in {row.id for row in walk(Query(size=50))}
    assert not session.execute(
        text("SELECT 1 FROM listing_search WHERE listing_id = :id"), {"id": gone.id}
    ).first()


# --- the page -----------------------------------------------------------------------------------------


def test_three_statements_for_one_card_and_for_twenty(client: FlaskClient, session: Session) -> None:
    cso = organisations.organisation()
    moderators = people.moderator(), people.moderator()
    listings.open_need(organisation=cso, moderators=moderators)
    client.get("/jelajah")
    with statements() as one:
        assert client.get("/jelajah").status_code == 200
    for _ in range(24):
        listings.open_campaign(organisation=cso, moderators=moderators)
    with statements() as twenty:
        body = client.get("/jelajah").text
    assert body.count('<li class="card">') == 20
    assert len(one) == len(twenty) <= 3, twenty
    with statements() as filtered:
        client.get("/jelajah?kata=air&tempat=53&sektor=water&jenis=uang&macam=kampanye")
    assert len(filtered) <= 3


def test_the_page_and_its_next(client: FlaskClient, world: list[Listing]) -> None:
    body = client.get("/jelajah").text
    assert "36 tayangan terbuka" in body
    following = re.search(r'rel="next" href="([^"]+)"', body)
    assert following
    second = client.get(following.group(1).replace("&amp;", "&")).text
    assert second.count('<li class="card">') == 16
    assert 'rel="prev"' in second


def test_htmx_gets_only_the_changing_part(client: FlaskClient, world: list[Listing]) -> None:
    part = client.get("/jelajah?sektor=water", headers={"HX-Request": "true"})
    assert "<html" not in part.text
    assert 'id="jelajah"' in part.text
    whole = client.get("/jelajah", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in whole.text


def test_a_place_may_be_typed_by_name(client: FlaskClient, world: list[Listing]) -> None:
    moved = client.get("/jelajah?tempat=Kabupaten+Timor+Tengah+Selatan&sektor=water")
    assert moved.status_code == 303
    assert moved.location == "/jelajah?tempat=53.02&sektor=water"
    several = client.get("/jelajah?tempat=bandung")
    assert several.status_code == 200
    assert "Daerah mana yang Anda maksud?" in several.text


def test_empty_says_what_to_do(client: FlaskClient, session: Session) -> None:
    assert "Daftarkan organisasi Anda" in client.get("/jelajah").text
    assert "Lihat semua tayangan" in client.get("/jelajah?sektor=water").text


HUGE = "9" * 17


STRANGE = [
    "kata=%00",
    "kata=" + "x" * 5_000,
    "kata=%ff%fe",
    "kata=" + urllib.parse.quote("'; DROP TABLE listing; --"),
    "tempat=zzzzzzzz",
    "tempat=%00",
    "tempat=99.99.99.9999",
    "tempat=53%27",
    "sektor=magic",
    "jenis=emas",
    "macam=campaign",
    "urut=acak",
    "sesudah=x",
    "sesudah=" + "1" * 200,
    f"sesudah={HUGE}.{'a' * 32}",
    f"sesudah={HUGE}.{'a' * 32}&urut=tenggat",
    f"sesudah=2026-02-31.{'a' * 32}&urut=tenggat",
    f"sesudah=2026-02-31.{'a' * 32}",
    f"sesudah=1-1.{'a' * 32}",
    f"sesudah=999999-{HUGE}.{'a' * 32}&kata=air",
    f"sesudah=1.{'a' * 32}&kata=air",
    f"sesudah=0-1.{'a' * 32}&kata=air",
    f"sebelum=0.{'f' * 32}",
    f"sebelum={HUGE}.{'0' * 32}",
    "sesudah=&sebelum=",
    "jenis=uang&jenis=barang",
    "a" * 3_000 + "=1",
]


def test_strange_addresses_never_break_the_page(client: FlaskClient, world: list[Listing]) -> None:
    for query in STRANGE:
        assert client.get(f"/jelajah?{query}").status_code in (200, 303, 400, 404), query
