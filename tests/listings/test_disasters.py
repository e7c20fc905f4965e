"""A disaster declared by decree: its needs stand first while it is in force, wherever lists are read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve.kit import clock, invariants
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.listings import queries, service
from coevolve.listings.finding_models import Disaster
from coevolve.listings.invariants import INVARIANTS
from coevolve.listings.queries import Query
from coevolve.localities import queries as localities
from tests.factories import listings, organisations, people


def decree(by: Any = None, **over: Any) -> Disaster:
    """A flood in Timor Tengah Selatan, for thirty days from today."""
    today = clock.today()
    words: dict[str, Any] = {
        "name": "Banjir bandang Timor Tengah Selatan",
        "status": "emergency",
        "decree_number": "Keputusan Bupati 300.2/114/2026",
        "decree_on": today,
        "issued_by": "Bupati Timor Tengah Selatan",
        "codes": ["53.02"],
        "starts_on": today,
        "ends_on": today + dt.timedelta(days=30),
        **over,
    }
    return service.declare(by=by or people.moderator(), **words)


def _titles(**asked: Any) -> list[str]:
    return [row.title for row in queries.browse(Query(**asked)).rows]


def _world() -> dict[str, Any]:
    moderators = people.moderator(), people.moderator()
    cso = organisations.organisation()
    titles = {
        "old flood": {"sector": "disaster", "locality_code": "53.02.01"},
        "flood second": {
            "sector": "health",
            "more_sectors": ["disaster"],
            "locality_code": "52.01",
            "more_localities": ["53.02"],
        },
        "elsewhere": {"sector": "disaster", "locality_code": "11.71"},
        "water": {},
    }  # fmt: skip
    return {
        title: listings.open_need(organisation=cso, moderators=moderators, title=f"Bantuan {title}", **over)
        for title, over in titles.items()
    }


def test_its_needs_stand_first_while_it_lasts(session: Session) -> None:
    _world()
    plain = ["Bantuan water", "Bantuan elsewhere", "Bantuan flood second", "Bantuan old flood"]
    assert _titles() == plain
    declared = decree()
    first = ["Bantuan flood second", "Bantuan old flood", "Bantuan water", "Bantuan elsewhere"]
    assert _titles() == first
    assert _titles(disaster=declared.id) == first[:2]
    assert _titles(words="bantuan", disaster=declared.id) == first[:2]
    assert set(_titles(order="closing", disaster=declared.id)) == set(first[:2])
    assert queries.facets(Query(disaster=declared.id)).total == 2
    # one row a page, there and back: the two stages are one list
    seen, asked = [], Query(size=1)
    page = queries.browse(asked)
    seen += page.rows
    while page.next:
        page = queries.browse(Query(size=1, cursor=page.next))
        seen += page.rows
    assert [row.title for row in seen] == first
    back = []
    while page.previous:
        page = queries.browse(Query(size=1, cursor=page.previous))
        back += page.rows
    assert [row.title for row in back[::-1]] == first[:-1]
    chain = localities.ancestor_codes("53.02.01")
    over = queries.disaster_over(chain)
    assert over is not None
    assert (over.name, over.locality_code) == (declared.name, "53.02")
    assert queries.disaster_over(localities.ancestor_codes("11.71")) is None
    assert queries.disaster_codes() == {"53.02"}
    assert invariants.check(INVARIANTS) == []
    service.end(disaster_id=declared.id, by=people.moderator())
    service.end(disaster_id=declared.id, by=people.moderator())
    assert _titles() == plain
    assert queries.disaster_over(chain) is None


def test_the_clock_begins_and_ends_it(session: Session) -> None:
    _world()
    tomorrow = clock.today() + dt.timedelta(days=1)
    decree(starts_on=tomorrow, ends_on=tomorrow)
    assert _titles()[0] == "Bantuan water"
    with clock.travel(clock.now() + dt.timedelta(days=1)):
        assert service.turn_days() == 0
        assert _titles()[0] == "Bantuan flood second"
    with clock.travel(clock.now() + dt.timedelta(days=2)):
        assert service.turn_days() == 1
        assert _titles()[0] == "Bantuan water"
        assert service.turn_days() == 0


def test_a_need_that_opens_meanwhile_belongs_to_it(session: Session) -> None:
    declared = decree()
    by_place = listings.open_need(sector="disaster", locality_code="53.02.01")
    by_word = listings.open_need(disaster_id=declared.id, locality_code="52.01")
    neither = listings.open_need()
    for listing in (by_place, by_word, neither):
        session.refresh(listing)
    assert (by_place.is_urgent, by_word.is_urgent, neither.is_urgent) == (True, True, False)
    assert by_place.disaster_id == declared.id


def test_who_may_declare_and_what_is_refused(session: Session) -> None:
    today = clock.today()
    with pytest.raises(Forbidden):
        decree(by=people.person())
    for over in (
        {"name": "x"},
        {"status": "war"},
        {"codes": []},
        {"codes": ["99.99"]},
        {"ends_on": today - dt.timedelta(days=1), "starts_on": today},
        {"starts_on": today - dt.timedelta(days=9), "ends_on": today - dt.timedelta(days=1)},
        {"ends_on": today + dt.timedelta(days=900)},
    ):
        with pytest.raises(Invalid):
            decree(**over)
    with pytest.raises(Invalid):
        listings.draft(disaster_id=people.person().id)


def test_its_page_and_its_banner(client: FlaskClient, session: Session, sign_in: Any) -> None:
    _world()
    client.get("/jelajah")
    sign_in(client, people.person())
    assert client.get("/moderasi/bencana").status_code == 403
    sign_in(client, people.moderator())
    today = clock.today()
    typed = {
        "client_token": "0190a5a0-0000-7000-8000-000000000001",
        "name": "Banjir bandang Timor Tengah Selatan",
        "status": "emergency",
        "decree_number": "Keputusan Bupati 300.2/114/2026",
        "decree_on": today.isoformat(),
        "issued_by": "Bupati",
        "places": "Kabupaten Timor Tengah Selatan\nNegeri Antah",
        "starts_on": today.isoformat(),
        "ends_on": (today + dt.timedelta(days=30)).isoformat(),
    }
    wrong = client.post("/moderasi/bencana", data=typed)
    assert wrong.status_code == 422
    assert "Negeri Antah" in wrong.text
    typed["places"] = "Kabupaten Timor Tengah Selatan"
    assert client.post("/moderasi/bencana", data=typed).status_code == 303
    assert client.post("/moderasi/bencana", data=typed).status_code == 303
    assert len(queries.every_disaster()) == 1
    shown = client.get("/jelajah").text
    assert "Keputusan Bupati 300.2/114/2026" in shown
    assert shown.index("Bantuan flood second") < shown.index("Bantuan water")
    assert "Keputusan Bupati 300.2/114/2026" in client.get("/lokalitas/53.02.01").text
    assert "Keputusan Bupati 300.2/114/2026" in client.get("/lokalitas/53").text
    assert "Keputusan Bupati 300.2/114/2026" not in client.get("/lokalitas/11").text
    assert "Keputusan Bupati 300.2/114/2026" not in client.get("/jelajah?tempat=11").text
    found = queries.every_disaster()[0]
    assert client.post(f"/moderasi/bencana/{found.id}/akhiri").status_code == 303
    assert "Keputusan Bupati" not in client.get("/jelajah").text
