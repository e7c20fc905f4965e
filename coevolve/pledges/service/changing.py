"""Lowering or raising promised money without staff: what came stays, the rest of the promise is written anew."""

from __future__ import annotations

import uuid

from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_money
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import OPEN as PAYMENT_OPEN
from coevolve.payments.service.writing import check_gift
from coevolve.pledges import queries
from coevolve.pledges.models import Pledge, PledgeLine, PledgeState
from coevolve.pledges.policy import Doer, Party
from coevolve.pledges.service import asking, planning, progress, telling
from coevolve.pledges.service.promising import hold_of

CHANGEABLE = frozenset({PledgeState.offered, PledgeState.accepted, PledgeState.partly_delivered})


def change_amount(*, pledge_id: uuid.UUID, by: Doer, amount: int) -> Pledge:
    """The giver makes the money of a pledge less or more, down to what came. Not while a payment waits.

    A sum that somebody is asked to pay is fixed: cancel that payment first, then make another.
    """
    pledge, party = asking.locked(pledge_id, by, "change")
    line = queries.money_line_of(pledge.id)
    if line is None or pledge.state not in CHANGEABLE:
        raise Conflict("not_changeable", lazy("Jumlah dukungan ini sudah tidak dapat diubah."))
    session().refresh(line)
    if any(one.state in PAYMENT_OPEN and not one.captured for one in payment_queries.of("pledge", pledge.id)):
        raise Conflict(
            "payment_waits",
            lazy("Ada pembayaran yang menunggu, jadi jumlahnya tetap. Batalkan pembayaran itu dulu."),
        )
    before = queries.goal_of(line)
    if amount == before:
        return pledge
    _check(pledge, line, amount, before)
    if line.accepted_quantity is None:
        line.quantity = amount
    else:
        line.accepted_quantity = amount
    data = {"before": str(before), "after": str(amount), "unit": line.unit}
    number = telling.record(pledge, "amount_changed", party.person_id, data=data)
    _rewrite_promise(pledge, line, amount, party, number)
    if not pledge.is_pay_now:
        planning.refit(pledge, line, amount)
    session().flush()
    progress.advance(pledge, by=party.person_id)
    if pledge.state == PledgeState.confirmed:
        telling.record(pledge, "confirmed", party.person_id)
    if not pledge.is_pay_now or line.received_quantity:
        telling.tell_receiver(pledge, "changed", [line], key=f"{pledge.id}:{number}")
    return pledge


def _check(pledge: Pledge, line: PledgeLine, amount: int, before: int) -> None:
    came = line.received_quantity
    if amount < came:
        said = format_money(Money(came, line.unit))
        raise Invalid(
            "less_than_came", lazy("Paling sedikit %(came)s, yang sudah dibayar.", came=said), field="amount"
        )
    if came == 0 or amount != came:
        check_gift(Money(amount, line.unit), is_rest=came > 0)
    rule = queries.rule_of(pledge.giver_organisation_id) if pledge.giver_organisation_id is not None else None
    limit = rule.approval_above if rule is not None else None
    if limit is not None and amount > before and amount > limit:
        raise Invalid(
            "above_limit",
            lazy("Di atas batas organisasi Anda. Buat dukungan baru, agar disetujui anggota lain."),
            field="amount",
        )


def _rewrite_promise(pledge: Pledge, line: PledgeLine, amount: int, party: Party, number: int) -> None:
    """The commitment book: give up what was outstanding, promise the new rest."""
    if pledge.is_pay_now or pledge.state == PledgeState.offered:
        return
    old = line.hold_id
    if old is not None and ledger_queries.outstanding(old) > 0:
        ledger.void(
            key=progress.void_key(line),
            pending_id=old,
            source_kind="pledge",
            source_id=pledge.id,
            kind="pledge.changed",
        )
    rest = amount - line.received_quantity
    line.hold_from = line.received_quantity
    line.hold_id = hold_of(pledge, line, rest, party, change=number) if rest else None
