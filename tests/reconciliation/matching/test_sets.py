"""Matching in sets: exact on ten thousand lines with known truth, as many statements for one line as for thousands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.reconciliation.matching.running import run_stages
from coevolve.reconciliation.matching.stages import STAGES
from tests.benchmarks import matching_world

SIZE = 10_000
BIG = {"S1", "S1b", "S2", "S3a", "S3b", "S4", "S5b", "rest"}
"""Stages that meet every payment."""


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def told(size: int) -> matching_world.World:
    world = matching_world.World(size, accounts=3)
    world.tell(lambda *_: None)
    world.write(lambda *_: None)
    return world


def joins(plan: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Every nested loop of a plan, with the tables read in full below its inner side."""
    children = plan.get("Plans", [])
    if plan["Node Type"] == "Nested Loop":
        yield plan["Node Type"], set(scanned(children[1]))
    for child in children:
        yield from joins(child)


def scanned(plan: dict[str, Any]) -> Iterator[str]:
    """Tables read in full each time this part of a plan runs; what is kept after its first run does not count."""
    if plan["Node Type"] in {"Materialize", "Hash", "Sort", "Memoize", "CTE Scan"}:
        return
    if plan["Node Type"] == "Seq Scan":
        yield plan["Relation Name"]
    for child in plan.get("Plans", []):
        yield from scanned(child)


def test_exact_on_ten_thousand_lines(session: Session) -> None:
    world = told(SIZE)
    session.execute(text("SELECT recon_know_lines()"))
    plans(session, world)
    with counted() as many:
        run_stages(world.accounts, typed=True)
    rows = {row["kind"]: row for row in session.execute(text(matching_world.RESULT)).mappings()}
    sure = sum(row["sure"] for row in rows.values())
    right = sum(row["sure_right"] for row in rows.values())
    assert right >= 0.9999 * sure
    assert rows["ref"]["sure_right"] == rows["ref"]["lines"]
    assert rows["sum"]["sure_right"] >= 0.9 * rows["sum"]["lines"]
    assert rows["batch"]["sure_right"] >= 0.85 * rows["batch"]["lines"]
    assert rows["code_forgotten"]["sure"] == 0
    assert rows["code_forgotten"]["proposed_right"] >= 0.85 * rows["code_forgotten"]["lines"]
    assert rows["code_forgotten"]["proposed"] == rows["code_forgotten"]["proposed_right"]
    assert rows["other_sum"]["sure"] == 0
    left = text("SELECT count(*) FROM recon_line l WHERE l.state = 'unmatched' AND NOT EXISTS (SELECT 1 FROM"
                " recon_allocation a WHERE a.line_id = l.id)")  # fmt: skip
    assert session.execute(left).scalar_one() == 0, "every line is taken, proposed, or waits with a reason"
    twice = text("SELECT count(*) FROM (SELECT target_id FROM recon_allocation WHERE is_sure AND undone_at IS NULL"
                 " GROUP BY target_id HAVING count(*) > 1) twice")  # fmt: skip
    assert session.execute(twice).scalar_one() == 0, "no payment is taken by two lines"
    with counted() as none:
        assert sum(done.lines for done in run_stages(world.accounts, typed=True)) == 0
    assert len(many) - len(none) <= 4, "as many statements for nothing as for ten thousand"


def plans(session: Session, world: matching_world.World) -> None:
    """With many lines no stage reads all payments once per line (the traps: 230 s instead of 1)."""
    values = {
        "accounts": world.accounts,
        "typed": True,
        "run": uuid7(),
        "limit": settings().auto_post_limit_minor,
        "rested": clock.now(),
    }
    session.execute(text("SET LOCAL enable_nestloop = off"))
    for stage in STAGES:
        if stage.name not in BIG:
            continue
        found = session.execute(text(f"EXPLAIN (FORMAT JSON) {stage.sql}"), values).scalar_one()
        [told_plan] = json.loads(found) if isinstance(found, str) else found
        for _node, tables in joins(told_plan["Plan"]):
            assert not tables & {"payment", "recon_line", "recon_allocation"}, stage.name
    session.execute(text("SET LOCAL enable_nestloop = on"))
