"""Finance: what waits for its hand, the payout list for the bank, and one disbursement from the other side."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from coevolve.disbursements import forms, policy, queries, service
from coevolve.disbursements.models import Disbursement, State
from coevolve.disbursements.views.door import blueprint, chain, hands, log_of, me, refused
from coevolve.disbursements.words import STATES
from coevolve.kit import clock
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.kit.tables import csv_file
from coevolve.listings import queries as listings
from coevolve.organisations import queries as organisations
from coevolve.payments import account_standing
from coevolve.payments import queries as payments

TABS = {
    "lepas": ("approved",),
    "bayar": ("released", "sending"),
    "mutasi": ("sent", "unknown"),
    "pengajuan": ("proposed",),
    "selesai": ("settled", "returned", "failed", "rejected", "cancelled"),
}


@blueprint.get("/keuangan/penyaluran")
@access("staff:finance")
def finance_queue() -> Response:
    """What waits: to release, to pay, to be shown by the bank; proposals and what is over."""
    return _queue("")


def _queue(trouble: str, status: int = 200) -> Response:
    shown = request.args.get("bagian", "lepas")
    shown = shown if shown in TABS else "lepas"
    counts = {tab: len(queries.in_states(states)) for tab, states in TABS.items() if tab != "selesai"}
    rows = queries.in_states(TABS[shown], limit=100, newest=shown == "selesai")
    return page(
        "disbursements/finance.html",
        status,
        shown=shown,
        tabs=list(TABS),
        counts=counts,
        rows=rows,
        holds={row.id: _holds(row) for row, _listing, _body in rows if shown in {"lepas", "bayar"}},
        accounts=account_standing.by_versions({row.account_version_id for row, _l, _o in rows}),
        reports=len(queries.reports_to_judge()),
        trouble=trouble,
    )


def _holds(row: Disbursement) -> list[queries.Hold]:
    if row.state == State.sending:
        return []
    listing, organisation = listings.get(row.listing_id), organisations.get(row.organisation_id)
    untold = queries.update_hold(listing.id) if row.state in {State.approved, State.released} else []
    return (
        queries.holds_on(listing, organisation, pinned=row.account_version_id) + untold + queries.books_hold()
    )


@blueprint.post("/keuangan/penyaluran/daftar")
@access("staff:finance", step_up=True)
def make_list() -> Response:
    """Put the chosen ones on the payout list."""
    chosen = []
    for text in request.form.getlist("pilih")[:200]:
        try:
            chosen.append(uuid.UUID(text))
        except ValueError:
            continue
    try:
        service.list_for_payment(disbursement_ids=chosen, by=me())
        commit()
    except DomainError as refusal:
        session().rollback()
        if refusal.http_status == NotFound.http_status:
            raise
        return _queue(str(refusal.message), 422)
    flash_success(lazy("Masuk daftar bayar. Unduh daftarnya, bayar di bank, lalu tandai terkirim."))
    return see_other("/keuangan/penyaluran?bagian=bayar")


@blueprint.get("/keuangan/penyaluran/daftar.csv")
@access("staff:finance", step_up=True)
def payout_list() -> Response:
    """The payout list: everything that is being paid at the bank now."""
    rows = queries.in_states(["sending"])
    accounts = account_standing.by_versions({row.account_version_id for row, _l, _o in rows})
    return csv_file(
        "daftar-bayar",
        [
            _("Nomor rujukan"),
            _("Nama bank"),
            _("Nomor rekening"),
            _("Nama pemilik rekening"),
            _("Jumlah"),
            _("Mata uang"),
            _("Organisasi"),
            _("Judul tayangan"),
        ],
        [
            [
                row.reference,
                accounts[row.account_version_id].bank_name,
                accounts[row.account_version_id].account_number,
                accounts[row.account_version_id].holder,
                Money(row.amount, row.unit),
                row.unit,
                organisation.name,
                listing.title,
            ]
            for row, listing, organisation in rows
        ],
    )


@blueprint.get("/keuangan/penyaluran/<uuid:disbursement_id>")
@access("staff:finance")
def finance_show(disbursement_id: uuid.UUID) -> Response:
    """One disbursement as finance sees it."""
    return _finance_show(disbursement_id, {})


def _finance_show(disbursement_id: uuid.UUID, typed: dict[str, object]) -> Response:
    disbursement = queries.get(disbursement_id)
    organisation = organisations.get(disbursement.organisation_id)
    who = queries.who(me(), organisation, proposed_by=disbursement.proposed_by)
    sent = typed.get("sent") or forms.SentForm()
    if isinstance(sent, forms.SentForm) and not sent.is_submitted():
        sent.on.data = clock.today()
    is_asked = disbursement.state in {State.proposed, State.approved, State.released}
    state = disbursement.state
    return form_page(
        "disbursements/finance_show.html",
        typed.get("reason") or forms.ReasonForm(),
        sent_form=sent,
        disbursement=disbursement,
        organisation=organisation,
        listing=listings.get(disbursement.listing_id),
        lines=queries.lines_of(disbursement.id),
        account=account_standing.version(disbursement.account_version_id),
        ours=payments.bank_account(disbursement.from_account_id),
        chain=chain(disbursement),
        log=log_of(disbursement, STATES),
        hands=hands(disbursement),
        holds=_holds(disbursement) if is_asked else [],
        reports=queries.reports_on(disbursement.id),
        is_member=who.role is not None,
        may_approve=state == State.proposed
        and policy.is_platform_approval(who)
        and policy.may_approve(who, disbursement.proposed_by),
        may_release=state == State.approved
        and policy.may_release(who, disbursement.proposed_by, disbursement.approved_by),
        may_reject=state in {State.proposed, State.approved} and policy.may_pay(who),
        may_cancel=state == State.released and policy.may_pay(who),
        may_send=state in {State.sending, State.unknown} and policy.may_pay(who),
        may_doubt=state in {State.sending, State.sent} and policy.may_pay(who),
        may_fail=state in {State.sending, State.sent, State.unknown} and policy.may_pay(who),
    )


STEPS = {
    "setujui": (service.approve, lazy("Disetujui atas nama platform. Petugas lain yang melepasnya.")),
    "lepas": (service.release, lazy("Dilepas. Penyaluran ini menunggu di daftar bayar.")),
}


@blueprint.post("/keuangan/penyaluran/<uuid:disbursement_id>/<any(setujui,lepas):step>")
@access("staff:finance", step_up=True)
def let_go(disbursement_id: uuid.UUID, step: str) -> Response:
    """The second yes where an organisation has nobody else; the third that lets it go."""
    act, done = STEPS[step]
    act(disbursement_id=disbursement_id, by=me())
    commit()
    flash_success(done)
    return see_other(f"/keuangan/penyaluran/{disbursement_id}")


@blueprint.post("/keuangan/penyaluran/<uuid:disbursement_id>/terkirim")
@access("staff:finance", step_up=True)
def sent(disbursement_id: uuid.UUID) -> Response:
    """Paid at the bank on this day."""
    form = forms.SentForm()
    if form.validate_on_submit() and form.on.data:
        try:
            service.mark_sent(disbursement_id=disbursement_id, by=me(), on=form.on.data)
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(lazy("Ditandai terkirim. Mutasi bank yang menyelesaikannya nanti."))
            return see_other(f"/keuangan/penyaluran/{disbursement_id}")
    elif form.on.process_errors:
        form.on.errors = [str(lazy("Tulis tanggal seperti 2019-03-04."))]
    response = _finance_show(disbursement_id, {"sent": form, "reason": forms.ReasonForm(formdata=None)})
    response.status_code = 422
    return response


ENDS = {
    "tolak": (service.reject, lazy("Tidak disetujui. Dananya kembali tersedia.")),
    "batalkan": (service.cancel, lazy("Tidak dilanjutkan. Dananya kembali tersedia.")),
    "belum-pasti": (service.mark_unknown, lazy("Ditandai belum pasti. Dananya tetap disisihkan.")),
    "gagal": (service.mark_failed, lazy("Ditandai gagal. Dananya kembali tersedia.")),
}


@blueprint.post("/keuangan/penyaluran/<uuid:disbursement_id>/<any(tolak,batalkan,'belum-pasti',gagal):end>")
@access("staff:finance", step_up=True)
def end(disbursement_id: uuid.UUID, end: str) -> Response:
    """No, cancelled, unsure or failed: each with its reason."""
    act, done = ENDS[end]
    form = forms.ReasonForm()
    if form.validate_on_submit():
        try:
            act(disbursement_id=disbursement_id, by=me(), reason=form.reason.data or "")
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(done)
            return see_other(f"/keuangan/penyaluran/{disbursement_id}")
    return _finance_show(disbursement_id, {"reason": form, "sent": forms.SentForm(formdata=None)})
