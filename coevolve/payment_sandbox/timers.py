"""What happens by itself when the sandbox's clock reaches it: sessions expire, late money comes, payouts arrive."""

from __future__ import annotations

from coevolve.payment_sandbox.store import Row, Store


def set_timer(store: Store, what: str, of: str, at: int) -> None:
    store.add("timer", {"id": f"{what}:{of}", "what": what, "of": of, "at": at})


def drop_timer(store: Store, what: str, of: str) -> None:
    store.remove("timer", f"{what}:{of}")


def due(store: Store) -> list[Row]:
    now = store.now()
    return sorted((row for row in store.oldest("timer") if row["at"] <= now), key=lambda row: int(row["at"]))
