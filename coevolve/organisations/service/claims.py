"""Verification claims: filed by the organisation, checked by somebody else, growing old by the calendar."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_line, refuse_nul
from coevolve.organisations import policy, queries
from coevolve.organisations.models import (
    ClaimState,
    Method,
    Organisation,
    State,
    Subject,
    VerificationClaim,
)
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.people.models import Role as StaffRole

STAFF_ONLY = frozenset({Subject.visit, Subject.track_record})
PENDING = (ClaimState.draft, ClaimState.submitted, ClaimState.needs_fix)


def file_claim(
    *,
    organisation_id: uuid.UUID,
    subject: str,
    by: Person,
    document_number: str = "",
    document_date: dt.date | None = None,
    note: str = "",
) -> VerificationClaim:
    """Say something checkable; said again before it is checked, it replaces what was said."""
    organisation = db.lock(Organisation, organisation_id)
    if not policy.may(by, "file_claim", organisation):
        raise Forbidden("may_not_file", lazy("Anda tidak berwenang mengisi data verifikasi organisasi ini."))
    if subject not in set(Subject) - STAFF_ONLY:
        raise Invalid("subject_unknown", lazy("Pilih salah satu hal yang diperiksa."), field="subject")
    number, words = clean_line(refuse_nul(document_number)), clean_line(refuse_nul(note))
    if not 3 <= len(number) <= 80:
        message = lazy("Tulis nomor seperti tercetak pada dokumen, 3 sampai 80 karakter.")
        raise Invalid("document_number", message, field="document_number")
    if len(words) > 500:
        raise Invalid("note_long", lazy("Paling banyak %(most)s karakter.", most=500), field="note")
    if document_date is not None and document_date > clock.today():
        raise Invalid(
            "document_date", lazy("Tanggal dokumen tidak boleh di masa depan."), field="document_date"
        )
    claim = _pending(organisation_id, subject)
    if claim is None:
        claim = VerificationClaim(organisation_id=organisation_id, subject=subject, state=ClaimState.draft)
        begin(claim, by=by.id)
    claim.document_number, claim.document_date, claim.note = number, document_date, words
    claim.submitted_by = by.id
    is_open = organisation.state == State.checked
    if claim.state == ClaimState.needs_fix or (is_open and claim.state == ClaimState.draft):
        _send(claim, by.id)
    return claim


def file_account(
    *, organisation_id: uuid.UUID, by: Person, particulars: str, note: str = ""
) -> VerificationClaim:
    """Claim a bank account (payments keeps its particulars). What is under examination is not changed meanwhile."""
    organisation = db.lock(Organisation, organisation_id)
    if not policy.may(by, "touch_money", organisation):
        raise Forbidden("may_not_file", lazy("Anda tidak berwenang mengisi data verifikasi organisasi ini."))
    claim = _pending(organisation_id, Subject.bank_account)
    if claim is not None and claim.state == ClaimState.submitted:
        message = lazy("Rekening yang dinyatakan sebelumnya masih diperiksa. Tunggu hasilnya dulu.")
        raise Conflict("account_under_check", message)
    if claim is None:
        claim = VerificationClaim(
            organisation_id=organisation_id, subject=Subject.bank_account, state=ClaimState.draft
        )
        begin(claim, by=by.id)
    claim.document_number, claim.note, claim.submitted_by = particulars, note, by.id
    _send(claim, by.id)
    return claim


def send_drafts(*, organisation_id: uuid.UUID, by: uuid.UUID) -> None:
    """Hand over what was filed while the organisation was not checked yet."""
    for claim in queries.claims_of(organisation_id):
        if claim.state == ClaimState.draft:
            _send(claim, by)


def _send(claim: VerificationClaim, by: uuid.UUID) -> None:
    claim.submitted_at = clock.now()
    move(claim, ClaimState.submitted, by=by)


def _pending(organisation_id: uuid.UUID, subject: str) -> VerificationClaim | None:
    statement = select(VerificationClaim).where(
        VerificationClaim.organisation_id == organisation_id,
        VerificationClaim.subject == subject,
        VerificationClaim.state.in_(PENDING),
    )
    return db.session().execute(statement).scalar_one_or_none()


def check_claim(
    *,
    claim_id: uuid.UUID,
    by: uuid.UUID,
    to: str,
    method: str = Method.document,
    expires_on: dt.date | None = None,
    remark: str = "",
) -> VerificationClaim:
    """A moderator's finding: accepted, needs_fix or rejected; the last two say why."""
    claim = db.lock(VerificationClaim, claim_id)
    refuse_checker(organisation_id=claim.organisation_id, by=by)
    if claim.submitted_by == by:
        raise Forbidden("own_claim", lazy("Yang mengajukan tidak dapat memeriksa sendiri."))
    words = clean_line(refuse_nul(remark))
    if to != ClaimState.accepted and not words:
        raise Invalid("remark_missing", lazy("Tulis apa yang perlu diperbaiki."), field="remark")
    claim.remark = words
    claim.checked_by, claim.checked_on = by, clock.today()
    if to == ClaimState.accepted:
        if method not in set(Method):
            raise Invalid("method_unknown", lazy("Pilih cara pemeriksaan."), field="method")
        claim.method = method
        claim.expires_on = expires_on or clock.today() + dt.timedelta(days=settings().claim_days)
        if claim.expires_on < clock.today():
            raise Invalid("expires_past", lazy("Tanggal berlaku sudah lewat."), field="expires_on")
        _retire_older(claim, by)
    move(claim, to, by=by, cause=words)
    refresh_level(organisation_id=claim.organisation_id)
    _note(claim, by)
    return claim


