"""Faults to play, on calls and on deliveries. Each is a rule; the first that fits and is not used up strikes.

A rule: `{"mode", "on", "count", "probability", "seconds", "times", "skip"}`. `on` is a pattern with `*`: for calls
of `METHOD /path` (default: every POST), for deliveries of the event type (default: every one). `count` strikes are
left (none given: for ever), after letting `skip` pass. Chances are drawn from the seed given at the start.

Calls: `http_500` (before acting), `http_500_after`, `http_503`, `http_429`, `http_409` (key in use), `garbage` (HTML
with 200, not acted), `garbage_after`, `hang` (`seconds`, then 503, not acted), `act_then_timeout` (acts, then hangs
`seconds`), `cut` (the connection breaks, not acted), `act_then_cut`. A 500 is remembered under its idempotency key,
as Stripe does, unless the rule says `"remembered": false`.
Deliveries: `duplicate` (`times` more), `reorder` (each held for a random part of `seconds`), `delay` (`seconds`),
`lose`.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from coevolve.payment_sandbox.store import Row, Store, new_id

CALLS = frozenset(
    [
        "http_500",
        "http_500_after",
        "http_503",
        "http_429",
        "http_409",
        "garbage",
        "garbage_after",
        "hang",
        "act_then_timeout",
        "cut",
        "act_then_cut",
    ]
)
DELIVERIES = frozenset(["duplicate", "reorder", "delay", "lose"])
ACTING = frozenset(["http_500_after", "garbage_after", "act_then_timeout", "act_then_cut"])
FIELDS: dict[str, tuple[type, ...]] = {
    "mode": (str,),
    "on": (str,),
    "count": (int, type(None)),
    "probability": (int, float),
    "seconds": (int, float),
    "times": (int,),
    "skip": (int,),
    "remembered": (bool,),
}


def rule(given: Any) -> Row:
    """A whole rule from what was given; a word it does not know is a ValueError."""
    if not isinstance(given, dict):
        raise ValueError("a fault is an object")  # noqa: TRY004 - one kind of refusal
    for name, value in given.items():
        if name not in FIELDS or not isinstance(value, FIELDS[name]):
            raise ValueError(f"fault: {name}={value!r} is not understood")
    mode = given.get("mode")
    if mode not in CALLS | DELIVERIES:
        raise ValueError(f"fault: mode must be one of {', '.join(sorted(CALLS | DELIVERIES))}")
    return {
        "id": new_id("fault", 12),
        "on": "POST *" if mode in CALLS else "*",
        "count": None,
        "probability": 1.0,
        "seconds": 3.0,
        "times": 1,
        "skip": 0,
        "remembered": True,
        "struck": 0,
        **given,
    }


def strike(store: Store, modes: frozenset[str], subject: str) -> Row | None:
    """Inside a change: the fault that hits this call or event, if one does; its count goes down."""
    for found in store.oldest("fault"):
        if found["mode"] not in modes or not fnmatchcase(subject, found["on"]) or found["count"] == 0:
            continue
        if found["probability"] < 1 and store.random.random() >= found["probability"]:
            continue
        row = store.edit("fault", found["id"])
        if row["skip"] > 0:
            row["skip"] -= 1
            continue
        row["struck"] += 1
        if row["count"] is not None:
            row["count"] -= 1
        return dict(row)
    return None


def deliveries(store: Store, event_type: str) -> list[float]:
    """How long each delivery of the event waits: one entry normally, none when it is lost, more when doubled."""
    delays = [0.0]
    for mode in ("lose", "delay", "reorder", "duplicate"):
        found = strike(store, frozenset({mode}), event_type)
        if found is None:
            continue
        if mode == "lose":
            return []
        if mode == "delay":
            delays = [delay + found["seconds"] for delay in delays]
        elif mode == "reorder":
            delays = [delay + store.random.random() * found["seconds"] for delay in delays]
        else:
            delays = delays + [delays[0] + 0.01 * (time + 1) for time in range(found["times"])]
    return delays
