"""What a pledge's page says about its money: the plan, each payment in plain words, what may be changed, bills."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from coevolve.kit import clock, i18n
from coevolve.kit.db import uuid7
from coevolve.kit.i18n import _
from coevolve.kit.money import Money, format_money, typed_rupiah
from coevolve.kit.pages import actor
from coevolve.payments import custody
from coevolve.payments import links as payment_links
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import OPEN as PAYMENT_OPEN
from coevolve.payments.models import Payment, PaymentState
from coevolve.payments.words import STATES as PAYMENT_STATES
from coevolve.pledges import forms, policy, queries, service
from coevolve.pledges.models import AGREED, FulfilmentState, Pledge, PledgeFulfilment, PledgeLine
from coevolve.pledges.models import PledgeState as S
from coevolve.pledges.policy import Party
from coevolve.pledges.queries import Part
from coevolve.pledges.views.door import address, key
from coevolve.pledges.views.sentences import ENDED

CHANGEABLE = (S.offered, S.accepted, S.partly_delivered)
SHOWN_PAYMENTS = 12


def panel(
    pledge: Pledge,
    lines: list[PledgeLine],
    fulfilments: dict[uuid.UUID, list[PledgeFulfilment]],
    party: Party,
    failed: dict[str, Any],
) -> dict[str, Any]:
    """Everything about the money of a pledge, as this reader may know it."""
    line = next((one for one in lines if one.kind == "money"), None)
    found: dict[str, Any] = {
        "approves": party.is_giver and pledge.state == S.awaiting_approval,
        "may_approve": policy.allows(party, "approve", pledge),
        "refuse": failed.get("tidak-setujui") or forms.ReasonForm(None, prefix="tidak-setujui"),
        "joins": _joins(pledge, party),
        "plan": [],
        "payments": [],
        "invoices": [],
    }
    if line is None:
        return found
    payments = payment_queries.of("pledge", pledge.id)
    parts = queries.plan_of(line)
    waits = any(one.state in PAYMENT_OPEN and not one.captured for one in payments)
    rest = queries.goal_of(line) - line.received_quantity
    changes = policy.allows(party, "change", pledge) and pledge.state in CHANGEABLE
    promised = not pledge.is_pay_now
    sees = party.is_giver or party.is_staff
    found |= {
        "line": line,
        "rest": rest,
        "plan": [_part(part, line.unit, ended=pledge.state in ENDED) for part in parts],
        "overdue": sum(part.rest for part in parts if part.due_on < clock.today())
        if pledge.state in AGREED
        else 0,
        "payments": _payments(pledge, party, payments, fulfilments[line.id]) if sees else [],
        "waits": waits,
        "change": _change(line, failed) if changes and not waits and (rest or promised) else None,
        "replan": _replan(parts, failed) if changes and promised and rest > 0 else None,
        "short": _short(payments, party, line)
        if pledge.is_pay_now and pledge.state == S.partly_delivered
        else None,
        "bill": _bill(pledge, line, parts, failed)
        if _may_bill(pledge, party) and rest > 0 and not waits
        else None,
        "invoices": _invoices(pledge, {one.id: one for one in payments})
        if sees and pledge.giver_organisation_id is not None
        else [],
        "shows_order": sees and bool(pledge.purchase_order),
    }
    return found


def _part(part: Part, unit: str, *, ended: bool) -> dict[str, Any]:
    today = clock.today()
    if part.rest == 0:
        state, tag = _("Lunas"), "good"
    elif ended:
        state, tag = _("Tidak dilanjutkan"), "plain"
    elif part.due_on < today:
        state, tag = _("Lewat jatuh tempo"), "bad"
    elif part.due_on == today:
        state, tag = _("Jatuh tempo hari ini"), "wait"
    else:
        state, tag = (_("Dibayar sebagian"), "wait") if part.paid else (_("Belum dibayar"), "plain")
    return {
        "due_on": part.due_on,
        "quantity": format_money(Money(part.quantity, unit)),
        "paid": format_money(Money(part.paid, unit)) if 0 < part.paid < part.quantity else "",
        "state": state,
        "tag": tag,
    }


def _payments(
    pledge: Pledge, party: Party, payments: list[Payment], kept: list[PledgeFulfilment]
) -> list[dict[str, Any]]:
    receipts = {one.payment_id: one for one in payment_queries.receipts_of("pledge", pledge.id)}
    came: dict[uuid.UUID, int] = {}
    for one in kept:
        if one.state == FulfilmentState.confirmed and one.payment_id is not None:
            came[one.payment_id] = came.get(one.payment_id, 0) + one.quantity_received
    return [
        {
            "id": payment.id,
            "href": f"/bayar/{payment.public_ref}",
            "ref": payment.public_ref,
            "amount": payment.captured or payment.amount,
            "unit": payment.unit,
            "state": _("Menjadi saldo")
            if payment.state == PaymentState.captured_late and custody.custodian_of(payment) is None
            else PAYMENT_STATES[payment.state],
            "tag": _tag(payment),
            "words": said(payment, came.get(payment.id, 0)),
            "cancels": party.is_giver and payment.state in service.CANCELLABLE and not payment.captured,
            "ask_back": _ask_back(payment) if party.is_giver and payment.captured else None,
            "receipt": payment_links.receipt_path(receipts[payment.id].id, for_guest=party.is_link)
            if payment.id in receipts and party.is_giver
            else None,
        }
        for payment in payments[-SHOWN_PAYMENTS:]
    ]


def _ask_back(payment: Payment) -> str:
    """Where the giver asks for this money back, with the key of the address kept."""
    said_key = key()
    return f"/bayar/{payment.public_ref}/minta-kembali" + (f"?kunci={said_key}" if said_key else "")


def _tag(payment: Payment) -> str:
    if payment.state == PaymentState.captured:
        return "good" if payment.captured >= payment.base_amount else "wait"
    if payment.state in PAYMENT_OPEN or payment.state == PaymentState.captured_late:
        return "wait"
    return "plain"


def said(payment: Payment, kept: int) -> str:
    """What happened with one payment, for giver and staff alike; `kept`: how much of it went to the pledge."""

    def money(amount: int) -> str:
        return format_money(Money(amount, payment.unit))

    is_direct = custody.custodian_of(payment) is not None
    words = {
        PaymentState.created: _("Sedang disiapkan."),
        PaymentState.awaiting: _("Ditunggu sampai %(until)s.", until=_moment(payment.expires_at)),
        PaymentState.grace: _(
            "Batas bayarnya lewat, tetapi masih ditunggu sampai %(until)s.", until=_moment(payment.hold_until)
        ),
        PaymentState.processing: _("Sedang diproses penyedia kartu."),
        PaymentState.authorised: _("Sedang diproses penyedia kartu."),
        PaymentState.captured: _("Sudah diterima."),
        PaymentState.expired: _("Batas bayarnya lewat dan tidak ada uang yang datang."),
        PaymentState.failed: _("Tidak berhasil. Tidak ada uang yang berpindah."),
        PaymentState.cancelled: _("Dibatalkan sebelum ada uang yang datang."),
        PaymentState.voided: _("Dibatalkan sebelum ada uang yang datang."),
        PaymentState.captured_late: _(
            "%(amount)s datang ketika dukungan ini tidak lagi menunggunya, dan disimpan sebagai saldo pemberi.",
            amount=money(payment.captured),
        )
        if not is_direct
        else _(
            "%(amount)s datang ketika dukungan ini tidak lagi menunggunya, dan ada di rekening organisasi.",
            amount=money(payment.captured),
        ),
    }[PaymentState(payment.state)]
    if payment.state == PaymentState.captured:
        missing, over = payment.base_amount - payment.captured, payment.captured - kept
        if missing > 0 and payment.expected_amount > 0 and payment.hold_until is not None:
            words = _(
                "Datang %(came)s, kurang %(missing)s. Sisanya ditunggu sampai %(until)s.",
                came=money(payment.captured),
                missing=money(missing),
                until=_moment(payment.hold_until),
            )
        elif missing > 0:
            words = _(
                "Datang %(came)s, kurang %(missing)s.", came=money(payment.captured), missing=money(missing)
            )
        if over > 0:
            words += " " + (
                _("%(over)s di antaranya lebih, dan ada di rekening organisasi.", over=money(over))
                if is_direct
                else _("%(over)s di antaranya lebih, dan disimpan sebagai saldo pemberi.", over=money(over))
            )
    if payment.refunded:
        words += " " + _("Dikembalikan: %(amount)s.", amount=money(payment.refunded))
    return words


def _moment(at: dt.datetime | None) -> str:
    return i18n.datetime(at) if at is not None else ""


def _change(line: PledgeLine, failed: dict[str, Any]) -> Any:
    if "ubah" in failed:
        return failed["ubah"]
    form = forms.AmountForm(None, prefix="ubah")
    form.amount.data = typed_rupiah(queries.goal_of(line))
    return form


def _replan(parts: list[Part], failed: dict[str, Any]) -> Any:
    if "jadwal" in failed:
        return failed["jadwal"]
    form = forms.PlanForm(None, prefix="jadwal")
    still = [part for part in parts if part.rest]
    form.parts.data = str(max(1, len(still)))
    first = max(clock.today(), still[0].due_on) if still else clock.today() + dt.timedelta(days=30)
    form.first_on.data = first.isoformat()
    return form


def _short(payments: list[Payment], party: Party, line: PledgeLine) -> dict[str, Any] | None:
    """A gift paid at once that came short: how long the rest is waited for, and what its giver may choose."""
    payment = next((one for one in payments if one.captured and one.captured < one.base_amount), None)
    if payment is None or not party.is_giver:
        return None
    waits = payment.expected_amount > 0 and payment.hold_until is not None
    return {
        "came": format_money(Money(line.received_quantity, line.unit)),
        "missing": format_money(Money(payment.base_amount - payment.captured, payment.unit)),
        "until": payment.hold_until if waits else None,
    }


def _may_bill(pledge: Pledge, party: Party) -> bool:
    agreed = pledge.state in AGREED or (pledge.is_pay_now and pledge.state == S.offered)
    return pledge.giver_organisation_id is not None and agreed and policy.allows(party, "bill", pledge)


def _bill(pledge: Pledge, line: PledgeLine, parts: list[Part], failed: dict[str, Any]) -> Any:
    if not payment_queries.has_receiving_account(organisation_id=pledge.receiver_organisation_id):
        return None
    if "tagihan" in failed:
        return failed["tagihan"]
    form = forms.InvoiceForm(None, prefix="tagihan")
    rest = queries.goal_of(line) - line.received_quantity
    form.client_token.data = str(uuid7())
    form.amount.data = typed_rupiah(queries.due_now(parts, clock.today()) if parts else rest)
    form.purchase_order.data = pledge.purchase_order
    coming = next((part.due_on for part in parts if part.rest), None)
    today = clock.today()
    form.due_on.data = max(coming or today + dt.timedelta(days=30), today).isoformat()
    return form


def _invoices(pledge: Pledge, payments: dict[uuid.UUID, Payment]) -> list[dict[str, Any]]:
    return [
        {
            "href": address(pledge.id, f"/tagihan/{one.id}"),
            "number": service.number_of(one),
            "amount": format_money(Money(one.amount, one.unit)),
            "due_on": one.due_on,
            "state": PAYMENT_STATES[payments[one.payment_id].state],
            "tag": _tag(payments[one.payment_id]),
        }
        for one in queries.invoices_of(pledge.id)
    ]


def _joins(pledge: Pledge, party: Party) -> str:
    """What a guest's reader may do: `join` (signed in with that address), `sign_in`, or nothing."""
    if not (party.is_link and party.is_giver and queries.is_unproven(pledge) and key()):
        return ""
    person = actor()
    if person is None:
        return "sign_in"
    return "join" if person.id == pledge.giver_person_id else ""
