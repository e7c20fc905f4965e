"""The dashboard of a person: what waits for them, over all domains, and the doors to their desks."""

from __future__ import annotations

import datetime as dt
from typing import Any

from werkzeug.wrappers import Response

from coevolve.disbursements import queries as disbursements
from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.i18n import gettext as _
from coevolve.kit.i18n import ngettext
from coevolve.kit.pages import page
from coevolve.listings import queries as listings
from coevolve.organisations import policy, queries, words
from coevolve.organisations.models import ClaimState, Role, State
from coevolve.organisations.queries import Seat
from coevolve.organisations.views.door import blueprint, me
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.pledges import queries as pledges
from coevolve.voices import queries as voices

SHOWN_PLEDGES = 5
CLAIM_WARNING_DAYS = 30
FEW_CODES = 3


@blueprint.get("/dasbor")
@access("signed_in")
def dashboard() -> Response:
    """What to do, my organisations, what I give."""
    person = me()
    seats = queries.memberships_of(person.id)
    roles = people.staff_roles(person.id)
    tasks = account_tasks(person, seats, roles)
    for seat in seats:
        tasks += organisation_tasks(seat)
        tasks += _giving_tasks(seat, person)
    given = pledges.pledges_of(person.id, limit=SHOWN_PLEDGES)
    return page(
        "organisations/dashboard.html",
        person=person,
        tasks=tasks,
        seats=[
            {
                "href": f"/dasbor/{seat.organisation.slug}",
                "name": seat.organisation.name,
                "role": words.ROLES[seat.role],
                "state": words.STATES[seat.organisation.state],
                "tag": words.STATE_TAGS[seat.organisation.state],
            }
            for seat in seats
        ],
        pledges=[
            {
                "href": f"/dukungan/{row.id}",
                "title": row.listing_title,
                "receiver": row.receiver_name,
                "when": i18n.date(row.created_at, person.zone),
            }
            for row in given.rows
        ],
        more_pledges=given.next is not None,
        is_staff=bool(roles),
    )


def account_tasks(person: Person, seats: list[Seat], roles: frozenset[str]) -> list[dict[str, Any]]:
    """What the account itself lacks."""
    needs_app = bool(roles) or any(
        seat.role in {Role.owner, Role.finance} or policy.is_agency(seat.organisation) for seat in seats
    )
    if not people.has_second_factor(person.id):
        if not needs_app:
            return []
        note = _("Tanpa itu halaman yang menyangkut uang, anggota, dan penayangan tetap tertutup.")
        return [_task(_("Pasang aplikasi kode"), "/akun/aplikasi-kode", _("Wajib"), "bad", note)]
    left = people.recovery_codes_left(person.id)
    if left >= FEW_CODES or left == 0:
        return []
    state = ngettext("Sisa %(num)s", "Sisa %(num)s", left)
    return [_task(_("Buat kode cadangan baru"), "/akun/keamanan", state, "wait")]


def organisation_tasks(seat: Seat) -> list[dict[str, Any]]:
    """What waits at one organisation's desk."""
    organisation = seat.organisation
    base, name = f"/dasbor/{organisation.slug}", organisation.name
    tasks = []
    if organisation.state == State.draft:
        tasks.append(_task(_("Lengkapi dan kirim data organisasi"), base, _("Belum dikirim"), "plain", name))
    elif organisation.state == State.returned:
        tasks.append(_task(_("Perbaiki data organisasi"), base, _("Perlu perbaikan"), "bad", name))
    elif organisation.state == State.in_review:
        tasks.append(_task(_("Data organisasi sedang kami periksa"), base, _("Menunggu kami"), "wait", name))
    elif organisation.state == State.frozen:
        tasks.append(_task(_("Organisasi dibekukan sementara"), base, _("Dibekukan"), "bad", name))
    elif organisation.state == State.checked:
        tasks += _money_tasks(seat, base)
        tasks += _voice_tasks(seat, base)
        tasks += _pledge_tasks(seat, base) + _listing_tasks(seat, base) + _claim_tasks(seat, base)
    return tasks


