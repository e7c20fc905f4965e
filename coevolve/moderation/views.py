"""Pages of moderators, and the report that anybody may make."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from coevolve.kit import clock, i18n, rate
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import format_rupiah
from coevolve.kit.pages import actor, client_address, flash_success, form_page, form_refusal, page, see_other
from coevolve.listings import queries as listings
from coevolve.listings import sectors
from coevolve.listings import service as listing_service
from coevolve.listings.models import PUBLIC, Listing, ListingLine
from coevolve.listings.queries.cards import KIND_LABELS, PATHS, SUPPORT_LABELS, short_place
from coevolve.listings.units import category_label, unit_label
from coevolve.localities import queries as localities
from coevolve.moderation import forms, policy, queries, service
from coevolve.moderation.models import Decision, Verdict
from coevolve.organisations import queries as organisations
from coevolve.organisations import words
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

blueprint = Blueprint("moderation", __name__)

NOT_FOUND = lazy("Halaman atau data ini tidak ada.")
TABS = ("tayangan", "organisasi", "laporan")
VERDICTS = {
    Verdict.approve: lazy("menyetujui"),
    Verdict.return_: lazy("meminta perbaikan"),
    Verdict.reject: lazy("menolak"),
    Verdict.dismiss: lazy("menilai laporan tidak berdasar"),
    Verdict.freeze: lazy("membekukan"),
    Verdict.unfreeze: lazy("mencabut pembekuan"),
    Verdict.close: lazy("menutup"),
}
REPORTS_PER_DAY = 5


def me() -> Person:
    """The moderator (the guard has seen to it)."""
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", NOT_FOUND)
    return person


# --- the queue --------------------------------------------------------------------------------------


@blueprint.get("/moderasi")
@access("staff:moderator")
def queue() -> Response:
    """What waits, longest first, in three tabs."""
    tab = request.args.get("tab", TABS[0])
    tab = tab if tab in TABS else TABS[0]
    counts = queries.tabs()
    return page(
        "moderation/queue.html",
        tab=tab,
        tabs=[_tab(name, counts) for name in TABS],
        current=TABS.index(tab),
        oldest=_age(
            counts[{"tayangan": "listing", "organisasi": "organisation", "laporan": "report"}[tab]].oldest
        ),
        rows=_rows(tab),
    )


def _tab(name: str, counts: dict[str, queries.Tab]) -> dict[str, Any]:
    labels = {"tayangan": _("Tayangan"), "organisasi": _("Organisasi"), "laporan": _("Laporan")}
    kinds = {"tayangan": ("listing",), "organisasi": ("organisation",), "laporan": ("report", "frozen")}
    return {
        "text": labels[name],
        "href": f"/moderasi?tab={name}",
        "count": sum(counts[kind].count for kind in kinds[name]),
    }


def _rows(tab: str) -> list[dict[str, Any]]:
    if tab == "organisasi":
        return [
            {
                "href": f"/moderasi/organisasi/{row.id}",
                "title": row.name,
                "by": words.KINDS[row.kind],
                "place": _place_name(row.home_locality_code),
                "age": _age(row.since),
                "assignee": row.assignee,
                "flags": (),
                "note": "",
            }
            for row in queries.waiting_organisations()
        ]
    if tab == "laporan":
        return [
            {
                "href": f"/moderasi/laporan/{row.id}",
                "title": row.title,
                "by": row.organisation,
                "place": "",
                "age": _age(row.since) if row.since else "",
                "assignee": None,
                "flags": (_("dibekukan"),) if row.state == "frozen" else (),
                "note": i18n.ngettext("%(num)s laporan", "%(num)s laporan", row.reports)
                if row.reports
                else "",
            }
            for row in queries.reported_listings()
        ]
    return [
        {
            "href": f"/moderasi/tayangan/{row.id}",
            "title": row.title,
            "by": f"{row.organisation} · {KIND_LABELS[row.kind]}",
            "place": short_place(row.regency_code, row.province_code, row.province_code or ""),
            "age": _age(row.since),
            "assignee": row.assignee,
            "flags": row.flags,
            "note": _("1 dari 2 persetujuan") if row.approvals else "",
        }
        for row in queries.waiting_listings()
    ]


def _place_name(code: str) -> str:
    place = localities.find(code)
    return localities.path_label(place) if place else code


def _age(since: Any) -> str:
    """How long something has been waiting: what moderators look at first."""
    if since is None:
        return ""
    hours = int((clock.now() - since).total_seconds() // 3600)
    if hours < 1:
        return _("kurang dari 1 jam")
    if hours < 48:
        return i18n.ngettext("%(num)s jam", "%(num)s jam", hours)
    return i18n.ngettext("%(num)s hari", "%(num)s hari", hours // 24)


# --- a submitted listing ----------------------------------------------------------------------------


@blueprint.get("/moderasi/tayangan/<uuid:listing_id>")
@access("staff:moderator")
def listing(listing_id: uuid.UUID) -> Response:
    """The submission on the left, the checks on the right."""
    return _listing_page(_found(listing_id), forms.AskForm(), forms.RejectForm())


@blueprint.post("/moderasi/tayangan/<uuid:listing_id>/<any(ambil,setujui,perbaikan,tolak):act>")
@access("staff:moderator")
def decide_listing(listing_id: uuid.UUID, act: str) -> Response:
    """Take it, approve it, ask for mending, or refuse it; then the next one."""
    found = _found(listing_id)
    ask, refuse = forms.AskForm(), forms.RejectForm()
    if act == "ambil":
        return _done(
            lambda: service.assign(about_kind="listing", about_id=found.id, by=me()),
            f"/moderasi/tayangan/{found.id}",
        )
    if act == "setujui":
        approved = service.approve_listing(listing_id=found.id, by=me())
        commit()
        flash_success(
            _("“%(title)s” sudah tayang.", title=found.title)
            if approved.is_open
            else _("Persetujuan pertama tercatat. Moderator lain memberi yang kedua.")
        )
        return see_other(_next("tayangan"))
    form: Any = ask if act == "perbaikan" else refuse
    if form.validate_on_submit():
        try:
            if act == "perbaikan":
                remarks = {name: str(ask[name].data or "") for name in _remark_names(found)}
                service.return_listing(
                    listing_id=found.id, by=me(), text=str(ask.text.data or ""), remarks=remarks
                )
            else:
                service.reject_listing(
                    listing_id=found.id,
                    by=me(),
                    text=str(refuse.text.data or ""),
                    reason_code=str(refuse.reason_code.data),
                )
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            commit()
            flash_success(_("Tercatat. Organisasi mendapat kabar dengan alasannya."))
            return see_other(_next("tayangan"))
    response = _listing_page(_found(listing_id), ask, refuse, opened=act)
    response.status_code = 422
    return response


def _found(listing_id: uuid.UUID) -> Listing:
    found = listings.find(listing_id)
    if found is None:
        raise NotFound("not_found", NOT_FOUND)
    return found


def _done(work: Callable[[], Any], path: str) -> Response:
    work()
    commit()
    return see_other(path)


def _next(tab: str) -> str:
    """The next thing that waits and that nobody else has taken; else the queue."""
    if tab == "tayangan":
        mine = me()
        for row in queries.waiting_listings():
            if row.assignee in (None, mine.name) and policy.may_decide(mine, row.organisation_id):
                review = queries.review_of("listing", row.id)
                if review is None or mine.id not in queries.approvals_in(review.id):
                    return f"/moderasi/tayangan/{row.id}"
    return f"/moderasi?tab={tab}"


def _remark_names(listing: Listing) -> tuple[str, ...]:
    names = ("title", "summary", "sector", "closes_on", "locality", "lines", "story")
    return (*names, "legal_basis") if listing.kind == "opportunity" else names


def _listing_page(listing: Listing, ask: Any, refuse: Any, opened: str = "") -> Response:
    organisation = organisations.get(listing.organisation_id)
    lines = listings.lines_of(listing.id)
    review = queries.review_of("listing", listing.id)
    approvals = queries.approvals_in(review.id) if review else []
    names = queries.names_of([*approvals, *([review.assigned_to] if review and review.assigned_to else [])])
    return page(
        "moderation/listing.html",
        listing=listing,
        organisation=organisation,
        kind=KIND_LABELS[listing.kind],
        sector=sectors.label(listing.sector),
        place=localities.path_label(listing.locality_code) if listing.locality_code else "",
        path=_path(listing),
        budget=[_line_row(line) for line in lines],
        goal=listings.goal_of(lines).optimum,
        flags=policy.flags(listing, lines),
        alike=[
            (other, f"{round(likeness * 100)} %", _path(other))
            for other, likeness in listings.look_alikes(listing)
        ],
        facts=_organisation_facts(organisation),
        is_waiting=listing.state == "in_review",
        may_decide=policy.may_decide(me(), organisation.id),
        needs_second=listing_service.needs_second(listing),
        approvals=[names.get(one, "") for one in approvals],
        is_mine_approved=me().id in approvals,
        assignee=names.get(review.assigned_to) if review and review.assigned_to else None,
        is_mine=bool(review and review.assigned_to == me().id),
        age=_age(listing.submitted_at),
        log=_log("listing", listing.id),
        ask=ask,
        refuse=refuse,
        opened=opened,
        remark_names=_remark_names(listing),
        templates=[(str(name), str(sentence)) for name, sentence in policy.REASONS.values()],
    )


def _path(listing: Listing) -> str:
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def _line_row(line: ListingLine) -> list[str]:
    amount = (
        format_rupiah(line.quantity)
        if line.kind == "money"
        else f"{i18n.number(line.quantity)} {unit_label(line.unit)}"
    )
    return [line.label, f"{SUPPORT_LABELS[line.kind]} · {category_label(line.kind, line.category)}", amount]


def _organisation_facts(organisation: Organisation) -> list[tuple[str, Any]]:
    trust = organisations.trust_card(organisation)
    checked = "; ".join(
        f"{words.SUBJECTS[line.subject]} ({i18n.short_date(line.checked_on)})" for line in trust.checked
    )
    own = listings.of_organisation(organisation.id)
    return [
        (_("Nama"), organisation.name),
        (_("Jenis"), words.KINDS[organisation.kind]),
        (_("Keadaan"), words.STATES[organisation.state]),
        (_("Tempat kedudukan"), _place_name(organisation.home_locality_code)),
        (_("Yang sudah diperiksa"), checked or _("Belum ada")),
        (_("Tayangan yang pernah terbuka"), i18n.number(sum(one.opened_at is not None for one in own))),
        (_("Terdaftar sejak"), i18n.date(organisation.created_at)),
    ]


def _log(about_kind: str, about_id: uuid.UUID) -> list[tuple[str, str]]:
    return [
        (i18n.datetime(d.created_at, me().zone), _sentence(d, name))
        for d, name in queries.decisions_about(about_kind, about_id)
    ]


def _sentence(decision: Decision, name: str) -> str:
    said = " ".join([decision.text, *map(str, decision.remarks.values())]).strip()
    verdict = VERDICTS[Verdict(decision.verdict)]
    return f"{name} {verdict}: {said}" if said else f"{name} {verdict}"


# --- a submitted organisation -----------------------------------------------------------------------


@blueprint.get("/moderasi/organisasi/<uuid:organisation_id>")
@access("staff:moderator")
def organisation(organisation_id: uuid.UUID) -> Response:
    """What it says of itself and what it filed, with one remark field for each."""
    return _organisation_page(organisations.get(organisation_id), {})


@blueprint.post("/moderasi/organisasi/<uuid:organisation_id>/<any(ambil,setujui,perbaikan,tolak):act>")
@access("staff:moderator")
def decide_organisation(organisation_id: uuid.UUID, act: str) -> Response:
    """Take it, approve it, ask for mending, or refuse it."""
    found = organisations.get(organisation_id)
    try:
        if act == "ambil":
            service.assign(about_kind="organisation", about_id=found.id, by=me())
        elif act == "setujui":
            service.approve_organisation(
                organisation_id=found.id, by=me(), method=str(forms.ApproveForm().method.data or "document")
            )
        elif act == "perbaikan":
            service.return_organisation(organisation_id=found.id, by=me(), remarks=_typed_remarks(found))
        else:
            service.reject_organisation(
                organisation_id=found.id, by=me(), text=str(forms.ReasonForm().text.data or "")
            )
    except DomainError as refusal:
        if refusal.http_status != 422:
            raise
        session().rollback()
        response = _organisation_page(
            organisations.get(organisation_id), request.form, refusal=str(refusal.message)
        )
        response.status_code = 422
        return response
    commit()
    if act == "ambil":
        return see_other(f"/moderasi/organisasi/{organisation_id}")
    flash_success(_("Tercatat. Organisasi mendapat kabar dengan alasannya."))
    return see_other("/moderasi?tab=organisasi")


def _remarkable(organisation: Organisation) -> list[tuple[str, str, str]]:
    """Each thing a moderator may remark on: name, words, what stands there."""
    fields = [
        (name, words.thing(name), str(getattr(organisation, name) or ""))
        for name in ("name", "legal_form", "summary", "address", "email", "phone", "website")
    ]
    fields.insert(
        2,
        (
            "home_locality_code",
            words.thing("home_locality_code"),
            _place_name(organisation.home_locality_code),
        ),
    )
    claims = [
        (claim.subject, words.thing(claim.subject), _claim_words(claim))
        for claim in organisations.claims_of(organisation.id)
    ]
    return [*fields, *claims]


def _claim_words(claim: Any) -> str:
    parts = [
        claim.document_number,
        i18n.short_date(claim.document_date),
        claim.note,
        str(words.CLAIM_STATES[claim.state]),
    ]
    return " · ".join(part for part in parts if part)


def _typed_remarks(organisation: Organisation) -> dict[str, str]:
    names = [name for name, _words, _value in _remarkable(organisation)]
    typed = {
        name: request.form.get(f"remark_{name}", "")[:500].replace("\x00", "") for name in [*names, "general"]
    }
    return {name: text for name, text in typed.items() if text.strip()}


def _organisation_page(organisation: Organisation, typed: Any, refusal: str = "") -> Response:
    review = queries.review_of("organisation", organisation.id)
    names = queries.names_of([review.assigned_to] if review and review.assigned_to else [])
    members = organisations.seats_in(organisation.id)
    return page(
        "moderation/organisation.html",
        organisation=organisation,
        kind=words.KINDS[organisation.kind],
        state=words.STATES[organisation.state],
        things=[
            (name, label, value, typed.get(f"remark_{name}", ""))
            for name, label, value in _remarkable(organisation)
        ],
        general=typed.get("remark_general", ""),
        reject_text=typed.get("text", ""),
        members=[
            (seat.person.name, f"{words.ROLES[seat.role]}{' · ' + seat.office if seat.office else ''}")
            for seat in members
        ],
        is_waiting=organisation.state == "in_review",
        may_decide=policy.may_decide(me(), organisation.id),
        assignee=names.get(review.assigned_to) if review and review.assigned_to else None,
        is_mine=bool(review and review.assigned_to == me().id),
        approve=forms.ApproveForm(formdata=None),
        refusal=refusal,
        age=_age(organisation.submitted_at),
        log=_log("organisation", organisation.id),
    )


# --- reports ----------------------------------------------------------------------------------------


@blueprint.get("/moderasi/laporan/<uuid:listing_id>")
@access("staff:moderator")
def reports(listing_id: uuid.UUID) -> Response:
    """The reports about one listing, and what to do."""
    return _reports_page(_found(listing_id), forms.ReasonForm())


@blueprint.post("/moderasi/laporan/<uuid:listing_id>/<any(abaikan,bekukan,cabut,tutup):act>")
@access("staff:moderator", step_up=True)
def decide_reports(listing_id: uuid.UUID, act: str) -> Response:
    """Find them unfounded, freeze the listing, end the freeze, or close it."""
    found = _found(listing_id)
    form = forms.ReasonForm()
    words_typed = str(form.text.data or "")
    if form.validate_on_submit():
        try:
            if act == "abaikan":
                service.dismiss(listing_id=found.id, by=me(), text=words_typed)
            elif act == "bekukan":
                service.freeze(listing_id=found.id, by=me(), text=words_typed)
            else:
                service.unfreeze(listing_id=found.id, by=me(), text=words_typed, is_closed=act == "tutup")
        except DomainError as refusal:
            if refusal.http_status != 422:
                raise
            session().rollback()
            form_refusal(form, refusal)
        else:
            commit()
            flash_success(_("Keputusan tercatat."))
            return see_other("/moderasi?tab=laporan")
    response = _reports_page(_found(listing_id), form)
    response.status_code = 422
    return response


def _reports_page(listing: Listing, form: Any) -> Response:
    organisation = organisations.get(listing.organisation_id)
    return page(
        "moderation/reports.html",
        listing=listing,
        organisation=organisation,
        path=_path(listing),
        facts=_organisation_facts(organisation),
        reports=[
            (
                i18n.datetime(one.created_at, me().zone),
                str(policy.REPORT_REASONS.get(one.reason, "")),
                one.text,
            )
            for one in queries.new_reports_of("listing", listing.id)
        ],
        is_frozen=listing.state == "frozen",
        may_freeze=listing.state in ("open", "paused"),
        may_decide=policy.may_decide(me(), organisation.id),
        form=form,
        log=_log("listing", listing.id),
    )


@blueprint.route("/laporkan/<slug>", methods=["GET", "POST"])
@access("public")
def report(slug: str) -> Response:
    """Anybody may report a public listing, without an account; a few times a day."""
    found = listings.find_by_slug(slug)
    if found is None or found.state not in PUBLIC:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada, atau belum tayang."))
    form = forms.ReportForm()
    if form.validate_on_submit():
        rate.hit(f"report:{client_address()}", limit=REPORTS_PER_DAY, window_seconds=86_400)
        try:
            service.report(
                listing_id=found.id, reason=str(form.reason.data), text=str(form.text.data), by=actor()
            )
        except DomainError as refusal:
            session().rollback()
            form_refusal(form, refusal)
        else:
            commit()
            flash_success(
                _(
                    "Laporan Anda sudah kami terima. Moderator memeriksanya; tayangan ini tidak berubah sebelum itu."
                )
            )
            return see_other(_path(found))
    return form_page("moderation/report.html", form, listing=found, path=_path(found))
