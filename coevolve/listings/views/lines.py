"""Lines in the editor: what is asked for or offered, one by one."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _
from coevolve.kit.money import parse_quantity, parse_rupiah, typed_rupiah
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.queries.cards import SUPPORT_LABELS
from coevolve.listings.views.door import (
    NOT_FOUND,
    ONE,
    base_of,
    blueprint,
    line_words,
    me,
    my_listing,
    refused,
    saved_words,
    section_of,
    typed,
)
from coevolve.organisations.models import Organisation

# --- lines ------------------------------------------------------------------------------------------


@blueprint.get(f"{ONE}/kebutuhan")
@access("signed_in")
def lines(slug: str, listing_id: uuid.UUID) -> Response:
    """All lines, the sum of the money ones, and a way to add each kind."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    found = queries.lines_of(listing.id)
    goal = queries.goal_of(found)
    return page(
        "listings/lines.html",
        **section_of(organisation, listing, "kebutuhan"),
        lines=[line_words(line, is_offer=listing.kind == "standing_offer") for line in found],
        goal=goal,
        kinds=[(kind, SUPPORT_LABELS[kind]) for kind in policy.line_kinds_for(listing.kind)],
        is_full=len(found) >= policy.LINES_MOST,
    )


@blueprint.route(f"{ONE}/kebutuhan/baru/<any(money,goods,time,facility):kind>", methods=["GET", "POST"])
@access("signed_in")
def add_line(slug: str, listing_id: uuid.UUID, kind: str) -> Response:
    """One more line."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    if kind not in policy.line_kinds_for(listing.kind):
        raise NotFound("not_found", NOT_FOUND)
    form = forms.LineForm()
    if not form.is_submitted():
        form.is_required.data = True
    return _line_page(organisation, listing, form, kind, None)


@blueprint.route(f"{ONE}/kebutuhan/<uuid:line_id>", methods=["GET", "POST"])
@access("signed_in")
def change_line(slug: str, listing_id: uuid.UUID, line_id: uuid.UUID) -> Response:
    """Change a line."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    line = queries.line(line_id)
    if line.listing_id != listing.id:
        raise NotFound("not_found", NOT_FOUND)
    form = forms.LineForm(obj=None if request.method == "POST" else line)
    if not form.is_submitted():
        is_money = line.kind == "money"
        form.quantity.data = typed_rupiah(line.quantity) if is_money else _digits(line.quantity)
        form.min_useful_quantity.data = _digits(line.min_useful_quantity)
        form.people_reached.data = _digits(line.people_reached)
        form.radius_km.data = _digits(line.radius_km)
        form.unit_value.data = typed_rupiah(line.unit_value)
        form.supply.data = "always" if line.is_inexhaustible else line.per
        form.slot.data = _digits(line.slot_minutes)
    return _line_page(organisation, listing, form, line.kind, line)


def _digits(value: int | None) -> str:
    return "" if value is None else str(value)


def _line_page(
    organisation: Organisation, listing: Listing, form: forms.LineForm, kind: str, line: ListingLine | None
) -> Response:
    form.prepare(kind)
    if kind == "money":
        form.unit.data = "IDR"
    if form.validate_on_submit():
        saved = _line_saved(listing, form, kind, line)
        base = f"{base_of(organisation.slug, listing)}/kebutuhan"
        if saved is not None and line is None and kind == "facility" and listing.kind == "standing_offer":
            return see_other(f"{base}/{saved.id}/jam")
        if saved is not None:
            return see_other(base)
    return form_page(
        "listings/line.html",
        form,
        **section_of(organisation, listing, "kebutuhan"),
        kind=kind,
        kind_label=SUPPORT_LABELS[kind],
        line=line,
        is_offer=listing.kind == "standing_offer",
    )


def _line_saved(
    listing: Listing, form: forms.LineForm, kind: str, line: ListingLine | None
) -> ListingLine | None:
    is_money = kind == "money"
    try:
        quantity = (
            parse_rupiah(typed(form.quantity), field="quantity").amount
            if is_money
            else parse_quantity(typed(form.quantity), field="quantity")
        )
        words: service.LineWords = {"is_required": bool(form.is_required.data)}
        if not is_money:
            words |= {
                "min_useful_quantity": _number(form.min_useful_quantity, "min_useful_quantity"),
                "needed_from": form.needed_from.data,
                "needed_until": form.needed_until.data,
                "handover_place": typed(form.handover_place),
                "people_reached": _number(form.people_reached, "people_reached"),
                "unit_value": _value(form),
                "valuation_source": typed(form.valuation_source) or None,
            }
            if listing.kind == "standing_offer":
                words |= _supply(form, kind)
                words["radius_km"] = _number(form.radius_km, "radius_km")
        saved = service.put_line(
            listing_id=listing.id,
            by=me(),
            line_id=line.id if line else None,
            kind=kind,
            category=typed(form.category),
            label=typed(form.label),
            unit="IDR" if is_money else typed(form.unit),
            quantity=quantity,
            **words,
        )
    except DomainError as refusal:
        refused(form, refusal)
        return None
    commit()
    flash_success(saved_words())
    return saved


def _supply(form: forms.LineForm, kind: str) -> service.LineWords:
    """How often an offer is there, on which conditions, in which slots."""
    supply, slot = typed(form.supply), typed(form.slot)
    return {
        "is_inexhaustible": supply == "always",
        "per": "once" if supply == "always" else supply,
        "conditions": typed(form.conditions),
        "slot_minutes": int(slot) if kind == "facility" and slot else None,
    }


def _number(field: Any, name: str) -> int | None:
    return parse_quantity(typed(field), field=name) if typed(field).strip() else None


def _value(form: forms.LineForm) -> int | None:
    return (
        parse_rupiah(typed(form.unit_value), field="unit_value").amount
        if typed(form.unit_value).strip()
        else None
    )


@blueprint.post(f"{ONE}/kebutuhan/<uuid:line_id>/hapus")
@access("signed_in")
def remove_line(slug: str, listing_id: uuid.UUID, line_id: uuid.UUID) -> Response:
    """Take a line out."""
    _organisation, listing = my_listing(slug, listing_id, "revise")
    service.remove_line(listing_id=listing.id, line_id=line_id, by=me())
    commit()
    flash_success(_("Baris dihapus."))
    return see_other(f"{base_of(slug, listing)}/kebutuhan")
