"""What moderators decide about an organisation (called by the moderation pages)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import move
from coevolve.kit.text import clean_line
from coevolve.organisations import levels, queries
from coevolve.organisations.models import ClaimState, Method, Organisation, State
from coevolve.organisations.service.claims import check_claim, refresh_level, refuse_checker


def approve(
    *,
    organisation_id: uuid.UUID,
    by: uuid.UUID,
    method: str = Method.document,
    expires_on: dt.date | None = None,
) -> Organisation:
    """Let the organisation publish. Claims still waiting are accepted with this method; no required one may lack."""
    organisation = db.lock(Organisation, organisation_id)
    refuse_checker(organisation_id=organisation_id, by=by)
    if organisation.state == State.in_review:
        for claim in queries.claims_of(organisation_id):
            if claim.state == ClaimState.submitted:
                check_claim(
                    claim_id=claim.id, by=by, to=ClaimState.accepted, method=method, expires_on=expires_on
                )
    if (
        refresh_level(organisation_id=organisation_id) < levels.DOCUMENTS
        and organisation.state == State.in_review
    ):
        message = lazy("Dokumen wajib belum semuanya diterima. Kembalikan untuk diperbaiki.")
        raise Invalid("documents_missing", message)
    organisation.decided_at = clock.now()
    organisation.remarks = {}
    move(organisation, State.checked, by=by)
    _note("organisation.approved", organisation, by)
    return organisation


def return_(*, organisation_id: uuid.UUID, by: uuid.UUID, remarks: Mapping[str, str]) -> Organisation:
    """Ask for something better: a sentence per field or claim subject. The claims named wait for a new filing."""
    organisation = db.lock(Organisation, organisation_id)
    refuse_checker(organisation_id=organisation_id, by=by)
    said = {field: clean_line(words)[:500] for field, words in remarks.items() if clean_line(words)}
    if not said:
        raise Invalid("remarks_missing", lazy("Tulis apa yang perlu diperbaiki."), field="remarks")
    for claim in queries.claims_of(organisation_id):
        if claim.state == ClaimState.submitted and claim.subject in said:
            check_claim(claim_id=claim.id, by=by, to=ClaimState.needs_fix, remark=said[claim.subject])
    organisation.remarks = said
    organisation.decided_at = clock.now()
    move(organisation, State.returned, by=by)
    _note("organisation.returned", organisation, by, remarks=said)
    return organisation


def reject(*, organisation_id: uuid.UUID, by: uuid.UUID, reason: str) -> Organisation:
    """Refuse the organisation for good; its name is free again."""
    organisation = db.lock(Organisation, organisation_id)
    refuse_checker(organisation_id=organisation_id, by=by)
    words = _reason(reason)
    organisation.remarks = {"general": words}
    organisation.decided_at = clock.now()
    move(organisation, State.rejected, by=by, cause=words)
    _note("organisation.rejected", organisation, by, reason=words)
    return organisation


def freeze(*, organisation_id: uuid.UUID, by: uuid.UUID, reason: str) -> Organisation:
    """Stop an organisation while something is cleared up: nothing is published, pledged or paid out meanwhile."""
    organisation = db.lock(Organisation, organisation_id)
    refuse_checker(organisation_id=organisation_id, by=by)
    words = _reason(reason)
    organisation.decided_at = clock.now()
    move(organisation, State.frozen, by=by, cause=words)
    _note("organisation.frozen", organisation, by, reason=words)
    return organisation


def unfreeze(*, organisation_id: uuid.UUID, by: uuid.UUID) -> Organisation:
    """Let it go on."""
    organisation = db.lock(Organisation, organisation_id)
    refuse_checker(organisation_id=organisation_id, by=by)
    organisation.decided_at = clock.now()
    move(organisation, State.checked, by=by)
    _note("organisation.unfrozen", organisation, by)
    return organisation


def _reason(text: str) -> str:
    words = clean_line(text)[:500]
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    return words


def _note(kind: str, organisation: Organisation, by: uuid.UUID, **data: object) -> None:
    journal.record(
        kind,
        about=("organisation", organisation.id),
        by=by,
        for_organisation=organisation.id,
        data=dict(data),
    )
