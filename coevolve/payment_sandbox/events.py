"""An event says that an object changed: it is stored, listed and put on its way to the webhook address."""

from __future__ import annotations

import copy
import time

from coevolve.payment_sandbox import chaos, objects
from coevolve.payment_sandbox.store import Row, Store, public


def emit(store: Store, kind: str, about: Row, previous: Row | None = None) -> Row:
    """Inside a change: the event with the object as it is now."""
    snapshot = copy.deepcopy(public(about))
    has_address = bool(address(store))
    row = objects.event(
        now=store.now(),
        kind=kind,
        about=snapshot,
        previous=previous,
        request=copy.copy(store.request),
        pending=1 if has_address else 0,
    )
    store.add("event", row)
    if has_address:
        delays = chaos.deliveries(store, kind)
        for delay in delays:
            send(store, row["id"], delay)
        if not delays:
            store.say("delivery", "lost", event=row["id"], type=kind)
    return row


def send(store: Store, event_id: str, delay: float = 0.0) -> None:
    """Inside a change: one more delivery of the event."""
    count = int(store.counts()["delivery"])
    identifier = f"{event_id}:{time.monotonic_ns()}:{count}"
    store.add(
        "delivery",
        {"id": identifier, "event": event_id, "attempts": 0, "next_at": time.time() + delay},
    )


def address(store: Store) -> str:
    """Where events go: the address given at the start, or the one the admin set since."""
    found = store.find("meta", "webhook")
    return store.settings.webhook_url if found is None else str(found["url"])
