"""Kept cards: charging one with nobody at the keyboard, a page to leave another one, forgetting one.

The same rules as for card pages: intent and key are committed before the call, a lost answer is asked for again with
the same key, and what came of it is fetched and settled like every other payment.
"""

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
from coevolve.payments.provider import Charge, ChargeOrder, Checkout, SetupOrder
from coevolve.payments.references import new_reference
from coevolve.payments.service.arriving import look_at
from coevolve.payments.service.duties import SWEEP_AFTER_SECONDS, Duty, Topic, once
from coevolve.payments.service.writing import check_gift, find_by_token, write

CHARGE = "intent.create"
SETUP = "card.setup"
FORGET = "card.forget"
STAYS_OPEN = dt.timedelta(days=1)


def start_charge(
    *,
    reference_kind: str,
    reference_id: uuid.UUID,
    money: Money,
    client_token: uuid.UUID,
    customer_ref: str,
    card_ref: str,
    description: str,
) -> Payment:
    """Write a payment by a kept card and the intent to charge it; a worker makes the call after the commit.

    The same token finds the same payment: one token is one charge.
    """
    check_gift(money)
    first = find_by_token(reference_kind, reference_id, client_token)
    if first is not None:
        return first

    def make() -> Payment:
        return Payment(
            public_ref=new_reference(),
            reference_kind=reference_kind,
            reference_id=reference_id,
            client_token=client_token,
            provider="stripe",
            account=settings().stripe_account,
            unit=money.unit,
            amount=money.amount,
            expected_amount=money.amount,
            state=PaymentState.created,
            created_on=clock.today(),
            expires_at=clock.now() + STAYS_OPEN,
        )

    payment = write(make, cause="charge of a kept card")
    _ask(
        CHARGE,
        payment.id,
        key=str(payment.id),
        payload={"customer_ref": customer_ref, "card_ref": card_ref, "description": description},
    )
    return payment


def call_off(payment_id: uuid.UUID, *, by: uuid.UUID | None, cause: str) -> bool:
    """Give up a charge that has not been asked for yet; False when the call may have gone out."""
    payment = lock(Payment, payment_id)
    statement = select(Outbox).where(Outbox.payment_id == payment_id, Outbox.topic == CHARGE)
    row = session().execute(statement.with_for_update()).scalar_one_or_none()
    if row is None or row.state != "due" or payment.state != PaymentState.created:
        return False
    row.state, row.result = "done", {"skipped": cause}
    moves.move(payment, PaymentState.cancelled, by=by, cause=cause)
    return True


def start_setup(
    *,
    payment_id: uuid.UUID,
    subject_id: uuid.UUID,
    client_token: uuid.UUID,
    customer_ref: str,
    success_path: str,
    cancel_path: str,
    language: str = "id",
) -> int:
    """Ask for a page on which a giver leaves another card; returns the row to send. `payment_id`: its last payment."""
    expires_at = clock.now() + dt.timedelta(minutes=settings().checkout_minutes)
    return _ask(
        SETUP,
        payment_id,
        key=str(client_token),
        payload={
            "subject_id": str(subject_id),
            "customer_ref": customer_ref,
            "success_path": success_path,
            "cancel_path": cancel_path,
            "expires_at": int(expires_at.timestamp()),
            "language": language,
        },
    )


def setup_url(outbox_id: int) -> str | None:
    """Where the page is on which the giver leaves a card, once the provider has made it."""
    found = get(Outbox, outbox_id).result or {}
    return str(found["url"]) if found.get("url") else None


def forget_card(*, payment_id: uuid.UUID, card_ref: str) -> None:
    """Ask the provider to drop a kept card that nothing will be taken from any more."""
    _ask(FORGET, payment_id, key=card_ref, payload={"card_ref": card_ref})


