"""What one API call is given, and the manners that all calls share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coevolve.payment_sandbox import rendering
from coevolve.payment_sandbox.errors import StripeError
from coevolve.payment_sandbox.store import Row, Store

PAGING = ("limit", "starting_after", "ending_before", "expand")
FILTERS = ("payment_intent", "charge", "customer", "status", "currency", "type", "product", "active")
"""Filters that compare the field of the same name."""


@dataclass(frozen=True)
class Call:
    """One call under way."""

    store: Store
    identifier: str
    params: dict[str, Any]
    key: str | None
    path: str

    def expand(self) -> list[str]:
        asked: list[str] = self.params.get("expand", [])
        return asked

    def show(self, row: Row) -> Row:
        return rendering.one(self.store, row, self.expand())

    def page(
        self, rows: list[Row], *, dates: tuple[str, ...] = ("created",), done: tuple[str, ...] = ()
    ) -> Row:
        """The rows that fit the filters of the same name, one page of them; `done` were applied by the caller."""
        only(self.params, " ".join((*PAGING, *FILTERS, *dates, *done)))
        for name in FILTERS:
            if name in self.params and name not in done:
                rows = [row for row in rows if row.get(name) == self.params[name]]
        return rendering.page(self.store, rendering.within(rows, self.params, *dates), self.params, self.path)


def clean_metadata(given: Any) -> dict[str, str]:
    """Stripe's limits; an empty value takes the key away."""
    if not isinstance(given, dict):
        return {}
    if len(given) > 50:
        raise StripeError("You can only specify up to 50 metadata keys.", param="metadata")
    for name, value in given.items():
        if len(name) > 40:
            raise StripeError(f"Metadata keys must be up to 40 characters: {name}", param="metadata")
        if len(value) > 500:
            raise StripeError(f"Metadata values must be up to 500 characters: {name}", param="metadata")
    return {name: value for name, value in given.items() if value != ""}


def only(given: dict[str, Any], known: str, where: str = "") -> None:
    """The sandbox says so when it cannot do what Stripe could: nothing is silently ignored."""
    for name in given:
        if name not in known.split():
            param = f"{where}[{name}]" if where else name
            raise StripeError(
                f"The payment sandbox does not do {param}", code="sandbox_unsupported", param=param
            )


def merge_metadata(row: Row, params: dict[str, Any]) -> None:
    if params.get("metadata") == "":
        row["metadata"] = {}
    elif "metadata" in params:
        row["metadata"] = clean_metadata({**row["metadata"], **params["metadata"]})
