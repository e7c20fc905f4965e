"""The page of one pledge: where it stands, what was given, and the next step of whoever reads it."""

from __future__ import annotations

import uuid
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from coevolve.journal import queries as journal
from coevolve.kit import clock, db, i18n, moves
from coevolve.kit.access import access
from coevolve.kit.pages import page
from coevolve.ledger import queries as ledger_queries
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.listings.slots import period_end
from coevolve.listings.units import unit_label
from coevolve.organisations import queries as organisations
from coevolve.people.models import Person
from coevolve.pledges import forms, labels, policy, queries, words
from coevolve.pledges.models import AGREED, OPEN, PLEDGE, Pledge, PledgeFulfilment, PledgeLine
from coevolve.pledges.models import FulfilmentState as F
from coevolve.pledges.models import PledgeState as S
from coevolve.pledges.policy import Party
from coevolve.pledges.views import moneyed, sentences
from coevolve.pledges.views.door import address, blueprint, key, private, seen, zone_of
from coevolve.pledges.views.giving import LISTING_PATHS

TAGS = {
    F.accepted: "good",
    F.confirmed: "good",
    F.partly_accepted: "wait",
    F.rejected: "bad",
    F.contested: "bad",
}


@blueprint.get("/dukungan/<uuid:pledge_id>")
@access("public")
def status(pledge_id: uuid.UUID) -> Response:
    """Where the pledge stands, for both sides and by signed link."""
    pledge, party = seen(pledge_id)
    return show(pledge, party)


def show(pledge: Pledge, party: Party, failed: dict[str, FlaskForm] | None = None) -> Response:
    """The page, with the form that was refused in the state it was sent."""
    listing = db.get(Listing, pledge.listing_id)
    lines = queries.lines_of(pledge.id)
    fulfilments = queries.fulfilments_of([line.id for line in lines])
    totals = queries.totals_for([pledge.listing_id])
    money_only = all(line.kind == "money" for line in lines)
    receiver = organisations.get(pledge.receiver_organisation_id)
    giver = _giver(pledge, party, money_only=money_only)
    zone = zone_of(listing.locality_code)
    given = failed or {}
    may = {
        verb: policy.allows(party, verb, pledge)
        for verb in (
            "accept",
            "decline",
            "withdraw",
            "schedule",
            "hand_over",
            "receive",
            "confirm",
            "pay",
            "no_show",
            "cancel_booking",
        )
    }
    waiting = _undecided(pledge, lines)
    answers = may["accept"] and bool(waiting) and pledge.state in {S.offered, S.requested}
    is_booking = pledge.is_request and all(any(one.slot for one in fulfilments[line.id]) for line in lines)
    headline, sentence = sentences.now(
        pledge,
        is_giver=party.is_giver,
        giver=giver["name"],
        receiver=receiver.name,
        money_only=money_only,
        waits_for_goods=bool(waiting),
        is_booking=is_booking,
        to_count=any(one.state in _UNDER_WAY for row in fulfilments.values() for one in row),
    )
    return private(
        page(
            "pledges/status.html",
            422 if given else 200,
            pledge=pledge,
            listing=listing,
            listing_path=f"/{LISTING_PATHS[Kind(listing.kind)]}/{listing.slug}",
            receiver=receiver,
            giver=giver,
            party=party,
            headline=headline,
            sentence=sentence,
            chain=sentences.chain(
                pledge, _reached(pledge, zone), money_only=money_only, is_booking=is_booking
            ),
            lines=[
                _line(pledge, line, fulfilments[line.id], may=may, zone=zone, failed=given) for line in lines
            ],
            support=", ".join(_said(line) for line in lines),
            accept=_accept_form(waiting, totals, fulfilments, given) if answers else None,
            accept_lines=_accept_lines(waiting, totals, fulfilments, zone) if answers else [],
            calendar_file=address(pledge.id, "/kalender.ics")
            if any(one.slot and one.state in _DATED for row in fulfilments.values() for one in row)
            else "",
            decline=given.get("tolak") or forms.ReasonForm(None, prefix="tolak") if answers else None,
            withdraw=_withdraw_form(pledge, may, given),
            money=moneyed.panel(pledge, lines, fulfilments, party, given),
            pays=may["pay"]
            and queries.takes_money(pledge, listing)
            and (pledge.is_pay_now or pledge.state in AGREED),
            is_open=pledge.state in OPEN,
            log_rows=_log(pledge, zone),
            zone=zone,
            step=lambda name: address(pledge.id, f"/{name}"),
            pay_href=address(pledge.id, "/bayar"),
            cancel_href=lambda payment_id: address(pledge.id, f"/bayar/{payment_id}/batal"),
            here=address(pledge.id),
            has_key=bool(key()),
            has_failed=bool(given),
        )
    )


