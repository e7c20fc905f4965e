"""Checkout through the real SDK and the hosted page: pay, decline, 3-D Secure, cancel, pay later, expiry."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.payment_sandbox.conftest import Taker
from tests.payment_sandbox.server import Sandbox

OK = "4242424242424242"
DECLINED = "4000000000000002"
SECURE = "4000002500003155"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **named: Any) -> None:
        return None


def browse(url: str, form: dict[str, str] | None = None, language: str = "") -> tuple[int, str, Any]:
    """Status, body and headers of one page; redirects are not followed."""
    data = None if form is None else urllib.parse.urlencode(form).encode()
    request = urllib.request.Request(
        url, data=data, headers={"Accept-Language": language} if language else {}
    )
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=10) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


def test_paid_by_card(
    sandbox: Sandbox, client: stripe.StripeClient, taker: Taker, open_checkout: Callable[..., Any]
) -> None:
    session = open_checkout(key="key-of-pay-1")
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert session.amount_total == 50_000_000
    status, html, headers = browse(session.url)
    assert status == 200
    assert "Kotak pasir pembayaran" in html
    assert "Rp\N{NO-BREAK SPACE}500.000" in html
    assert "<script" not in html
    assert "style=" not in html
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' http://127.0.0.1:9" in policy
    status, _, headers = browse(session.url, {"action": "pay", "card": OK, "name": "Sari"})
    assert (status, headers["Location"]) == (303, f"http://127.0.0.1:9/kembali?s={session.id}")

    expand = ["payment_intent.latest_charge.balance_transaction"]
    paid = client.v1.checkout.sessions.retrieve(session.id, params={"expand": expand})
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    intent: Any = paid.payment_intent
    assert intent.status == "succeeded"
    assert intent.amount_received == 50_000_000
    assert intent.metadata["payment_id"] == "pay-1"
    transaction = intent.latest_charge.balance_transaction
    assert transaction.amount == 50_000_000
    assert transaction.fee == 1_450_000 + 200_000
    assert transaction.net == transaction.amount - transaction.fee
    assert transaction.status == "pending"

    sandbox.wait_delivered()
    types = taker.types(sandbox.webhook_secret)
    assert sorted(types) == sorted(
        [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
            "checkout.session.completed",
        ]
    )
    completed = next(event for event in taker.events(sandbox.webhook_secret) if "session" in event.type)
    assert completed.data.object["id"] == session.id
    captured = sandbox.truth("fact", "payment_captured")
    assert [(line["amount"], line["idempotency_key"]) for line in captured] == [(50_000_000, "key-of-pay-1")]
    # A second press of the button leads back and pays nothing more.
    status, _, headers = browse(
        session.url or f"{sandbox.url}/c/pay/{session.id}", {"action": "pay", "card": OK}
    )
    assert (status, headers["Location"]) == (303, f"http://127.0.0.1:9/kembali?s={session.id}")
    assert len(sandbox.truth("fact", "payment_captured")) == len(captured)
    assert 'id="closed"' in browse(f"{sandbox.url}/c/pay/{session.id}")[1]


def test_declined_then_paid(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Callable[..., Any]
) -> None:
    session = open_checkout()
    status, html, _ = browse(session.url, {"action": "pay", "card": DECLINED, "name": "Budi"})
    assert status == 422
    assert "Kartu ditolak" in html
    assert 'value="Budi"' in html
    now = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})
    intent: Any = now.payment_intent
    assert (now.status, intent.status) == ("open", "requires_payment_method")
    assert intent.last_payment_error.decline_code == "generic_decline"
    charge = client.v1.charges.retrieve(intent.latest_charge)
    assert (charge.status, charge.paid, charge.balance_transaction) == ("failed", False, None)
    assert browse(session.url, {"action": "pay", "card_number": "4242 4242 4242 4242"})[0] == 303
    again = client.v1.payment_intents.retrieve(intent.id)
    assert again.status == "succeeded"
    assert len(client.v1.charges.list(params={"payment_intent": intent.id}).data) == 2


@pytest.mark.parametrize("is_approved", [True, False])
def test_three_d_secure(
    client: stripe.StripeClient, open_checkout: Callable[..., Any], is_approved: bool
) -> None:
    session = open_checkout()
    status, _, headers = browse(session.url, {"action": "pay", "card": SECURE})
    assert status == 303
    page = urllib.parse.urljoin(session.url, headers["Location"])
    assert page.endswith("/3ds")
    assert 'id="approve"' in browse(page)[1]
    waiting = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})
    assert waiting.payment_intent.status == "requires_action"  # type: ignore[union-attr]
    status, html, headers = browse(page, {"action": "approve" if is_approved else "fail"})
    after = client.v1.checkout.sessions.retrieve(
        session.id, params={"expand": ["payment_intent.latest_charge"]}
    )
    intent: Any = after.payment_intent
    if is_approved:
        assert status == 303
        assert after.payment_status == "paid"
        secure = intent.latest_charge.payment_method_details.card.three_d_secure
        assert secure.result == "authenticated"
    else:
        assert status == 422
        assert "Persetujuan 3-D Secure gagal" in html
        assert (after.status, intent.status, intent.latest_charge) == (
            "open",
            "requires_payment_method",
            None,
        )
        assert browse(page)[0] == 303


def test_cancel_leads_back_and_leaves_it_open(
    client: stripe.StripeClient, open_checkout: Callable[..., Any]
) -> None:
    session = open_checkout()
    status, _, headers = browse(session.url, {"action": "cancel"})
    assert (status, headers["Location"]) == (303, "http://127.0.0.1:9/batal")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "open"


@pytest.mark.parametrize("is_paid", [True, False])
def test_pay_later(
    sandbox: Sandbox,
    client: stripe.StripeClient,
    taker: Taker,
    open_checkout: Callable[..., Any],
    is_paid: bool,
) -> None:
    session = open_checkout()
    assert browse(session.url, {"action": "pay_later"})[0] == 303
    now = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})
    intent: Any = now.payment_intent
    assert (now.status, now.payment_status, intent.status) == ("complete", "unpaid", "processing")
    if is_paid:
        sandbox.advance(30)
    else:
        sandbox.settle(intent.id, paid=False)
    after = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})
    assert after.payment_status == ("paid" if is_paid else "unpaid")
    sandbox.wait_delivered()
    last = "succeeded" if is_paid else "failed"
    assert f"checkout.session.async_payment_{last}" in taker.types(sandbox.webhook_secret)


def test_expires_by_time_and_by_call(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Callable[..., Any]
) -> None:
    first = open_checkout()
    assert client.v1.checkout.sessions.expire(first.id).status == "expired"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(first.id)
    second = open_checkout(expires_at=int(time.time()) + 1_800)
    sandbox.advance(1_801)
    assert client.v1.checkout.sessions.retrieve(second.id).status == "expired"
    status, html, _ = browse(second.url)
    assert status == 200
    assert 'id="closed"' in html
    assert browse(second.url, {"action": "pay", "card": OK})[0] == 200
    assert sandbox.truth("fact", "payment_captured") == []


def test_page_speaks_english_and_asks_for_an_address(open_checkout: Callable[..., Any]) -> None:
    session = open_checkout(locale="en", customer_email="")
    html = browse(session.url)[1]
    assert "Payment sandbox" in html
    assert 'name="email"' in html
    status, html, _ = browse(session.url, {"action": "pay", "card": OK, "email": "not an address"})
    assert status == 422
    assert 'value="not an address"' in html
    status, html, _ = browse(session.url, {"action": "pay", "card_number": "5555", "email": "a@example.org"})
    assert status == 422
    assert "no test card" in html
    assert browse(session.url, {"action": "pay", "card": OK, "email": "a@example.org"})[0] == 303
    auto = open_checkout(locale="auto")
    assert 'lang="id"' in browse(auto.url)[1]
    assert 'lang="en"' in browse(auto.url, language="en-GB,en;q=0.8")[1]


def test_no_such_page(sandbox: Sandbox) -> None:
    assert browse(f"{sandbox.url}/c/pay/cs_test_none")[0] == 404
    assert browse(f"{sandbox.url}/c/pay/cs_test_none", {"action": "pay"})[0] == 404


def test_manual_capture_in_part(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Callable[..., Any]
) -> None:
    session = open_checkout(payment_intent_data={"capture_method": "manual"})
    assert sandbox.pay(session.id) == "paid"
    held = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["payment_intent"]})
    intent: Any = held.payment_intent
    assert (held.payment_status, intent.status, intent.amount_capturable) == (
        "unpaid",
        "requires_capture",
        50_000_000,
    )
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.capture(intent.id, params={"amount_to_capture": 50_000_001})
    taken = client.v1.payment_intents.capture(intent.id, params={"amount_to_capture": 30_000_000})
    assert (taken.status, taken.amount_received) == ("succeeded", 30_000_000)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create(params={"payment_intent": intent.id, "amount": 30_000_001})


def test_cancel_of_a_held_sum(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Callable[..., Any]
) -> None:
    session = open_checkout(payment_intent_data={"capture_method": "manual"})
    sandbox.pay(session.id)
    intent_id = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    assert client.v1.payment_intents.cancel(str(intent_id)).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.capture(str(intent_id))


def test_foreign_currency_is_settled_in_rupiah(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Callable[..., Any]
) -> None:
    session = open_checkout(10_00, currency="usd")
    sandbox.pay(session.id, card="4000007020000003")
    expand = ["payment_intent.latest_charge.balance_transaction"]
    paid = client.v1.checkout.sessions.retrieve(session.id, params={"expand": expand})
    transaction: Any = paid.payment_intent.latest_charge.balance_transaction  # type: ignore[union-attr]
    assert transaction.currency == "idr"
    assert transaction.amount == 1_000 * 15_925
    assert transaction.exchange_rate == 15_925
    assert transaction.fee == 700_700 + 200_000


@pytest.mark.parametrize("number", re.findall(r"\d{16}", f"{OK} {DECLINED} {SECURE}"))
def test_cards_are_known(number: str) -> None:
    from coevolve.payment_sandbox.cards import find

    found = find(f"{number[:4]} {number[4:8]}-{number[8:]}")
    assert found is not None
    assert found.number == number
