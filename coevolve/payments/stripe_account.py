"""The provider's own account at Stripe: its balance, the transactions that make it up, and what it pays out to us."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from coevolve.payments.provider import FoundPayout, FoundTransaction
from coevolve.payments.stripe_words import from_stripe, time_of

PAGE = 100


class OwnAccount:
    """What StripeGateway reads of the account itself. The calls go through its one door, `_call`."""

    name: str
    account: str
    client: Any
    _call: Callable[[Callable[[], Any]], dict[str, Any]]
    _each: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]

    def list_transactions(
        self, *, since: dt.datetime, until: dt.datetime | None = None
    ) -> Iterator[FoundTransaction]:
        """Balance transactions made from `since` until before `until`, newest first."""
        created = {"gte": int(since.timestamp())} | ({} if until is None else {"lt": int(until.timestamp())})
        listed = self._call(
            lambda: self.client.v1.balance_transactions.list({"limit": PAGE, "created": created})
        )
        return map(_transaction, self._each(listed))

    def list_payouts(self, *, since: dt.datetime) -> Iterator[FoundPayout]:
        """Payouts made since a moment, newest first."""
        created = {"gte": int(since.timestamp())}
        listed = self._call(lambda: self.client.v1.payouts.list({"limit": PAGE, "created": created}))
        return map(self._payout, self._each(listed))

    def transactions_of_payout(self, ref: str) -> Iterator[FoundTransaction]:
        """The transactions an automatic payout is made of, its own one among them."""
        listed = self._call(lambda: self.client.v1.balance_transactions.list({"limit": PAGE, "payout": ref}))
        return map(_transaction, self._each(listed))

    def balance(self) -> dict[str, int]:
        """Available and pending together, per unit."""
        held: dict[str, int] = {}
        answer = self._call(self.client.v1.balance.retrieve)
        for part in ("available", "pending"):
            for entry in answer.get(part) or []:
                money = from_stripe(int(entry["amount"]), str(entry["currency"]))
                held[money.unit] = held.get(money.unit, 0) + money.amount
        return held

    def _payout(self, payout: dict[str, Any]) -> FoundPayout:
        trace = payout.get("trace_id") or {}
        return FoundPayout(
            provider=self.name,
            account=self.account,
            ref=str(payout["id"]),
            money=from_stripe(int(payout["amount"]), str(payout["currency"])),
            state=str(payout["status"]),
            arrives_on=time_of(payout["arrival_date"]).date() if payout.get("arrival_date") else None,
            created_at=time_of(payout["created"]),
            is_final=payout.get("reconciliation_status") == "completed",
            is_automatic=bool(payout.get("automatic")),
            trace_ref=str(trace["value"]) if trace.get("value") else None,
            failure=payout.get("failure_message") or payout.get("failure_code"),
        )


def _transaction(line: dict[str, Any]) -> FoundTransaction:
    unit = str(line["currency"]).upper()
    rate = line.get("exchange_rate")
    return FoundTransaction(
        ref=str(line["id"]),
        kind=str(line["type"]),
        source_ref=str(line["source"]) if line.get("source") else None,
        unit=unit,
        gross=from_stripe(int(line["amount"]), unit).amount,
        fee=from_stripe(int(line["fee"]), unit).amount,
        net=from_stripe(int(line["net"]), unit).amount,
        occurred_at=time_of(line["created"]),
        available_at=time_of(line["available_on"]) if line.get("available_on") else None,
        exchange_rate=None if rate is None else str(rate),
    )
