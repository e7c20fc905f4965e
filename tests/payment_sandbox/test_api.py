"""The API's manners: keys, versions, parameters, lists, expansion, search; all through the real SDK."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.payment_sandbox.conftest import make_client
from tests.payment_sandbox.server import Sandbox

Open = Callable[..., Any]


def raw(sandbox: Sandbox, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any]:
    """A call without the SDK."""
    headers = {"Authorization": f"Bearer {sandbox.secret_key}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    request = urllib.request.Request(sandbox.url + path, data=body or None, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


# --- idempotency ---


def test_a_key_replays_its_answer(sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open) -> None:
    first = open_checkout(key="k1")
    again = open_checkout(key="k1")
    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.checkout.sessions.list().data) == 1
    calls = [line for line in sandbox.truth("call") if line["idempotency_key"] == "k1"]
    assert [line["replayed"] for line in calls[-2:]] == [False, True]


def test_a_key_with_other_parameters_is_refused(open_checkout: Open) -> None:
    open_checkout(key="k1")
    with pytest.raises(stripe.IdempotencyError) as caught:
        open_checkout(60_000_000, key="k1")
    assert caught.value.http_status == 400


def test_a_key_is_pruned_after_a_day(sandbox: Sandbox, open_checkout: Open) -> None:
    first = open_checkout(key="k1")
    sandbox.advance(86_399)
    assert open_checkout(key="k1").id == first.id
    sandbox.advance(2)
    assert open_checkout(key="k1").id != first.id


def test_a_refused_parameter_is_not_remembered(client: stripe.StripeClient, open_checkout: Open) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        open_checkout(1, key="k1")
    assert open_checkout(key="k1").status == "open"


def test_a_refusal_by_state_is_remembered(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open
) -> None:
    session = open_checkout()
    sandbox.pay(session.id)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.checkout.sessions.expire(session.id, options={"idempotency_key": "k2"})
    assert (caught.value.headers or {})["Idempotent-Replayed"] == "true"


def test_one_key_from_many_threads_makes_one_session(sandbox: Sandbox, open_checkout: Open) -> None:
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda _: open_checkout(key="k1").id, range(24)))
    assert len(set(made)) == 1
    assert len([line for line in sandbox.truth("fact", "checkout_opened") if line["session"] in made]) == 1


# --- parameters ---


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"colour": "red"}, "colour", "parameter_unknown"),
        ({"payment_intent_data": {"shade": "red"}}, "payment_intent_data[shade]", "parameter_unknown"),
        ({"mode": "gift"}, "mode", None),
        ({"mode": "subscription"}, "mode", "sandbox_unsupported"),
        ({"allow_promotion_codes": True}, "allow_promotion_codes", "sandbox_unsupported"),
        ({"locale": "xx"}, "locale", None),
        ({"expires_at": 5}, "expires_at", None),
        ({"expires_at": "soon"}, "expires_at", "parameter_invalid_integer"),
        ({"success_url": "kembali"}, "success_url", "url_invalid"),
        ({"success_url": "http://a;script-src *"}, "success_url", "url_invalid"),
        ({"line_items": []}, "line_items", "parameter_missing"),
        ({"customer": "cus_none", "customer_email": ""}, "customer", "resource_missing"),
        ({"metadata": {"k" * 41: "v"}}, "metadata", None),
        ({"metadata": {"k": "v" * 501}}, "metadata", None),
        ({"metadata": {f"k{at}": "v" for at in range(51)}}, "metadata", None),
    ],
)
def test_wrong_parameters_are_named(
    open_checkout: Open, more: dict[str, Any], param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        open_checkout(**more)
    assert caught.value.param == param
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (799_999, "amount_too_small"),
        (0, "amount_too_small"),
        (99_999_999_999_900, "amount_too_large"),
        (-1, "parameter_invalid_integer"),
        (2**63, "parameter_invalid_integer"),
    ],
)
def test_amounts_out_of_range(open_checkout: Open, amount: int, code: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        open_checkout(amount)
    assert caught.value.code == code


def test_the_largest_rupiah_amount(open_checkout: Open) -> None:
    assert open_checkout(99_999_999_999_899).amount_total == 99_999_999_999_899


def test_a_version_it_does_not_speak(sandbox: Sandbox) -> None:
    other = stripe.StripeClient(
        sandbox.secret_key,
        base_addresses={"api": sandbox.url},
        max_network_retries=0,
        stripe_version="2020-08-27",
    )
    with pytest.raises(stripe.InvalidRequestError, match="only speaks"):
        other.v1.balance.retrieve()


def test_a_wrong_key(sandbox: Sandbox) -> None:
    wrong = stripe.StripeClient("sk_test_other", base_addresses={"api": sandbox.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.balance.retrieve()
    assert raw(sandbox, "GET", "/v1/balance", Authorization="Basic !!")[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/nothing", b"", 404),
        ("DELETE", "/v1/customers/cus_1", b"", 404),
        ("GET", "/v1/charges/ch_none", b"", 404),
        ("GET", "/v1/charges?limit=0", b"", 400),
        ("GET", "/v1/charges?limit=101", b"", 400),
        ("GET", "/v1/charges?limit=many", b"", 400),
        ("GET", "/v1/charges?transfer_group=x", b"", 400),
        ("GET", "/v1/charges?starting_after=ch_none", b"", 404),
        ("GET", "/v1/charges?customer=%FF", b"", 400),
        ("GET", "/v1/payment_intents/search?query=x", b"", 400),
        ("GET", "/v1/payment_intents/search", b"", 400),
        ("GET", "/v1/payment_intents/search?page=x&query=status:'succeeded'", b"", 400),
        ("POST", "/v1/customers", b"email=\xff", 400),
        ("POST", "/v1/customers", b"a" * 1_000_001, 413),
        ("POST", "/v1/customers", b"metadata[a]=1&metadata=2", 400),
        ("POST", "/v1/customers", b"metadata[a][b]=1", 400),
        ("POST", "/v1/customers", b"email=a&email=b", 400),
        ("POST", "/v1/customers", b"[]=1", 400),
        ("POST", "/v1/customers", b"metadata" + b"[a]" * 20 + b"=1", 400),
        ("POST", "/v1/customers", b"&".join(b"metadata[k%d]=1" % at for at in range(1_001)), 400),
        ("POST", "/v1/checkout/sessions", b"line_items=1", 400),
        ("POST", "/v1/checkout/sessions", b"line_items[x]=1", 400),
        ("POST", "/v1/refunds", b"", 400),
        ("POST", "/v1/refunds", b"charge=ch_none", 404),
    ],
)
def test_nothing_odd_is_a_server_error(
    sandbox: Sandbox, method: str, path: str, body: bytes, status: int
) -> None:
    found, answer = raw(sandbox, method, path, body)
    assert found == status
    assert answer["error"]["message"]


# --- lists, expansion, search ---


def test_pages_forward_and_back(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create(params={"name": f"Giver {at}"}).id for at in range(25)]
    newest_first = made[::-1]
    first = client.v1.customers.list(params={"limit": 10})
    assert ([row.id for row in first.data], first.has_more) == (newest_first[:10], True)
    third = client.v1.customers.list(params={"limit": 10, "starting_after": newest_first[19]})
    assert ([row.id for row in third.data], third.has_more) == (newest_first[20:], False)
    back = client.v1.customers.list(params={"limit": 5, "ending_before": newest_first[20]})
    assert ([row.id for row in back.data], back.has_more) == (newest_first[15:20], True)
    assert [row.id for row in first.auto_paging_iter()] == newest_first


def test_created_and_other_filters(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    early = client.v1.customers.create(params={"email": "a@example.org"})
    sandbox.advance(1_000)
    late = client.v1.customers.create(params={"email": "b@example.org"})
    after = client.v1.customers.list(params={"created": {"gt": early.created}})
    assert [row.id for row in after.data] == [late.id]
    assert [row.id for row in client.v1.customers.list(params={"email": "a@example.org"}).data] == [early.id]


def test_customer_and_price_are_used(client: stripe.StripeClient, open_checkout: Open) -> None:
    customer = client.v1.customers.create(params={"email": "a@example.org", "metadata": {"person": "1"}})
    changed = client.v1.customers.update(customer.id, params={"metadata": {"person": "", "x": "2"}})
    assert changed.metadata.to_dict() == {"x": "2"}
    product = client.v1.products.create(params={"name": "Air bersih"})
    price = client.v1.prices.create(
        params={"currency": "idr", "unit_amount": 1_000_000, "product": product.id}
    )
    session = open_checkout(
        line_items=[{"price": price.id, "quantity": 3}],
        customer=customer.id,
        customer_email="",
        expand=["line_items"],
    )
    assert session.amount_total == 3_000_000
    assert session.line_items.data[0].description == "Air bersih"
    items = client.v1.checkout.sessions.line_items.list(session.id)
    assert items.data[0].price.id == price.id  # type: ignore[union-attr]
    expanded = client.v1.checkout.sessions.retrieve(session.id, params={"expand": ["customer"]})
    assert expanded.customer.email == "a@example.org"  # type: ignore[union-attr]


def test_expansion_in_lists_and_its_limits(
    sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open
) -> None:
    session = open_checkout()
    sandbox.pay(session.id)
    found = client.v1.charges.list(params={"expand": ["data.balance_transaction", "data.payment_intent"]})
    assert found.data[0].balance_transaction.type == "charge"  # type: ignore[union-attr]
    sources = client.v1.balance_transactions.list(params={"expand": ["data.source"]})
    assert sources.data[0].source.object == "charge"  # type: ignore[union-attr]
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.charges.list(params={"expand": ["data.amount"]})
    with pytest.raises(stripe.InvalidRequestError, match="4 levels"):
        client.v1.charges.list(
            params={"expand": ["data.payment_intent.latest_charge.payment_intent.customer"]}
        )


def test_search_by_metadata(sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open) -> None:
    wanted = open_checkout(payment_intent_data={"metadata": {"payment_id": "it's"}})
    other = open_checkout()
    for session in (wanted, other):
        sandbox.pay(session.id)
    found = client.v1.payment_intents.search(
        params={"query": 'metadata["payment_id"]:"it\'s" AND status:"succeeded"'}
    )
    intent_id = client.v1.checkout.sessions.retrieve(wanted.id).payment_intent
    assert [row.id for row in found.data] == [intent_id]
    by_session = client.v1.checkout.sessions.list(params={"payment_intent": str(intent_id)})
    assert [row.id for row in by_session.data] == [wanted.id]


def test_events_are_listed(sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open) -> None:
    sandbox.pay(open_checkout(key="k9").id)
    found = client.v1.events.list(params={"types": ["charge.succeeded", "checkout.session.completed"]})
    assert {row.type for row in found.data} == {"charge.succeeded", "checkout.session.completed"}
    assert [row.type for row in client.v1.events.list(params={"type": "charge.*"}).data] == [
        "charge.succeeded"
    ]
    assert client.v1.events.retrieve(found.data[0].id).id == found.data[0].id
    sandbox.advance(31 * 86_400)
    assert (
        client.v1.events.list().data == []
        or client.v1.events.list().data[0].type == "checkout.session.expired"
    )


# --- staying alive ---


def test_a_kill_loses_nothing(sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open) -> None:
    paid = open_checkout(key="k1")
    sandbox.pay(paid.id)
    opened = open_checkout(key="k2")
    sandbox.restart()
    fresh = make_client(sandbox)
    assert fresh.v1.checkout.sessions.retrieve(paid.id).payment_status == "paid"
    assert open_checkout(key="k2").id == opened.id
    assert sandbox.pay(opened.id) == "paid"
