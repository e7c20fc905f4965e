"""The organisation's desk: funds, asking for money, following it, the owner's approval, the account."""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response

from coevolve.disbursements import forms, policy, queries, service
from coevolve.disbursements.models import HOLDING, Disbursement, State
from coevolve.disbursements.service.telling import desk_path
from coevolve.disbursements.views.door import (
    NOT_FOUND,
    blueprint,
    chain,
    hands,
    log_of,
    me,
    my_desk,
    of_desk,
    refused,
)
from coevolve.disbursements.words import STATES
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, Forbidden, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.listings import queries as listings
from coevolve.organisations.models import Custody, Organisation, Role
from coevolve.payments import account_standing, custody
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.words import CUSTODY_CHANGES
from coevolve.reconciliation.forms import CustodyForm


@blueprint.get("/dasbor/<slug>/penyaluran")
@access("signed_in")
def funds(slug: str) -> Response:
    """The money of each listing: available, held, disbursed, accounted for; and everything asked for."""
    organisation, who = my_desk(slug)
    rows = queries.funds_of(organisation.id)
    hands = queries.in_hands_of([row.listing.id for row in rows])
    return page(
        "disbursements/desk.html",
        organisation=organisation,
        funds=[
            {
                "fund": row,
                "holds": queries.holds_on(row.listing, organisation) if row.available else [],
                "untold": queries.update_hold(row.listing.id),
                "hands": hands.get(row.listing.id, 0),
                "unreported": queries.own_left_of(row.listing.id) if hands.get(row.listing.id) else 0,
            }
            for row in rows
        ],
        disbursements=queries.of_organisation(organisation.id),
        reports=queries.reports_of(organisation.id),
        account=account_standing.account_of(organisation.id),
        may_propose=policy.may_propose(who),
        is_late=queries.is_late,
    )


