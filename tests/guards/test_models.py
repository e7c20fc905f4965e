"""Tables as agreed: money in whole minor units beside its unit, one mover of states, no circles between domains."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from coevolve import registry
from coevolve.kit.db import Model
from coevolve.kit.moves import MACHINES, Machine

registry.import_models()
MAPPERS = sorted(Model.registry.mappers, key=lambda mapper: mapper.class_.__name__)
UNITS = {"unit", "currency"}
WITHOUT_MACHINE = {"payment_inbox", "payment_outbox", "recon_line"}
"""Duties of the platform: `state` says whether a row is due, done or dead, and the relay alone writes it."""
OF_ANOTHER_ROW = {
    "ledger_pending.amount": "the unit of the transfer it holds",
    "ledger_delta.amount": "the unit of its account",
    "recon_allocation.amount": "the unit of the statement line it divides",
    "interest.min_minor": "rupiah: what a supporter looks for is said in rupiah only",
    "interest.max_minor": "rupiah, as above",
}
"""Money columns whose unit stands elsewhere, and where."""


def _domain(mapped: type) -> str:
    return mapped.__module__.split(".")[1]


def test_money_is_a_whole_number_beside_its_unit() -> None:
    wrong = []
    for table in Model.metadata.tables.values():
        names = set(table.columns.keys())
        for column in table.columns:
            is_money = column.name == "amount" or column.name.endswith(("_minor", "_amount"))
            if not is_money or isinstance(column.type, sa.Boolean):
                continue
            where = f"{table.name}.{column.name}"
            if not isinstance(column.type, sa.BigInteger):
                wrong.append(f"{where} is {column.type}, not BIGINT")
            if (
                not any(name in UNITS or name.endswith(("_unit", "_currency")) for name in names)
                and where not in OF_ANOTHER_ROW
            ):
                wrong.append(f"{where} has no unit beside it")
    assert wrong == []


def test_no_column_counts_money_in_floating_point() -> None:
    floating = [
        f"{table.name}.{column.name}"
        for table in Model.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.Float)
        and any(word in column.name for word in ("amount", "minor", "quantity", "price"))
    ]
    assert floating == []


@pytest.mark.parametrize("mapper", MAPPERS, ids=lambda mapper: mapper.class_.__name__)
def test_what_has_a_state_has_a_machine(mapper: sa.orm.Mapper[Model]) -> None:
    if "state" in mapper.columns and mapper.local_table.name not in WITHOUT_MACHINE:
        assert getattr(mapper.class_, "machine", None) is not None


@pytest.mark.parametrize(
    "machine", sorted(MACHINES.values(), key=lambda machine: machine.name), ids=lambda m: m.name
)
def test_every_state_can_be_reached_and_left_or_is_final(machine: object) -> None:
    states = {str(state) for state in machine.moves} | machine.final()
    reached = set(machine.initial)
    while True:
        more = reached | {dst for src in reached for dst in machine.moves.get(src, ())}
        if more == reached:
            break
        reached = more
    assert states - reached == set(), "cannot be reached"
    assert machine.initial <= states


def test_the_database_knows_just_the_edges_of_the_machines(session: Session) -> None:
    rows = session.execute(sa.text("SELECT machine, src, dst FROM move_edge")).all()
    stored = {(row.machine, row.src, row.dst) for row in rows}
    wanted = {(name, src, dst) for name, machine in MACHINES.items() for src, dst in machine.edges()}
    assert stored == wanted


def test_foreign_keys_and_relationships_point_down() -> None:
    height = {domain: number for number, domain in enumerate(registry.DOMAINS)}
    owner = {mapper.local_table.name: _domain(mapper.class_) for mapper in MAPPERS}
    upward = []
    for table in Model.metadata.tables.values():
        own = owner.get(table.name)
        for key in table.foreign_keys:
            other = owner.get(key.column.table.name)
            if own in height and other in height and height[other] > height[own]:
                upward.append(f"{table.name} -> {key.column.table.name}")
    for mapper in MAPPERS:
        for relation in mapper.relationships:
            other = _domain(relation.mapper.class_)
            if (
                _domain(mapper.class_) in height
                and other in height
                and height[other] > height[_domain(mapper.class_)]
            ):
                upward.append(str(relation))
            assert relation.backref is None, f"{relation} has a backref"
    assert upward == []


def test_tables_of_the_domains_below_people_hold_ids_without_foreign_keys() -> None:
    for mapper in MAPPERS:
        if _domain(mapper.class_) in {"localities", "ledger", "journal"}:
            targets = {key.column.table.name for key in mapper.local_table.foreign_keys}
            assert not targets & {"person", "organisation"}, mapper


def test_every_state_has_a_label() -> None:
    lacking = []
    for mapper in MAPPERS:
        machine = getattr(mapper.class_, "machine", None)
        if not isinstance(machine, Machine):
            continue
        labels = {str(state) for state in getattr(mapper.class_, "state_labels", {})}
        states = {str(state) for state in machine.moves} | machine.final()
        lacking += [f"{mapper.class_.__name__}.state_labels: {state}" for state in sorted(states - labels)]
    assert lacking == []
