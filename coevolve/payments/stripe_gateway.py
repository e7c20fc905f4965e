"""The one door to Stripe: hosted Checkout, webhooks, events, balance transactions. No other module imports its SDK.

Every call has a time-out and one try; retries are ours, with the same idempotency key. What Stripe sends by webhook is
believed only as far as its signature goes: the object is fetched before anything moves.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import stripe
from stripe import RequestsClient, StripeClient, WebhookSignature

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.payments.provider import (
    BadEvent,
    Capabilities,
    Checkout,
    CheckoutOrder,
    EventHint,
    Found,
    FoundCharge,
    FoundDispute,
    FoundPayment,
    FoundRefund,
    ProviderBusy,
    ProviderDeclined,
    ProviderFault,
    ProviderRefuses,
    ProviderUnknown,
    RefundOrder,
)
from coevolve.payments.stripe_account import OwnAccount
from coevolve.payments.stripe_cards import KeptCards, decline_code_of, saved_card_of
from coevolve.payments.stripe_words import (
    EXPONENTS,
    dispute_of,
    from_stripe,
    payment_id_of,
    refund_of,
    status_of,
    time_of,
    to_stripe,
)

API_VERSION = "2026-08-26.dahlia"
"""Moves together with the payment sandbox's vendored description and with the SDK."""

TOLERANCE_SECONDS = 300
CONNECT_SECONDS = 3.05

T = TypeVar("T")


