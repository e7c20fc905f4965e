"""A submitted listing: what it says, what catches the eye, the decision."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _
from coevolve.kit.money import format_rupiah
from coevolve.kit.pages import flash_success, form_refusal, page, see_other
from coevolve.listings import queries as listings
from coevolve.listings import sectors
from coevolve.listings import service as listing_service
from coevolve.listings.models import Listing, ListingLine
from coevolve.listings.queries.cards import KIND_LABELS, SUPPORT_LABELS
from coevolve.listings.units import category_label, unit_label
from coevolve.localities import queries as localities
from coevolve.moderation import forms, policy, queries, service
from coevolve.moderation.views.door import (
    age_of,
    blueprint,
    found_listing,
    log_of,
    me,
    organisation_facts,
    path_of,
)
from coevolve.organisations import queries as organisations

# --- a submitted listing ----------------------------------------------------------------------------


@blueprint.get("/moderasi/tayangan/<uuid:listing_id>")
@access("staff:moderator")
def listing(listing_id: uuid.UUID) -> Response:
    """The submission on the left, the checks on the right."""
    return _listing_page(found_listing(listing_id), forms.AskForm(), forms.RejectForm())


@blueprint.post("/moderasi/tayangan/<uuid:listing_id>/<any(ambil,setujui,perbaikan,tolak):act>")
@access("staff:moderator")
def decide_listing(listing_id: uuid.UUID, act: str) -> Response:
    """Take it, approve it, ask for mending, or refuse it; then the next one."""
    found = found_listing(listing_id)
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
    response = _listing_page(found_listing(listing_id), ask, refuse, opened=act)
    response.status_code = 422
    return response


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
    names = ("title", "summary", "sector", "closes_on", "locality", "lines", "story", "photos", "documents")
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
        path=path_of(listing),
        budget=[_line_row(line) for line in lines],
        goal=listings.goal_of(lines).optimum,
        flags=policy.flags(listing, lines),
        is_late=listing.closes_on is not None
        and listing.closes_on <= clock.today(localities.zone_of(listing.locality_code)),
        alike=[
            (other, f"{round(likeness * 100)} %", path_of(other))
            for other, likeness in listings.look_alikes(listing)
        ],
        facts=organisation_facts(organisation),
        is_waiting=listing.state == "in_review",
        may_decide=policy.may_decide(me(), organisation.id),
        needs_second=listing_service.needs_second(listing),
        approvals=[names.get(one, "") for one in approvals],
        is_mine_approved=me().id in approvals,
        assignee=names.get(review.assigned_to) if review and review.assigned_to else None,
        is_mine=bool(review and review.assigned_to == me().id),
        age=age_of(listing.submitted_at),
        log=log_of("listing", listing.id),
        ask=ask,
        refuse=refuse,
        opened=opened,
        photos=listings.photos_of(listing.id),
        twins=[(twin, path_of(twin.other)) for twin in listings.photo_twins(listing)],
        documents=listings.documents_of(listing.id),
        remark_names=_remark_names(listing),
        templates=[(str(name), str(sentence)) for name, sentence in policy.REASONS.values()],
    )


def _line_row(line: ListingLine) -> list[str]:
    amount = (
        format_rupiah(line.quantity)
        if line.kind == "money"
        else f"{i18n.number(line.quantity)} {unit_label(line.unit)}"
    )
    return [line.label, f"{SUPPORT_LABELS[line.kind]} · {category_label(line.kind, line.category)}", amount]
