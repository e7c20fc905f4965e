"""Reviews and reports: who decides, the two moderators, the reason to the author, races, and the pages."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import db
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from coevolve.kit.moves import MoveEdge
from coevolve.listings import queries as listing_queries
from coevolve.listings.models import Kind, Listing, State
from coevolve.moderation import policy, queries, service
from coevolve.moderation.models import REPORT, REVIEW, Decision, Report, ReportState, ReviewState
from coevolve.notifications.models import Message
from coevolve.organisations import service as organisation_service
from tests.factories import listings, organisations, people


@pytest.mark.parametrize("machine", [REVIEW, REPORT])
def test_edges_in_the_database_are_those_of_the_machine(session: Session, machine: Any) -> None:
    rows = session.execute(select(MoveEdge.src, MoveEdge.dst).where(MoveEdge.machine == machine.name))
    assert sorted((row.src, row.dst) for row in rows) == machine.edges()


def _campaign(**over: Any) -> Listing:
    return listings.submitted(kind=Kind.campaign, lines=(listings.money(),), **over)


def _told(session: Session, about: uuid.UUID, kind: str) -> list[dict[str, Any]]:
    return list(
        session.execute(select(Message.data).where(Message.about_id == about, Message.kind == kind)).scalars()
    )


# --- submissions ------------------------------------------------------------------------------------


def test_a_need_opens_at_the_first_yes(session: Session) -> None:
    made = listings.submitted()
    assert service.approve_listing(listing_id=made.id, by=people.moderator()) == service.Approved(True, False)
    assert made.state == State.open
    assert queries.review_of("listing", made.id) is None


def test_a_first_campaign_waits_for_another_moderator(session: Session) -> None:
    made, one, two = _campaign(), people.moderator(), people.moderator()
    assert service.approve_listing(listing_id=made.id, by=one) == service.Approved(False, True)
    assert made.state == State.in_review
    with pytest.raises(Conflict):
        service.approve_listing(listing_id=made.id, by=one)
    assert made.state == State.in_review
    assert service.approve_listing(listing_id=made.id, by=two).is_open
    assert (made.opened_by, made.seconded_by) == (two.id, one.id)
    assert [name for _d, name in queries.decisions_about("listing", made.id)] == [two.name, one.name]


def test_a_yes_before_a_return_does_not_count_afterwards(session: Session) -> None:
    made, one, two = _campaign(), people.moderator(), people.moderator()
    service.approve_listing(listing_id=made.id, by=one)
    service.return_listing(
        listing_id=made.id, by=two, text="Sebut desanya dalam judul.", remarks={"title": "Sebut desa."}
    )
    from coevolve.listings import service as listing_service

    listing_service.submit(listing_id=made.id, by=listings.owner_of(made))
    assert not service.approve_listing(listing_id=made.id, by=two).is_open
    assert service.approve_listing(listing_id=made.id, by=one).is_open


def test_the_author_gets_the_reason(session: Session) -> None:
    returned, rejected = listings.submitted(), listings.submitted()
    by = people.moderator()
    service.return_listing(
        listing_id=returned.id, by=by, text="", remarks={"story": "Ceritakan lebih banyak."}
    )
    service.reject_listing(listing_id=rejected.id, by=by, text="Ini iklan.", reason_code="not_social")
    assert returned.remarks == {"story": "Ceritakan lebih banyak."}
    assert "Ceritakan lebih banyak." in _told(session, returned.id, "listing.returned")[0]["reason"]
    assert "Ini iklan." in _told(session, rejected.id, "listing.rejected")[0]["reason"]
    assert "Bukan kegiatan" not in _told(session, rejected.id, "listing.rejected")[0]["reason"]
    assert "bukan kebutuhan warga" in _told(session, rejected.id, "listing.rejected")[0]["reason"]


def test_nobody_decides_about_their_own_or_without_the_role(session: Session) -> None:
    made = listings.submitted()
    both = people.moderator()
    organisation_service.add_member(organisation_id=made.organisation_id, person_id=both.id, role="member")
    for who in (both, listings.owner_of(made), people.person(), people.finance(), people.admin()):
        acts: list[Any] = [
            lambda who=who: service.assign(about_kind="listing", about_id=made.id, by=who),
            lambda who=who: service.approve_listing(listing_id=made.id, by=who),
            lambda who=who: service.return_listing(
                listing_id=made.id, by=who, text="Perbaiki judul.", remarks={}
            ),
            lambda who=who: service.reject_listing(listing_id=made.id, by=who, text="Bukan kegiatan sosial."),
        ]
        for act in acts:
            with pytest.raises(Forbidden):
                act()
    assert made.state == State.in_review


def test_deciding_twice_is_refused(session: Session) -> None:
    made, by = listings.submitted(), people.moderator()
    service.reject_listing(listing_id=made.id, by=by, text="Bukan kegiatan sosial.")
    for act in (service.approve_listing, service.reject_listing):
        with pytest.raises(Conflict):
            act(
                listing_id=made.id,
                by=by,
                **({"text": "Bukan kegiatan sosial."} if act is service.reject_listing else {}),
            )


def test_taking_and_taking_over(session: Session) -> None:
    made, one, two = listings.submitted(), people.moderator(), people.moderator()
    assert service.assign(about_kind="listing", about_id=made.id, by=one).state == ReviewState.assigned
    service.assign(about_kind="listing", about_id=made.id, by=two)
    row = next(row for row in queries.waiting_listings() if row.id == made.id)
    assert row.assignee == two.name
    service.approve_listing(listing_id=made.id, by=one)
    assert made.state == State.open


def test_organisations_go_the_same_way(session: Session) -> None:
    by = people.moderator()
    approved, returned, rejected = (organisations.submitted() for _ in range(3))
    service.approve_organisation(organisation_id=approved.id, by=by, method="document")
    service.return_organisation(organisation_id=returned.id, by=by, remarks={"address": "Tulis nomor rumah."})
    service.reject_organisation(organisation_id=rejected.id, by=by, text="Organisasi ini tidak ada.")
    assert (approved.state, returned.state, rejected.state) == ("checked", "returned", "rejected")
    assert _told(session, approved.id, "organisation.approved")
    assert "nomor rumah" in _told(session, returned.id, "organisation.returned")[0]["reason"]
    assert "tidak ada" in _told(session, rejected.id, "organisation.rejected")[0]["reason"]
    own = organisations.submitted()
    organisation_service.add_member(organisation_id=own.id, person_id=by.id, role="member")
    with pytest.raises(Forbidden):
        service.approve_organisation(organisation_id=own.id, by=by, method="document")


def test_two_moderators_at_once_open_a_campaign_once(committed: Any) -> None:
    from coevolve.localities import service as localities

    localities.ensure_loaded()
    made = _campaign()
    moderators = [people.moderator(), people.moderator()]
    listing_id, ids = made.id, [one.id for one in moderators]
    db.commit()
    results: list[Any] = []
    gate = threading.Barrier(2)

    def approve(person_id: uuid.UUID) -> None:
        with committed.app.app_context():
            person = people.queries.get(person_id)
            gate.wait()
            try:
                results.append(service.approve_listing(listing_id=listing_id, by=person))
                db.commit()
            except DomainError as refusal:
                db.session().rollback()
                results.append(refusal)
            finally:
                db.db.session.remove()

    threads = [threading.Thread(target=approve, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not all(isinstance(one, service.Approved) for one in results):
        # Both began the review at once: one waits, finds the other's row and is told to look again; nothing is lost.
        assert sum(isinstance(one, Conflict) for one in results) == 1
        return
    assert sorted(one.is_open for one in results) == [False, True]
    opened = db.get(Listing, listing_id)
    db.session().refresh(opened)
    assert opened.state == State.open
    assert {opened.opened_by, opened.seconded_by} == set(ids)


# --- what catches the eye -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story", "word"),
    [
        ("Kirim ke rekening BCA 1234567890 atas nama saya.", "rekening"),
        ("Donasi: 1234 5678 9012 3456", "rekening"),
        ("Hubungi 0812-3456-7890 untuk transfer.", "telepon"),
        ("Lihat https://contoh.id/bayar", "tautan"),
    ],
)
def test_numbers_and_links_in_the_text_are_flagged(session: Session, story: str, word: str) -> None:
    made = listings.draft(story=f"{listings.STORY} {story}")
    assert word in {str(flag.word) for flag in policy.flags(made, [])}


@pytest.mark.parametrize(
    "story", ["Rp 1.234.567.890 untuk 40 keluarga", "tahun 2026 sampai 2027, 312 keluarga", "53.02.01.2001"]
)
def test_amounts_years_and_codes_are_not(session: Session, story: str) -> None:
    made = listings.draft(story=f"{listings.STORY} {story}")
    assert policy.flags(made, []) == []


def test_a_title_like_another_is_shown(session: Session) -> None:
    first = listings.open_need(title="Sumur bor untuk Dusun Oelbubuk Timur")
    copy = listings.submitted(title="Sumur bor untuk dusun Oelbubuk Timur 2")
    listings.submitted(title="Kelas membaca di kapal nelayan")
    assert [other.id for other, _ in listing_queries.look_alikes(copy)] == [first.id]


# --- reports ----------------------------------------------------------------------------------------


def test_a_report_reaches_the_queue_and_is_decided(session: Session) -> None:
    made, by = listings.open_need(), people.moderator()
    before = queries.tabs()["report"].count
    told = {"reason": "fraud", "text": "Foto ini diambil dari berita lama.", "by": None}
    service.report(listing_id=made.id, **told)
    notices = select(Message.id).where(Message.kind == "moderation.waiting")
    first = session.execute(notices).all()
    assert first
    service.report(listing_id=made.id, **told)
    assert session.execute(notices).all() == first
    assert queries.tabs()["report"].count == before + 1
    assert service.dismiss(listing_id=made.id, by=by, text="Foto itu milik organisasi ini.") == 2
    with pytest.raises(Conflict):
        service.dismiss(listing_id=made.id, by=by, text="Foto itu milik organisasi ini.")
    assert made.state == State.open
    assert {row.state for row in session.execute(select(Report)).scalars()} == {ReportState.dismissed}


def test_freezing_upholds_the_reports_and_tells_the_members(session: Session) -> None:
    made, by = listings.open_need(), people.moderator()
    service.report(
        listing_id=made.id, reason="money", text="Uangnya dipakai untuk hal lain.", by=people.person()
    )
    service.freeze(listing_id=made.id, by=by, text="Kami memeriksa laporan tentang pemakaian uang.")
    assert made.state == State.frozen
    assert _told(session, made.id, "listing.frozen")
    service.unfreeze(listing_id=made.id, by=by, text="Nota sudah diperiksa dan cocok.")
    assert made.state == State.open
    verdicts = [decision.verdict for decision, _ in queries.decisions_about("listing", made.id)]
    assert verdicts[:2] == ["unfreeze", "freeze"]


def test_bad_reports_are_refused(session: Session) -> None:
    made, hidden = listings.open_need(), listings.draft()
    for reason, text in (
        ("magic", "Sebuah alasan yang panjang"),
        ("fraud", "pendek"),
        ("fraud", "x" * 2_001),
    ):
        with pytest.raises(Invalid):
            service.report(listing_id=made.id, reason=reason, text=text, by=None)
    with pytest.raises(NotFound):
        service.report(listing_id=hidden.id, reason="fraud", text="Sebuah alasan yang panjang", by=None)


# --- pages ------------------------------------------------------------------------------------------


def test_only_moderators_come_in(client: FlaskClient, session: Session, sign_in: Any) -> None:
    made, body = listings.submitted(), organisations.submitted()
    pages = [
        "/moderasi",
        f"/moderasi/tayangan/{made.id}",
        f"/moderasi/organisasi/{body.id}",
        f"/moderasi/laporan/{made.id}",
    ]
    for path in pages:
        assert client.get(path).status_code in (302, 303)
    for who in (listings.owner_of(made), people.finance(), people.admin()):
        sign_in(client, who)
        for path in pages:
            assert client.get(path).status_code == 403, (who.name, path)
        assert client.post(f"/moderasi/tayangan/{made.id}/setujui").status_code == 403
    sign_in(client, people.moderator())
    for path in pages:
        assert client.get(path).status_code == 200, path


def test_from_the_queue_to_the_decision(client: FlaskClient, session: Session, sign_in: Any) -> None:
    made = _campaign(title="Perpustakaan terapung untuk Pulau Semau")
    one, two = people.moderator(), people.moderator()
    sign_in(client, one)
    assert "Perpustakaan terapung" in client.get("/moderasi").text
    assert "perlu dua moderator" in client.get(f"/moderasi/tayangan/{made.id}").text
    assert client.post(f"/moderasi/tayangan/{made.id}/setujui").status_code == 303
    assert "1 dari 2 persetujuan" in client.get("/moderasi").text
    assert client.post(f"/moderasi/tayangan/{made.id}/setujui").status_code == 409
    sign_in(client, two)
    assert one.name in client.get(f"/moderasi/tayangan/{made.id}").text
    assert client.post(f"/moderasi/tayangan/{made.id}/setujui").status_code == 303
    assert client.get(f"/kampanye/{made.slug}").status_code == 200


def test_remarks_without_words_keep_the_page(client: FlaskClient, session: Session, sign_in: Any) -> None:
    made = listings.submitted()
    sign_in(client, people.moderator())
    answer = client.post(f"/moderasi/tayangan/{made.id}/perbaikan", data={"text": "", "title": "  "})
    assert answer.status_code == 422
    assert "Tulis apa yang perlu diperbaiki." in answer.text
    answer = client.post(f"/moderasi/tayangan/{made.id}/tolak", data={"reason_code": "other", "text": "ya"})
    assert answer.status_code == 422
    answer = client.post(
        f"/moderasi/tayangan/{made.id}/tolak", data={"reason_code": "magic", "text": "x" * 3_000}
    )
    assert answer.status_code == 422
    assert (
        client.post(f"/moderasi/tayangan/{made.id}/perbaikan", data={"title": "Sebut desanya."}).status_code
        == 303
    )
    session.refresh(made)
    assert made.remarks == {"title": "Sebut desanya."}


def test_an_organisation_by_its_page(client: FlaskClient, session: Session, sign_in: Any) -> None:
    body = organisations.submitted()
    sign_in(client, people.moderator())
    base = f"/moderasi/organisasi/{body.id}"
    assert body.name in client.get("/moderasi?tab=organisasi").text
    refused = client.post(f"{base}/perbaikan", data={"remark_address": " "})
    assert refused.status_code == 422
    kept = client.post(f"{base}/tolak", data={"text": "pendek"})
    assert kept.status_code == 422
    assert "pendek" in kept.text
    assert client.post(f"{base}/ambil").status_code == 303
    assert client.post(f"{base}/perbaikan", data={"remark_deed": "Foto akta terpotong."}).status_code == 303
    session.refresh(body)
    assert body.remarks == {"deed": "Foto akta terpotong."}


def test_anybody_may_report_a_few_times_a_day(client: FlaskClient, session: Session) -> None:
    made = listings.open_need()
    path = f"/laporkan/{made.slug}"
    assert client.get(path).status_code == 200
    assert client.post(path, data={"reason": "fraud", "text": "pendek"}).status_code == 422
    told = {"reason": "fraud", "text": "Foto ini diambil dari berita lama."}
    answers = [client.post(path, data=told).status_code for _ in range(6)]
    assert answers[0] == 303
    assert answers[-1] == 429
    assert client.get("/laporkan/tidak-ada").status_code == 404
    assert client.get(f"/laporkan/{listings.draft().slug}").status_code == 404


def test_reports_by_their_page(client: FlaskClient, session: Session, sign_in: Any) -> None:
    made = listings.open_need()
    service.report(listing_id=made.id, reason="fraud", text="Foto ini diambil dari berita lama.", by=None)
    sign_in(client, people.moderator())
    assert made.title in client.get("/moderasi?tab=laporan").text
    base = f"/moderasi/laporan/{made.id}"
    assert client.post(f"{base}/bekukan", data={"text": "ya"}).status_code == 422
    assert client.post(f"{base}/bekukan", data={"text": "Kami memeriksa asal foto."}).status_code == 303
    assert "Sedang ditinjau" in client.get(f"/kebutuhan/{made.slug}").text
    assert client.post(f"{base}/tutup", data={"text": "Laporan terbukti benar."}).status_code == 303
    session.refresh(made)
    assert made.state == State.closed


def test_decisions_keep_their_reason(session: Session) -> None:
    from sqlalchemy.exc import IntegrityError

    made = listings.open_need()
    bad = Decision(
        about_kind="listing",
        about_id=made.id,
        verdict="freeze",
        text="",
        remarks={},
        by_person=made.created_by,
    )
    session.add(bad)
    with pytest.raises(IntegrityError):
        session.flush()
