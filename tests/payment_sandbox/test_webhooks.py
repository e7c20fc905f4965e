"""Events on their way: signed, repeated until taken, and every trouble of the road."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.payment_sandbox.conftest import Taker, make_client
from tests.payment_sandbox.server import Sandbox

Open = Callable[..., Any]


def test_another_secret_does_not_verify(sandbox: Sandbox, taker: Taker, open_checkout: Open) -> None:
    sandbox.pay(open_checkout().id)
    sandbox.wait_delivered()
    body, header = taker.taken[0]
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", header, sandbox.webhook_secret)
    assert stripe.Webhook.construct_event(body, header, sandbox.webhook_secret).livemode is False


def test_an_event_names_the_call_that_caused_it(
    sandbox: Sandbox, client: stripe.StripeClient, taker: Taker
) -> None:
    client.v1.customers.create(params={"name": "x"}, options={"idempotency_key": "cause"})
    sandbox.wait_delivered()
    (event,) = taker.events(sandbox.webhook_secret)
    assert event.request.idempotency_key == "cause"  # type: ignore[union-attr]
    assert client.v1.events.retrieve(event.id).pending_webhooks == 0


def test_refused_events_come_again(sandbox: Sandbox, client: stripe.StripeClient, taker: Taker) -> None:
    taker.answers += [500, 302, 503]
    client.v1.customers.create(params={"name": "x"})
    sandbox.wait_delivered()
    assert taker.types(sandbox.webhook_secret) == ["customer.created"]
    event_id = taker.events(sandbox.webhook_secret)[0].id
    tried = [line for line in sandbox.truth("delivery") if line.get("event") == event_id]
    assert [line["status"] for line in tried] == [500, 302, 503, 200]


def test_a_resent_event_has_its_old_id(sandbox: Sandbox, client: stripe.StripeClient, taker: Taker) -> None:
    client.v1.customers.create(params={"name": "x"})
    sandbox.wait_delivered()
    event_id = taker.events(sandbox.webhook_secret)[0].id
    sandbox.resend(event_id)
    sandbox.wait_delivered()
    assert [event.id for event in taker.events(sandbox.webhook_secret)] == [event_id, event_id]


def test_open_deliveries_outlive_a_kill(sandbox: Sandbox, client: stripe.StripeClient, taker: Taker) -> None:
    sandbox.chaos({"mode": "delay", "seconds": 1.5})
    client.v1.customers.create(params={"name": "x"})
    sandbox.restart()
    sandbox.wait_delivered()
    assert taker.types(sandbox.webhook_secret) == ["customer.created"]


def test_lost(sandbox: Sandbox, client: stripe.StripeClient, taker: Taker) -> None:
    sandbox.chaos({"mode": "lose", "on": "customer.*", "count": 1})
    client.v1.customers.create(params={"name": "lost"})
    client.v1.customers.create(params={"name": "kept"})
    sandbox.wait_delivered()
    assert [event.data.object["name"] for event in taker.events(sandbox.webhook_secret)] == ["kept"]
    assert len(client.v1.events.list(params={"type": "customer.created"}).data) == 2


def test_duplicate(sandbox: Sandbox, client: stripe.StripeClient, taker: Taker) -> None:
    sandbox.chaos({"mode": "duplicate", "times": 4, "count": 1})
    client.v1.customers.create(params={"name": "x"})
    sandbox.wait_delivered()
    assert len({event.id for event in taker.events(sandbox.webhook_secret)}) == 1
    assert len(taker.taken) == 5


def test_delay_and_reorder(sandbox: Sandbox, client: stripe.StripeClient, taker: Taker) -> None:
    sandbox.chaos({"mode": "delay", "on": "customer.created", "seconds": 1.0, "count": 1})
    customer = client.v1.customers.create(params={"name": "x"})
    client.v1.customers.update(customer.id, params={"name": "y"})
    sandbox.wait_delivered()
    assert taker.types(sandbox.webhook_secret) == ["customer.updated", "customer.created"]
    taker.taken.clear()
    sandbox.chaos({"mode": "reorder", "seconds": 1.0})
    made = [client.v1.customers.create(params={"name": str(at)}).id for at in range(12)]
    sandbox.wait_delivered()
    came = [event.data.object["id"] for event in taker.events(sandbox.webhook_secret)]
    assert sorted(came) == sorted(made)
    assert came != made


# --- trouble on calls ---


def test_http_500_before_acting_is_remembered(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open
) -> None:
    sandbox.chaos({"mode": "http_500", "on": "POST /v1/checkout/sessions", "count": 1})
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            open_checkout(key="k1")
        assert caught.value.http_status == 500
    assert client.v1.checkout.sessions.list().data == []
    with pytest.raises(stripe.IdempotencyError):
        open_checkout(60_000_000, key="k1")
    assert open_checkout(key="k2").status == "open"


def test_http_500_before_acting_unremembered(sandbox: Sandbox, open_checkout: Open) -> None:
    sandbox.chaos({"mode": "http_500", "count": 1, "remembered": False})
    with pytest.raises(stripe.APIError):
        open_checkout(key="k1")
    assert open_checkout(key="k1").status == "open"


def test_http_500_after_acting(sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open) -> None:
    sandbox.chaos({"mode": "http_500_after", "count": 1})
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            open_checkout(key="k1")
    (made,) = client.v1.checkout.sessions.list().data
    assert made.metadata.to_dict() == {"payment_id": "pay-1"}
    assert sandbox.truth("fact", "checkout_opened")[-1]["idempotency_key"] == "k1"


def test_http_429_and_503_do_nothing(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open
) -> None:
    sandbox.chaos(
        {"mode": "http_429", "count": 1}, {"mode": "http_409", "count": 1}, {"mode": "http_503", "count": 1}
    )
    with pytest.raises(stripe.RateLimitError):
        open_checkout(key="k1")
    with pytest.raises(stripe.APIError) as busy:
        open_checkout(key="k1")
    assert busy.value.http_status == 409
    with pytest.raises(stripe.APIError):
        open_checkout(key="k1")
    assert client.v1.checkout.sessions.list().data == []
    assert open_checkout(key="k1").status == "open"


@pytest.mark.parametrize(
    ("mode", "acts"),
    [
        ("garbage", False),
        ("garbage_after", True),
        ("cut", False),
        ("act_then_cut", True),
        ("hang", False),
        ("act_then_timeout", True),
    ],
)
def test_answers_that_cannot_be_read(
    sandbox: Sandbox, client: stripe.StripeClient, mode: str, acts: bool
) -> None:
    impatient = make_client(sandbox, timeout=0.5)
    sandbox.chaos({"mode": mode, "count": 1, "seconds": 1.5, "on": "POST /v1/customers"})
    with pytest.raises((stripe.APIConnectionError, stripe.APIError)):
        impatient.v1.customers.create(params={"name": "x"}, options={"idempotency_key": "k1"})
    assert len(client.v1.customers.list().data) == (1 if acts else 0)
    again = client.v1.customers.create(params={"name": "x"}, options={"idempotency_key": "k1"})
    assert [row.id for row in client.v1.customers.list().data] == [again.id]
    calls = [line for line in sandbox.truth("call", "POST /v1/customers") if line["idempotency_key"] == "k1"]
    assert [line["acted"] for line in calls[-2:]] == ([True, False] if acts else [False, True])


def test_a_hanging_call_blocks_no_other(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    sandbox.chaos({"mode": "hang", "seconds": 3, "count": 1})
    with pytest.raises(stripe.APIConnectionError):
        make_client(sandbox, timeout=0.2).v1.customers.create(params={"name": "x"})
    started = time.monotonic()
    client.v1.customers.create(params={"name": "y"})
    assert time.monotonic() - started < 1


def test_chances_follow_the_seed_and_skips_are_let_pass(
    sandbox: Sandbox, client: stripe.StripeClient
) -> None:
    sandbox.chaos({"mode": "http_429", "skip": 2, "count": 1})
    for _ in range(2):
        client.v1.customers.create(params={"name": "x"})
    with pytest.raises(stripe.RateLimitError):
        client.v1.customers.create(params={"name": "x"})
    sandbox.chaos({"mode": "http_429", "probability": 0.5})
    struck = 0
    for _ in range(60):
        try:
            client.v1.customers.create(params={"name": "x"})
        except stripe.RateLimitError:
            struck += 1
    assert 10 < struck < 50


@pytest.mark.parametrize(
    "fault", [{"mode": "nonsense"}, {"mode": "lose", "colour": 1}, {"mode": 5}, "lose", {}]
)
def test_faults_that_are_not_understood(sandbox: Sandbox, fault: Any) -> None:
    with pytest.raises(AssertionError, match="400"):
        sandbox.ask("POST", "/sandbox/chaos", {"faults": [fault]})
