"""The sandbox's whole state: objects in memory, written through to one SQLite file so that a restart keeps them.

Everything changes inside `with store.change():`, one at a time. At its end each touched object is held against
Stripe's description and all is committed together; an exception leaves nothing behind, in memory or on disk.
Names beginning with `_` are the sandbox's own and never leave it.
"""

from __future__ import annotations

import copy
import json
import random
import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from coevolve.payment_sandbox import description
from coevolve.payment_sandbox.errors import missing
from coevolve.payment_sandbox.settings import Refused, Settings
from coevolve.payment_sandbox.truth import Truth

Row = dict[str, Any]

PREFIXES = {
    "checkout.session": "cs_test",
    "customer": "cus",
    "product": "prod",
    "price": "price",
    "payment_intent": "pi",
    "payment_method": "pm",
    "setup_intent": "seti",
    "charge": "ch",
    "refund": "re",
    "balance_transaction": "txn",
    "payout": "po",
    "dispute": "du",
    "event": "evt",
}
"""Kinds of Stripe objects and how their ids begin."""
OWN = ("key", "delivery", "fault", "timer", "meta")
"""Rows of the sandbox itself: idempotency keys, open deliveries, faults to play, what is due later, single facts."""
_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class BrokenObject(AssertionError):
    """The sandbox made an object that is not what Stripe describes."""


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"


def public(row: Row) -> Row:
    """The row without the sandbox's own fields."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def refuse_another_version(folder: Path) -> None:
    """State written under another version of Stripe's description is not read; asked before the server starts."""
    folder.mkdir(parents=True, exist_ok=True)
    mine = description.version()
    database = sqlite3.connect(folder / "state.sqlite3")
    try:
        with database:
            database.execute("CREATE TABLE IF NOT EXISTS version (name TEXT PRIMARY KEY)")
            database.execute("INSERT INTO version SELECT ? WHERE NOT EXISTS (SELECT 1 FROM version)", (mine,))
            (found,) = database.execute("SELECT name FROM version").fetchone()
    finally:
        database.close()
    if found != mine:
        raise Refused(f"payment sandbox: {folder} holds state of {found}, not {mine}; remove it")


class Store:
    def __init__(self, settings: Settings) -> None:
        folder = Path(settings.data)
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self.truth = Truth(folder / "truth.jsonl")
        self.random = random.Random(settings.seed)  # noqa: S311 - chances of faults, meant to repeat
        self.violations = 0
        self.request: Row | None = None
        """The API call under way: events name it as their cause."""
        self.wake = threading.Event()
        """Set when there may be something to deliver."""
        self._lock = threading.RLock()
        self._depth = 0
        self._rows: dict[str, dict[str, Row]] = {kind: {} for kind in (*PREFIXES, *OWN)}
        self._touched: dict[tuple[str, str], None] = {}
        self._said: list[tuple[str, str, Row]] = []
        self._database = sqlite3.connect(folder / "state.sqlite3", check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS item "
            "(seq INTEGER PRIMARY KEY, kind TEXT, id TEXT, body TEXT, UNIQUE (kind, id))"
        )
        for kind, identifier, body in self._database.execute("SELECT kind, id, body FROM item ORDER BY seq"):
            self._rows[kind][identifier] = json.loads(body)

    # --- time ---

    def now(self) -> int:
        """The sandbox's clock: ours, moved forward by the admin."""
        return int(time.time()) + int(self._rows["meta"].get("clock", {}).get("offset", 0))

    # --- reading ---

    def get(self, kind: str, identifier: str, *, param: str = "id") -> Row:
        """The object, to look at; an unknown id is Stripe's 404."""
        with self._lock:
            row = self._rows[kind].get(identifier)
        if row is None:
            raise missing(kind.replace(".", "_"), identifier, param)
        return row

    def find(self, kind: str, identifier: str) -> Row | None:
        with self._lock:
            return self._rows[kind].get(identifier)

    def newest(self, kind: str) -> list[Row]:
        """All of a kind, newest first, as every list of Stripe's is."""
        with self._lock:
            return list(reversed(self._rows[kind].values()))

    def oldest(self, kind: str) -> list[Row]:
        with self._lock:
            return list(self._rows[kind].values())

    def counts(self) -> dict[str, int]:
        with self._lock:
            return {kind: len(rows) for kind, rows in self._rows.items()}

    # --- changing ---

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else changes anything meanwhile; several changes in it are each whole or not at all."""
        with self._lock:
            yield

    @contextmanager
    def change(self) -> Iterator[None]:
        """One thing after the other, whole or not at all; may be nested (the outermost commits)."""
        with self._lock:
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._write()
            except BaseException:
                if self._depth == 1:
                    self._undo()
                raise
            finally:
                self._depth -= 1

    def add(self, kind: str, row: Row) -> Row:
        self._must_be_inside()
        self._rows[kind][row["id"]] = row
        self._touched[kind, row["id"]] = None
        return row

    def edit(self, kind: str, identifier: str, *, param: str = "id") -> Row:
        """The object, to be changed."""
        self._must_be_inside()
        row = self.get(kind, identifier, param=param)
        self._touched[kind, identifier] = None
        return row

    def remove(self, kind: str, identifier: str) -> None:
        self._must_be_inside()
        if self._rows[kind].pop(identifier, None) is not None:
            self._touched[kind, identifier] = None

    def _must_be_inside(self) -> None:
        if not self._depth:
            raise RuntimeError("the payment sandbox's state changes only inside store.change()")

    def say(self, what: str, name: str, **more: Any) -> None:
        """A line for the truth file, written when the change is."""
        self._said.append((what, name, copy.deepcopy(more)))

    def hold_against_description(self, name: str, faults: list[str]) -> None:
        """Loud when the sandbox itself is wrong about Stripe."""
        if faults:
            self.violations += 1
            message = f"payment sandbox breaks the description of {name}: " + "; ".join(faults[:5])
            print(message, file=sys.stderr, flush=True)
            if self.settings.strict:
                raise BrokenObject(message)

    def _write(self) -> None:
        gone: list[tuple[str, str]] = []
        kept: list[tuple[str, str, str]] = []
        for kind, identifier in self._touched:
            row = self._rows[kind].get(identifier)
            if row is None:
                gone.append((kind, identifier))
                continue
            if kind in PREFIXES:
                self.hold_against_description(kind, description.faults(kind, public(row)))
            kept.append((kind, identifier, json.dumps(row, separators=(",", ":"))))
        with self._database:
            self._database.executemany("DELETE FROM item WHERE kind = ? AND id = ?", gone)
            self._database.executemany(
                "INSERT INTO item (kind, id, body) VALUES (?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                kept,
            )
        has_deliveries = any(kind == "delivery" for kind, _ in self._touched)
        self._touched.clear()
        if has_deliveries:
            self.wake.set()
        said, self._said = self._said, []
        for what, name, more in said:
            self.truth.write(what, name, **more)

    def _undo(self) -> None:
        for kind, identifier in self._touched:
            found = self._database.execute(
                "SELECT body FROM item WHERE kind = ? AND id = ?", (kind, identifier)
            ).fetchone()
            if found is None:
                self._rows[kind].pop(identifier, None)
            else:
                self._rows[kind][identifier] = json.loads(found[0])
        self._touched.clear()
        self._said.clear()

    def reset(self) -> None:
        """Forget every object, key, event, fault and line of truth; the clock runs as ours again."""
        with self._lock:
            for rows in self._rows.values():
                rows.clear()
            with self._database:
                self._database.execute("DELETE FROM item")
            self.truth.reset()

    def close(self) -> None:
        with self._lock:
            self._database.close()
            self.truth.close()
