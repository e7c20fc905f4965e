"""What moderators do; the states of listings and organisations are moved by their own use cases. Nothing commits."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_text, refuse_nul
from coevolve.listings import queries as listing_queries
from coevolve.listings import service as listings
from coevolve.listings.models import PUBLIC, Listing
from coevolve.listings.models import State as ListingState
from coevolve.listings.queries.cards import PATHS
from coevolve.moderation import policy, queries
from coevolve.moderation.models import Decision, Report, ReportState, Review, ReviewState, Verdict
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisation_queries
from coevolve.organisations import service as organisations
from coevolve.organisations.models import Organisation
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.reconciliation import service as reconciliation


@dataclass(frozen=True, slots=True)
class Approved:
    """What an approval led to."""

    is_open: bool
    needs_second: bool


# --- submissions ------------------------------------------------------------------------------------


def assign(*, about_kind: str, about_id: uuid.UUID, by: Person) -> Review:
    """Take a submission: others see who is looking at it. Taking what another holds moves it over."""
    _refuse_own(by, _organisation_of(about_kind, about_id))
    review = _locked_review(about_kind, about_id)
    review.assigned_to = by.id
    if review.state == ReviewState.open:
        move(review, ReviewState.assigned, by=by.id)
    db.session().flush()
    return review


def approve_listing(*, listing_id: uuid.UUID, by: Person) -> Approved:
    """Say yes. For an organisation's first campaign the first yes waits for another moderator's.

    The review row is locked before the approvals are counted, so that of two moderators at once one is the second.
    """
    review = _locked_review("listing", listing_id)
    listing = _submitted(listing_id)
    _refuse_own(by, listing.organisation_id)
    earlier = queries.approvals_in(review.id)
    if by.id in earlier:
        raise Conflict(
            "approved_already", lazy("Anda sudah menyetujuinya. Moderator lain memberi persetujuan kedua.")
        )
    _decide(review, by, Verdict.approve)
    if listings.needs_second(listing) and not earlier:
        journal.record(
            "listing.approved_once",
            about=("listing", listing.id),
            by=by.id,
            for_organisation=listing.organisation_id,
            visibility="staff",
        )
        _give_back(review, by)
        return Approved(is_open=False, needs_second=True)
    listings.open_(listing_id=listing.id, by=by, seconded_by=earlier[0] if earlier else None)
    _close(review, by)
    return Approved(is_open=True, needs_second=False)


def return_listing(*, listing_id: uuid.UUID, by: Person, text: str, remarks: Mapping[str, str]) -> None:
    """Ask for something better, field by field; approvals given so far end with the round."""
    review = _locked_review("listing", listing_id)
    _refuse_own(by, _submitted(listing_id).organisation_id)
    kept = {field: clean_text(words)[:500] for field, words in remarks.items() if clean_text(words)}
    listings.return_(listing_id=listing_id, by=by, text=refuse_nul(text), remarks=kept)
    _decide(review, by, Verdict.return_, text=clean_text(text), remarks=kept)
    _close(review, by)


def reject_listing(*, listing_id: uuid.UUID, by: Person, text: str, reason_code: str = "") -> None:
    """Refuse for good."""
    review = _locked_review("listing", listing_id)
    _refuse_own(by, _submitted(listing_id).organisation_id)
    words = _reason(text, reason_code)
    listings.reject(listing_id=listing_id, by=by, text=words)
    _decide(review, by, Verdict.reject, text=words, reason_code=reason_code)
    _close(review, by)


def approve_organisation(*, organisation_id: uuid.UUID, by: Person, method: str) -> Organisation:
    """Let an organisation publish; its waiting claims are accepted as checked by this method."""
    review = _locked_review("organisation", organisation_id)
    organisation = organisations.approve(organisation_id=organisation_id, by=by.id, method=method)
    _decide(review, by, Verdict.approve)
    _close(review, by)
    _tell_organisation(organisation, "organisation.approved", review)
    return organisation


def return_organisation(
    *, organisation_id: uuid.UUID, by: Person, remarks: Mapping[str, str]
) -> Organisation:
    """Ask for something better, by field or document."""
    review = _locked_review("organisation", organisation_id)
    organisation = organisations.return_(organisation_id=organisation_id, by=by.id, remarks=remarks)
    _decide(review, by, Verdict.return_, remarks=dict(organisation.remarks))
    _close(review, by)
    _tell_organisation(
        organisation, "organisation.returned", review, " ".join(map(str, organisation.remarks.values()))
    )
    return organisation


def reject_organisation(*, organisation_id: uuid.UUID, by: Person, text: str) -> Organisation:
    """Refuse an organisation for good."""
    review = _locked_review("organisation", organisation_id)
    words = _reason(text, "")
    organisation = organisations.reject(organisation_id=organisation_id, by=by.id, reason=words)
    _decide(review, by, Verdict.reject, text=words)
    _close(review, by)
    _tell_organisation(organisation, "organisation.rejected", review, words)
    return organisation


# --- reports ----------------------------------------------------------------------------------------


def report(*, listing_id: uuid.UUID, reason: str, text: str, by: Person | None) -> Report:
    """Somebody says that a public listing is not right; the caller limits how often."""
    listing = listing_queries.find(listing_id)
    if listing is None or listing.state not in PUBLIC:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada."))
    if reason not in policy.REPORT_REASONS:
        raise Invalid("reason", lazy("Pilih alasannya."), field="reason")
    words = clean_text(refuse_nul(text))
    if len(words) < 10:
        raise Invalid("text", lazy("Tulis apa yang Anda ketahui, paling sedikit 10 karakter."), field="text")
    if len(words) > 2_000:
        raise Invalid(
            "text", lazy("Terlalu panjang: paling banyak %(most)s karakter.", most=2_000), field="text"
        )
    made = Report(
        id=uuid7(),
        about_kind="listing",
        about_id=listing.id,
        reason=reason,
        text=words,
        state=ReportState.new,
        reporter_id=by.id if by else None,
    )
    begin(made, by=made.reporter_id)
    journal.record(
        "report.made",
        about=("listing", listing.id),
        by=made.reporter_id,
        data={"reason": reason},
        visibility="staff",
    )
    notifications.queue(
        kind="moderation.waiting",
        person_ids=[person.id for person in people.staff_with("moderator")],
        about=("report", made.id),
        data={"title": listing.title, "path": f"/moderasi/laporan/{listing.id}"},
        dedupe_key=f"report:{listing.id}:{clock.today().isoformat()}",
    )
    return made


def dismiss(*, listing_id: uuid.UUID, by: Person, text: str) -> int:
    """Find the reports unfounded; returns how many. The listing stays as it is."""
    listing = listing_queries.get(listing_id)
    _refuse_own(by, listing.organisation_id)
    words = _reason(text, "")
    decided = _decide_reports(listing, by, ReportState.dismissed)
    if not decided:
        raise Conflict(
            "no_reports", lazy("Tidak ada laporan yang menunggu. Mungkin moderator lain baru memutuskannya.")
        )
    _note(listing, by, Verdict.dismiss, words)
    journal.record(
        "report.dismissed",
        about=("listing", listing.id),
        by=by.id,
        data={"count": decided},
        visibility="staff",
    )
    return decided


def freeze(*, listing_id: uuid.UUID, by: Person, text: str) -> None:
    """Stop gifts to a listing while its reports are looked into; the members get the reason."""
    listing = listing_queries.get(listing_id)
    _refuse_own(by, listing.organisation_id)
    words = _reason(text, "")
    listings.freeze(listing_id=listing_id, by=by, text=words)
    _decide_reports(listing, by, ReportState.upheld)
    _note(listing, by, Verdict.freeze, words)


def unfreeze(
    *, listing_id: uuid.UUID, by: Person, text: str, is_closed: bool = False, refunds: bool = False
) -> None:
    """End a freeze: open again, or close for good; closing may ask that every gift goes back (finance agrees)."""
    listing = listing_queries.get(listing_id)
    _refuse_own(by, listing.organisation_id)
    words = _reason(text, "")
    listings.unfreeze(listing_id=listing_id, by=by, text=words, is_closed=is_closed)
    _note(listing, by, Verdict.close if is_closed else Verdict.unfreeze, words)
    if is_closed and refunds:
        made = reconciliation.begin_round(listing_id=listing_id, reason=words, by=by.id)
        notifications.queue(
            kind="refund.to_approve",
            person_ids=[person.id for person in people.staff_with("finance") if person.id != by.id],
            about=("refund_round", made.id),
            data={"title": listing.title, "path": f"/keuangan/pengembalian/kampanye/{made.id}"},
            dedupe_key=f"refund.to_approve:{made.id}",
        )


def answer(*, listing_id: uuid.UUID, by: Person, text: str) -> None:
    """The organisation says its side while its listing is frozen; moderators read it beside the reports."""
    listing = listing_queries.get(listing_id)
    if organisation_queries.role_in(by.id, listing.organisation_id) is None:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada."))
    if listing.state != ListingState.frozen:
        raise Conflict("not_frozen", lazy("Tayangan ini tidak sedang dibekukan."))
    words = clean_text(refuse_nul(text))
    if len(words) < 10:
        raise Invalid("text", lazy("Tulis penjelasan Anda, paling sedikit 10 karakter."), field="text")
    if len(words) > 2_000:
        raise Invalid(
            "text", lazy("Terlalu panjang: paling banyak %(most)s karakter.", most=2_000), field="text"
        )
    journal.record(
        "listing.answered",
        about=("listing", listing.id),
        by=by.id,
        for_organisation=listing.organisation_id,
        data={"text": words},
        visibility="staff",
    )
    notifications.queue(
        kind="moderation.waiting",
        person_ids=[person.id for person in people.staff_with("moderator")],
        about=("listing", listing.id),
        data={"title": listing.title, "path": f"/moderasi/laporan/{listing.id}"},
        dedupe_key=f"listing.answered:{listing.id}:{clock.now():%Y%m%d%H%M%S}",
    )


# --- shared -----------------------------------------------------------------------------------------


def _locked_review(about_kind: str, about_id: uuid.UUID) -> Review:
    """The round that is not decided yet, locked; begun now if nobody had."""
    review = queries.review_of(about_kind, about_id)
    if review is None:
        fresh = uuid7()
        made = (
            db.session()
            .execute(
                insert(Review)
                .values(id=fresh, about_kind=about_kind, about_id=about_id, state=ReviewState.open)
                .on_conflict_do_nothing()
                .returning(Review.id)
            )
            .scalar_one_or_none()
        )
        review = queries.review_of(about_kind, about_id)
        if made is not None and review is not None:
            begin(review, by=None)
    if review is None:
        raise Conflict("decided_meanwhile", lazy("Baru saja diputuskan moderator lain. Muat ulang antrean."))
    locked = db.lock(Review, review.id)
    if locked.state == ReviewState.decided:
        raise Conflict("decided_meanwhile", lazy("Baru saja diputuskan moderator lain. Muat ulang antrean."))
    return locked


def _submitted(listing_id: uuid.UUID) -> Listing:
    listing = db.lock(Listing, listing_id)
    if listing.state != ListingState.in_review:
        raise Conflict("not_in_review", lazy("Tayangan ini tidak sedang menunggu pemeriksaan."))
    return listing


def _organisation_of(about_kind: str, about_id: uuid.UUID) -> uuid.UUID:
    return about_id if about_kind == "organisation" else listing_queries.get(about_id).organisation_id


def _refuse_own(by: Person, organisation_id: uuid.UUID) -> None:
    if not policy.may_decide(by, organisation_id):
        raise Forbidden(
            "own_organisation", lazy("Anda tidak dapat memutuskan hal tentang organisasi Anda sendiri.")
        )


def _reason(text: str, reason_code: str) -> str:
    """The sentence of the template, then what the moderator adds."""
    if reason_code and reason_code not in policy.REASONS:
        raise Invalid("reason_code", lazy("Pilih alasan dari daftar."), field="reason_code")
    template = str(policy.REASONS[reason_code][1]) if reason_code else ""
    words = clean_text(f"{template}\n\n{refuse_nul(text)}")[:2_000]
    if len(words) < 10:
        raise Invalid("reason", lazy("Tulis alasannya, paling sedikit 10 karakter."), field="text")
    return words


def _decide(
    review: Review,
    by: Person,
    verdict: Verdict,
    *,
    text: str = "",
    remarks: Mapping[str, Any] | None = None,
    reason_code: str = "",
) -> None:
    db.session().add(
        Decision(
            id=uuid7(),
            review_id=review.id,
            about_kind=review.about_kind,
            about_id=review.about_id,
            verdict=verdict,
            reason_code=reason_code,
            text=text,
            remarks=dict(remarks or {}),
            by_person=by.id,
        )
    )
    db.session().flush()


def _note(listing: Listing, by: Person, verdict: Verdict, text: str) -> None:
    db.session().add(
        Decision(
            id=uuid7(),
            about_kind="listing",
            about_id=listing.id,
            verdict=verdict,
            text=text,
            remarks={},
            by_person=by.id,
        )
    )
    db.session().flush()


def _close(review: Review, by: Person) -> None:
    review.decided_at = clock.now()
    move(review, ReviewState.decided, by=by.id)


def _give_back(review: Review, by: Person) -> None:
    if review.state == ReviewState.assigned:
        move(review, ReviewState.open, by=by.id)
    review.assigned_to = None
    db.session().flush()


def _decide_reports(listing: Listing, by: Person, to: ReportState) -> int:
    statement = (
        select(Report)
        .where(Report.about_kind == "listing", Report.about_id == listing.id, Report.state == ReportState.new)
        .order_by(Report.id)
        .with_for_update()
    )
    found = list(db.session().execute(statement).scalars())
    for one in found:
        one.decided_by, one.decided_at = by.id, clock.now()
        move(one, to, by=by.id)
    _tell_reporters(listing, found, to)
    return len(found)


OUTCOMES = {
    ReportState.upheld: {
        "id": "Tayangan ini kami bekukan selama diperiksa lebih lanjut.",
        "en": "We froze this listing while it is looked into further.",
    },
    ReportState.dismissed: {
        "id": "Kami tidak menemukan pelanggaran, dan tayangan ini tetap seperti semula.",
        "en": "We found nothing against the rules, and the listing stays as it was.",
    },
}


def _tell_reporters(listing: Listing, reports: list[Report], outcome: ReportState) -> None:
    """Who reported with an account hears what came of it; once a report."""
    for one in reports:
        if one.reporter_id is not None:
            notifications.queue(
                kind="report.decided",
                person_ids=[one.reporter_id],
                about=("report", one.id),
                data={
                    "title": listing.title,
                    "outcome": OUTCOMES[outcome],
                    "path": f"/{PATHS[listing.kind]}/{listing.slug}",
                },
                dedupe_key=f"report.decided:{one.id}",
            )


def _tell_organisation(organisation: Organisation, kind: str, review: Review, reason: str = "") -> None:
    notifications.queue(
        kind=kind,
        person_ids=[member.id for member in organisation_queries.members_of(organisation.id)],
        about=("organisation", organisation.id),
        data={
            "name": organisation.name,
            "reason": reason[:600],
            "path": f"/dasbor/{organisation.slug}",
        },
        dedupe_key=f"{kind}:{review.id}",
        for_organisation=organisation.id,
    )
