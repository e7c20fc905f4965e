"""The journal line and the notices of each step."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from coevolve.journal import service as journal
from coevolve.kit import db
from coevolve.listings.models import Listing, ListingLine
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import Payment
from coevolve.pledges import links, queries, words
from coevolve.pledges.models import Pledge, PledgeLine

ANSWERERS = ("owner", "member")
OF_REQUESTS = frozenset(
    {"accepted", "booking_cancelled", "cancelled", "declined", "lapsed", "no_show", "soon", "withdrawn"}
)
"""What is said in other words of a request on an offer than of an offer to a need."""


def record(pledge: Pledge, happened: str, by: uuid.UUID | None, *, data: dict[str, Any] | None = None) -> int:
    """Write the journal line of a step."""
    return journal.record(
        f"pledge.{happened}",
        about=("pledge", pledge.id),
        by=by,
        for_organisation=pledge.receiver_organisation_id,
        data={"listing": str(pledge.listing_id)} | (data or {}),
    )


def support_of(lines: Iterable[PledgeLine]) -> dict[str, str]:
    """What the lines give, as agreed or else as offered, in both languages."""
    given = []
    for line in lines:
        amount = line.quantity if line.accepted_quantity is None else line.accepted_quantity
        if amount > 0:
            given.append((line.kind, line.unit, amount, db.get(ListingLine, line.line_id).label))
    return words.support(given)


def tell_giver(pledge: Pledge, happened: str, lines: Iterable[PledgeLine], **more: str) -> None:
    """Tell the giver, or those of the giving organisation who answer for it."""
    _tell(pledge, happened, lines, person_ids=giver_ids(pledge), side="giver", more=more)


def tell_receiver(pledge: Pledge, happened: str, lines: Iterable[PledgeLine], **more: str) -> None:
    """Tell those who answer for the receiving organisation, and who asked."""
    _tell(pledge, happened, lines, person_ids=receiver_ids(pledge), side="receiver", more=more)


def giver_ids(pledge: Pledge) -> set[uuid.UUID]:
    """The giver, and those of the giving organisation who answer for it."""
    person_ids = _answerers(pledge.giver_organisation_id)
    if pledge.giver_person_id is not None:
        person_ids.add(pledge.giver_person_id)
    return person_ids


def receiver_ids(pledge: Pledge) -> set[uuid.UUID]:
    """Those who answer for the receiving organisation, and who asked."""
    person_ids = _answerers(pledge.receiver_organisation_id)
    if pledge.receiver_person_id is not None:
        person_ids.add(pledge.receiver_person_id)
    return person_ids


def tell_how_to_transfer(pledge: Pledge, payment: Payment) -> None:
    """Mail the instructions of a bank transfer to the giver, once."""
    if pledge.giver_person_id is None or payment.bank_account_id is None:
        return
    account = payment_queries.bank_account(payment.bank_account_id)
    notifications.queue(
        kind="payment.instructions",
        person_ids=[pledge.giver_person_id],
        about=("pledge", pledge.id),
        data={
            "title": db.get(Listing, pledge.listing_id).title,
            "path": f"/bayar/{payment.public_ref}",
            "amount_minor": payment.amount,
            "bank": account.bank_name,
            "account_number": account.account_number,
            "account_name": account.holder,
            "expires_at": payment.expires_at.isoformat() if payment.expires_at else None,
        },
        dedupe_key=f"payment.instructions:{payment.id}",
        for_organisation=pledge.giver_organisation_id,
        channels=("email",) if queries.is_unproven(pledge) else None,
    )


def _answerers(organisation_id: uuid.UUID | None) -> set[uuid.UUID]:
    if organisation_id is None:
        return set()
    return {person.id for person in organisations.members_of(organisation_id, roles=ANSWERERS)}


def _tell(
    pledge: Pledge,
    happened: str,
    lines: Iterable[PledgeLine],
    *,
    person_ids: set[uuid.UUID],
    side: str,
    more: dict[str, str],
) -> None:
    key = more.pop("key", str(pledge.id))
    kind = f"request.{happened}" if pledge.is_request and happened in OF_REQUESTS else f"pledge.{happened}"
    is_unproven = side == "giver" and queries.is_unproven(pledge)
    by_link = is_unproven or (side == "receiver" and happened == "handed_over")
    notifications.queue(
        kind=kind,
        person_ids=person_ids,
        about=("pledge", pledge.id),
        data=facts_of(pledge, lines)
        | {
            "path": links.path(pledge.id, side) if by_link else f"/dukungan/{pledge.id}",
        }
        | more,
        dedupe_key=f"pledge.{happened}:{key}:{side}",
        for_organisation=pledge.giver_organisation_id if side == "giver" else pledge.receiver_organisation_id,
        channels=("email",) if is_unproven else None,
    )


def facts_of(pledge: Pledge, lines: Iterable[PledgeLine]) -> dict[str, Any]:
    """What notices of a pledge say."""
    return {
        "title": db.get(Listing, pledge.listing_id).title,
        "support": support_of(lines),
        "organisation": organisations.get(pledge.receiver_organisation_id).name,
        "giver": giver_name(pledge),
    }


def forget_names(pledge_ids: Any) -> None:
    """Take the giver's name out of notices others got about these pledges."""
    notifications.forget(about_kind="pledge", about_ids=pledge_ids, fields=("giver",))


def giver_name(pledge: Pledge) -> str:
    """The giver as the other party knows it."""
    if pledge.giver_organisation_id is not None:
        return organisations.get(pledge.giver_organisation_id).name
    return pledge.public_name
