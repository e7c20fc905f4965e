"""Filling the tree of places. Each use case may be repeated: what is already right stays untouched."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.kit.db import session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.localities import gazetteer, queries
from coevolve.localities.models import Locality, LocalityLoad, LocalityNeighbour, LocalitySuccession

COLUMNS = tuple(field.name for field in fields(gazetteer.Entry))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did: rows offered by the source, rows added or changed, rows closed."""

    offered: int
    changed: int
    closed: int
    seconds: float


def load() -> Loaded:
    """Load the tree down to the kecamatan; codes that the source no longer has are closed, never deleted."""
    started = time.monotonic()
    offered = _copy_in(gazetteer.entries())
    changed = _merge()
    closed = _close_missing()
    for step in gazetteer.successions():
        session().execute(
            upsert(LocalitySuccession)
            .values({field.name: getattr(step, field.name) for field in fields(step)})
            .on_conflict_do_nothing()
        )
    _note("tree", changed + closed)
    return Loaded(offered, changed, closed, time.monotonic() - started)


def load_villages(province_code: str | None = None) -> Loaded:
    """Load the villages of one province, or of all."""
    started = time.monotonic()
    if province_code is not None:
        place = queries.find(province_code)
        if place is None or place.level != "province" or place.country_code != "ID":
            raise Invalid("province_unknown", lazy("Kode provinsi ini tidak dikenal."))
    offered = _copy_in(gazetteer.villages(province_code))
    changed = _merge()
    _note(f"villages {province_code or 'all'}", changed)
    return Loaded(offered, changed, 0, time.monotonic() - started)


def ensure_loaded() -> Loaded | None:
    """Load the tree if it is empty; what a start does (a filled tree costs one statement)."""
    if session().execute(select(Locality.code).limit(1)).first() is not None:
        return None
    return load()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of neighbours did, and the lines it refused with the reason."""

    pairs: int
    refused: list[str]


def import_neighbours(path: Path) -> Imported:
    """Replace the neighbours that came from this file by what it says now.

    A CSV with the columns code_a, code_b, relation (land or sea) and the kilometres in shared_border_km or gap_km.
    """
    pairs: dict[tuple[str, str], dict[str, Any]] = {}
    refused: list[str] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(csv.DictReader(file), start=2):
            row = _pair(line, path.name)
            if isinstance(row, str):
                refused.append(f"{number}: {row}")
            else:
                pairs[row["a_code"], row["b_code"]] = row
    forget_neighbours(path.name)
    if pairs:
        statement = upsert(LocalityNeighbour)
        session().execute(
            statement.on_conflict_do_update(
                index_elements=["a_code", "b_code"],
                set_={key: statement.excluded[key] for key in ("kind", "km", "source")},
            ),
            list(pairs.values()),
        )
    return Imported(len(pairs), refused)


def forget_neighbours(source: str) -> int:
    """Undo an import: remove the pairs that came from this file."""
    gone = session().execute(delete(LocalityNeighbour).where(LocalityNeighbour.source == source))
    return int(getattr(gone, "rowcount", 0))


def _pair(line: dict[str, str | None], source: str) -> dict[str, Any] | str:
    a, b = sorted([(line.get("code_a") or "").strip(), (line.get("code_b") or "").strip()])
    kind = (line.get("relation") or "").strip()
    unknown = [code or "(empty)" for code in (a, b) if queries.find(code) is None]
    if unknown:
        return f"unknown code {', '.join(unknown)}"
    if a == b:
        return "a place is not its own neighbour"
    if kind not in ("land", "sea"):
        return f"relation must be land or sea, not {kind!r}"
    try:
        km = float(line.get("shared_border_km" if kind == "land" else "gap_km") or "")
    except ValueError:
        return "kilometres are missing or no number"
    if not 0 <= km < 40_000:
        return "kilometres are out of range"
    return {"a_code": a, "b_code": b, "kind": kind, "km": km, "source": source}


def _copy_in(entries: Iterable[gazetteer.Entry]) -> int:
    """COPY the rows into a table of this transaction, in the order given."""
    # A load is no page: on a busy machine all villages need more than the few seconds a page may take.
    session().execute(text("SET LOCAL statement_timeout = '10min'"))
    session().execute(text("DROP TABLE IF EXISTS pg_temp.locality_in"))
    session().execute(
        text("CREATE TEMPORARY TABLE locality_in (LIKE locality INCLUDING DEFAULTS) ON COMMIT DROP")
    )
    connection: Any = session().connection().connection.driver_connection
    number = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY pg_temp.locality_in ({', '.join(COLUMNS)}) FROM STDIN") as copy,
    ):
        for row in _rows(entries):
            copy.write_row(row)
            number += 1
    return number


def _rows(entries: Iterable[gazetteer.Entry]) -> Iterator[tuple[Any, ...]]:
    for entry in entries:
        yield tuple(getattr(entry, name) for name in COLUMNS)


def _merge() -> int:
    """Insert what is new and update what differs; rows that are right already are not touched."""
    names = ", ".join(COLUMNS)
    others = [name for name in COLUMNS if name != "code"]
    result = session().execute(
        text(
            f"INSERT INTO locality AS l ({names}) SELECT {names} FROM pg_temp.locality_in "
            f"ON CONFLICT (code) DO UPDATE SET {', '.join(f'{n} = excluded.{n}' for n in others)} "
            f"WHERE ({', '.join(f'l.{n}' for n in others)}) IS DISTINCT FROM "
            f"({', '.join(f'excluded.{n}' for n in others)})"
        )
    )
    return int(getattr(result, "rowcount", 0))


def _close_missing() -> int:
    """Close the codes below the country that the source no longer has (villages are judged with their kecamatan)."""
    result = session().execute(
        text(
            "UPDATE locality SET is_active = false, valid_to = (clock_timestamp() AT TIME ZONE 'Asia/Jakarta')::date "
            "WHERE is_active AND level <> 'village' "
            "AND NOT EXISTS (SELECT FROM pg_temp.locality_in i WHERE i.code = locality.code)"
        )
    )
    return int(getattr(result, "rowcount", 0))


def _note(what: str, changed: int) -> None:
    """Log a load that changed something, so that every process reads the tree again."""
    if changed:
        session().execute(
            insert(LocalityLoad).values(what=what, source=gazetteer.source(), changed_rows=changed)
        )
    queries.forget()
