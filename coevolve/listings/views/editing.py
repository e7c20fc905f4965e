"""The editor of members: a task list, sections saved alone, lines of the four kinds, check and submit."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from werkzeug.wrappers import Response

from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, uuid7
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _
from coevolve.kit.money import format_rupiah
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.models import EDITABLE, PUBLIC, Listing, ListingLine, State
from coevolve.listings.queries.cards import KIND_LABELS, PATHS
from coevolve.listings.queries.naming import known_places, place_code
from coevolve.listings.views.acting import acts_for
from coevolve.listings.views.door import (
    BASE,
    ONE,
    REMARKED,
    SECTION_LABELS,
    STATE_TAGS,
    base_of,
    blueprint,
    me,
    my_listing,
    my_organisation,
    refused,
    saved_words,
    section_of,
    typed,
)
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.pledges import queries as pledges


@blueprint.get(BASE)
@access("signed_in")
def mine(slug: str) -> Response:
    """All listings of the organisation, with what each waits for."""
    organisation = my_organisation(slug)
    found = queries.of_organisation(organisation.id)
    totals = pledges.totals_for([listing.id for listing in found]) if found else {}
    rows = [_row(listing, organisation, totals) for listing in found]
    return page(
        "listings/mine.html",
        organisation=organisation,
        rows=rows,
        may_write=policy.may_write_for(me(), organisation.id),
    )


def _row(listing: Listing, organisation: Organisation, totals: Any) -> dict[str, Any]:
    state = State(listing.state)
    label, tag = Listing.state_labels[state], STATE_TAGS[state]
    money = totals.get(listing.id)
    return {
        "title": listing.title,
        "href": f"/dasbor/{organisation.slug}/listing/{listing.id}",
        "kind": KIND_LABELS[listing.kind],
        "state": label,
        "tag": tag,
        "received": format_rupiah(money.received) if money else "",
        "closes_on": listing.closes_on,
    }


@blueprint.route(f"{BASE}/baru", methods=["GET", "POST"])
@access("signed_in")
def begin(slug: str) -> Response:
    """Begin a draft; a double click makes one."""
    organisation = my_organisation(slug)
    form = forms.NewForm()
    kinds = policy.KINDS_FOR.get(organisation.kind, ())
    form.kind.choices = forms.choices({str(kind): forms.NEW_KINDS[kind] for kind in kinds})
    if not form.is_submitted():
        form.client_token.data = str(uuid7())
        form.kind.data = str(kinds[0]) if len(kinds) == 1 else None
    if form.validate_on_submit():
        try:
            listing = service.create_draft(
                organisation_id=organisation.id,
                by=me(),
                kind=typed(form.kind),
                title=typed(form.title),
                client_token=_token(typed(form.client_token)),
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(
                _("Draf dibuat. Setiap bagian disimpan sendiri; Anda dapat melanjutkannya kapan saja.")
            )
            return see_other(f"/dasbor/{slug}/listing/{listing.id}")
    return form_page("listings/begin.html", form, organisation=organisation)


def _token(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


@blueprint.get(ONE)
@access("signed_in")
def tasks(slug: str, listing_id: uuid.UUID) -> Response:
    """The task list: what is done, what is missing, what the moderator asks, what one may do next."""
    organisation, listing = my_listing(slug, listing_id)
    lines = queries.lines_of(listing.id)
    zone = localities.zone_of(listing.locality_code)
    missing = policy.problems(listing, lines, today=clock.today(zone))
    state = State(listing.state)
    label, tag = Listing.state_labels[state], STATE_TAGS[state]
    may = {verb for verb in policy.MEMBER_VERBS if policy.may(me(), verb, listing)}
    return page(
        "listings/tasks.html",
        organisation=organisation,
        listing=listing,
        base=base_of(slug, listing),
        kind=KIND_LABELS[listing.kind],
        state=label,
        state_tag=tag,
        steps=_steps(slug, listing, missing, is_open="revise" in may),
        missing=missing,
        remarks=[(_field_label(name), text) for name, text in listing.remarks.items()],
        goal=queries.goal_of(lines).optimum,
        acts=acts_for(slug, listing) if "pause" in may else [],
        calendars=_calendars(slug, listing, lines),
        may_submit="submit" in may and listing.state in EDITABLE,
        is_checked=organisations.may_publish(organisation),
        is_public=listing.state in PUBLIC,
        public_path=f"/{PATHS[listing.kind]}/{listing.slug}",
        may_tell=policy.may_tell(me(), listing),
        reconfirm_by=listing.reconfirm_by if listing.state == State.open else None,
    )


def _calendars(slug: str, listing: Listing, lines: list[ListingLine]) -> list[tuple[str, str]]:
    """Facilities on offer whose hours one may keep, with where."""
    if listing.kind != "standing_offer" or not policy.may(me(), "keep_calendar", listing):
        return []
    base = f"{base_of(slug, listing)}/kebutuhan"
    return [(line.label, f"{base}/{line.id}/jam") for line in lines if line.kind == "facility"]


def _steps(
    slug: str, listing: Listing, missing: list[policy.Problem], *, is_open: bool
) -> list[dict[str, Any]]:
    found = []
    filled = {"foto": listing.cover is not None, "dokumen": bool(queries.documents_of(listing.id))}
    for section in policy.SECTIONS:
        lacking = [problem for problem in missing if problem.section == section]
        wrong = any(name in listing.remarks for name in REMARKED[section])
        state, kind = (_("Perlu perbaikan"), "bad") if wrong else (_("Belum lengkap"), "wait")
        if not lacking and not wrong:
            state, kind = _("Selesai"), "good"
            if not filled.get(section, True):
                state, kind = _("Boleh kosong"), "plain"
        found.append(
            {
                "text": str(SECTION_LABELS[section]),
                "href": f"{base_of(slug, listing)}/{section}" if is_open else None,
                "state": state,
                "kind": kind,
                "note": str(lacking[0].message) if lacking else None,
            }
        )
    return found


def _field_label(name: str) -> str:
    words = {
        "title": _("Judul"),
        "summary": _("Ringkasan"),
        "sector": _("Sektor"),
        "closes_on": _("Masa tayang"),
        "legal_basis": _("Dasar hukum"),
        "locality": _("Lokasi"),
        "lines": _("Kebutuhan dan anggaran"),
        "story": _("Cerita"),
        "photos": _("Foto"),
        "documents": _("Dokumen"),
    }
    return words.get(name, _("Keseluruhan"))


# --- sections ---------------------------------------------------------------------------------------


@blueprint.route(f"{ONE}/dasar", methods=["GET", "POST"])
@access("signed_in")
def basics(slug: str, listing_id: uuid.UUID) -> Response:
    """Title, summary, sector, until when."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    form = forms.BasicsForm(obj=listing)
    in_force = queries.disasters_in_force() if listing.kind in ("need", "campaign") else []
    form.disaster.choices = forms.choices(
        {"": _("Bukan")} | {str(found.id): found.name for found in in_force}
    )
    if not form.is_submitted() and listing.disaster_id in {found.id for found in in_force}:
        form.disaster.data = str(listing.disaster_id)
    if form.validate_on_submit():
        changes: service.Changes = {
            "title": typed(form.title),
            "summary": typed(form.summary),
            "closes_on": form.closes_on.data,
        }
        if typed(form.sector):
            changes["sector"] = typed(form.sector)
        changes["more_sectors"] = form.more_sectors.data or []
        if in_force:
            chosen = typed(form.disaster)
            changes["disaster_id"] = uuid.UUID(chosen) if chosen else None
        if listing.kind == "opportunity":
            changes["legal_basis"] = typed(form.legal_basis)
            changes["planning_event"] = typed(form.planning_event)
            changes["planning_on"] = form.planning_on.data
        if _revised(form, listing, changes):
            return _onward(slug, listing, "dasar")
    days = [(days, i18n.short_date(clock.today() + dt.timedelta(days=days))) for days in (30, 60, 90)]
    return form_page(
        "listings/basics.html",
        form,
        **section_of(organisation, listing, "dasar"),
        days=days,
        asks_disaster=bool(in_force),
    )