def _money_tasks(seat: Seat, base: str) -> list[dict[str, Any]]:
    """Reports that are due, and money that waits for an owner's yes."""
    tasks = []
    for report, _disbursement, listing in disbursements.reports_of(seat.organisation.id):
        if report.state not in {"due", "returned"}:
            continue
        is_late = disbursements.is_late(report)
        state = _("Lewat tenggat") if is_late else _("Sampai %(day)s", day=i18n.date(report.due_on))
        text = _("Laporkan pemakaian dana: %(title)s", title=listing.title)
        tasks.append(_task(text, f"{base}/laporan/{report.id}", state, "bad" if is_late else "wait"))
    for listing in disbursements.untold_listings(seat.organisation.id):
        text = _("Tulis kabar tentang dana yang sudah masuk: %(title)s", title=listing.title)
        href = f"{base}/listing/{listing.id}/kabar/tulis"
        tasks.append(_task(text, href, _("Penyaluran berikutnya menunggu"), "wait"))
    waiting = disbursements.to_approve_for(seat.organisation.id, me().id) if seat.role == Role.owner else 0
    if waiting:
        text = ngettext("Setujui %(num)s penyaluran dana", "Setujui %(num)s penyaluran dana", waiting)
        tasks.append(_task(text, f"{base}/penyaluran", _("Menunggu Anda"), "bad", seat.organisation.name))
    return tasks


def _voice_tasks(seat: Seat, base: str) -> list[dict[str, Any]]:
    """Questions nobody answered yet, and invitations to ask together."""
    waiting, tasks = voices.waiting_for(seat.organisation.id), []
    if waiting.questions and seat.role != Role.finance:
        text = ngettext("Jawab %(num)s pertanyaan", "Jawab %(num)s pertanyaan", waiting.questions)
        href = f"{base}/listing/{waiting.listing_id}/suara"
        tasks.append(_task(text, href, _("Menunggu Anda"), "wait", seat.organisation.name))
    if waiting.invitations and seat.role == Role.owner:
        text = ngettext(
            "Jawab %(num)s ajakan meminta bersama",
            "Jawab %(num)s ajakan meminta bersama",
            waiting.invitations,
        )
        tasks.append(_task(text, f"{base}/ajakan", _("Menunggu Anda"), "wait", seat.organisation.name))
    return tasks


def _pledge_tasks(seat: Seat, base: str) -> list[dict[str, Any]]:
    count = pledges.waiting_for(seat.organisation.id)
    if not count or not policy.allows(seat.role, seat.organisation.state, "answer_pledges"):
        return []
    text = ngettext("Jawab %(num)s tawaran atau permintaan", "Jawab %(num)s tawaran atau permintaan", count)
    return [_task(text, f"{base}/dukungan", _("Menunggu Anda"), "bad", seat.organisation.name)]


def _giving_tasks(seat: Seat, person: Person) -> list[dict[str, Any]]:
    """Pledges of the organisation above its own limit, which somebody else put forward."""
    if not policy.allows(seat.role, seat.organisation.state, "give"):
        return []
    waiting = [
        one for one in pledges.approvals_waiting(seat.organisation.id) if one.giver_person_id != person.id
    ]
    if not waiting:
        return []
    text = ngettext("Setujui %(num)s dukungan", "Setujui %(num)s dukungan", len(waiting))
    href = f"/dasbor/{seat.organisation.slug}/pemberian"
    return [_task(text, href, _("Menunggu Anda"), "bad", seat.organisation.name)]


def _listing_tasks(seat: Seat, base: str) -> list[dict[str, Any]]:
    tasks = []
    for listing in listings.of_organisation(seat.organisation.id):
        if listing.state == "returned":
            text = _("Perbaiki: %(title)s", title=listing.title)
            tasks.append(_task(text, f"{base}/listing/{listing.id}", _("Perlu perbaikan"), "bad"))
        elif listing.state == "paused":
            text = _("Pastikan masih diperlukan: %(title)s", title=listing.title)
            tasks.append(_task(text, f"{base}/listing/{listing.id}", _("Dijeda"), "wait"))
    return tasks


def _claim_tasks(seat: Seat, base: str) -> list[dict[str, Any]]:
    if seat.role != Role.owner:
        return []
    soon = clock.today() + dt.timedelta(days=CLAIM_WARNING_DAYS)
    tasks = []
    for claim in queries.claims_of(seat.organisation.id):
        label = str(words.SUBJECTS[claim.subject])
        href = f"{base}/verifikasi/{claim.subject}"
        if claim.state == ClaimState.needs_fix:
            tasks.append(_task(label, href, _("Perlu perbaikan"), "bad", seat.organisation.name))
        elif claim.state == ClaimState.accepted and claim.expires_on is not None and claim.expires_on <= soon:
            until = _("Berlaku sampai %(until)s", until=i18n.date(claim.expires_on))
            tasks.append(
                _task(_("Perbarui: %(thing)s", thing=label), href, until, "wait", seat.organisation.name)
            )
    return tasks


def _task(text: str, href: str, state: str, kind: str, note: str = "") -> dict[str, Any]:
    return {"text": text, "href": href, "state": state, "kind": kind, "note": note}
