"""New Stripe-shaped objects. What a field may be stands in Stripe's description; here only what we put into it."""

from __future__ import annotations

from typing import Any

from coevolve.payment_sandbox import description
from coevolve.payment_sandbox.store import Row, new_id

PAY_LATER = "customer_balance"
"""The method that 'pay later' stands for: money that arrives some time after the order."""


def blank(name: str) -> Row:
    """Every nullable field as null, as Stripe sends them."""
    properties = description.schema_of(name)["properties"]
    return {field: None for field, schema in properties.items() if schema.get("nullable")}


def customer(*, now: int, **given: Any) -> Row:
    return blank("customer") | {
        "id": new_id("cus", 14),
        "object": "customer",
        "balance": 0,
        "created": now,
        "currency": None,
        "delinquent": False,
        "invoice_prefix": new_id("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "next_invoice_sequence": 1,
        "preferred_locales": [],
        "tax_exempt": "none",
        **given,
    }


def product(*, now: int, name: str, **given: Any) -> Row:
    return blank("product") | {
        "id": new_id("prod", 14),
        "object": "product",
        "active": True,
        "created": now,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "updated": now,
        **given,
    }


def price(*, now: int, product_id: str, currency: str, unit_amount: int, **given: Any) -> Row:
    return blank("price") | {
        "id": new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": now,
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "product": product_id,
        "tax_behavior": "unspecified",
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
        **given,
    }


def line_item(*, price_row: Row, quantity: int, name: str) -> Row:
    amount = price_row["unit_amount"] * quantity
    return blank("item") | {
        "id": new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price_row["currency"],
        "description": name,
        "price": price_row,
        "quantity": quantity,
    }


def checkout_session(*, now: int, amount: int, currency: str, base: str, **given: Any) -> Row:
    identifier = new_id("cs_test", 58)
    return blank("checkout.session") | {
        "id": identifier,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "created": now,
        "currency": currency,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer_creation": "if_required",
        "expires_at": now + 86_400,
        "livemode": False,
        "metadata": {},
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "shipping_options": [],
        "status": "open",
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": f"{base}/c/pay/{identifier}",
        **given,
    }


def payment_intent(*, now: int, amount: int, currency: str, **given: Any) -> Row:
    identifier = new_id("pi")
    return blank("payment_intent") | {
        "id": identifier,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{identifier}_secret_{new_id('x', 25)[2:]}",
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        **given,
    }


def payment_method(*, now: int, number: str, country: str, billing: Row, **given: Any) -> Row:
    """A card kept for later."""
    card = blank("payment_method_card") | {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": country,
        "display_brand": "visa",
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sandbox{number[-4:]}",
        "funding": "credit",
        "last4": number[-4:],
        "networks": {"available": ["visa"], "preferred": None},
        "three_d_secure_usage": {"supported": True},
    }
    return blank("payment_method") | {
        "id": new_id("pm"),
        "object": "payment_method",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
        | billing,
        "card": card,
        "created": now,
        "livemode": False,
        "metadata": {},
        "type": "card",
        **given,
    }


def setup_intent(*, now: int, **given: Any) -> Row:
    """A card about to be kept, without a payment."""
    identifier = new_id("seti")
    return blank("setup_intent") | {
        "id": identifier,
        "object": "setup_intent",
        "client_secret": f"{identifier}_secret_{new_id('x', 25)[2:]}",
        "created": now,
        "livemode": False,
        "metadata": {},
        "payment_method_types": ["card"],
        "status": "requires_payment_method",
        "usage": "off_session",
        **given,
    }


def card_details(*, number: str, country: str, three_d_secure: str | None) -> Row:
    """What a charge says of the card; `three_d_secure` is the result of the challenge, if there was one."""
    secure = None
    if three_d_secure is not None:
        secure = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05" if three_d_secure == "authenticated" else None,
            "exemption_indicator": None,
            "result": three_d_secure,
            "result_reason": None if three_d_secure == "authenticated" else "rejected",
            "transaction_id": None,
            "version": "2.2.0",
        }
    card = blank("payment_method_details_card") | {
        "brand": "visa",
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": country,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"sandbox{number[-4:]}",
        "funding": "credit",
        "last4": number[-4:],
        "network": "visa",
        "three_d_secure": secure,
    }
    return {"card": card, "type": "card"}


def pay_later_details() -> Row:
    return {PAY_LATER: {}, "type": PAY_LATER}


def charge(*, now: int, intent: Row, details: Row, billing: Row, **given: Any) -> Row:
    return blank("charge") | {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None}
        | billing,
        "calculated_statement_descriptor": "CO-EVOLVE",
        "captured": False,
        "created": now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": details,
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "status": "pending",
        **given,
    }


def refund(*, now: int, charge_row: Row, amount: int, **given: Any) -> Row:
    return blank("refund") | {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge_row["id"],
        "created": now,
        "currency": charge_row["currency"],
        "metadata": {},
        "payment_intent": charge_row["payment_intent"],
        "payment_method": charge_row["payment_method"],
        "status": "succeeded",
        **given,
    }


def balance_transaction(
    *, now: int, kind: str, category: str, amount: int, currency: str, source: str, **given: Any
) -> Row:
    """`amount` is before fees and in the currency of settlement; net = amount - fee."""
    row = blank("balance_transaction") | {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now,
        "balance_type": "payments",
        "created": now,
        "currency": currency,
        "fee": 0,
        "fee_details": [],
        "reporting_category": category,
        "source": source,
        "status": "available",
        "type": kind,
        **given,
    }
    row["net"] = row["amount"] - row["fee"]
    return row


def payout(*, now: int, amount: int, currency: str, **given: Any) -> Row:
    return blank("payout") | {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": now + 86_400,
        "automatic": True,
        "created": now,
        "currency": currency,
        "description": "SANDBOX PAYOUT",
        "destination": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "in_progress",
        "source_type": "card",
        "status": "in_transit",
        "type": "bank_account",
        **given,
    }


def dispute(*, now: int, charge_row: Row, amount: int, reason: str, status: str) -> Row:
    evidence = blank("dispute_evidence") | {"enhanced_evidence": {}}
    return blank("dispute") | {
        "id": new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge_row["id"],
        "created": now,
        "currency": charge_row["currency"],
        "enhanced_eligibility_types": [],
        "evidence": evidence,
        "evidence_details": {
            "due_by": now + 7 * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": status.startswith("warning_"),
        "livemode": False,
        "metadata": {},
        "payment_intent": charge_row["payment_intent"],
        "reason": reason,
        "status": status,
    }


def event(*, now: int, kind: str, about: Row, previous: Row | None, request: Row | None, pending: int) -> Row:
    data: Row = {"object": about}
    if previous:
        data["previous_attributes"] = previous
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": description.version(),
        "created": now,
        "data": data,
        "livemode": False,
        "pending_webhooks": pending,
        "request": request or {"id": None, "idempotency_key": None},
        "type": kind,
    }
