"""What both sides hear of money on its way back, in plain words."""

from __future__ import annotations

import uuid

from coevolve.kit.money import Money
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.payments import links
from coevolve.payments.models import Dispute, Payment, Refund, RefundAccount, RefundRound
from coevolve.pledges.queries import Settlement
from coevolve.reconciliation.service.booking import notify_giver

CSO_ROLES = ("owner", "finance")
BANK = "bank_transfer"


def _money(refund: Refund) -> Money:
    return Money(refund.amount, refund.unit)


def tell_approved(payment: Payment, settlement: Settlement, refund: Refund, *, has_account: bool) -> None:
    """The giver hears that its money comes back; who paid by transfer is asked for an account."""
    needs_account = refund.provider == BANK and not has_account
    kind = "refund.account" if needs_account else "refund.approved"
    more = {"reason": refund.reason or ""}
    if needs_account:
        more["path"] = links.refund_path(payment.public_ref, payment.id)
    notify_giver(kind, payment, settlement, _money(refund), f"{kind}:{refund.id}", **more)


def tell_account_refused(
    payment: Payment, settlement: Settlement, refund: Refund, account: RefundAccount
) -> None:
    """The giver states another account; the reason is finance's."""
    notify_giver(
        "refund.account",
        payment,
        settlement,
        _money(refund),
        f"refund.account:{refund.id}:{account.version}",
        reason=account.refused_because or "",
        path=links.refund_path(payment.public_ref, payment.id),
    )


def tell_cancelled(payment: Payment, settlement: Settlement, refund: Refund) -> None:
    """The giver asked and hears why not."""
    notify_giver(
        "refund.declined",
        payment,
        settlement,
        _money(refund),
        f"refund.declined:{refund.id}",
        reason=refund.ended_because or "",
    )


def tell_done(payment: Payment, settlement: Settlement, refund: Refund) -> None:
    """Both sides hear that the money is gone back."""
    money = _money(refund)
    notify_giver("payment.refunded", payment, settlement, money, f"payment.refunded:{refund.id}")
    if refund.round_id is None:
        _tell_cso("refund.news", settlement, money, f"refund.news:{refund.id}", reason=refund.reason or "")


def tell_failed(payment: Payment, settlement: Settlement, refund: Refund) -> None:
    """The giver hears that the bank sent it back; finance has a case."""
    notify_giver("refund.failed", payment, settlement, _money(refund), f"refund.failed:{refund.id}")


def tell_dispute(settlement: Settlement, dispute: Dispute, kind: str) -> None:
    """The CSO hears what a giver's bank asks for, and how it ended."""
    money = Money(dispute.amount, dispute.unit)
    _tell_cso(kind, settlement, money, f"{kind}:{dispute.id}:{dispute.holds}")


def tell_round(organisation_id: uuid.UUID, made: RefundRound, money: Money) -> None:
    """The CSO hears once that everything of a listing goes back."""
    members = organisations.members_of(organisation_id, roles=CSO_ROLES)
    notifications.queue(
        kind="refund.round",
        person_ids=[person.id for person in members],
        about=("refund_round", made.id),
        data=_said(money)
        | {
            "title": made.title,
            "reason": made.reason,
            "path": f"/dasbor/{organisations.get(organisation_id).slug}",
        },
        dedupe_key=f"refund.round:{made.id}",
        for_organisation=organisation_id,
    )


def _tell_cso(kind: str, settlement: Settlement, money: Money, key: str, *, reason: str = "") -> None:
    members = organisations.members_of(settlement.organisation_id, roles=CSO_ROLES)
    notifications.queue(
        kind=kind,
        person_ids=[person.id for person in members],
        about=("pledge", settlement.pledge_id),
        data=_said(money)
        | {"title": settlement.title, "reason": reason, "path": f"/dukungan/{settlement.pledge_id}"},
        dedupe_key=key,
        for_organisation=settlement.organisation_id,
    )


def _said(money: Money) -> dict[str, int | str]:
    return {"amount_minor": money.amount} if money.unit == "IDR" else {"amount": str(money)}