class StripeGateway(KeptCards, OwnAccount):
    """Stripe through its own SDK."""

    name = "stripe"

    def __init__(self) -> None:
        current = settings()
        self.account = current.stripe_account
        self.secret = current.stripe_webhook_secret
        self.livemode = current.stripe_secret_key.startswith(("sk_live_", "rk_live_"))
        self.client = StripeClient(
            current.stripe_secret_key or "sk_test_none",
            stripe_account=current.stripe_account or None,
            stripe_version=API_VERSION,
            base_addresses={"api": current.stripe_api_base},
            max_network_retries=0,
            http_client=RequestsClient(timeout=(CONNECT_SECONDS, float(current.stripe_timeout_seconds))),
        )

    def capabilities(self) -> Capabilities:
        """What Stripe can do."""
        return Capabilities(
            partial_refund=True,
            checkout_minutes_min=30,
            checkout_minutes_max=24 * 60,
            key_lifetime_hours=24,
            units=frozenset(EXPONENTS),
        )

    # --- calls out ----------------------------------------------------------------------------------

    def create_checkout(self, order: CheckoutOrder, *, key: str) -> Checkout:
        """Open a hosted checkout session; the same key gives the same session."""
        amount, currency = to_stripe(order.money)
        metadata = {"payment_id": str(order.payment_id), "public_ref": order.public_ref}
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency,
                        "unit_amount": amount,
                        "product_data": {"name": order.description[:250]},
                    },
                }
            ],
            "client_reference_id": order.public_ref,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
            "success_url": order.success_url,
            "cancel_url": order.cancel_url,
            "expires_at": int(order.expires_at.timestamp()),
            "locale": "id" if order.language == "id" else "en",
        }
        if order.saves_card:
            params["payment_intent_data"]["setup_future_usage"] = "off_session"
        if order.customer_ref:
            params["customer"] = order.customer_ref
        elif order.payer_email:
            params["customer_email"] = order.payer_email
        if order.saves_card and not order.customer_ref:
            params["customer_creation"] = "always"
        made = self._call(lambda: self.client.v1.checkout.sessions.create(params, {"idempotency_key": key}))
        return self._checkout(made)

    def find_checkout(self, payment_id: uuid.UUID, *, since: dt.datetime) -> Checkout | None:
        """The session made for a payment; None when the list since then has none."""
        listed = self._call(
            lambda: self.client.v1.checkout.sessions.list(
                {"limit": 100, "created": {"gte": int(since.timestamp()) - 60}}
            )
        )
        for session in self._each(listed):
            if payment_id_of(session) == payment_id:
                return self._checkout_of(session)
        return None

    def expire_checkout(self, ref: str, *, key: str) -> None:
        """Close a session; one that is closed or paid already stays as it is."""
        try:
            self._call(lambda: self.client.v1.checkout.sessions.expire(ref, {}, {"idempotency_key": key}))
        except ProviderRefuses:
            # Complete or expired already: the object, fetched afterwards, says which.
            return

    def create_refund(self, order: RefundOrder, *, key: str) -> FoundRefund:
        """Give money of a payment back to its card; the same key gives the same refund."""
        amount, _currency = to_stripe(order.money)
        params: dict[str, Any] = {
            "payment_intent": order.intent_ref,
            "amount": amount,
            "metadata": {"refund_id": str(order.refund_id), "payment_id": str(order.payment_id)},
        }
        made = self._call(lambda: self.client.v1.refunds.create(params, {"idempotency_key": key}))
        if not isinstance(made.get("id"), str):
            raise ProviderUnknown("an answer without an id")
        return refund_of(made)

    def find_refund(self, order: RefundOrder) -> FoundRefund | None:
        """The refund that carries our id, among all refunds of the payment."""
        listed = self._call(
            lambda: self.client.v1.refunds.list({"payment_intent": order.intent_ref, "limit": 100})
        )
        found = (refund_of(one) for one in self._each(listed))
        return next((one for one in found if one.refund_id == order.refund_id), None)

    def fetch(self, object_ref: str) -> Found | None:
        """The whole picture around an object of Stripe's, whatever kind its prefix says."""
        kind = object_ref.partition("_")[0]
        if kind == "cs":
            session = self._one(lambda: self.client.v1.checkout.sessions.retrieve(object_ref))
            if session is not None and session.get("mode") == "setup":
                return self._found_card(session)
            return None if session is None else self._picture(session=session)
        if kind == "pi":
            intent = self._one(lambda: self.client.v1.payment_intents.retrieve(object_ref))
            return None if intent is None else self._picture(intent=intent)
        if kind in {"ch", "py"}:
            charge = self._one(lambda: self.client.v1.charges.retrieve(object_ref))
            return None if charge is None else self._around_charge(charge)
        if kind in {"re", "pyr"}:
            return self._around_refund(object_ref)
        if kind in {"dp", "du"}:
            dispute = self._one(lambda: self.client.v1.disputes.retrieve(object_ref))
            return (
                None if dispute is None or not dispute.get("charge") else self.fetch(str(dispute["charge"]))
            )
        if kind == "po":
            payout = self._one(lambda: self.client.v1.payouts.retrieve(object_ref))
            return None if payout is None else self._payout(payout)
        return None

    def list_events(self, *, since: dt.datetime) -> Iterator[EventHint]:
        """Events since a moment, oldest first (Stripe lists the newest first and reaches back 30 days)."""
        listed = self._call(
            lambda: self.client.v1.events.list({"limit": 100, "created": {"gte": int(since.timestamp())}})
        )
        events = list(self._each(listed))
        for event in reversed(events):
            yield self._hint(event, json.dumps(event, sort_keys=True, separators=(",", ":")).encode())

    # --- calls in -----------------------------------------------------------------------------------

    def verify(self, raw: bytes, headers: Mapping[str, str]) -> EventHint:
        """Check signature, age, mode and account of a webhook; raises BadEvent."""
        header = headers.get("Stripe-Signature", "")
        try:
            WebhookSignature.verify_header(raw, header, self.secret, tolerance=TOLERANCE_SECONDS)
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as refusal:
            raise BadEvent(f"signature: {refusal.__class__.__name__}") from refusal
        stamp = re.match(r"(?:.*,)?t=([0-9]{1,12})(?:,|$)", header)
        if stamp is None or int(stamp.group(1)) > clock.now().timestamp() + TOLERANCE_SECONDS:
            raise BadEvent("signature: from the future")
        try:
            event = json.loads(raw)
        except (ValueError, RecursionError) as refusal:
            raise BadEvent("not JSON") from refusal
        if (
            not isinstance(event, dict)
            or not isinstance(event.get("id"), str)
            or not isinstance(event.get("type"), str)
        ):
            raise BadEvent("not an event")
        if event.get("livemode") is not self.livemode:
            raise BadEvent("other mode")
        if (event.get("account") or "") != self.account:
            raise BadEvent("other account")
        return self._hint(event, raw)

    def _hint(self, event: Mapping[str, Any], raw: bytes) -> EventHint:
        data = event.get("data")
        subject = data.get("object") if isinstance(data, dict) else None
        ref = subject.get("id") if isinstance(subject, dict) else None
        created = event.get("created")
        return EventHint(
            event_id=str(event["id"])[:255],
            event_type=str(event["type"])[:255],
            object_ref=ref[:255] if isinstance(ref, str) else None,
            account=self.account,
            livemode=bool(event.get("livemode")),
            created_at=time_of(created) if type(created) is int and 0 < created < 2**33 else None,
            raw=raw,
        )

    # --- pictures -----------------------------------------------------------------------------------

    def _around_refund(self, ref: str) -> FoundPayment | None:
        """The payment of a refund, with its refunds even when the charge does not count them any more: they failed."""
        refund = self._one(lambda: self.client.v1.refunds.retrieve(ref))
        if refund is None:
            return None
        if refund.get("payment_intent"):
            intent_ref = str(refund["payment_intent"])
            intent = self._one(lambda: self.client.v1.payment_intents.retrieve(intent_ref))
            return None if intent is None else self._picture(intent=intent, has_refunds=True)
        if refund.get("charge"):
            charge_ref = str(refund["charge"])
            charge = self._one(lambda: self.client.v1.charges.retrieve(charge_ref))
            return self._found(session=None, intent=None, charge=charge, has_refunds=True)
        return None

    def _around_charge(self, charge: dict[str, Any]) -> FoundPayment | None:
        if charge.get("payment_intent"):
            found = self.fetch(str(charge["payment_intent"]))
            return found if isinstance(found, FoundPayment) else None
        return self._found(session=None, intent=None, charge=charge)

    def _picture(
        self,
        *,
        session: dict[str, Any] | None = None,
        intent: dict[str, Any] | None = None,
        has_refunds: bool = False,
    ) -> FoundPayment:
        if session is None and intent is not None:
            intent_id = str(intent["id"])
            listed = self._call(
                lambda: self.client.v1.checkout.sessions.list({"payment_intent": intent_id, "limit": 1})
            )
            session = next(iter(self._each(listed)), None)
        if intent is None and session is not None and session.get("payment_intent"):
            ref = str(session["payment_intent"])
            intent = self._one(lambda: self.client.v1.payment_intents.retrieve(ref))
        charge = None
        if intent is not None and intent.get("latest_charge"):
            charge_ref = str(intent["latest_charge"])
            charge = self._one(lambda: self.client.v1.charges.retrieve(charge_ref))
        return self._found(session=session, intent=intent, charge=charge, has_refunds=has_refunds)

    def _found(
        self,
        *,
        session: dict[str, Any] | None,
        intent: dict[str, Any] | None,
        charge: dict[str, Any] | None,
        has_refunds: bool = False,
    ) -> FoundPayment:
        charges: tuple[FoundCharge, ...] = ()
        if charge is not None and charge.get("status") == "succeeded" and charge.get("captured"):
            charges = (self._charge(charge, has_refunds=has_refunds),)
        ours = [payment_id_of(part) for part in (session, intent, charge) if part is not None]
        return FoundPayment(
            provider=self.name,
            account=self.account,
            payment_id=next((one for one in ours if one is not None), None),
            checkout_ref=str(session["id"]) if session else None,
            intent_ref=str(intent["id"]) if intent else None,
            status="paid" if charges else status_of(session, intent),
            charges=charges,
            saved_card=saved_card_of(intent, charge),
            decline_code=decline_code_of(intent),
        )

    def _charge(self, charge: dict[str, Any], *, has_refunds: bool) -> FoundCharge:
        ref, currency = str(charge["id"]), str(charge["currency"])
        refunds: list[FoundRefund] = []
        if has_refunds or charge.get("amount_refunded") or charge.get("refunded"):
            listed = self._call(lambda: self.client.v1.refunds.list({"charge": ref, "limit": 100}))
            refunds = [refund_of(one) for one in self._each(listed)]
        disputes: list[FoundDispute] = []
        if charge.get("disputed"):
            listed = self._call(lambda: self.client.v1.disputes.list({"charge": ref, "limit": 100}))
            disputes = [dispute_of(one) for one in self._each(listed)]
        return FoundCharge(
            ref=ref,
            captured=from_stripe(int(charge.get("amount_captured") or 0), currency),
            captured_at=time_of(charge["created"]),
            refunds=tuple(sorted(refunds, key=lambda one: (one.created_at, one.ref))),
            disputes=tuple(sorted(disputes, key=lambda one: (one.created_at, one.ref))),
        )

    def _checkout(self, session: dict[str, Any]) -> Checkout:
        if not isinstance(session.get("id"), str):
            raise ProviderUnknown("an answer without an id")
        return self._checkout_of(session)

    def _checkout_of(self, session: Mapping[str, Any]) -> Checkout:
        return Checkout(
            ref=str(session["id"]),
            url=session.get("url"),
            intent_ref=str(session["payment_intent"]) if session.get("payment_intent") else None,
            expires_at=time_of(session["expires_at"]) if session.get("expires_at") else None,
        )

    # --- one call -------------------------------------------------------------------------------------

    def _one(self, call: Callable[[], Any]) -> dict[str, Any] | None:
        """An object by its name, or None when Stripe has none of that name."""
        try:
            return self._call(call)
        except ProviderRefuses as refusal:
            if (
                isinstance(refusal.__cause__, stripe.InvalidRequestError)
                and refusal.__cause__.http_status == 404
            ):
                return None
            raise

    def _each(self, listed: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All rows of a list, page after page."""
        paged = listed["__list__"]
        rows = paged.auto_paging_iter()
        while True:
            row = self._plain(lambda: next(rows, None))
            if row is None:
                return
            yield row.to_dict()

    def _call(self, call: Callable[[], Any]) -> dict[str, Any]:
        answer = self._plain(call)
        found: dict[str, Any] = answer.to_dict()
        if isinstance(answer, stripe.ListObject):
            return {"__list__": answer}
        return found

    def _plain(self, call: Callable[[], T]) -> T:
        """Make the call and say in our words what went wrong."""
        try:
            return call()
        except stripe.APIConnectionError as trouble:
            raise ProviderUnknown(str(trouble.user_message or trouble)[:300]) from trouble
        except stripe.StripeError as trouble:
            status = trouble.http_status or 0
            said = f"{status} {trouble.code or ''} {trouble.user_message or ''}".strip()[:300]
            if isinstance(trouble, stripe.CardError):
                body: Any = trouble.json_body or {}
                told = (body.get("error") or {}).get("payment_intent") or {}
                if isinstance(told, dict) and told.get("id"):
                    raise ProviderDeclined(said, ref=str(told["id"]), code=str(trouble.code)) from trouble
            if status in {401, 403, 409, 429}:
                # Not done: too many calls, the same key still at work, or a key of ours that must be put right.
                raise ProviderBusy(said) from trouble
            if status >= 500:
                raise ProviderFault(said) from trouble
            if 400 <= status < 500:
                raise ProviderRefuses(said) from trouble
            raise ProviderUnknown(said) from trouble
