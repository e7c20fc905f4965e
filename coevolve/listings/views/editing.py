"""The editor of members: a task list, sections saved alone, lines of the four kinds, check and submit."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, uuid7
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import format_rupiah, parse_quantity, parse_rupiah, typed_rupiah
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.models import EDITABLE, PUBLIC, Listing, ListingLine, State
from coevolve.listings.queries.cards import KIND_LABELS, PATHS, SUPPORT_LABELS
from coevolve.listings.units import category_label, unit_label
from coevolve.listings.views.door import (
    NOT_FOUND,
    blueprint,
    known_places,
    me,
    my_listing,
    my_organisation,
    place_code,
    refused,
    saved_words,
    typed,
)
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.pledges import queries as pledges

BASE = "/dasbor/<slug>/listing"
ONE = f"{BASE}/<uuid:listing_id>"

STATE_LABELS = {
    State.draft: (lazy("Draf"), "plain"),
    State.in_review: (lazy("Diperiksa"), "wait"),
    State.returned: (lazy("Perlu perbaikan"), "bad"),
    State.rejected: (lazy("Ditolak"), "bad"),
    State.open: (lazy("Tayang"), "good"),
    State.paused: (lazy("Dijeda"), "wait"),
    State.fulfilled: (lazy("Terpenuhi"), "good"),
    State.closed: (lazy("Ditutup"), "plain"),
    State.expired: (lazy("Berakhir"), "plain"),
    State.frozen: (lazy("Dibekukan"), "bad"),
}
SECTION_LABELS = {
    "dasar": lazy("Dasar"),
    "lokasi": lazy("Lokasi"),
    "kebutuhan": lazy("Kebutuhan dan anggaran"),
    "cerita": lazy("Cerita"),
}
REMARKED = {
    "dasar": ("title", "summary", "sector", "closes_on", "legal_basis"),
    "lokasi": ("locality",),
    "kebutuhan": ("lines",),
    "cerita": ("story",),
}
"""Which fields a moderator may remark on, by section."""


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
    label, tag = STATE_LABELS[State(listing.state)]
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
    label, tag = STATE_LABELS[State(listing.state)]
    may = {verb for verb in policy.MEMBER_VERBS if policy.may(me(), verb, listing)}
    return page(
        "listings/tasks.html",
        organisation=organisation,
        listing=listing,
        base=_base(slug, listing),
        kind=KIND_LABELS[listing.kind],
        state=label,
        state_tag=tag,
        steps=_steps(slug, listing, missing, is_open="revise" in may),
        missing=missing,
        remarks=[(_field_label(name), text) for name, text in listing.remarks.items()],
        goal=queries.goal_of(lines).optimum,
        acts=_acts(slug, listing) if "pause" in may else [],
        may_submit="submit" in may and listing.state in EDITABLE,
        is_checked=organisations.may_publish(organisation),
        is_public=listing.state in PUBLIC,
        public_path=f"/{PATHS[listing.kind]}/{listing.slug}",
        reconfirm_by=listing.reconfirm_by if listing.state == State.open else None,
    )


def _steps(
    slug: str, listing: Listing, missing: list[policy.Problem], *, is_open: bool
) -> list[dict[str, Any]]:
    found = []
    for section in policy.SECTIONS:
        lacking = [problem for problem in missing if problem.section == section]
        wrong = any(name in listing.remarks for name in REMARKED[section])
        state, kind = (_("Perlu perbaikan"), "bad") if wrong else (_("Belum lengkap"), "wait")
        if not lacking and not wrong:
            state, kind = _("Selesai"), "good"
        found.append(
            {
                "text": str(SECTION_LABELS[section]),
                "href": f"{_base(slug, listing)}/{section}" if is_open else None,
                "state": state,
                "kind": kind,
                "note": str(lacking[0].message) if lacking else None,
            }
        )
    return found


def _base(slug: str, listing: Listing) -> str:
    return f"/dasbor/{slug}/listing/{listing.id}"


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
    }
    return words.get(name, _("Keseluruhan"))


# --- sections ---------------------------------------------------------------------------------------


@blueprint.route(f"{ONE}/dasar", methods=["GET", "POST"])
@access("signed_in")
def basics(slug: str, listing_id: uuid.UUID) -> Response:
    """Title, summary, sector, until when."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    form = forms.BasicsForm(obj=listing)
    if form.validate_on_submit():
        changes: service.Changes = {
            "title": typed(form.title),
            "summary": typed(form.summary),
            "closes_on": form.closes_on.data,
        }
        if typed(form.sector):
            changes["sector"] = typed(form.sector)
        if listing.kind == "opportunity":
            changes["legal_basis"] = typed(form.legal_basis)
            changes["planning_event"] = typed(form.planning_event)
            changes["planning_on"] = form.planning_on.data
        if _revised(form, listing, changes):
            return _onward(slug, listing, "dasar")
    days = [(days, i18n.short_date(clock.today() + dt.timedelta(days=days))) for days in (30, 60, 90)]
    return form_page("listings/basics.html", form, **_section(organisation, listing, "dasar"), days=days)


