"""The threads beside the requests: one plays what is due, a few hand over events."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from coevolve.payment_sandbox import checkout, events, payouts, refunds, timers
from coevolve.payment_sandbox.errors import StripeError
from coevolve.payment_sandbox.store import Row, Store, public

DUE: dict[str, Callable[[Store, str], object]] = {
    "expire_session": checkout.expire,
    "settle_pay_later": lambda store, of: checkout.settle_pay_later(store, of, is_paid=True),
    "refund_slow": refunds.succeed,
    "refund_fails": refunds.fail,
    "payout_arrives": payouts.arrive,
}
"""What each timer does."""


def play_due(store: Store) -> int:
    """Does everything the clock has reached; returns how many things it did."""
    count = 0
    for timer in timers.due(store):
        with store.change():
            if store.find("timer", timer["id"]) is None:
                continue
            timers.drop_timer(store, timer["what"], timer["of"])
            try:
                DUE[timer["what"]](store, timer["of"])
            except StripeError as error:
                store.say("admin", "timer_had_nothing_to_do", timer=timer["id"], why=str(error))
            count += 1
    return count


def signature(secret: str, body: bytes, at: int) -> str:
    """The header as Stripe makes it: `t=<seconds>,v1=<hmac sha256 of "t.body">`."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is no taking."""

    def redirect_request(self, *_args: object, **_named: object) -> None:
        return None


class Deliverer:
    """Hands over what is due and tries again, later each time, until it is taken."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="deliver")
        self._under_way: set[str] = set()
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def start(self) -> None:
        threading.Thread(target=self._watch_clock, name="clock", daemon=True).start()
        threading.Thread(target=self._watch_deliveries, name="deliveries", daemon=True).start()

    def _watch_clock(self) -> None:
        parent = os.getppid()
        while True:
            time.sleep(0.5)
            if os.getppid() != parent:
                os._exit(1)  # whoever started us was killed: nobody would ever stop us
            try:
                play_due(self.store)
            except Exception:
                traceback.print_exc(file=sys.stderr)

    def _watch_deliveries(self) -> None:
        while True:
            self.store.wake.wait(self._until_next())
            self.store.wake.clear()
            now = time.time()
            for row in self.store.oldest("delivery"):
                if row["next_at"] <= now and row["id"] not in self._under_way:
                    self._under_way.add(row["id"])
                    self._pool.submit(self._deliver, row["id"])

    def _until_next(self) -> float:
        waiting = [
            row["next_at"] for row in self.store.oldest("delivery") if row["id"] not in self._under_way
        ]
        return max(0.0, min([1.0, *(float(at) - time.time() for at in waiting)]))

    def _deliver(self, delivery_id: str) -> None:
        try:
            row = self.store.find("delivery", delivery_id)
            event = None if row is None else self.store.find("event", row["event"])
            if row is not None and event is not None:
                self._settle(row, event, self._post(event))
        except Exception:
            traceback.print_exc(file=sys.stderr)
        finally:
            self._under_way.discard(delivery_id)
            self.store.wake.set()

    def _post(self, event: Row) -> int:
        """The status of the answer; 0 when there was none."""
        body = json.dumps(public(event), indent=2).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Stripe/1.0 (+payment sandbox)",
            "Stripe-Signature": signature(self.store.settings.webhook_secret, body, int(time.time())),
        }
        address = events.address(self.store)
        request = urllib.request.Request(address, data=body, headers=headers, method="POST")  # noqa: S310
        try:
            with self._opener.open(request, timeout=self.store.settings.webhook_timeout) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (OSError, ValueError):
            return 0

    def _settle(self, seen: Row, event: Row, status: int) -> None:
        store = self.store
        with store.change():
            row = store.find("delivery", seen["id"])
            if row is None:
                return
            attempts = row["attempts"] + 1
            line = {"event": event["id"], "type": event["type"], "status": status, "attempt": attempts}
            if 200 <= status < 300:
                store.remove("delivery", row["id"])
                store.edit("event", event["id"])["pending_webhooks"] = 0
                store.say("delivery", "taken", **line)
            elif attempts >= store.settings.webhook_attempts:
                store.remove("delivery", row["id"])
                store.say("delivery", "given_up", **line)
            else:
                wait = store.settings.webhook_first_retry * 2.0 ** (attempts - 1)
                row = store.edit("delivery", row["id"])
                row["attempts"] = attempts
                row["next_at"] = time.time() + min(wait, store.settings.webhook_longest_retry)
                store.say("delivery", "refused", **line)
