"""P4: the pages for visitors take few statements, and the same for one card and for twenty. No clock is looked at."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve.impact import service as impact
from coevolve.kit import kept
from coevolve.listings.queries.cards import PATHS
from tests.benchmarks.pages import LIMITS
from tests.factories import listings, organisations
from tests.statements import counted

pytestmark = pytest.mark.xdist_group("world")
FILTERED = f"/jelajah?tempat={listings.PLACE.partition('.')[0]}&sektor=water"


def _pages(client: FlaskClient, slug: str) -> dict[str, int]:
    """Statements of each page, neither places nor pages being remembered from before."""
    taken = {}
    for name, path in (("list", "/jelajah"), ("list, filtered", FILTERED), ("detail", slug), ("home", "/")):
        kept.forget()
        assert client.get(path).status_code == 200
        for _ in ("made", "kept"):
            with counted() as seen:
                assert client.get(path).status_code == 200
            assert taken.setdefault(name, len(seen)) == len(seen)
    return taken


def test_as_many_statements_for_twenty_cards_as_for_one(client: FlaskClient, session: Session) -> None:
    owner = organisations.organisation()
    first = listings.open_need(organisation=owner, lines=(listings.money(), listings.goods()))
    path = f"/{PATHS[first.kind]}/{first.slug}"
    impact.roll_up()
    session.commit()
    for_one = _pages(client, path)
    assert {name: count for name, count in for_one.items() if count > LIMITS[name]} == {}
    for _ in range(19):
        listings.open_need(organisation=owner)
    impact.roll_up()
    session.commit()
    assert client.get("/jelajah").text.count('<li class="card">') == 20
    assert _pages(client, path) == for_one


def test_a_page_kept_is_made_again_when_what_it_shows_changes(client: FlaskClient, session: Session) -> None:
    need = listings.open_need()
    path = f"/{PATHS[need.kind]}/{need.slug}"
    before = {address: client.get(address).text for address in (path, "/jelajah", "/")}
    assert {address: client.get(address).text for address in before} == before
    need.title = "Sumur bor untuk dusun yang lain"
    session.commit()
    for address in before:
        assert need.title in client.get(address).text
    client.set_cookie("lang", "en")
    assert need.title in client.get(path).text
    assert '<html lang="en">' in client.get(path).text
