"""The totals of places: computed from rows, right at every level, untouched where nothing changed."""

from __future__ import annotations

from typing import Any

from coevolve.impact import queries, service
from coevolve.kit.money import Money, rupiah
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from tests.factories import listings, organisations

LEVELS = ("", "ID", "BNT", "53", "53.02")


def test_nothing_yet(session: Any) -> None:
    service.roll_up()
    assert queries.totals(["", "53"])[""].is_empty
    assert "53" not in queries.totals(["53"])


def test_what_is_open_counts_at_every_level_above_it(session: Any) -> None:
    listings.open_need()
    listings.open_campaign()
    listings.open_offer()
    listings.open_opportunity()
    listings.submitted()
    listings.draft()
    service.roll_up()
    totals = queries.totals(LEVELS)
    for level in LEVELS:
        total = totals[level]
        assert (total.needs, total.offers, total.opportunities) == (2, 1, 1), level
        assert total.organisations > 0
    assert "33" not in queries.totals(["33"])


def test_money_and_declared_value_stand_apart(session: Any) -> None:
    listing = listings.open_campaign(
        lines=(listings.money(), listings.goods(unit_value=1_000_000, valuation_source="price_list"))
    )
    pipes = next(line for line in listings.lines_of(listing) if line.kind == "goods")
    _post("gift", accounts.provider_clearing("test"), accounts.fund(listing.id), rupiah(750_000))
    _post(
        "pipes",
        accounts.promises(pipes.id, "X:METRE"),
        accounts.promised_to(pipes.id, "X:METRE"),
        Money(340, "X:METRE"),
        book="commitment",
    )
    service.roll_up()
    total = queries.totals(["53.02"])["53.02"]
    assert total.money_received == rupiah(750_000).amount
    assert total.value_declared == 340 * 1_000_000
    assert total.handed == 1


def _post(key: str, debit: int, credit: int, money: Money, book: str = "cash") -> None:
    ledger.post(
        key=f"test:{key}",
        kind="test",
        transfers=[
            Transfer(debit_id=debit, credit_id=credit, amount=money.amount, unit=money.unit, book=book)
        ],
        source_kind="test",
        source_id=organisations.organisation().id,
    )


def test_rolling_up_again_changes_no_row(session: Any) -> None:
    listings.open_need()
    assert service.roll_up() > 0
    assert service.roll_up() == 0


def test_a_place_where_everything_ended_is_forgotten(session: Any) -> None:
    from sqlalchemy import text

    session.execute(
        text("INSERT INTO impact_place_total (place_code, needs, refreshed_at) VALUES ('99', 3, now())")
    )
    service.roll_up()
    assert queries.totals(["99"]) == {}