@blueprint.route(f"{ONE}/lokasi", methods=["GET", "POST"])
@access("signed_in")
def location(slug: str, listing_id: uuid.UUID) -> Response:
    """Where."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    form = forms.PlaceForm()
    if not form.is_submitted() and listing.locality_code:
        form.locality.data = localities.path_label(listing.locality_code)
        for name, code in zip(forms.MORE_PLACES, listing.more_localities, strict=False):
            form[name].data = localities.path_label(code)
    if form.validate_on_submit():
        found = _places_typed(form)
        if (
            found
            and "locality" in found
            and _revised(
                form,
                listing,
                {
                    "locality_code": found.pop("locality"),
                    "more_localities": [code for code in found.values() if code],
                },
            )
        ):
            return _onward(slug, listing, "lokasi")
    return form_page(
        "listings/location.html",
        form,
        **section_of(organisation, listing, "lokasi"),
        places=known_places(),
        more=forms.MORE_PLACES,
    )


def _places_typed(form: forms.PlaceForm) -> dict[str, str] | None:
    """The code of each place typed, by field; None when one is not known (it is said beside its field)."""
    found = {}
    is_whole = True
    for name in ("locality", *forms.MORE_PLACES):
        words = typed(form[name])
        if not words and name != "locality":
            continue
        try:
            found[name] = place_code(words)
        except DomainError as refusal:
            form[name].errors = [*form[name].errors, str(refusal.message)]
            is_whole = False
    return found if is_whole else None


@blueprint.route(f"{ONE}/cerita", methods=["GET", "POST"])
@access("signed_in")
def story(slug: str, listing_id: uuid.UUID) -> Response:
    """Why."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    form = forms.StoryForm(obj=listing)
    if form.validate_on_submit() and _revised(form, listing, {"story": typed(form.story)}):
        return _onward(slug, listing, "cerita")
    return form_page("listings/story.html", form, **section_of(organisation, listing, "cerita"))


def _revised(form: Any, listing: Listing, changes: service.Changes) -> bool:
    """Save one section; a refusal goes beside its field and what was typed stays."""
    try:
        service.revise(listing_id=listing.id, by=me(), **changes)
    except DomainError as refusal:
        refused(form, refusal)
        return False
    commit()
    flash_success(saved_words())
    return True


def _onward(slug: str, listing: Listing, section: str) -> Response:
    """Back to the task list."""
    return see_other(f"{base_of(slug, listing)}#{section}")
