"""From a name to a checked organisation; names that look alike; levels from claims."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError

from coevolve.journal.models import JournalLine
from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, Invalid, InvalidMove
from coevolve.kit.moves import MACHINES, MoveEdge
from coevolve.organisations import levels, policy, queries, service, words
from coevolve.organisations.models import (
    CLAIM,
    ORGANISATION,
    ClaimState,
    Kind,
    Method,
    Organisation,
    State,
    Subject,
    VerificationClaim,
)
from coevolve.organisations.names import normal_name, skeleton
from tests.factories import organisations, people


def test_from_draft_to_checked(session):
    owner, moderator = people.person(), people.moderator()
    made = organisations.draft(owner=owner)
    assert (made.state, made.level, queries.may_publish(made)) == (State.draft, 1, False)
    for subject in levels.REQUIRED[Kind.cso]:
        service.file_claim(organisation_id=made.id, subject=subject, by=owner, document_number="AHU-1")
    service.submit(organisation_id=made.id, by=owner)
    assert made.state == State.in_review and made in queries.waiting_for_check()
    service.approve(organisation_id=made.id, by=moderator.id)
    assert (made.state, made.level, queries.may_publish(made)) == (State.checked, 2, True)
    kinds = [
        line.kind for line in session.query(JournalLine).filter_by(about_id=made.id).order_by(JournalLine.id)
    ]
    assert kinds[0] == "organisation.registered" and kinds[-1] == "organisation.approved"


def test_what_lacks_is_named_and_stops_the_submission(session):
    owner = people.person()
    made = organisations.draft(owner=owner, summary="", address="", email=None)
    from coevolve.organisations.service.registration import missing

    assert missing(made) == ["summary", "address", "contact", "deed", "legal_decree", "npwp"]
    with pytest.raises(Invalid):
        service.submit(organisation_id=made.id, by=owner)


@pytest.mark.parametrize("role", ["finance", "member"])
def test_only_owners_submit(session, role):
    made = organisations.draft()
    with pytest.raises(Forbidden):
        service.submit(organisation_id=made.id, by=organisations.member(made, role))
    with pytest.raises(Forbidden):
        service.submit(organisation_id=made.id, by=people.moderator())


def test_only_moderators_of_other_organisations_decide(session):
    made = organisations.submitted()
    for other in (people.person(), people.finance(), people.admin(), organisations.owner_of(made)):
        with pytest.raises(Forbidden):
            service.approve(organisation_id=made.id, by=other.id)
    insider = people.moderator()
    service.add_member(organisation_id=made.id, person_id=insider.id, role="member")
    for verb in (
        lambda: service.approve(organisation_id=made.id, by=insider.id),
        lambda: service.return_(organisation_id=made.id, by=insider.id, remarks={"name": "x"}),
        lambda: service.reject(organisation_id=made.id, by=insider.id, reason="x"),
        lambda: service.freeze(organisation_id=made.id, by=insider.id, reason="x"),
    ):
        with pytest.raises(Forbidden):
            verb()
    assert made.state == State.in_review


def test_a_moderator_who_filed_a_claim_does_not_check_it(session):
    moderator = people.moderator()
    made = organisations.submitted(owner=moderator)
    with pytest.raises(Forbidden):
        service.approve(organisation_id=made.id, by=moderator.id)


def test_returned_with_remarks_and_handed_in_again(session):
    owner, moderator = people.person(), people.moderator()
    made = organisations.submitted(owner=owner)
    with pytest.raises(Invalid):
        service.return_(organisation_id=made.id, by=moderator.id, remarks={"name": "  "})
    said = {"npwp": "Nomor kurang satu angka.", "summary": "Sebut kabupatennya."}
    service.return_(organisation_id=made.id, by=moderator.id, remarks=said)
    assert made.state == State.returned and made.remarks == said
    npwp = next(claim for claim in queries.claims_of(made.id) if claim.subject == Subject.npwp)
    assert (npwp.state, npwp.remark) == (ClaimState.needs_fix, "Nomor kurang satu angka.")
    with pytest.raises(Invalid):
        service.submit(organisation_id=made.id, by=owner)
    service.file_claim(
        organisation_id=made.id, subject="npwp", by=owner, document_number="09.254.294.3-407.000"
    )
    assert npwp.state == ClaimState.submitted
    service.submit(organisation_id=made.id, by=owner)
    service.approve(organisation_id=made.id, by=moderator.id)
    assert (made.state, made.level) == (State.checked, 2)
    assert made.remarks == {}


def test_a_corrected_claim_may_be_submitted_again(session):
    owner, moderator = people.person(), people.moderator()
    made = organisations.submitted(owner=owner)
    service.return_(organisation_id=made.id, by=moderator.id, remarks={"general": "Periksa alamat."})
    service.submit(organisation_id=made.id, by=owner)
    assert made.state == State.in_review and made.remarks == {}


def test_rejected_is_final_and_frees_the_name(session):
    made = organisations.submitted(name="Yayasan Embun Pagi")
    service.reject(organisation_id=made.id, by=people.moderator().id, reason="Bukan organisasi.")
    with pytest.raises(Forbidden):
        service.submit(organisation_id=made.id, by=organisations.owner_of(made))
    organisations.draft(name="Yayasan Embun Pagi")


def test_freezing_stops_publishing_until_it_is_lifted(session):
    made, moderator = organisations.organisation(), people.moderator()
    owner = organisations.owner_of(made)
    assert policy.may(owner, "publish", made)
    with pytest.raises(Invalid):
        service.freeze(organisation_id=made.id, by=moderator.id, reason=" ")
    service.freeze(organisation_id=made.id, by=moderator.id, reason="Laporan warga.")
    assert not policy.may(owner, "publish", made) and not queries.may_publish(made)
    assert policy.may(owner, "see", made)
    service.unfreeze(organisation_id=made.id, by=moderator.id)
    assert policy.may(owner, "publish", made)


@pytest.mark.parametrize("verb", ["approve", "freeze"])
def test_moves_that_are_not_allowed(session, verb):
    made, moderator = organisations.draft(), people.moderator()
    more = {} if verb == "approve" else {"reason": "x"}
    with pytest.raises(InvalidMove):
        getattr(service, verb)(organisation_id=made.id, by=moderator.id, **more)
    assert made.state == State.draft


@pytest.mark.parametrize(
    "name",
    [
        "Yayasan Sumber Air",
        "YAYASAN  sumber-air",
        "Yayasan Sumbеr Air",
        "Yayasan 5umber Alr",
        "Yayasan Sumber Aír",
        "Yayasan Sumber\u200b Air",
    ],
)
def test_names_that_look_alike_are_one(session, name):
    organisations.draft(name="Yayasan Sumber Air")
    with pytest.raises((Conflict, Invalid)) as refusal:
        organisations.draft(name=name)
    assert refusal.value.field == "name"


def test_the_database_refuses_look_alikes_too(session):
    made = organisations.draft()
    twin = Organisation(
        slug="kembaran", kind="cso", name="Kembaran", name_key=made.name_key, home_locality_code="53.02"
    )
    session.add(twin)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


@pytest.mark.parametrize("name", ["", "ab", "x" * 141, "123", "Ayo ke www.contoh.id", "Yayasаn Campur"])
def test_names_that_cannot_be(name):
    with pytest.raises(Invalid):
        normal_name(name)


def test_names_of_other_alphabets_may_be():
    assert normal_name("日本国際協力センター")
    assert skeleton("Pernah") == skeleton("Pemah")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("home_locality_code", "99.99"),
        ("home_locality_code", "ID"),
        ("home_locality_code", "JAW"),
        ("kind", "cult"),
        ("email", "bukan surel"),
        ("phone", "12"),
        ("website", "javascript:alert(1)"),
        ("website", "http://localhost"),
        ("summary", "x" * 301),
        ("about", "x" * 8001),
        ("name", "x\x00y"),
    ],
)
def test_bad_input_is_refused_beside_its_field(session, field, value):
    with pytest.raises(Invalid):
        organisations.draft(**{field: value})


def test_what_was_checked_cannot_be_changed_by_hand(session):
    made = organisations.organisation()
    owner = organisations.owner_of(made)
    same = {
        "organisation_id": made.id,
        "by": owner,
        "name": made.name,
        "home_locality_code": made.home_locality_code,
        "legal_form": made.legal_form,
        "summary": "Ringkasan baru.",
        "about": "",
        "email": made.email,
        "phone": None,
        "website": None,
        "address": made.address,
        "sectors": ["health"],
    }
    service.revise(**same)
    assert made.summary == "Ringkasan baru."
    for change in ({"name": "Yayasan Lain"}, {"home_locality_code": "53.01"}, {"legal_form": "PT"}):
        with pytest.raises(Invalid):
            service.revise(**{**same, **change})
    with pytest.raises(Forbidden):
        service.revise(**{**same, "by": organisations.member(made, "finance")})


# --- claims and levels -----------------------------------------------------------------------------------


def test_levels_need_the_one_before():
    legal = [(subject, Method.document) for subject in levels.REQUIRED[Kind.cso]]
    assert levels.level("cso", []) == 1
    assert levels.level("cso", [*legal[:2], ("visit", "visit"), ("track_record", "document")]) == 1
    assert levels.level("cso", legal) == 2
    assert levels.level("cso", [*legal, ("track_record", "document")]) == 2
    assert levels.level("cso", [*legal, ("visit", "visit")]) == 3
    assert levels.level("cso", [*legal, ("visit", "peer"), ("track_record", "document")]) == 4
    assert levels.level("government_agency", [("signatory", "official")]) == 2


def test_a_visit_lifts_and_a_revoked_claim_lowers(session):
    made, moderator = organisations.organisation(), people.moderator()
    service.record_visit(organisation_id=made.id, by=moderator.id, note="Bertemu pengurus.")
    assert made.level == 3
    service.write_track_record(
        organisation_id=made.id, by=moderator.id, expires_on=clock.today() + dt.timedelta(days=90)
    )
    assert made.level == 4
    deed = next(claim for claim in queries.claims_of(made.id) if claim.subject == Subject.deed)
    service.revoke_claim(claim_id=deed.id, by=moderator.id, reason="Akta palsu.")
    assert made.level == 1
    assert Subject.deed in queries.trust_card(made).unchecked


def test_claims_grow_old(session):
    made = organisations.organisation()
    service.record_visit(organisation_id=made.id, by=people.moderator().id)
    with clock.travel(dt.timedelta(days=366)):
        assert queries.level_of(made) == 2, "the card says so before the clock's job has run"
        assert [line.subject for line in queries.trust_card(made).lapsed] == [Subject.visit]
        assert service.expire_claims() == 1
        assert service.expire_claims() == 0
        assert made.level == 2
    with clock.travel(dt.timedelta(days=731)):
        service.expire_claims()
        assert made.level == 1


def test_the_trust_card_says_what_was_not_checked(session):
    card = queries.trust_card(organisations.organisation())
    assert [line.subject for line in card.checked] == list(levels.REQUIRED[Kind.cso])
    assert {"domicile", "board", "signatory", "bank_account", "visit", "track_record"} == set(card.unchecked)
    assert card.newest == clock.today()


def test_checking_claims(session):
    made, moderator = organisations.submitted(), people.moderator()
    claim = queries.claims_of(made.id)[0]
    with pytest.raises(Invalid):
        service.check_claim(claim_id=claim.id, by=moderator.id, to="needs_fix")
    with pytest.raises(Invalid):
        service.check_claim(claim_id=claim.id, by=moderator.id, to="accepted", method="telepathy")
    with pytest.raises(Invalid):
        service.check_claim(
            claim_id=claim.id, by=moderator.id, to="accepted", expires_on=clock.today() - dt.timedelta(days=1)
        )
    with pytest.raises(Forbidden):
        service.check_claim(claim_id=claim.id, by=people.finance().id, to="accepted")
    service.check_claim(claim_id=claim.id, by=moderator.id, to="accepted", method="official")
    assert (claim.state, claim.method, claim.checked_by) == ("accepted", "official", moderator.id)
    with pytest.raises(InvalidMove):
        service.check_claim(claim_id=claim.id, by=moderator.id, to="accepted")


def test_a_rejected_claim_stops_the_approval(session):
    made, moderator = organisations.submitted(), people.moderator()
    claim = queries.claims_of(made.id)[0]
    service.check_claim(
        claim_id=claim.id, by=moderator.id, to="rejected", remark="Bukan akta organisasi ini."
    )
    with pytest.raises(Invalid):
        service.approve(organisation_id=made.id, by=moderator.id)


def test_a_renewal_takes_the_place_of_the_older_claim(session):
    made, moderator = organisations.organisation(), people.moderator()
    owner = organisations.owner_of(made)
    renewed = service.file_claim(organisation_id=made.id, subject="npwp", by=owner, document_number="BARU-1")
    assert renewed.state == ClaimState.submitted and made.level == 2
    service.check_claim(claim_id=renewed.id, by=moderator.id, to="accepted")
    states = [claim.state for claim in queries.claims_of(made.id) if claim.subject == "npwp"]
    assert sorted(states) == ["accepted", "expired"] and made.level == 2


@pytest.mark.parametrize(
    "filed",
    [
        {"document_number": "x"},
        {"document_number": "x" * 81},
        {"subject": "visit"},
        {"subject": "nothing"},
        {"note": "x" * 501},
        {"document_date": dt.date(2999, 1, 1)},
    ],
)
def test_claims_that_cannot_be_filed(session, filed):
    made = organisations.draft()
    with pytest.raises(Invalid):
        service.file_claim(
            organisation_id=made.id,
            by=organisations.owner_of(made),
            **{"subject": "deed", "document_number": "AHU-1", **filed},
        )


def test_the_database_wants_two_people(session):
    made = organisations.organisation()
    owner = organisations.owner_of(made)
    claim = VerificationClaim(
        organisation_id=made.id,
        subject="board",
        state="submitted",
        submitted_by=owner.id,
        checked_by=owner.id,
    )
    session.add(claim)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.flush()


@pytest.mark.parametrize("machine", [ORGANISATION, CLAIM, MACHINES["person"]])
def test_the_tables_of_moves_agree_with_the_migration(session, machine):
    rows = session.query(MoveEdge).filter_by(machine=machine.name)
    assert sorted((row.src, row.dst) for row in rows) == machine.edges()


def test_everything_has_words():
    assert set(words.KINDS) == set(Kind)
    assert set(words.STATES) == set(words.STATE_TAGS) == set(State)
    assert set(words.CLAIM_STATES) == set(words.CLAIM_TAGS) == set(ClaimState)
    assert set(words.SUBJECTS) == set(Subject)
    assert set(words.METHODS) == set(Method)
    assert set(words.LEVELS) == {1, 2, 3, 4}