def _ask(topic: str, payment_id: uuid.UUID, *, key: str, payload: dict[str, object]) -> int:
    """Write the duty of one call, once per key."""
    dedupe_key = f"{topic}:{key}"
    known = session().execute(select(Outbox.id).where(Outbox.dedupe_key == dedupe_key)).scalar_one_or_none()
    if known is not None:
        return known
    row = Outbox(
        topic=topic,
        dedupe_key=dedupe_key,
        payment_id=payment_id,
        payload=payload,
        next_at=clock.now() + dt.timedelta(seconds=SWEEP_AFTER_SECONDS),
    )
    session().add(row)
    session().flush()
    if topic != SETUP:
        after_commit("payments.send", outbox_id=row.id)
    return row.id


# --- the calls ------------------------------------------------------------------------------------


def _is_charge_needed(row: Outbox) -> bool:
    """Not when it was called off before the first call; what may have happened is asked again."""
    return row.state == "unknown" or _payment(row.payment_id).state == PaymentState.created


def _payment(payment_id: uuid.UUID | None) -> Payment:
    return get(Payment, payment_id)


def _charge(duty: Duty) -> Charge:
    provider = gateway()
    payment = _payment(duty.payment_id)
    order = ChargeOrder(
        payment_id=payment.id,
        public_ref=payment.public_ref,
        money=Money(payment.amount, payment.unit),
        description=str(duty.payload["description"]),
        customer_ref=str(duty.payload["customer_ref"]),
        card_ref=str(duty.payload["card_ref"]),
    )
    # End the transaction that the read began: no connection waits idle in one while the provider thinks.
    session().rollback()
    return once(
        duty,
        find=lambda since: provider.find_charge(order.payment_id, since=since),
        create=lambda: provider.create_charge(order, key=duty.key),
        what="no charge",
    )


def _write_charge(duty: Duty, answer: Charge) -> None:
    """The charge exists; how it ended is settled from the fetched object, as if an event had come."""
    payment = lock(Payment, duty.payment_id)
    row = lock(Outbox, duty.id)
    row.result = {"ref": answer.ref, "declined": answer.decline_code}
    payment.provider_ref = payment.provider_ref or answer.ref
    payment.intent_ref = payment.intent_ref or answer.ref
    if payment.state == PaymentState.created:
        moves.move(payment, PaymentState.processing, by=None, cause="card charged")
    look_at(answer.ref, why="charge", slot=str(duty.id))


def _write_no_charge(duty: Duty) -> None:
    payment = lock(Payment, duty.payment_id)
    if payment.state == PaymentState.created:
        moves.move(payment, PaymentState.failed, by=None, cause="charge refused by the provider")


def _set_up(duty: Duty) -> Checkout:
    public = settings().public_url
    order = SetupOrder(
        subject_id=uuid.UUID(str(duty.payload["subject_id"])),
        customer_ref=str(duty.payload["customer_ref"]),
        success_url=public + str(duty.payload["success_path"]),
        cancel_url=public + str(duty.payload["cancel_path"]),
        expires_at=dt.datetime.fromtimestamp(int(duty.payload["expires_at"]), dt.UTC),
        language=str(duty.payload["language"]),
    )
    return gateway().create_setup(order, key=duty.key)


def _write_setup(duty: Duty, answer: Checkout) -> None:
    lock(Outbox, duty.id).result = {"ref": answer.ref, "url": answer.url}


def _nothing(_duty: Duty) -> None:
    return


CHARGE_CARD = Topic(
    is_needed=_is_charge_needed, call=_charge, write_answer=_write_charge, write_refusal=_write_no_charge
)
SHOW_SETUP = Topic(
    is_needed=lambda row: row.attempts == 0,
    call=_set_up,
    write_answer=_write_setup,
    write_refusal=_nothing,
)
"""Its giver waits for the page now or comes back and asks anew: it is tried once."""
FORGET_CARD = Topic(
    is_needed=lambda _row: True,
    call=lambda duty: gateway().forget_card(str(duty.payload["card_ref"]), key=duty.key),
    write_answer=lambda _duty, _answer: None,
    write_refusal=_nothing,
)
