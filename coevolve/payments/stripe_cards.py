"""Kept cards at Stripe: how they are charged, looked up, saved and forgotten, and what is read of them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from coevolve.payments.provider import (
    Charge,
    ChargeOrder,
    Checkout,
    FoundCard,
    ProviderDeclined,
    ProviderRefuses,
    ProviderUnknown,
    SavedCard,
    SetupOrder,
)
from coevolve.payments.stripe_words import payment_id_of, to_stripe


def saved_card_of(intent: Mapping[str, Any] | None, charge: Mapping[str, Any] | None) -> SavedCard | None:
    """The card that a payment left for later ones, if it was asked to and succeeded."""
    if intent is None or charge is None or intent.get("setup_future_usage") != "off_session":
        return None
    customer, method = intent.get("customer"), intent.get("payment_method")
    card = (charge.get("payment_method_details") or {}).get("card")
    if intent.get("status") != "succeeded" or not customer or not method or not card:
        return None
    return SavedCard(
        customer_ref=str(customer),
        card_ref=str(method),
        brand=str(card.get("brand") or "")[:40],
        last4=str(card.get("last4") or "")[:4],
    )


def decline_code_of(intent: Mapping[str, Any] | None) -> str | None:
    """Why the last try of an intent failed."""
    error = (intent or {}).get("last_payment_error") or {}
    code = error.get("decline_code") or error.get("code")
    return str(code)[:100] if code else None


class KeptCards:
    """What StripeGateway does with kept cards. The calls go through its one door, `_call`."""

    name: str
    account: str
    client: Any
    _call: Callable[[Callable[[], Any]], dict[str, Any]]
    _one: Callable[[Callable[[], Any]], dict[str, Any] | None]
    _each: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]
    _checkout: Callable[[dict[str, Any]], Checkout]

    def create_charge(self, order: ChargeOrder, *, key: str) -> Charge:
        """Take money from a kept card, at once and with nobody there; a bank's no is a charge that took nothing."""
        amount, currency = to_stripe(order.money)
        params: dict[str, Any] = {
            "amount": amount,
            "currency": currency,
            "customer": order.customer_ref,
            "payment_method": order.card_ref,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
            "description": order.description[:250],
            "metadata": {"payment_id": str(order.payment_id), "public_ref": order.public_ref},
        }
        try:
            made = self._call(lambda: self.client.v1.payment_intents.create(params, {"idempotency_key": key}))
        except ProviderDeclined as no:
            return Charge(ref=no.ref, decline_code=no.code)
        if not isinstance(made.get("id"), str):
            raise ProviderUnknown("an answer without an id")
        return Charge(ref=str(made["id"]))

    def find_charge(self, payment_id: uuid.UUID, *, since: dt.datetime) -> Charge | None:
        """The intent made for a payment; None when the list since then has none."""
        listed = self._call(
            lambda: self.client.v1.payment_intents.list(
                {"limit": 100, "created": {"gte": int(since.timestamp()) - 60}}
            )
        )
        for intent in self._each(listed):
            if payment_id_of(intent) == payment_id:
                return Charge(ref=str(intent["id"]), decline_code=decline_code_of(intent))
        return None

    def create_setup(self, order: SetupOrder, *, key: str) -> Checkout:
        """Open a hosted page on which a giver leaves another card."""
        metadata = {"subject_id": str(order.subject_id)}
        params: dict[str, Any] = {
            "mode": "setup",
            "customer": order.customer_ref,
            "payment_method_types": ["card"],
            "metadata": metadata,
            "setup_intent_data": {"metadata": metadata},
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
            "expires_at": int(order.expires_at.timestamp()),
            "locale": "id" if order.language == "id" else "en",
        }
        made = self._call(lambda: self.client.v1.checkout.sessions.create(params, {"idempotency_key": key}))
        return self._checkout(made)

    def forget_card(self, card_ref: str, *, key: str) -> None:
        """Detach a kept card; Stripe never charges it again."""
        try:
            self._call(lambda: self.client.v1.payment_methods.detach(card_ref, {}, {"idempotency_key": key}))
        except ProviderRefuses:
            # Unknown or detached already: it cannot be charged either way.
            return

    def _found_card(self, session: Mapping[str, Any]) -> FoundCard:
        """The picture of a page that only saves a card."""
        setup = method = None
        if session.get("status") == "complete" and session.get("setup_intent"):
            setup = self._one(lambda: self.client.v1.setup_intents.retrieve(str(session["setup_intent"])))
        if setup is not None and setup.get("status") == "succeeded" and setup.get("payment_method"):
            method = self._one(lambda: self.client.v1.payment_methods.retrieve(str(setup["payment_method"])))
        card = None
        if method is not None and method.get("customer") and method.get("card"):
            card = SavedCard(
                customer_ref=str(method["customer"]),
                card_ref=str(method["id"]),
                brand=str(method["card"].get("brand") or "")[:40],
                last4=str(method["card"].get("last4") or "")[:4],
            )
        written = (session.get("metadata") or {}).get("subject_id")
        try:
            subject_id = uuid.UUID(str(written)) if written else None
        except ValueError:
            subject_id = None
        return FoundCard(
            provider=self.name,
            account=self.account,
            checkout_ref=str(session["id"]),
            subject_id=subject_id,
            card=card,
        )
