"""The names of the domains, lowest first. Alembic, the app and the commands import their parts by these names."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from types import ModuleType
from typing import Any

DOMAINS = (
    "localities",
    "ledger",
    "journal",
    "people",
    "organisations",
    "notifications",
    "listings",
    "payments",
    "pledges",
    "recurring",
    "disbursements",
    "reconciliation",
    "matching",
    "networks",
    "voices",
    "moderation",
    "impact",
    "operations",
)


def modules(name: str) -> Iterator[ModuleType]:
    """The module of this name in every domain that has one, lowest domain first."""
    for domain in DOMAINS:
        if importlib.util.find_spec(f"coevolve.{domain}") is None:
            continue
        path = f"coevolve.{domain}.{name}"
        if importlib.util.find_spec(path) is not None:
            yield importlib.import_module(path)


def import_models() -> None:
    """Make every table known to SQLAlchemy's metadata."""
    importlib.import_module("coevolve.kit.moves")
    importlib.import_module("coevolve.kit.rate")
    importlib.import_module("coevolve.kit.beats")
    importlib.import_module("coevolve.kit.checks")
    importlib.import_module("coevolve.kit.files")
    for _ in modules("models"):
        pass


def blueprints() -> Iterator[Any]:
    """The pages and API routes of every domain."""
    for name in ("views", "api"):
        for module in modules(name):
            if hasattr(module, "blueprint"):
                yield module.blueprint
            yield from getattr(module, "more_blueprints", ())


def invariants() -> list[Any]:
    """The one list of what must always hold."""
    return [rule for module in modules("invariants") for rule in module.INVARIANTS]
