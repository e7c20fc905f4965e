"""Stripe's own description as the judge: of the parameters that come in and of the objects that go out.

`parameters` turns the strings of a form into typed values or refuses them in Stripe's words. `faults` lists where an
object breaks the description: a wrong type, an unknown field, a missing one, a value outside an enum.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from coevolve.payment_sandbox.errors import StripeError

Schema = dict[str, Any]
_PREFIX = "#/components/schemas/"
_INTEGER = re.compile(r"-?[0-9]{1,18}\Z")
_NUMBER = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?\Z")


@cache
def document() -> dict[str, Any]:
    """The vendored excerpt (`cut_spec.py`)."""
    path = Path(__file__).parent / "spec" / "stripe.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def version() -> str:
    return str(document()["version"])


def operations() -> list[str]:
    return list(document()["operations"])


def schema_of(name: str) -> Schema:
    found: Schema = document()["schemas"][name]
    return found


def expandable(name: str) -> frozenset[str]:
    return frozenset(schema_of(name).get("x-expandableFields", ()))


# --- objects that go out ---------------------------------------------------------------------------------------


def faults(name: str, value: Any) -> list[str]:
    """Every place where the value is not what Stripe describes under that name; empty when it is."""
    return list(_object_faults(schema_of(name), value, name))


def list_faults(value: dict[str, Any]) -> list[str]:
    """The same for a page of a list: its frame, and each object in it by its own `object` word."""
    found = [f"list lacks {name}" for name in ("object", "data", "has_more", "url") if name not in value]
    for position, row in enumerate(value.get("data", ())):
        found.extend(f"data[{position}].{fault}" for fault in faults(row["object"], row))
    return found


def _resolve(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = schema_of(schema["$ref"].removeprefix(_PREFIX))
    return schema


def _object_faults(schema: Schema, value: Any, where: str) -> list[str]:
    if value is None:
        return [] if schema.get("nullable") or _resolve(schema).get("nullable") else [f"{where} is null"]
    if "anyOf" in schema:
        return _any_of_faults(schema["anyOf"], value, where)
    schema = _resolve(schema)
    if "anyOf" in schema:
        return _any_of_faults(schema["anyOf"], value, where)
    kind = schema.get("type")
    if kind == "object":
        return _mapping_faults(schema, value, where)
    if kind == "array":
        if not isinstance(value, list):
            return [f"{where} is no list"]
        rows = enumerate(value)
        return [fault for at, row in rows for fault in _object_faults(schema["items"], row, f"{where}[{at}]")]
    return _scalar_faults(schema, value, where)


def _any_of_faults(branches: list[Schema], value: Any, where: str) -> list[str]:
    shortest: list[str] | None = None
    for branch in branches:
        found = _object_faults(branch, value, where)
        if not found:
            return []
        if isinstance(value, dict) and _resolve(branch).get("type") != "object":
            continue
        if shortest is None or len(found) < len(shortest):
            shortest = found
    return shortest or [f"{where} fits no branch"]


def _mapping_faults(schema: Schema, value: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where} is no object"]
    found = [f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value]
    properties: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    for name, part in value.items():
        if name in properties:
            found.extend(_object_faults(properties[name], part, f"{where}.{name}"))
        elif isinstance(others, dict):
            found.extend(_object_faults(others, part, f"{where}.{name}"))
        elif properties:
            found.append(f"{where}.{name} is unknown to Stripe")
    return found


def _scalar_faults(schema: Schema, value: Any, where: str) -> list[str]:
    kind = schema.get("type")
    fits = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        None: True,
    }
    if not fits[kind]:
        return [f"{where} is no {kind}: {value!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where} is {value!r}, which is not in the enum"]
    if isinstance(value, str) and len(value) > schema.get("maxLength", len(value)):
        return [f"{where} is too long"]
    return []


# --- parameters that come in -----------------------------------------------------------------------------------


def parameters(operation: str, raw: dict[str, Any]) -> dict[str, Any]:
    """The typed parameters of a call; unknown, missing and mistyped ones are refused by name."""
    schema: Schema = document()["operations"][operation]
    typed: dict[str, Any] = _typed(schema, raw, "")
    return typed


def _inner(where: str, name: str) -> str:
    return f"{where}[{name}]" if where else name


def _typed(schema: Schema, raw: Any, where: str) -> Any:
    if "anyOf" in schema:
        return _typed_any_of(schema["anyOf"], raw, where)
    kind = schema.get("type")
    if kind == "object":
        return _typed_object(schema, raw, where)
    if kind == "array":
        return _typed_array(schema, raw, where)
    if not isinstance(raw, str):
        raise StripeError(f"Invalid {kind}: {where}", param=where, code=f"parameter_invalid_{kind}")
    return _typed_scalar(schema, kind, raw, where)


def _typed_any_of(branches: list[Schema], raw: Any, where: str) -> Any:
    errors: list[StripeError] = []
    for branch in branches:
        try:
            return _typed(branch, raw, where)
        except StripeError as error:
            if isinstance(raw, str) == (branch.get("type") not in ("object", "array")):
                errors.insert(0, error)
            else:
                errors.append(error)
    raise errors[0]


def _typed_object(schema: Schema, raw: Any, where: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise StripeError(f"Invalid object: {where}", param=where, code="parameter_invalid_object")
    properties: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    typed: dict[str, Any] = {}
    for name, part in raw.items():
        inner = _inner(where, name)
        if name in properties:
            typed[name] = _typed(properties[name], part, inner)
        elif isinstance(others, dict):
            typed[name] = _typed(others, part, inner)
        else:
            raise StripeError(f"Received unknown parameter: {inner}", code="parameter_unknown", param=inner)
    for name in schema.get("required", ()):
        if name not in typed:
            inner = _inner(where, name)
            raise StripeError(f"Missing required param: {inner}.", code="parameter_missing", param=inner)
    return typed


def _typed_array(schema: Schema, raw: Any, where: str) -> list[Any]:
    if isinstance(raw, dict) and all(name.isdecimal() for name in raw):
        raw = [raw[name] for name in sorted(raw, key=int)]
    if not isinstance(raw, list):
        raise StripeError(f"Invalid array: {where}", param=where, code="parameter_invalid_array")
    return [_typed(schema["items"], row, f"{where}[{at}]") for at, row in enumerate(raw)]


def _typed_scalar(schema: Schema, kind: str | None, raw: str, where: str) -> Any:
    value = _parsed(kind, raw, where)
    if "enum" in schema and value not in schema["enum"]:
        allowed = ", ".join(str(word) for word in schema["enum"])
        raise StripeError(f"Invalid {where}: must be one of {allowed}", param=where)
    if isinstance(value, str):
        longest = schema.get("maxLength", len(value))
        if len(value) > longest:
            raise StripeError(f"Invalid string: {where}; must be at most {longest} characters", param=where)
    elif not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        raise StripeError(f"Invalid {where}: out of range", param=where)
    return value


def _parsed(kind: str | None, raw: str, where: str) -> Any:
    if kind == "integer":
        if not _INTEGER.match(raw):
            raise StripeError(f"Invalid integer: {raw}", param=where, code="parameter_invalid_integer")
        return int(raw)
    if kind == "number":
        if not _NUMBER.match(raw):
            raise StripeError(f"Invalid decimal: {raw}", param=where)
        return float(raw)
    if kind == "boolean":
        if raw not in ("true", "false"):
            raise StripeError(f"Invalid boolean: {raw}", param=where)
        return raw == "true"
    return raw