def _giver(pledge: Pledge, party: Party, *, money_only: bool) -> dict[str, str]:
    """The giver as this reader may know it."""
    if not policy.sees_giver(party, pledge, is_money_only=money_only):
        return {"name": pledge.public_name if pledge.is_name_public else "", "email": "", "contact": ""}
    person = db.get(Person, pledge.giver_person_id) if pledge.giver_person_id is not None else None
    name = queries.name_on_receipt(pledge.id) or pledge.public_name
    return {"name": name, "email": (person.email or "") if person else "", "contact": pledge.contact}


def _said(line: PledgeLine) -> str:
    amount = line.quantity if line.accepted_quantity is None else line.accepted_quantity
    if line.kind == "money":
        amount = max(amount, line.received_quantity)
    return words.thing(line.kind, line.unit, amount, db.get(ListingLine, line.line_id).label)


def _reached(pledge: Pledge, zone: str) -> dict[str, str]:
    reached: dict[str, str] = {}
    for event in moves.history(PLEDGE, pledge.id):
        reached.setdefault(event.dst, i18n.short_date(event.at, zone))
    return reached


def _undecided(pledge: Pledge, lines: list[PledgeLine]) -> list[PledgeLine]:
    return [
        line
        for line in lines
        if line.accepted_quantity is None and not (line.kind == "money" and pledge.is_pay_now)
    ]


def _accept_form(
    waiting: list[PledgeLine],
    totals: dict[uuid.UUID, queries.Totals],
    fulfilments: dict[uuid.UUID, list[PledgeFulfilment]],
    failed: dict[str, Any],
) -> Any:
    if "terima" in failed:
        return failed["terima"]
    form = forms.accept_form([line.id for line in waiting])(None, prefix="terima")
    for line in waiting:
        form[f"quantity-{line.id}"].data = _typed(line, _suggested(line, totals))
        form[f"slots-{line.id}"].data = [str(one.id) for one in _asked(line, fulfilments)]
    return form


def _asked(line: PledgeLine, fulfilments: dict[uuid.UUID, list[PledgeFulfilment]]) -> list[PledgeFulfilment]:
    """The times of a line that wait for an answer, soonest first."""
    asked = [one for one in fulfilments[line.id] if one.state == F.asked and one.slot is not None]
    return sorted(asked, key=lambda one: one.slot.lower)  # type: ignore[union-attr]


def _suggested(line: PledgeLine, totals: dict[uuid.UUID, queries.Totals]) -> int:
    """As much as was offered and is still missing."""
    missing = _left(line, totals)
    return line.quantity if missing is None else min(line.quantity, missing)


def _left(line: PledgeLine, totals: dict[uuid.UUID, queries.Totals]) -> int | None:
    """What is missing of a need's line, or free of an offer's (in that week or month)."""
    if line.kind == "money":
        return None
    if line.period_on is not None:
        return queries.free_in(db.get(ListingLine, line.line_id), line.period_on)
    return queries.missing_of(totals[line.line_id])


