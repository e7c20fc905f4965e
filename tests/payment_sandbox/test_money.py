"""Refunds, disputes, payouts and the balance; what the transactions add up to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.payment_sandbox.conftest import Taker
from tests.payment_sandbox.server import Sandbox

Open = Callable[..., Any]


@pytest.fixture
def paid(sandbox: Sandbox, client: stripe.StripeClient, open_checkout: Open) -> Callable[..., Any]:
    """A paid charge."""

    def pay(amount: int = 50_000_000, card: str = "4242424242424242") -> Any:
        session = open_checkout(amount)
        assert sandbox.pay(session.id, card=card) == "paid"
        found = client.v1.checkout.sessions.retrieve(
            session.id, params={"expand": ["payment_intent.latest_charge"]}
        )
        return found.payment_intent.latest_charge  # type: ignore[union-attr]

    return pay


def sum_of_balance(client: stripe.StripeClient) -> int:
    found = client.v1.balance.retrieve()
    return sum(part.amount for part in [*found.available, *found.pending])


def sum_of_transactions(client: stripe.StripeClient) -> int:
    return sum(
        row.net for row in client.v1.balance_transactions.list(params={"limit": 100}).auto_paging_iter()
    )


def test_refunds_never_exceed_the_charge(client: stripe.StripeClient, paid: Callable[..., Any]) -> None:
    charge = paid()
    part = client.v1.refunds.create(
        params={"charge": charge.id, "amount": 20_000_000, "metadata": {"refund_id": "r1"}}
    )
    assert (part.status, part.amount, part.metadata.to_dict()) == (
        "succeeded",
        20_000_000,
        {"refund_id": "r1"},
    )
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create(params={"charge": charge.id, "amount": 30_000_001})
    rest = client.v1.refunds.create(params={"payment_intent": charge.payment_intent})
    assert rest.amount == 30_000_000
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create(params={"charge": charge.id})
    assert caught.value.code == "charge_already_refunded"
    after = client.v1.charges.retrieve(charge.id, params={"expand": ["refunds"]})
    assert (after.amount_refunded, after.refunded) == (50_000_000, True)
    assert {row.id for row in after.refunds.data} == {part.id, rest.id}  # type: ignore[union-attr]
    assert {row.id for row in client.v1.refunds.list(params={"charge": charge.id}).data} == {part.id, rest.id}
    transaction = client.v1.balance_transactions.retrieve(str(part.balance_transaction))
    assert (transaction.type, transaction.amount, transaction.fee) == ("refund", -20_000_000, 0)
    for amount in (0, -1):
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create(params={"charge": charge.id, "amount": amount})


def test_pending_refunds_count(
    sandbox: Sandbox, client: stripe.StripeClient, paid: Callable[..., Any]
) -> None:
    charge = paid(card="4000000000007726")
    refund = client.v1.refunds.create(params={"charge": charge.id, "amount": 40_000_000})
    assert refund.status == "pending"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create(params={"charge": charge.id, "amount": 10_000_001})
    sandbox.advance(10)
    assert client.v1.refunds.retrieve(refund.id).status == "succeeded"


def test_a_refund_that_fails_afterwards(
    sandbox: Sandbox, client: stripe.StripeClient, taker: Taker, paid: Callable[..., Any]
) -> None:
    charge = paid(card="4000000000005126")
    refund = client.v1.refunds.create(params={"charge": charge.id})
    assert refund.status == "succeeded"
    sandbox.advance(10)
    after = client.v1.refunds.retrieve(refund.id)
    assert (after.status, after.failure_reason) == ("failed", "expired_or_canceled_card")
    assert client.v1.charges.retrieve(charge.id).amount_refunded == 0
    sandbox.wait_delivered()
    assert "refund.failed" in taker.types(sandbox.webhook_secret)
    assert sum_of_balance(client) == charge.amount - 1_650_000


def test_a_refund_from_the_dashboard_has_no_key(
    sandbox: Sandbox, client: stripe.StripeClient, paid: Callable[..., Any]
) -> None:
    charge = paid()
    made = sandbox.refund(charge.id, 10_000_000)
    assert client.v1.refunds.retrieve(made["id"]).amount == 10_000_000
    line = sandbox.truth("fact", "refund_created")[-1]
    assert (line["refund"], line["idempotency_key"]) == (made["id"], None)
    event = client.v1.events.list(params={"type": "refund.created"}).data[0]
    assert event.request.id is None  # type: ignore[union-attr]


def test_dispute_won_keeps_only_the_fee(
    sandbox: Sandbox, client: stripe.StripeClient, taker: Taker, paid: Callable[..., Any]
) -> None:
    charge = paid()
    before = sum_of_balance(client)
    made = sandbox.dispute(charge.id, amount=20_000_000)
    assert sum_of_balance(client) == before - 20_000_000 - 15_000_000
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        client.v1.refunds.create(params={"charge": charge.id})
    sandbox.change_dispute(made["id"], "review")
    sandbox.change_dispute(made["id"], "win")
    won = client.v1.disputes.retrieve(made["id"])
    assert won.status == "won"
    assert [row.net for row in won.balance_transactions] == [-35_000_000, 20_000_000]
    assert sum_of_balance(client) == before - 15_000_000
    assert client.v1.refunds.create(params={"charge": charge.id}).status == "succeeded"
    sandbox.wait_delivered()
    types = [kind for kind in taker.types(sandbox.webhook_secret) if "dispute" in kind]
    assert sorted(types) == sorted(
        f"charge.dispute.{word}"
        for word in ("created", "funds_withdrawn", "updated", "closed", "funds_reinstated")
    )


def test_dispute_given_up_and_lost_after_won(
    sandbox: Sandbox, client: stripe.StripeClient, paid: Callable[..., Any]
) -> None:
    charge = paid()
    first = sandbox.dispute(charge.id, amount=20_000_000)
    second = sandbox.dispute(charge.id, amount=30_000_000)
    with pytest.raises(AssertionError, match="disputed amount"):
        sandbox.dispute(charge.id, amount=1)
    assert client.v1.disputes.close(first["id"]).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(first["id"])
    sandbox.change_dispute(second["id"], "win")
    sandbox.change_dispute(second["id"], "lose")
    assert client.v1.disputes.retrieve(second["id"]).status == "lost"
    assert len(client.v1.disputes.list(params={"charge": charge.id}).data) == 2
    assert sum_of_balance(client) == -1_650_000 - 2 * 15_000_000


def test_an_inquiry_takes_nothing(
    sandbox: Sandbox, client: stripe.StripeClient, paid: Callable[..., Any]
) -> None:
    charge = paid()
    before = sum_of_balance(client)
    made = sandbox.dispute(charge.id, inquiry=True)
    assert made["status"] == "warning_needs_response"
    assert sandbox.change_dispute(made["id"], "win")["status"] == "warning_closed"
    assert sum_of_balance(client) == before


def test_a_payout_is_the_sum_of_its_transactions(
    sandbox: Sandbox, client: stripe.StripeClient, taker: Taker, paid: Callable[..., Any]
) -> None:
    charges = [paid(1_000_000 * at) for at in range(1, 8)]
    client.v1.refunds.create(params={"charge": charges[0].id})
    sandbox.dispute(charges[6].id)
    assert sandbox.payout(pending=False) is None, "nothing is available yet"
    made = sandbox.payout()
    payout = client.v1.payouts.retrieve(made["id"])
    assert (payout.status, payout.automatic, payout.reconciliation_status) == ("paid", True, "completed")
    assert payout.trace_id.value  # type: ignore[union-attr]
    linked = list(
        client.v1.balance_transactions.list(params={"payout": payout.id, "limit": 3}).auto_paging_iter()
    )
    assert len(linked) == 7 + 1 + 1 + 1
    assert sum(row.net for row in linked if row.type != "payout") == payout.amount
    assert sum(row.net for row in linked) == 0
    assert sum_of_balance(client) == 0
    late = paid()
    assert client.v1.balance_transactions.list(params={"source": late.id}).data[0].net == sum_of_balance(
        client
    )
    sandbox.wait_delivered()
    types = taker.types(sandbox.webhook_secret)
    assert {"payout.created", "payout.paid", "payout.reconciliation_completed"} <= set(types)


def test_money_becomes_available_by_time(
    sandbox: Sandbox, client: stripe.StripeClient, paid: Callable[..., Any]
) -> None:
    charge = paid()
    sandbox.advance(3 * 86_400)
    transaction = client.v1.balance_transactions.retrieve(charge.balance_transaction)
    assert transaction.status == "available"
    made = sandbox.payout(pending=False, arrive=False)
    assert made["status"] == "in_transit"
    sandbox.advance(86_401)
    assert client.v1.payouts.retrieve(made["id"]).status == "paid"
    assert len(client.v1.payouts.list(params={"status": "paid"}).data) == 1


def test_a_payout_that_fails_is_paid_out_again(
    sandbox: Sandbox, client: stripe.StripeClient, paid: Callable[..., Any]
) -> None:
    paid()
    first = sandbox.payout()
    sandbox.change_payout(first["id"], "fail")
    failed = client.v1.payouts.retrieve(first["id"], params={"expand": ["failure_balance_transaction"]})
    assert failed.status == "failed"
    assert failed.failure_balance_transaction.net == first["amount"]  # type: ignore[union-attr]
    again = sandbox.payout()
    assert again["amount"] == first["amount"]
    assert sum_of_balance(client) == 0


def test_a_payment_that_nobody_asked_for(sandbox: Sandbox, client: stripe.StripeClient) -> None:
    made = sandbox.unknown_payment(amount=7_500_000, metadata={"note": "x"})
    intent = client.v1.payment_intents.retrieve(made["id"])
    assert (intent.status, intent.amount_received, intent.metadata.to_dict()) == (
        "succeeded",
        7_500_000,
        {"note": "x"},
    )
    assert client.v1.checkout.sessions.list(params={"payment_intent": made["id"]}).data == []
    for wrong in ({"amount": 1}, {"currency": "xyz"}, {"amount": "1"}, {"colour": "red"}):
        with pytest.raises(AssertionError, match="400"):
            sandbox.unknown_payment(**wrong)


def test_balance_is_always_the_sum_of_transactions(
    sandbox: Sandbox, client: stripe.StripeClient, paid: Callable[..., Any]
) -> None:
    charges = [paid(1_234_567 * at) for at in range(1, 6)]
    client.v1.refunds.create(params={"charge": charges[1].id, "amount": 1})
    sandbox.change_dispute(sandbox.dispute(charges[2].id)["id"], "win")
    sandbox.payout()
    paid()
    assert sum_of_balance(client) == sum_of_transactions(client)
