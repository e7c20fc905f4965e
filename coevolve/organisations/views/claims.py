"""What an organisation files to be checked."""

from __future__ import annotations

from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.organisations import forms, levels, policy, queries, service, words
from coevolve.organisations.models import ClaimState, Kind, Organisation, State, Subject, VerificationClaim
from coevolve.organisations.views.door import NOT_FOUND, blueprint, me, my_organisation, refused, typed


def _latest(organisation: Organisation) -> dict[str, VerificationClaim]:
    """The newest claim of each subject."""
    return {claim.subject: claim for claim in queries.claims_of(organisation.id)}


@blueprint.get("/dasbor/<slug>/verifikasi")
@access("signed_in")
def claims(slug: str) -> Response:
    """Every claim with its state, and what could still be filed."""
    organisation = my_organisation(slug)
    latest = _latest(organisation)
    kind = Kind(organisation.kind)
    rows = []
    for subject in (*levels.REQUIRED[kind], *levels.OPTIONAL[kind], "visit", "track_record"):
        claim = latest.get(subject)
        if claim is None and subject in {"visit", "track_record"}:
            continue
        rows.append(
            {
                "subject": subject,
                "label": words.SUBJECTS[subject],
                "is_required": subject in levels.REQUIRED[kind],
                "state": words.CLAIM_STATES[claim.state] if claim else None,
                "tag": words.CLAIM_TAGS[claim.state] if claim else "plain",
                "number": claim.document_number if claim else "",
                "remark": claim.remark if claim and claim.state != ClaimState.accepted else "",
                "expires_on": claim.expires_on if claim and claim.state == ClaimState.accepted else None,
                "may_file": subject not in {"visit", "track_record"},
            }
        )
    return page(
        "organisations/claims.html",
        organisation=organisation,
        rows=rows,
        may_file=policy.may(me(), "file_claim", organisation),
    )


@blueprint.route("/dasbor/<slug>/verifikasi/<subject>", methods=["GET", "POST"])
@access("signed_in", step_up=True)
def file_claim(slug: str, subject: str) -> Response:
    """File or correct one claim."""
    organisation = my_organisation(slug, "file_claim")
    if subject == Subject.bank_account and organisation.state == State.checked:
        # Its particulars stand apart, in versions that are never edited.
        return see_other(f"/dasbor/{slug}/rekening")
    kind = Kind(organisation.kind)
    if subject not in {*levels.REQUIRED[kind], *levels.OPTIONAL[kind]}:
        raise NotFound("not_found", NOT_FOUND)
    claim = _latest(organisation).get(subject)
    is_waiting = claim is not None and claim.state in {
        ClaimState.draft,
        ClaimState.submitted,
        ClaimState.needs_fix,
    }
    form = forms.ClaimForm(obj=claim if is_waiting else None)
    if form.validate_on_submit():
        try:
            service.file_claim(
                organisation_id=organisation.id,
                subject=subject,
                by=me(),
                document_number=typed(form.document_number),
                document_date=form.document_date.data,
                note=typed(form.note),
            )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(lazy("Data tersimpan."))
            is_new = organisation.state in {"draft", "returned"}
            return see_other(f"/dasbor/{slug}" if is_new else f"/dasbor/{slug}/verifikasi")
    remark = claim.remark if claim is not None and claim.state == ClaimState.needs_fix else ""
    return form_page(
        "organisations/file_claim.html",
        form,
        organisation=organisation,
        label=words.SUBJECTS[subject],
        hint=words.NUMBER_HINTS[subject],
        remark=remark,
    )