def _typed(line: PledgeLine, amount: int) -> str:
    return i18n.number(amount // 100 if line.kind == "money" else amount)


def _accept_lines(
    waiting: list[PledgeLine],
    totals: dict[uuid.UUID, queries.Totals],
    fulfilments: dict[uuid.UUID, list[PledgeFulfilment]],
    zone: str,
) -> list[dict[str, Any]]:
    return [
        {
            "id": str(line.id),
            "field": f"quantity-{line.id}",
            "kind": line.kind,
            "label": db.get(ListingLine, line.line_id).label,
            "unit": unit_label(line.unit) if line.kind != "money" else "",
            "offered": words.quantity(line.kind, line.unit, line.quantity),
            "missing": None
            if (missing := _left(line, totals)) is None
            else words.quantity(line.kind, line.unit, missing),
            "slots": [
                (str(one.id), words.slot(one.slot.lower, one.slot.upper, zone))
                for one in _asked(line, fulfilments)
                if one.slot is not None
            ],
            "note": line.note,
            "from": line.available_from,
            "until": line.available_until,
        }
        for line in waiting
    ]


def _withdraw_form(pledge: Pledge, may: dict[str, bool], failed: dict[str, Any]) -> Any:
    if not may["withdraw"] or not pledge.machine.allows(pledge.state, S.withdrawn):
        return None
    return failed.get("tarik") or forms.ReasonForm(None, prefix="tarik")


def _line(
    pledge: Pledge,
    line: PledgeLine,
    fulfilments: list[PledgeFulfilment],
    *,
    may: dict[str, bool],
    zone: str,
    failed: dict[str, Any],
) -> dict[str, Any]:
    """One thing of the pledge with its hand-overs, and the forms of the next step."""
    about = db.get(ListingLine, line.line_id)
    agreed = line.accepted_quantity
    planned = sum(
        one.quantity_sent for one in fulfilments if one.state in {*_UNDER_WAY, F.scheduled, F.asked, F.booked}
    )
    rest = max(0, (agreed or 0) - line.received_quantity - planned)
    takes = line.kind != "money" and pledge.state in {S.accepted, S.partly_delivered} and rest > 0
    name = f"serahkan-{line.id}"
    plan = f"jadwalkan-{line.id}"
    return {
        "line": line,
        "about": about,
        "period": _period(line, about),
        "need": _need(line),
        "unit": unit_label(line.unit) if line.kind != "money" else "",
        "offered": words.quantity(line.kind, line.unit, line.quantity),
        "agreed": None if agreed is None else words.quantity(line.kind, line.unit, agreed),
        "received": words.quantity(line.kind, line.unit, line.received_quantity),
        "outstanding": ledger_queries.outstanding(line.hold_id) if line.hold_id is not None else 0,
        "goal": agreed if agreed is not None else line.quantity,
        "rest": rest,
        "fulfilments": [
            _fulfilment(one, line, may=may, zone=zone, failed=failed, is_request=pledge.is_request)
            for one in fulfilments
        ],
        "hand_over": _hand_form(failed.get(name), name, rest) if takes and may["hand_over"] else None,
        "schedule": _hand_form(failed.get(plan), plan, rest) if takes and may["schedule"] else None,
    }


def _period(line: PledgeLine, about: ListingLine) -> str:
    """The week or month of an offer it is taken from, in words."""
    if line.period_on is None:
        return ""
    if about.per == "month":
        return i18n.month(line.period_on)
    last = period_end("week", line.period_on)
    return f"{i18n.short_date(line.period_on)} – {i18n.short_date(last)}"


def _need(line: PledgeLine) -> dict[str, str] | None:
    """The asker's own need that this fulfils as well."""
    if line.need_line_id is None:
        return None
    need = db.get(ListingLine, line.need_line_id)
    listing = db.get(Listing, need.listing_id)
    return {"title": listing.title, "href": f"/{LISTING_PATHS[Kind(listing.kind)]}/{listing.slug}"}


_DATED = frozenset({F.asked, F.booked, F.used, F.confirmed, F.scheduled})
_UNDER_WAY = frozenset({F.handed_over, F.received, F.performed, F.used, F.contested})


def _hand_form(failed: Any, prefix: str, rest: int) -> Any:
    if failed is not None:
        return failed
    form = forms.HandOverForm(None, prefix=prefix)
    form.quantity.data = i18n.number(rest)
    return form


def _fulfilment(
    one: PledgeFulfilment,
    line: PledgeLine,
    *,
    may: dict[str, bool],
    zone: str,
    failed: dict[str, Any],
    is_request: bool,
) -> dict[str, Any]:
    is_ahead = one.slot is not None and one.slot.lower > clock.now()
    name = f"pastikan-{one.id}"
    counts = may["confirm"] and one.state in _UNDER_WAY
    form = None
    if counts:
        form = failed.get(name)
        if form is None:
            form = forms.CountForm(None, prefix=name)
            came = one.quantity_received if one.state == F.received else one.quantity_sent
            form.counted.data = form.kept.data = i18n.number(came)
    hand = f"serahkan-{one.id}"
    hands = may["hand_over"] and one.state in {F.scheduled, F.booked}
    hand_form = failed.get(hand)
    if hands and hand_form is None:
        hand_form = forms.HandOverForm(None, prefix=hand)
        hand_form.quantity.data = i18n.number(one.quantity_sent)
    return {
        "row": one,
        "state": labels.fulfilment(one.state),
        "tag": TAGS.get(F(one.state), "plain"),
        "sent": words.quantity(line.kind, line.unit, one.quantity_sent),
        "kept": words.quantity(line.kind, line.unit, one.quantity_received),
        "starts": words.slot(one.slot.lower, one.slot.upper, zone)
        if one.slot and is_request
        else (i18n.datetime(one.slot.lower, zone) if one.slot else ""),
        "ends": i18n.datetime(one.slot.upper, zone)
        if one.slot and line.kind == "facility" and not is_request
        else "",
        "happened": i18n.datetime(one.happened_at, zone) if one.happened_at and not one.slot else "",
        "count": form,
        "contest": (failed.get(f"gugat-{one.id}") or forms.ReasonForm(None, prefix=f"gugat-{one.id}"))
        if counts and one.state == F.performed
        else None,
        "hand_over": hand_form if hands else None,
        "no_show": may["no_show"] and one.state in {F.booked, F.used} and not (is_request and is_ahead),
        "cancel": (failed.get(f"batal-{one.id}") or forms.ReasonForm(None, prefix=f"batal-{one.id}"))
        if may["cancel_booking"] and is_request and one.state == F.booked and is_ahead
        else None,
    }


def _log(pledge: Pledge, zone: str) -> list[tuple[str, str]]:
    rows = [
        (i18n.datetime(line.at, zone), sentences.happened(line.kind))
        for line in journal.about("pledge", pledge.id)
    ]
    return [row for row in reversed(rows) if row[1]]