@blueprint.route(f"{ONE}/lokasi", methods=["GET", "POST"])
@access("signed_in")
def location(slug: str, listing_id: uuid.UUID) -> Response:
    """Where."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    form = forms.PlaceForm()
    if not form.is_submitted() and listing.locality_code:
        form.locality.data = localities.path_label(listing.locality_code)
    if form.validate_on_submit():
        try:
            code = place_code(typed(form.locality))
        except DomainError as refusal:
            refused(form, refusal)
        else:
            if _revised(form, listing, {"locality_code": code}):
                return _onward(slug, listing, "lokasi")
    return form_page(
        "listings/location.html", form, **_section(organisation, listing, "lokasi"), places=known_places()
    )


@blueprint.route(f"{ONE}/cerita", methods=["GET", "POST"])
@access("signed_in")
def story(slug: str, listing_id: uuid.UUID) -> Response:
    """Why."""
    organisation, listing = my_listing(slug, listing_id, "revise")
    form = forms.StoryForm(obj=listing)
    if form.validate_on_submit() and _revised(form, listing, {"story": typed(form.story)}):
        return _onward(slug, listing, "cerita")
    return form_page("listings/story.html", form, **_section(organisation, listing, "cerita"))


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
    return see_other(f"{_base(slug, listing)}#{section}")


def _section(organisation: Organisation, listing: Listing, section: str) -> dict[str, Any]:
    return {
        "organisation": organisation,
        "listing": listing,
        "base": _base(organisation.slug, listing),
        "section": str(SECTION_LABELS[section]),
        "remarks": {name: listing.remarks[name] for name in REMARKED[section] if name in listing.remarks},
    }


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
        **_section(organisation, listing, "kebutuhan"),
        lines=[_line_words(line) for line in found],
        goal=goal,
        kinds=[(kind, SUPPORT_LABELS[kind]) for kind in policy.line_kinds_for(listing.kind)],
        is_full=len(found) >= policy.LINES_MOST,
    )


def _line_words(line: ListingLine) -> dict[str, Any]:
    amount = (
        format_rupiah(line.quantity)
        if line.kind == "money"
        else f"{i18n.number(line.quantity)} {unit_label(line.unit)}"
    )
    return {
        "id": line.id,
        "kind": SUPPORT_LABELS[line.kind],
        "category": category_label(line.kind, line.category),
        "label": line.label,
        "amount": amount,
        "is_required": line.is_required,
    }


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
    return _line_page(organisation, listing, form, line.kind, line)


def _digits(value: int | None) -> str:
    return "" if value is None else str(value)


def _line_page(
    organisation: Organisation, listing: Listing, form: forms.LineForm, kind: str, line: ListingLine | None
) -> Response:
    form.prepare(kind)
    if kind == "money":
        form.unit.data = "IDR"
    if form.validate_on_submit() and _line_saved(listing, form, kind, line):
        return see_other(f"{_base(organisation.slug, listing)}/kebutuhan")
    return form_page(
        "listings/line.html",
        form,
        **_section(organisation, listing, "kebutuhan"),
        kind=kind,
        kind_label=SUPPORT_LABELS[kind],
        line=line,
        is_offer=listing.kind == "standing_offer",
    )


def _line_saved(listing: Listing, form: forms.LineForm, kind: str, line: ListingLine | None) -> bool:
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
                words["is_inexhaustible"] = bool(form.is_inexhaustible.data)
                words["radius_km"] = _number(form.radius_km, "radius_km")
        service.put_line(
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
        return False
    commit()
    flash_success(saved_words())
    return True


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
    return see_other(f"{_base(slug, listing)}/kebutuhan")


# --- submit, pause, resume, confirm, close -------------------------------------------------------------


@blueprint.route(f"{ONE}/kirim", methods=["GET", "POST"])
@access("signed_in", step_up=True)
def submit(slug: str, listing_id: uuid.UUID) -> Response:
    """Check everything once more and hand it to the moderators."""
    organisation, listing = my_listing(slug, listing_id, "submit")
    form = forms.ActForm()
    if listing.state not in EDITABLE:
        return see_other(_base(slug, listing))
    if form.validate_on_submit():
        try:
            service.submit(listing_id=listing.id, by=me())
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(
                _("Terkirim. Moderator akan memeriksanya; Anda mendapat kabar begitu ada keputusan.")
            )
            return see_other(_base(slug, listing))
    found = queries.lines_of(listing.id)
    zone = localities.zone_of(listing.locality_code)
    return form_page(
        "listings/submit.html",
        form,
        **_section(organisation, listing, "dasar"),
        missing=policy.problems(listing, found, today=clock.today(zone)),
        is_checked=organisations.may_publish(organisation),
        kind=KIND_LABELS[listing.kind],
        place=localities.path_label(listing.locality_code) if listing.locality_code else "",
        lines=[_line_words(line) for line in found],
        goal=queries.goal_of(found).optimum,
        public_path=f"/{PATHS[listing.kind]}/{listing.slug}",
        is_first_campaign=listing.kind == "campaign" and not queries.has_opened_campaign(organisation.id),
    )


ACTS: dict[str, tuple[Any, Any, Any, tuple[str, ...]]] = {
    "jeda": (
        lazy("Jeda tayangan"),
        lazy("Selama dijeda tidak ada dukungan baru. Yang sudah disepakati tetap berjalan."),
        service.pause,
        (),
    ),
    "tayangkan": (
        lazy("Tayangkan lagi"),
        lazy("Tayangan kembali menerima dukungan sampai tanggal ini."),
        service.resume,
        ("closes_on",),
    ),
    "konfirmasi": (
        lazy("Masih dibutuhkan"),
        lazy("Anda memastikan bahwa isi tayangan ini masih berlaku."),
        service.reconfirm,
        ("closes_on",),
    ),
    "tutup": (
        lazy("Tutup tayangan"),
        lazy("Tayangan yang ditutup tidak dapat dibuka lagi. Dukungan yang belum diserahkan dibatalkan."),
        service.close,
        ("text",),
    ),
}
"""Step -> title, what it means, the use case, the fields it asks for."""


def _acts(slug: str, listing: Listing) -> list[tuple[str, str]]:
    names = {State.open: ("konfirmasi", "jeda", "tutup"), State.paused: ("tayangkan", "tutup")}
    return [
        (str(ACTS[name][0]), f"{_base(slug, listing)}/{name}") for name in names.get(State(listing.state), ())
    ]


@blueprint.route(f"{ONE}/<any(jeda,tayangkan,konfirmasi,tutup):act>", methods=["GET", "POST"])
@access("signed_in", step_up=True)
def act(slug: str, listing_id: uuid.UUID, act: str) -> Response:
    """Ask once, then do it."""
    organisation, listing = my_listing(slug, listing_id, "pause")
    title, meaning, use_case, asks = ACTS[act]
    form = forms.ActForm()
    if not form.is_submitted():
        form.closes_on.data = listing.closes_on
    if form.validate_on_submit():
        given = {name: form[name].data for name in asks}
        if "text" in given:
            given["text"] = typed(form.text)
        if given.get("closes_on") == listing.closes_on:
            given.pop("closes_on", None)
        try:
            use_case(listing_id=listing.id, by=me(), **given)
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            label, _tag = STATE_LABELS[State(listing.state)]
            flash_success(_("Tersimpan. Sekarang: %(state)s.", state=label))
            return see_other(_base(slug, listing))
    return form_page(
        "listings/act.html",
        form,
        **_section(organisation, listing, "dasar"),
        title=title,
        meaning=meaning,
        asks=asks,
        act=act,
    )
