"""From rows to answers: expanding ids into objects, and pages of lists."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from coevolve.payment_sandbox import description
from coevolve.payment_sandbox.errors import StripeError, missing
from coevolve.payment_sandbox.store import PREFIXES, Row, Store, public

_KINDS = {prefix: kind for kind, prefix in PREFIXES.items()}
DEEPEST = 4


def plain(store: Store, row: Row) -> Row:
    """The object as it is given out, ids not expanded."""
    shown = copy.deepcopy(public(row))
    if shown["object"] == "balance_transaction" and shown["available_on"] <= store.now():
        shown["status"] = "available"
    return shown


def _inner_list(store: Store, row: Row, field: str) -> Row | None:
    """Lists that stand inside an object only when they are asked for."""
    if row["object"] == "checkout.session" and field == "line_items":
        rows = store.get("checkout.session", row["id"])["_items"]
        return frame(copy.deepcopy(rows), False, f"/v1/checkout/sessions/{row['id']}/line_items")
    if row["object"] == "charge" and field == "refunds":
        rows = [plain(store, one) for one in store.newest("refund") if one["charge"] == row["id"]]
        return frame(rows[:10], len(rows) > 10, f"/v1/charges/{row['id']}/refunds")
    return None


def frame(rows: list[Row], has_more: bool, url: str) -> Row:
    return {"object": "list", "data": rows, "has_more": has_more, "url": url}


def _object_of(store: Store, identifier: str) -> Row | None:
    kind = _KINDS.get(identifier.rpartition("_")[0])
    return None if kind is None else store.find(kind, identifier)


def _expand(store: Store, row: Row, parts: list[str], whole: str) -> None:
    field, rest = parts[0], parts[1:]
    if field not in description.expandable(row["object"]):
        raise StripeError(
            f"This property cannot be expanded ({whole}).", code="property_cannot_be_expanded", param="expand"
        )
    value = row.get(field)
    inner = _inner_list(store, row, field) if not isinstance(value, dict) else None
    if inner is not None:
        row[field] = value = inner
    elif isinstance(value, str):
        found = _object_of(store, value)
        if found is None:
            return
        row[field] = value = plain(store, found)
    if rest and isinstance(value, dict):
        if value.get("object") == "list":
            _expand_rows(store, value["data"], rest, whole)
        elif "object" in value:
            _expand(store, value, rest, whole)


def _expand_rows(store: Store, rows: Iterable[Row], parts: list[str], whole: str) -> None:
    if parts[0] != "data" or len(parts) < 2:
        raise StripeError(f"This property cannot be expanded ({whole}).", param="expand")
    for row in rows:
        _expand(store, row, parts[1:], whole)


def _paths(expand: list[str]) -> list[tuple[list[str], str]]:
    paths = [(path.split("."), path) for path in expand]
    if any(len(parts) > DEEPEST for parts, _ in paths):
        raise StripeError("You cannot expand more than 4 levels of a property", param="expand")
    return paths


def one(store: Store, row: Row, expand: list[str]) -> Row:
    """The answer to a call for one object."""
    shown = plain(store, row) if "object" in row and row["object"] != "balance" else row
    for parts, whole in _paths(expand):
        _expand(store, shown, parts, whole)
    store.hold_against_description(shown["object"], description.faults(shown["object"], shown))
    return shown


def _is_within(value: int, asked: int | dict[str, int]) -> bool:
    if isinstance(asked, int):
        return value == asked
    tests: dict[str, Callable[[int], bool]] = {
        "gt": value.__gt__,
        "gte": value.__ge__,
        "lt": value.__lt__,
        "lte": value.__le__,
    }
    return all(tests[name](bound) for name, bound in asked.items())


def within(rows: Iterable[Row], params: dict[str, Any], *fields: str) -> list[Row]:
    """The rows that fit each date filter given (`created`, `arrival_date`)."""
    asked = [(field, params[field]) for field in fields if field in params]
    return [row for row in rows if all(_is_within(row[field], bound) for field, bound in asked)]


def page(store: Store, rows: list[Row], params: dict[str, Any], url: str) -> Row:
    """One page of rows that come newest first, cut by Stripe's cursors."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError(
            "This value must be between 1 and 100.", param="limit", code="parameter_invalid_integer"
        )
    after, before = params.get("starting_after"), params.get("ending_before")
    if after is not None and before is not None:
        raise StripeError("You cannot use both ending_before and starting_after.", param="ending_before")
    places = {row["id"]: place for place, row in enumerate(rows)}
    for name, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None and cursor not in places:
            raise missing("object", cursor, name)
    if before is not None:
        stop = places[before]
        chosen, has_more = rows[max(0, stop - limit) : stop], stop > limit
    else:
        start = 0 if after is None else places[after] + 1
        chosen, has_more = rows[start : start + limit], len(rows) > start + limit
    shown = [plain(store, row) for row in chosen]
    for parts, whole in _paths(params.get("expand", [])):
        _expand_rows(store, shown, parts, whole)
    answer = frame(shown, has_more, url)
    store.hold_against_description(url, description.list_faults(answer))
    return answer