def refuse_checker(*, organisation_id: uuid.UUID, by: uuid.UUID) -> None:
    """Only a moderator checks, and never the organisation they act for."""
    if StaffRole.moderator not in people.staff_roles(by):
        raise Forbidden("may_not_check", lazy("Hanya moderator yang dapat memeriksa."))
    if queries.role_in(by, organisation_id) is not None:
        raise Forbidden(
            "own_organisation", lazy("Anda anggota organisasi ini; moderator lain yang memeriksanya.")
        )


def _retire_older(claim: VerificationClaim, by: uuid.UUID) -> None:
    """A newer accepted claim takes the place of the older one about the same subject."""
    statement = select(VerificationClaim).where(
        VerificationClaim.organisation_id == claim.organisation_id,
        VerificationClaim.subject == claim.subject,
        VerificationClaim.state == ClaimState.accepted,
        VerificationClaim.id != claim.id,
    )
    for older in db.session().execute(statement).scalars():
        move(older, ClaimState.expired, by=by, cause="renewed")


def record_visit(
    *,
    organisation_id: uuid.UUID,
    by: uuid.UUID,
    method: str = Method.visit,
    expires_on: dt.date | None = None,
    note: str = "",
) -> VerificationClaim:
    """A moderator saw the place, or another checked organisation vouched for it: a claim accepted at once."""
    refuse_checker(organisation_id=organisation_id, by=by)
    if method not in {Method.visit, Method.peer, Method.official}:
        raise Invalid("method_unknown", lazy("Pilih cara pemeriksaan."), field="method")
    until = expires_on or clock.today() + dt.timedelta(days=settings().visit_days)
    return _made_by_staff(organisation_id, Subject.visit, method=method, by=by, expires_on=until, note=note)


def write_track_record(
    *, organisation_id: uuid.UUID, by: uuid.UUID, expires_on: dt.date, note: str = ""
) -> VerificationClaim:
    """Reports of the organisation were accepted (called by whoever accepts them)."""
    return _made_by_staff(
        organisation_id, Subject.track_record, method=Method.document, by=by, expires_on=expires_on, note=note
    )


def _made_by_staff(
    organisation_id: uuid.UUID,
    subject: Subject,
    *,
    method: str,
    by: uuid.UUID,
    expires_on: dt.date,
    note: str,
) -> VerificationClaim:
    claim = VerificationClaim(
        organisation_id=organisation_id,
        subject=subject,
        state=ClaimState.draft,
        submitted_at=clock.now(),
        note=clean_line(refuse_nul(note)),
        checked_by=by,
        method=method,
        checked_on=clock.today(),
        expires_on=expires_on,
    )
    begin(claim, by=by)
    move(claim, ClaimState.submitted, by=by)
    _retire_older(claim, by)
    move(claim, ClaimState.accepted, by=by)
    refresh_level(organisation_id=organisation_id)
    _note(claim, by)
    return claim


def revoke_claim(*, claim_id: uuid.UUID, by: uuid.UUID, reason: str) -> VerificationClaim:
    """Take an accepted claim back; it stops counting now."""
    claim = db.lock(VerificationClaim, claim_id)
    refuse_checker(organisation_id=claim.organisation_id, by=by)
    words = clean_line(refuse_nul(reason))
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    claim.remark = words
    move(claim, ClaimState.revoked, by=by, cause=words)
    refresh_level(organisation_id=claim.organisation_id)
    _note(claim, by)
    return claim


def expire_claims() -> int:
    """Let claims go whose last day has passed; returns how many (the clock calls this)."""
    statement = (
        select(VerificationClaim)
        .where(VerificationClaim.state == ClaimState.accepted, VerificationClaim.expires_on < clock.today())
        .order_by(VerificationClaim.id)
        .limit(500)
        .with_for_update(skip_locked=True)
    )
    gone = list(db.session().execute(statement).scalars())
    for claim in gone:
        move(claim, ClaimState.expired, by=None, cause="date")
        refresh_level(organisation_id=claim.organisation_id)
        _note(claim, None)
    return len(gone)


def refresh_level(*, organisation_id: uuid.UUID) -> int:
    """Write the level the live claims amount to."""
    db.session().flush()
    organisation = db.lock(Organisation, organisation_id)
    organisation.level = queries.level_of(organisation)
    return organisation.level


def _note(claim: VerificationClaim, by: uuid.UUID | None) -> None:
    journal.record(
        f"claim.{claim.state}",
        about=("organisation", claim.organisation_id),
        by=by,
        for_organisation=claim.organisation_id,
        data={"claim": str(claim.id), "subject": claim.subject, "method": claim.method},
    )
