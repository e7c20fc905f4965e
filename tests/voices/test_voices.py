"""Voices: statements of officials, public questions, joint listings; who may, what is refused, who is told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock, reads
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid, InvalidMove
from coevolve.listings.models import Listing
from coevolve.notifications.models import Message
from coevolve.people.models import Person, PersonState
from coevolve.voices import links, queries, service
from coevolve.voices.models import Attestation, AttestationState, ListingPartner, PartnerState, QuestionState
from tests.factories import listings, organisations, people


@pytest.fixture
def need(session: Session) -> Listing:
    return listings.open_need()


@pytest.fixture
def owner(need: Listing) -> Person:
    from coevolve.organisations import queries as found

    return organisations.owner_of(found.get(need.organisation_id))


def _told(session: Session, person: Person) -> set[str]:
    statement = select(Message.kind).where(Message.person_id == person.id, Message.channel == "email")
    return set(session.scalars(statement))


def _ask(need: Listing, by: Person, **over: str) -> Attestation:
    given = {
        "email": "kades@desa.example",
        "name": "Bapak Kades",
        "office": "Kepala Desa",
        "agency": "Desa Contoh",
    }
    return service.ask_attestation(listing_id=need.id, by=by, **(given | over))


SAID = {
    "name": "Bapak Kades",
    "office": "Kepala Desa",
    "agency": "Desa Contoh",
    "text": "Benar, sumurnya kering.",
}


# --- statements -------------------------------------------------------------------------------------


def test_an_official_without_account_speaks_through_the_mailed_link(
    client: FlaskClient, session: Session, need: Listing, owner: Person
) -> None:
    asked = _ask(need, owner)
    official = session.get(Person, asked.person_id)
    assert official is not None and official.state == PersonState.invited
    assert _told(session, official) == {"attestation.asked"}
    path = links.path(asked.id)
    assert need.title in client.get(path).text
    assert client.get(f"/pernyataan/{asked.id}").status_code == 404
    assert client.get(f"{path}x").status_code == 404
    unticked = client.post(path, data=SAID)
    assert unticked.status_code == 422 and "Benar, sumurnya kering." in unticked.text
    assert client.post(path, data=SAID | {"is_true": "y"}).status_code == 303
    assert "attestation.given" in _told(session, owner)
    (shown,) = reads.answer(queries.asks_voices(need.id)).attestations
    assert (shown.office, shown.text, shown.method) == ("Kepala Desa", "Benar, sumurnya kering.", "link")
    revoke = path.replace("?", "/cabut?")
    assert client.post(revoke, data={"reason": ""}).status_code == 422
    assert client.post(revoke, data={"reason": "Data saya keliru."}).status_code == 303
    assert reads.answer(queries.asks_voices(need.id)).attestations == ()
    assert client.post(path, data=SAID | {"is_true": "y"}).status_code == 422, (
        "what was revoked stays revoked"
    )


def test_what_asking_an_official_refuses(session: Session, need: Listing, owner: Person) -> None:
    refused: list[tuple[type[DomainError], dict[str, Any]]] = [
        (Forbidden, {"by": people.person()}),
        (Invalid, {"by": owner, "office": " "}),
        (Invalid, {"by": owner, "name": "x" * 121}),
        (Invalid, {"by": owner, "email": "bukan surel"}),
        (Conflict, {"by": owner, "email": owner.email}),
    ]
    for error, given in refused:
        with pytest.raises(error):
            _ask(need, **given)
    _ask(need, owner)
    with pytest.raises(Conflict):
        _ask(need, owner)
    for number in range(4):
        _ask(need, owner, email=f"camat{number}@desa.example")
    with pytest.raises(Conflict):
        _ask(need, owner, email="keenam@desa.example")


def test_a_request_ends_by_answer_by_withdrawal_or_by_time(
    session: Session, need: Listing, owner: Person
) -> None:
    declined = service.decline_attestation(attestation_id=_ask(need, owner).id, reason="Bukan wilayah saya.")
    assert declined.state == AttestationState.declined and "attestation.declined" in _told(session, owner)
    withdrawn = service.withdraw_attestation(attestation_id=_ask(need, owner).id, by=owner)
    with pytest.raises(InvalidMove):
        service.give_attestation(attestation_id=withdrawn.id, **SAID)
    late = _ask(need, owner)
    assert service.lapse_due() == 0
    with clock.travel(clock.now() + dt.timedelta(days=31)):
        assert service.lapse_due() == 1
    session.refresh(late)
    assert late.state == AttestationState.lapsed
    assert _ask(need, owner).state == AttestationState.asked, "who did not answer may be asked anew"


def test_an_officer_of_the_place_speaks_at_their_desk(
    client: FlaskClient, session: Session, sign_in: Any, need: Listing
) -> None:
    officer, elsewhere = people.person(), people.person()
    agency = organisations.agency(owner=officer, home_locality_code=str(need.province_code))
    organisations.agency(owner=elsewhere, home_locality_code="32.04")
    assert f"/nyatakan/{need.slug}" in client.get(f"/kebutuhan/{need.slug}").text
    sign_in(client, elsewhere)
    assert client.get(f"/nyatakan/{need.slug}").status_code == 403
    sign_in(client, officer)
    typed = {"office": "Kepala Bidang", "text": "Masuk rencana kerja daerah."}
    assert client.post(f"/nyatakan/{need.slug}", data=typed | {"text": ""}).status_code == 422
    assert client.post(f"/nyatakan/{need.slug}", data=typed).status_code == 303
    (shown,) = reads.answer(queries.asks_voices(need.id)).attestations
    assert (shown.agency, shown.method, shown.name) == (agency.name, "officer", officer.name)
    assert client.post(f"/nyatakan/{need.slug}", data=typed).status_code == 422


# --- questions --------------------------------------------------------------------------------------


def test_a_question_is_asked_answered_and_told(
    client: FlaskClient, session: Session, sign_in: Any, need: Listing, owner: Person
) -> None:
    asker = people.person(name="Rara")
    assert client.get(f"/tanya/{need.slug}").status_code in {302, 303}
    sign_in(client, asker)
    assert client.post(f"/tanya/{need.slug}", data={"text": "  "}).status_code == 422
    assert client.post(f"/tanya/{need.slug}", data={"text": "Kapan mulai?"}).status_code == 303
    (question,) = queries.questions_of(need.id)
    assert "question.asked" in _told(session, owner)
    (shown,) = reads.answer(queries.asks_voices(need.id)).questions
    assert (shown.name, shown.text, shown.answer) == ("", "Kapan mulai?", ""), "a name shows only when wished"
    assert queries.waiting_for(need.organisation_id).questions == 1
    sign_in(client, owner)
    base = f"/dasbor/{organisations_slug(need)}/listing/{need.id}/suara"
    assert "Kapan mulai?" in client.get(base).text
    assert client.post(f"{base}/tanya/{question.id}", data={"answer": "Bulan depan."}).status_code == 303
    assert client.post(f"{base}/tanya/{question.id}", data={"answer": "Tanggal 5."}).status_code == 303
    assert "question.answered" in _told(session, asker)
    (shown,) = reads.answer(queries.asks_voices(need.id)).questions
    assert shown.answer == "Tanggal 5." and queries.waiting_for(need.organisation_id).questions == 0
    assert client.get(f"/tanya/{need.slug}").status_code == 403, "members do not ask themselves"


def organisations_slug(need: Listing) -> str:
    from coevolve.organisations import queries as found

    return found.get(need.organisation_id).slug


def test_only_members_answer_and_only_moderators_hide(
    client: FlaskClient, session: Session, sign_in: Any, need: Listing, owner: Person
) -> None:
    asker = people.person()
    question = service.ask(listing_id=need.id, by=asker, text="Nomor telepon saya 0812", is_name_public=True)
    with pytest.raises(Forbidden):
        service.answer(question_id=question.id, by=asker, text="x")
    with pytest.raises(Forbidden):
        service.hide_question(question_id=question.id, by=owner, reason="x")
    sign_in(client, people.moderator())
    assert "0812" in client.get("/moderasi/pertanyaan").text
    assert (
        client.post(f"/moderasi/pertanyaan/{question.id}", data={"reason": "Data pribadi."}).status_code
        == 303
    )
    session.refresh(question)
    assert question.state == QuestionState.hidden
    assert reads.answer(queries.asks_voices(need.id)).questions == ()
    assert "question.hidden" in _told(session, asker)
    with pytest.raises(InvalidMove):
        service.answer(question_id=question.id, by=owner, text="x")


# --- joint listings ---------------------------------------------------------------------------------


def test_a_partner_is_invited_joins_shows_and_leaves(
    client: FlaskClient, session: Session, sign_in: Any, need: Listing, owner: Person
) -> None:
    partner = organisations.organisation()
    theirs = organisations.owner_of(partner)
    sign_in(client, owner)
    base = f"/dasbor/{organisations_slug(need)}/listing/{need.id}/suara"
    typed = {"organisation": f"/organisasi/{partner.slug}", "part": "Menggali parit pipa."}
    assert (
        client.post(f"{base}/mitra", data=typed | {"organisation": "/organisasi/tidak-ada"}).status_code
        == 422
    )
    assert client.post(f"{base}/mitra", data=typed).status_code == 303
    assert client.post(f"{base}/mitra", data=typed).status_code == 422
    assert "partner.invited" in _told(session, theirs)
    ((row, _),) = queries.partners_of(need.id)
    assert reads.answer(queries.asks_voices(need.id)).partners == ()
    sign_in(client, theirs)
    desk = f"/dasbor/{partner.slug}/ajakan"
    assert need.title in client.get(desk).text
    assert client.post(f"{desk}/{row.id}/terima").status_code == 303
    (shown,) = reads.answer(queries.asks_voices(need.id)).partners
    assert (shown.slug, shown.part) == (partner.slug, "Menggali parit pipa.")
    assert "partner.accepted" in _told(session, owner)
    assert client.post(f"{desk}/{row.id}/keluar", data={"reason": "Tenaga kami habis."}).status_code == 303
    assert reads.answer(queries.asks_voices(need.id)).partners == ()
    assert "partner.ended" in _told(session, owner)


def test_what_joint_listings_refuse(session: Session, need: Listing, owner: Person) -> None:
    partner = organisations.organisation()
    invited: dict[str, Any] = {"listing_id": need.id, "slug": partner.slug, "part": "Ikut."}
    with pytest.raises(Forbidden):
        service.invite_partner(by=people.person(), **invited)
    for slug in (organisations_slug(need), organisations.company().slug, organisations.submitted().slug, "x"):
        with pytest.raises(Invalid):
            service.invite_partner(by=owner, **(invited | {"slug": slug}))
    row = service.invite_partner(by=owner, **invited)
    with pytest.raises(Forbidden):
        service.answer_invitation(partner_id=row.id, by=owner, is_accepted=True)
    with pytest.raises(Forbidden):
        service.end_partnership(partner_id=row.id, by=organisations.owner_of(partner), reason="x")
    with pytest.raises(Invalid):
        service.answer_invitation(
            partner_id=row.id, by=organisations.owner_of(partner), is_accepted=False, reason=" "
        )
    service.end_partnership(partner_id=row.id, by=owner, reason="Keliru alamat.")
    assert session.get(ListingPartner, row.id).state == PartnerState.withdrawn  # type: ignore[union-attr]
    again = service.invite_partner(by=owner, **invited)
    assert again.state == PartnerState.invited, "after a withdrawal one may invite anew"


def test_strangers_see_nothing_of_the_desk(
    client: FlaskClient, session: Session, sign_in: Any, need: Listing
) -> None:
    sign_in(client, people.person())
    base = f"/dasbor/{organisations_slug(need)}/listing/{need.id}/suara"
    for path in (base, f"{base}/pejabat", f"{base}/mitra", f"/dasbor/{organisations_slug(need)}/ajakan"):
        assert client.get(path).status_code == 404
