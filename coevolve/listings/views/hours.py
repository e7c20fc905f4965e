"""The calendar of a facility on offer, as its members keep it: opening hours and closed days."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _
from coevolve.kit.pages import flash_success, page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.queries.cards import PATHS
from coevolve.listings.slots import Calendar, clock_of
from coevolve.listings.views.door import (
    NOT_FOUND,
    ONE,
    base_of,
    blueprint,
    me,
    my_listing,
    refused,
    section_of,
    typed,
)
from coevolve.localities import queries as localities
from coevolve.organisations.models import Organisation


@blueprint.route(f"{ONE}/kebutuhan/<uuid:line_id>/jam", methods=["GET", "POST"])
@access("signed_in")
def hours(slug: str, listing_id: uuid.UUID, line_id: uuid.UUID) -> Response:
    """When the facility may be used, and one more opening."""
    organisation, listing, line = _mine(slug, listing_id, line_id)
    form = forms.HoursForm(prefix="jam")
    if form.validate_on_submit():
        try:
            service.add_hours(
                line_id=line.id,
                by=me(),
                weekdays=[int(day) if day in forms.WEEKDAYS else 0 for day in form.weekdays.data or ()],
                opens=form.opens.minute(),
                closes=form.closes.minute(),
                valid_from=form.valid_from.data,
                valid_until=form.valid_until.data,
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(_("Jam buka ditambahkan."))
            return see_other(request.path)
    return _show(organisation, listing, line, form, forms.ClosureForm(None, prefix="tutup"))


@blueprint.post(f"{ONE}/kebutuhan/<uuid:line_id>/tutup")
@access("signed_in")
def close_days(slug: str, listing_id: uuid.UUID, line_id: uuid.UUID) -> Response:
    """Days on which it may not be used."""
    organisation, listing, line = _mine(slug, listing_id, line_id)
    form = forms.ClosureForm(prefix="tutup")
    if form.validate_on_submit():
        try:
            service.close_days(
                line_id=line.id,
                by=me(),
                first_on=form.first_on.data,
                last_on=form.last_on.data,
                note=typed(form.note),
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(_("Hari tutup dicatat. Pesanan yang sudah ada tetap berlaku sampai dibatalkan."))
            return see_other(_address(slug, listing, line))
    return _show(organisation, listing, line, forms.HoursForm(None, prefix="jam"), form)


@blueprint.post(f"{ONE}/kebutuhan/<uuid:line_id>/jam/<uuid:row_id>/hapus")
@access("signed_in")
def remove_hours(slug: str, listing_id: uuid.UUID, line_id: uuid.UUID, row_id: uuid.UUID) -> Response:
    """Take an opening out."""
    _organisation, listing, line = _mine(slug, listing_id, line_id)
    service.remove_hours(line_id=line.id, opening_id=row_id, by=me())
    commit()
    flash_success(_("Jam buka dihapus."))
    return see_other(_address(slug, listing, line))


@blueprint.post(f"{ONE}/kebutuhan/<uuid:line_id>/tutup/<uuid:row_id>/hapus")
@access("signed_in")
def reopen_days(slug: str, listing_id: uuid.UUID, line_id: uuid.UUID, row_id: uuid.UUID) -> Response:
    """Take closed days out."""
    _organisation, listing, line = _mine(slug, listing_id, line_id)
    service.reopen_days(line_id=line.id, closure_id=row_id, by=me())
    commit()
    flash_success(_("Hari tutup dihapus."))
    return see_other(_address(slug, listing, line))


def _mine(slug: str, listing_id: uuid.UUID, line_id: uuid.UUID) -> tuple[Organisation, Listing, ListingLine]:
    organisation, listing = my_listing(slug, listing_id, "keep_calendar")
    line = queries.line(line_id)
    if line.listing_id != listing.id or line.kind != "facility" or listing.kind != "standing_offer":
        raise NotFound("not_found", NOT_FOUND)
    return organisation, listing, line


def _address(slug: str, listing: Listing, line: ListingLine) -> str:
    return f"{base_of(slug, listing)}/kebutuhan/{line.id}/jam"


def _show(
    organisation: Organisation,
    listing: Listing,
    line: ListingLine,
    form: forms.HoursForm,
    closure: forms.ClosureForm,
) -> Response:
    calendar = queries.calendar_of(listing, line)
    zone = localities.zone_of(listing.locality_code)
    return page(
        "listings/hours.html",
        422 if form.errors or closure.errors else 200,
        **section_of(organisation, listing, "kebutuhan"),
        line=line,
        form=form,
        closure=closure,
        zone_name=i18n.zone_name(zone),
        hours=_hours(calendar),
        closed=[
            (one.id, _days(one.first_on, one.last_on), one.note)
            for one in (calendar.closed if calendar else ())
            if one.last_on >= clock.today(zone)
        ],
        slot_words=_slot_words(line),
        here=_address(organisation.slug, listing, line),
        may_revise=policy.may(me(), "revise", listing),
        public_path=f"/{PATHS[listing.kind]}/{listing.slug}/kalender/{line.id}",
    )


def _hours(calendar: Calendar | None) -> list[tuple[uuid.UUID, str, str, str]]:
    return [
        (
            one.id,
            str(forms.WEEKDAYS[str(one.weekday)]),
            f"{clock_of(one.opens)}–{clock_of(one.closes)}",
            _days(one.valid_from, one.valid_until),
        )
        for one in (calendar.hours if calendar else ())
    ]


def _days(first: Any, last: Any) -> str:
    if first is not None and first == last:
        return i18n.short_date(first)
    if first is not None and last is not None:
        return f"{i18n.short_date(first)} – {i18n.short_date(last)}"
    if first is not None:
        return _("mulai %(day)s", day=i18n.short_date(first))
    return _("sampai %(day)s", day=i18n.short_date(last)) if last is not None else ""


def _slot_words(line: ListingLine) -> str:
    if line.slot_minutes is None:
        return _("Satu pesanan memakai seluruh jam buka pada hari itu.")
    return _("Jam buka dibagi menjadi slot %(minutes)s menit.", minutes=line.slot_minutes)