@blueprint.route("/dasbor/<slug>/penyaluran/baru/<uuid:listing_id>", methods=["GET", "POST"])
@access("signed_in", step_up=True)
def propose(slug: str, listing_id: uuid.UUID) -> Response:
    """Ask for money of a listing's fund, line by line of its budget."""
    organisation, who = my_desk(slug)
    listing = listings.get(listing_id)
    if listing.organisation_id != organisation.id:
        raise NotFound("not_found", NOT_FOUND)
    if not policy.may_propose(who):
        raise Forbidden(
            "may_not", lazy("Hanya pemilik atau bendahara organisasi yang dapat mengajukan penyaluran.")
        )
    lines = queries.budget_of(listing.id)
    form = forms.propose_form(lines)
    if form.validate_on_submit():
        try:
            made = service.propose(
                listing_id=listing.id,
                by=me(),
                amounts=forms.amounts_of(form, lines),
                purpose=form.purpose.data or "",
                client_token=forms.token_of(form),
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
            listing, lines = listings.get(listing_id), queries.budget_of(listing_id)
            organisation, who = my_desk(slug)
        else:
            flash_success(
                lazy("Diajukan. Dananya sudah kami sisihkan; pemilik organisasi diminta menyetujui.")
            )
            return see_other(desk_path(organisation, made))
    given = queries.given_to_lines(listing.id)
    return form_page(
        "disbursements/propose.html",
        form,
        organisation=organisation,
        listing=listing,
        lines=[(form[forms.field_of(line)], line, given.get(line.id, 0)) for line in lines],
        available=queries.fund_of(listing.id),
        holds=queries.holds_on(listing, organisation),
        account=account_standing.account_of(organisation.id),
    )


@blueprint.get("/dasbor/<slug>/penyaluran/<uuid:disbursement_id>")
@access("signed_in")
def show(slug: str, disbursement_id: uuid.UUID) -> Response:
    """One disbursement: where it stands, who let it go, what holds it."""
    return _show(slug, disbursement_id, forms.ReasonForm())


def _show(slug: str, disbursement_id: uuid.UUID, form: forms.ReasonForm) -> Response:
    organisation, _who = my_desk(slug)
    disbursement = queries.get(disbursement_id)
    of_desk(organisation, disbursement)
    who = queries.who(me(), organisation, proposed_by=disbursement.proposed_by)
    listing = listings.get(disbursement.listing_id)
    return form_page(
        "disbursements/show.html",
        form,
        organisation=organisation,
        disbursement=disbursement,
        listing=listing,
        lines=queries.lines_of(disbursement.id),
        account=account_standing.version(disbursement.account_version_id),
        chain=chain(disbursement),
        log=log_of(disbursement, STATES),
        hands=hands(disbursement),
        holds=_holds(disbursement, organisation),
        reports=queries.reports_on(disbursement.id),
        may_approve=disbursement.state == State.proposed
        and policy.may_approve(who, disbursement.proposed_by),
        is_own=disbursement.proposed_by == me().id,
        may_cancel=disbursement.state in {State.proposed, State.approved} and who.role in policy.MONEY,
    )


def _holds(disbursement: Disbursement, organisation: Organisation) -> list[queries.Hold]:
    if disbursement.state not in HOLDING - {State.sending, State.sent, State.unknown}:
        return []
    listing = listings.get(disbursement.listing_id)
    untold = queries.update_hold(listing.id) if disbursement.state in {State.approved, State.released} else []
    return queries.holds_on(listing, organisation, pinned=disbursement.account_version_id) + untold


@blueprint.post("/dasbor/<slug>/penyaluran/<uuid:disbursement_id>/setujui")
@access("signed_in", step_up=True)
def approve(slug: str, disbursement_id: uuid.UUID) -> Response:
    """The owner's yes."""
    organisation, _who = my_desk(slug)
    of_desk(organisation, queries.get(disbursement_id))
    made = service.approve(disbursement_id=disbursement_id, by=me())
    commit()
    flash_success(lazy("Disetujui. Petugas keuangan kami memeriksanya sebelum melepas dana."))
    return see_other(desk_path(organisation, made))


@blueprint.post("/dasbor/<slug>/penyaluran/<uuid:disbursement_id>/batalkan")
@access("signed_in", step_up=True)
def cancel(slug: str, disbursement_id: uuid.UUID) -> Response:
    """Take it back, or the owner's no, with the reason."""
    organisation, who = my_desk(slug)
    disbursement = queries.get(disbursement_id)
    of_desk(organisation, disbursement)
    form = forms.ReasonForm()
    if form.validate_on_submit():
        # An owner who did not propose says no; others of the organisation take it back.
        is_no = who.role == Role.owner and disbursement.proposed_by != me().id
        try:
            end = service.reject if is_no else service.cancel
            end(disbursement_id=disbursement_id, by=me(), reason=form.reason.data or "")
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(lazy("Tidak dilanjutkan. Dananya kembali tersedia."))
            return see_other(f"/dasbor/{slug}/penyaluran/{disbursement_id}")
    return _show(slug, disbursement_id, form)


@blueprint.route("/dasbor/<slug>/rekening", methods=["GET", "POST"])
@access("signed_in", step_up=True)
def account(slug: str) -> Response:
    """Where the organisation wants its money: what was stated, how far it is, a form for another."""
    organisation, who = my_desk(slug)
    if who.role not in policy.MONEY:
        raise Forbidden("may_not", lazy("Hanya pemilik atau bendahara yang dapat melihat rekening."))
    form = forms.AccountForm()
    if form.validate_on_submit():
        try:
            payments.state_organisation_account(
                organisation_id=organisation.id,
                by=me(),
                bank_name=form.bank_name.data or "",
                account_number=form.account_number.data or "",
                holder=form.holder.data or "",
                note=form.note.data or "",
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
            organisation, who = my_desk(slug)
        else:
            flash_success(lazy("Rekening dicatat. Semua pemilik organisasi kami kabari lewat surel."))
            return see_other(f"/dasbor/{slug}/rekening")
    return form_page(
        "disbursements/account.html",
        form,
        organisation=organisation,
        account=account_standing.account_of(organisation.id),
        versions=account_standing.history_of(organisation.id),
        title=_("Rekening"),
        custody=_custody(organisation, who.role),
    )


def _custody(organisation: Organisation, role: str | None) -> dict[str, Any]:
    """Whose bank gifts by transfer go to now, what was asked, and what an owner may ask."""
    own = custody.own_account(organisation.id)
    account = account_standing.account_of(organisation.id)
    is_direct = organisation.custody == Custody.direct
    is_new = account is not None and account.is_usable and (own is None or own.claim_id != account.claim_id)
    form = CustodyForm(formdata=None)
    form.to.data = "direct" if is_new else "platform"
    return {
        "is_direct": is_direct,
        "receiving": payment_queries.bank_account(own.id) if own else None,
        "is_open": own is not None and custody.may_receive(organisation, own),
        "accounts": payment_queries.bank_accounts(organisation.id),
        "asked": custody.asked_of(organisation.id),
        "changes": custody.changes_of(organisation.id),
        "may_ask": role == Role.owner,
        "may_go_direct": is_new,
        "may_go_back": is_direct,
        "form": form,
        "states": CUSTODY_CHANGES,
    }
