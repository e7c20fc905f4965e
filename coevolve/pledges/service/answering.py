"""Yes or no: accepting locks the lines and writes the promise into the books; declining gives a reason."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from coevolve.config import settings
from coevolve.kit import clock, db, moves
from coevolve.kit.errors import Conflict, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_text
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.models import State as ListingState
from coevolve.pledges import queries
from coevolve.pledges.models import Pledge, PledgeLine, PledgeState
from coevolve.pledges.policy import Doer, Party
from coevolve.pledges.service import asking, planning, progress, telling
from coevolve.pledges.service.offering import check_missing

REASON_MOST = 500


def accept(*, pledge_id: uuid.UUID, by: Doer, quantities: Mapping[uuid.UUID, int] | None = None) -> Pledge:
    """Say yes, to all or to less: `quantities` by pledge line; what is not named is taken as offered.

    Never more than is missing (money may exceed), never less than helps unless it fills the rest. Money paid at once
    needs no answer and is left alone.
    """
    pledge, party = asking.locked(pledge_id, by, "accept")
    undecided = _undecided(pledge)
    if pledge.state not in {PledgeState.offered, PledgeState.requested} or not undecided:
        raise Conflict("already_answered", lazy("Tawaran ini sudah dijawab."))
    listing = db.get(Listing, pledge.listing_id)
    if listing.state not in {ListingState.open, ListingState.paused}:
        raise Conflict("listing_closed", lazy("Halaman ini sedang tidak menerima dukungan."))
    wanted = {line.id: (quantities or {}).get(line.id, line.quantity) for line in undecided}
    if not any(wanted.values()):
        raise Invalid("nothing_accepted", lazy("Isi jumlah yang disepakati, atau tolak tawaran ini."))
    asking.lock_lines({line.line_id for line in undecided})
    totals = queries.totals_for([pledge.listing_id])
    for line in undecided:
        _check(line, wanted[line.id], totals)
    for line in sorted(undecided, key=lambda line: line.line_id):
        _agree(pledge, line, wanted[line.id], party)
    _answered(pledge, party)
    for line in undecided:
        if line.kind == "money" and wanted[line.id]:
            planning.refit(pledge, line, wanted[line.id])
            pledge.lapses_at = planning.latest(pledge, line)
    moves.move(pledge, PledgeState.accepted, by=party.person_id)
    lines = asking.lines_to_change(pledge.id)
    telling.record(pledge, "accepted", party.person_id, data={"quantities": _facts(lines)})
    if pledge.is_request:
        telling.tell_receiver(pledge, "accepted", lines)
    else:
        telling.tell_giver(pledge, "accepted", lines)
    progress.advance(pledge, by=party.person_id)
    return pledge


def decline(*, pledge_id: uuid.UUID, by: Doer, reason: str) -> Pledge:
    """Say no, with a reason. Money of the same pledge that has come already stays given."""
    pledge, party = asking.locked(pledge_id, by, "decline")
    undecided = _undecided(pledge)
    if not undecided and pledge.is_pay_now:
        raise Conflict("money_is_given", lazy("Uang yang dibayar langsung tidak perlu dijawab."))
    said = clean_text(reason)
    if not said:
        raise Invalid("reason_missing", lazy("Tulis alasannya, agar pemberi mengerti."), field="reason")
    if len(said) > REASON_MOST:
        raise Invalid("too_long", lazy("Paling banyak %(most)s huruf.", most=REASON_MOST), field="reason")
    asking.require_move(pledge, PledgeState.declined)
    pledge.reason = said
    _answered(pledge, party)
    lines = asking.lines_to_change(pledge.id)
    if any(line.received_quantity for line in lines):
        for line in undecided:
            line.accepted_quantity = 0
        moves.move(pledge, PledgeState.accepted, by=party.person_id, cause="declined in part")
        progress.advance(pledge, by=party.person_id)
    else:
        moves.move(pledge, PledgeState.declined, by=party.person_id)
        progress.close_payments(pledge, by=party.person_id)
    telling.record(pledge, "declined", party.person_id, data={"reason": said})
    if pledge.is_request:
        telling.tell_receiver(pledge, "declined", undecided, reason=said)
    else:
        telling.tell_giver(pledge, "declined", undecided, reason=said)
    return pledge


def _undecided(pledge: Pledge) -> list[PledgeLine]:
    """The lines that wait for an answer: all but money paid at once."""
    return [
        line
        for line in asking.lines_to_change(pledge.id)
        if line.accepted_quantity is None and not (line.kind == "money" and pledge.is_pay_now)
    ]


def _check(line: PledgeLine, quantity: int, totals: Mapping[uuid.UUID, queries.Totals]) -> None:
    field = f"quantity-{line.id}"
    if not 0 <= quantity <= line.quantity:
        raise Invalid("more_than_offered", lazy("Isi jumlah antara 0 dan yang ditawarkan."), field=field)
    if quantity and line.kind != "money":
        check_missing(quantity, db.get(ListingLine, line.line_id), totals[line.line_id], field=field)


def _agree(pledge: Pledge, line: PledgeLine, quantity: int, party: Party) -> None:
    """Agree to a quantity of one line and write the promise into the commitment book."""
    line.accepted_quantity = quantity
    if quantity == 0:
        return
    line.hold_id = hold_of(pledge, line, quantity, party)


def hold_of(pledge: Pledge, line: PledgeLine, amount: int, party: Party, *, change: int | None = None) -> int:
    """Write a promise into the commitment book; `change`: the journal line that says why it is written anew."""
    owner_id, owner_kind = owner_of(pledge, line)
    return ledger.hold(
        key=f"pledge_line:{line.id}:hold" + (f":{change}" if change is not None else ""),
        kind="pledge.accepted",
        debit_id=accounts.promises(owner_id, line.unit, owner_kind=owner_kind),
        credit_id=accounts.promised_to(owner_id, line.unit, owner_kind=owner_kind),
        amount=amount,
        unit=line.unit,
        source_kind="pledge",
        source_id=pledge.id,
        actor=str(party.person_id or "link"),
    )


def owner_of(pledge: Pledge, line: PledgeLine) -> tuple[uuid.UUID, str]:
    """Whose pair of accounts in the commitment book: one per line, for money one per listing."""
    return (pledge.listing_id, "listing") if line.kind == "money" else (line.line_id, "listing_line")


def _answered(pledge: Pledge, party: Party) -> None:
    pledge.answered_at = clock.now()
    pledge.lapses_at = clock.now() + dt.timedelta(days=settings().pledge_lapse_days)
    if pledge.is_request:
        pledge.giver_person_id = pledge.giver_person_id or party.person_id
    else:
        pledge.receiver_person_id = pledge.receiver_person_id or party.person_id


def _facts(lines: list[PledgeLine]) -> dict[str, str]:
    return {str(line.line_id): f"{line.accepted_quantity or 0} {line.unit}" for line in lines}
