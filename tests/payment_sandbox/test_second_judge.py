"""A second opinion: jsonschema, which we did not write, judges every kind of object after a busy day."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema
import stripe

from coevolve.payment_sandbox import description
from tests.payment_sandbox.server import Sandbox


def translated(node: Any) -> Any:
    """Stripe's schema in jsonschema's words: `nullable` is OpenAPI's, and a closed object is said so."""
    if isinstance(node, list):
        return [translated(part) for part in node]
    if not isinstance(node, dict):
        return node
    plain = {name: translated(part) for name, part in node.items() if name not in ("nullable", "format")}
    if plain.get("properties") and "additionalProperties" not in plain and plain.get("type") == "object":
        plain["additionalProperties"] = False
    return {"anyOf": [{"type": "null"}, plain]} if node.get("nullable") is True else plain


def _keep_another(client: stripe.StripeClient, customer: str) -> None:
    params: Any = {
        "mode": "setup",
        "customer": customer,
        "payment_method_types": ["card"],
        "success_url": "http://127.0.0.1:9/kembali",
    }
    client.v1.checkout.sessions.create(params=params)


def test_every_object_is_what_stripe_describes(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Callable[..., Any]
) -> None:
    sandbox.send_events_to("")
    client.v1.customers.create(params={"email": "a@example.org"})
    sessions = [open_checkout(1_000_000 * at) for at in range(1, 9)]
    sandbox.pay(sessions[0].id)
    kept = open_checkout(
        customer_creation="always", payment_intent_data={"setup_future_usage": "off_session", "metadata": {}}
    )
    sandbox.pay(kept.id)
    _keep_another(client, str(client.v1.checkout.sessions.retrieve(kept.id).customer))
    sandbox.pay(sessions[1].id, card="4000000000000002")
    sandbox.pay(sessions[2].id, card="4000002500003155", approve=False)
    sandbox.pay(sessions[3].id, card="4000002500003155", approve=True)
    sandbox.pay(sessions[4].id, card="4000002500003155")
    sandbox.pay(sessions[5].id, later=True)
    sandbox.pay(sessions[6].id, card="4000000000007726")
    client.v1.checkout.sessions.expire(sessions[7].id)
    charges = client.v1.charges.list(params={"limit": 100}).data
    for charge in (row for row in charges if row.captured):
        sandbox.refund(charge.id, 100_000)
    sandbox.change_dispute(sandbox.dispute(charges[-1].id)["id"], "win")
    sandbox.unknown_payment()
    sandbox.change_payout(sandbox.payout()["id"], "fail")

    schemas = translated(description.document()["schemas"])
    dump = sandbox.ask("GET", "/sandbox/dump")
    assert all(dump.values()), "each kind of object has to be there"
    for kind, rows in dump.items():
        judge = jsonschema.Draft4Validator(
            {"$ref": f"#/components/schemas/{kind}", "components": {"schemas": schemas}}
        )
        for row in rows:
            assert [error.message for error in judge.iter_errors(row)][:3] == [], kind
