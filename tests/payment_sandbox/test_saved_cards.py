"""Cards kept for later: saved on the page, charged without their giver, refused as a bank refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.payment_sandbox.server import Sandbox

Open = Callable[..., Any]
KEEPS: dict[str, Any] = {
    "customer_creation": "always",
    "payment_intent_data": {"setup_future_usage": "off_session", "metadata": {"payment_id": "pay-1"}},
}


def saved(sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open, **how: Any) -> tuple[str, str]:
    """A giver who paid once and left a card: customer and card."""
    session = open_checkout(**KEEPS)
    assert sandbox.pay(session.id, **how) == "paid"
    session = client.v1.checkout.sessions.retrieve(session.id)
    intent = client.v1.payment_intents.retrieve(session.payment_intent)
    assert intent.customer == session.customer
    return str(session.customer), str(intent.payment_method)


def charge(client: stripe.StripeClient, customer: str, card: str, key: str = "m-1", **more: Any) -> Any:
    params: dict[str, Any] = {
        "amount": 10_000_000,
        "currency": "idr",
        "customer": customer,
        "payment_method": card,
        "payment_method_types": ["card"],
        "off_session": True,
        "confirm": True,
        "metadata": {"payment_id": "pay-2"},
        **more,
    }
    return client.v1.payment_intents.create(params=params, options={"idempotency_key": key})  # type: ignore[arg-type]


def test_a_kept_card_is_charged_once_per_key(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open
) -> None:
    customer, card = saved(sandbox, client, open_checkout)
    first = charge(client, customer, card)
    assert (first.status, first.amount_received) == ("succeeded", 10_000_000)
    assert charge(client, customer, card).id == first.id
    method = client.v1.payment_methods.retrieve(card)
    assert (method.card.last4, method.customer) == ("4242", customer)  # type: ignore[union-attr]
    with pytest.raises(stripe.IdempotencyError):
        charge(client, customer, card, amount=20_000_000)


@pytest.mark.parametrize(
    ("number", "code", "decline"),
    [
        ("4000000000000341", "card_declined", "insufficient_funds"),
        ("4000002760003184", "authentication_required", "authentication_required"),
    ],
)
def test_a_card_that_fails_later_answers_with_its_intent(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open, number: str, code: str, decline: str
) -> None:
    customer, card = saved(sandbox, client, open_checkout, card=number, approve=True)
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            charge(client, customer, card)
        assert (caught.value.http_status, caught.value.code) == (402, code)
        body: Any = caught.value.json_body
        assert body["error"]["decline_code"] == decline
    intents = client.v1.payment_intents.list(params={"customer": customer}).data
    assert [one.status for one in intents] == ["requires_payment_method", "succeeded"], (
        "the same key: one intent"
    )
    assert body["error"]["payment_intent"]["id"] == intents[0].id
    sandbox.ask("POST", f"/sandbox/payment_methods/{card}/answer", {"decline": ""})
    assert charge(client, customer, card, key="m-2").status == "succeeded"


def test_a_forgotten_card_pays_nothing(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open
) -> None:
    customer, card = saved(sandbox, client, open_checkout)
    client.v1.payment_methods.detach(card)
    with pytest.raises(stripe.InvalidRequestError):
        charge(client, customer, card)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_methods.detach(card)


def test_a_page_that_only_saves_takes_no_money(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open
) -> None:
    customer, _card = saved(sandbox, client, open_checkout)
    params: Any = {
        "mode": "setup",
        "customer": customer,
        "payment_method_types": ["card"],
        "success_url": "http://127.0.0.1:9/kembali",
        "cancel_url": "http://127.0.0.1:9/batal",
        "setup_intent_data": {"metadata": {"setup": "s-1"}},
    }
    session = client.v1.checkout.sessions.create(params=params)
    assert sandbox.pay(session.id, card="4000000000000002") == "declined"
    assert sandbox.pay(session.id) == "paid"
    session = client.v1.checkout.sessions.retrieve(session.id)
    assert (session.status, session.payment_status) == ("complete", "no_payment_required")
    setup = client.v1.setup_intents.retrieve(str(session.setup_intent))
    assert (setup.status, setup.customer) == ("succeeded", customer)
    assert charge(client, customer, str(setup.payment_method)).status == "succeeded"
    other = client.v1.checkout.sessions.create(params=params)
    client.v1.checkout.sessions.expire(other.id)
    assert client.v1.setup_intents.retrieve(str(other.setup_intent)).status == "canceled"
