"""The rules of listings and moderation hold after real use, and notice a planted fault."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from coevolve.kit import invariants
from coevolve.listings import service
from coevolve.listings.invariants import INVARIANTS
from coevolve.moderation.invariants import INVARIANTS as OF_MODERATION
from tests.factories import listings

FAULTS = {
    "listing.shelf": "DELETE FROM listing_search",
    "listing.place": "UPDATE listing SET province_code = '11'",
    "listing.counts": (
        "INSERT INTO listing_facet_delta (places, sectors, kind, kinds, step) VALUES ('{53}', '{water}', 'need', 1, 1)"
    ),
    "listing.several": "UPDATE listing SET more_localities = ARRAY[locality_code]",
    "listing.urgent": (
        "WITH made AS (INSERT INTO disaster (id, name, status, decree_number, decree_on, issued_by, localities,"
        " starts_on, ends_on, declared_by) SELECT gen_random_uuid(), 'Banjir lama', 'emergency', 'SK 1/2020',"
        " '2020-01-01', 'Bupati', '{53.02}', '2020-01-01', '2020-02-01', id FROM person LIMIT 1 RETURNING id)"
        " UPDATE listing SET is_urgent = true, disaster_id = made.id FROM made"
    ),
    "listing.two_moderators": "UPDATE listing SET seconded_by = NULL",
    "listing.organisation": "UPDATE organisation SET state = 'rejected'",
}


@pytest.fixture
def used(session: Session) -> None:
    """Some listings with a life behind them."""
    listings.open_need()
    campaign = listings.open_campaign()
    service.fold_facets()
    service.pause(listing_id=campaign.id, by=listings.owner_of(campaign))


def test_they_hold(used: None) -> None:
    assert invariants.check([*INVARIANTS, *OF_MODERATION]) == []


def test_a_planted_fault_is_noticed(used: None, session: Session) -> None:
    assert set(FAULTS) == {rule.code for rule in INVARIANTS}
    for code, fault in FAULTS.items():
        with session.begin_nested() as kept:
            session.execute(text(fault))
            assert code in {found.code for found in invariants.check(INVARIANTS)}
            kept.rollback()
