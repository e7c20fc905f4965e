"""The list of what must hold: quiet when it holds, loud when it does not or cannot be asked."""

from __future__ import annotations

from sqlalchemy.orm import Session

from coevolve import registry
from coevolve.kit.invariants import Invariant, check


def test_a_broken_rule_shows_its_rows(session: Session) -> None:
    rule = Invariant(code="T1", says="there are no ones", sql="SELECT 1 AS one")
    assert [(found.code, found.rows) for found in check([rule])] == [("T1", [{"one": 1}])]


def test_a_rule_that_holds_is_quiet(session: Session) -> None:
    assert check([Invariant(code="T2", says="nothing is nothing", sql="SELECT 1 AS one WHERE false")]) == []


def test_a_rule_that_cannot_be_asked_is_named_and_stops_no_other(session: Session) -> None:
    rules = [
        Invariant(code="T3", says="about a table that is not there", sql="SELECT * FROM no_such_table"),
        Invariant(code="T4", says="there are no twos", sql="SELECT 2 AS two"),
    ]
    assert [found.code for found in check(rules)] == ["T3", "T4"]


def test_the_one_list_holds_on_an_empty_platform_and_has_no_code_twice(session: Session) -> None:
    rules = registry.invariants()
    assert len(rules) >= 20
    assert len({rule.code for rule in rules}) == len(rules)
    assert check(rules) == []
