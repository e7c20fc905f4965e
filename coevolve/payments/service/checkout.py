"""Gifts by the provider's card page: intent first, then the call, then what it answered."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from coevolve.config import settings
from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money
from coevolve.payments.gateways import gateway
from coevolve.payments.models import Outbox, Payment, PaymentState
from coevolve.payments.provider import Checkout, CheckoutOrder
from coevolve.payments.references import new_reference
from coevolve.payments.service.duties import SWEEP_AFTER_SECONDS, Duty, Topic, once
from coevolve.payments.service.writing import check_gift, find_by_token, write

CREATE = "checkout.create"
EXPIRE = "checkout.expire"


def start_checkout(
    *,
    reference_kind: str,
    reference_id: uuid.UUID,
    money: Money,
    client_token: uuid.UUID,
    payer_email: str | None,
    description: str,
    success_path: str | None = None,
    cancel_path: str | None = None,
    expires_in: dt.timedelta | None = None,
    language: str = "id",
    saves_card: bool = False,
    customer_ref: str | None = None,
) -> Payment:
    """Write the payment and the intent to open a card page; the caller commits, then calls `send`.

    Without paths the giver comes back to the payment's own page. `saves_card` asks the provider to keep the card for
    later gifts of the same giver (monthly gifts); `customer_ref` names a giver whose card it kept before.
    """
    check_gift(money)
    first = find_by_token(reference_kind, reference_id, client_token)
    if first is not None:
        return first
    current = settings()
    expires_at = clock.now() + (expires_in or dt.timedelta(minutes=current.checkout_minutes))

    def make() -> Payment:
        return Payment(
            public_ref=new_reference(),
            reference_kind=reference_kind,
            reference_id=reference_id,
            client_token=client_token,
            provider="stripe",
            account=current.stripe_account,
            unit=money.unit,
            amount=money.amount,
            expected_amount=money.amount,
            state=PaymentState.created,
            created_on=clock.today(),
            expires_at=expires_at,
        )

    payment = write(make, cause="checkout started")
    asked = select(Outbox.id).where(Outbox.payment_id == payment.id, Outbox.topic == CREATE)
    if session().execute(asked).first() is None:
        own_page = f"/bayar/{payment.public_ref}"
        session().add(
            Outbox(
                topic=CREATE,
                dedupe_key=f"{CREATE}:{payment.id}",
                payment_id=payment.id,
                payload={
                    "payer_email": payer_email,
                    "description": description,
                    "success_path": success_path or f"{own_page}?dari=kartu",
                    "cancel_path": cancel_path or f"{own_page}?dari=batal",
                    "expires_at": int(expires_at.timestamp()),
                    "language": language,
                    "saves_card": saves_card,
                    "customer_ref": customer_ref,
                },
                next_at=clock.now() + dt.timedelta(seconds=SWEEP_AFTER_SECONDS),
            )
        )
        session().flush()
    return payment


def cancel(*, payment_id: uuid.UUID, by: uuid.UUID | None, cause: str) -> Payment:
    """Give up a payment that has not come. Money that comes all the same is kept as the giver's credit."""
    payment = lock(Payment, payment_id)
    if not payment.machine.allows(payment.state, PaymentState.cancelled):
        return payment
    moves.move(payment, PaymentState.cancelled, by=by, cause=cause)
    if payment.provider == "stripe" and payment.checkout_url:
        close_page(payment)
    return payment


def close_page(payment: Payment) -> None:
    """Ask the provider to close a card page that nobody should pay any more."""
    key = f"{EXPIRE}:{payment.id}"
    if session().execute(select(Outbox.id).where(Outbox.dedupe_key == key)).first() is None:
        row = Outbox(
            topic=EXPIRE, dedupe_key=key, payment_id=payment.id, payload={"ref": payment.provider_ref}
        )
        session().add(row)
        session().flush()
        after_commit("payments.send", outbox_id=row.id)


# --- the calls ------------------------------------------------------------------------------------


def _is_page_needed(row: Outbox) -> bool:
    """Not when the payment has gone on without its page; what may have happened already is asked again."""
    payment = get(Payment, _payment_of(row))
    is_known = row.state == "due" or payment.provider_ref is not None
    return not is_known or payment.state == PaymentState.created


def _payment_of(row: Outbox) -> uuid.UUID:
    if row.payment_id is None:
        raise ValueError(f"outbox row {row.id} has no payment")
    return row.payment_id


def _open(duty: Duty) -> Checkout:
    """Ask for the card page, outside any transaction of ours."""
    provider = gateway()
    payment = get(Payment, duty.payment_id)
    public = settings().public_url
    order = CheckoutOrder(
        payment_id=payment.id,
        public_ref=payment.public_ref,
        money=Money(payment.amount, payment.unit),
        description=str(duty.payload["description"]),
        payer_email=duty.payload.get("payer_email"),
        success_url=public + str(duty.payload["success_path"]),
        cancel_url=public + str(duty.payload["cancel_path"]),
        expires_at=dt.datetime.fromtimestamp(int(duty.payload["expires_at"]), dt.UTC),
        language=str(duty.payload.get("language", "id")),
        saves_card=bool(duty.payload.get("saves_card")),
        customer_ref=duty.payload.get("customer_ref"),
    )
    # The read above began a transaction; end it, so that no connection waits idle in one while the provider thinks.
    session().rollback()
    return once(
        duty,
        # A page that nobody ever saw would be closed already, so an old key ends the payment.
        find=lambda since: provider.find_checkout(order.payment_id, since=since),
        create=lambda: provider.create_checkout(order, key=duty.key),
        what="no checkout",
    )


def _write_page(duty: Duty, answer: Checkout) -> None:
    payment = lock(Payment, duty.payment_id)
    row = lock(Outbox, duty.id)
    row.payload = {key: value for key, value in row.payload.items() if key != "payer_email"}
    row.result = {"ref": answer.ref}
    payment.provider_ref = payment.provider_ref or answer.ref
    payment.intent_ref = payment.intent_ref or answer.intent_ref
    payment.checkout_url = answer.url
    if answer.expires_at is not None:
        payment.expires_at = answer.expires_at
    if payment.state == PaymentState.created:
        moves.move(payment, PaymentState.awaiting, by=None, cause="card page opened")
    elif payment.state == PaymentState.cancelled:
        close_page(payment)


def _write_no_page(duty: Duty) -> None:
    payment = lock(Payment, duty.payment_id)
    if payment.state == PaymentState.created:
        moves.move(payment, PaymentState.failed, by=None, cause="card page refused by the provider")


def _close(duty: Duty) -> None:
    gateway().expire_checkout(str(duty.payload["ref"]), key=duty.key)


OPEN_PAGE = Topic(
    is_needed=_is_page_needed, call=_open, write_answer=_write_page, write_refusal=_write_no_page
)
CLOSE_PAGE = Topic(
    is_needed=lambda _row: True,
    call=_close,
    write_answer=lambda _duty, _answer: None,
    write_refusal=lambda _duty: None,
)
