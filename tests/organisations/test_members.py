"""Members: rights that hang from a membership and end with it; invitations by mail."""

from __future__ import annotations

import itertools

import pytest

from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from coevolve.organisations import policy, queries, service
from coevolve.organisations.models import Invitation, Membership, Role, State
from coevolve.people import service as people_service
from coevolve.people.models import AccountMail, Purpose
from tests.factories import organisations, people

GOOD = "kapal pinisi berlayar 5"


def test_the_table_of_rights():
    expected = {
        "owner": set(policy.ROLES),
        "finance": {"see", "confirm_receipt", "give", "see_donors", "touch_money"},
        "member": {"see", "write", "edit", "answer_pledges", "confirm_receipt"},
    }
    for role, verbs in expected.items():
        can = {verb for verb in policy.ROLES if any(policy.allows(role, state, verb) for state in State)}
        assert can == verbs
    assert not any(policy.allows(None, state, verb) for state, verb in itertools.product(State, policy.ROLES))


@pytest.mark.parametrize("state", [state for state in State if state != State.checked])
def test_nothing_is_published_or_paid_unless_checked(state):
    for verb in ("publish", "pause", "close", "answer_pledges", "give", "touch_money"):
        assert not policy.allows("owner", state, verb)


def test_an_unknown_verb_is_a_fault(session):
    with pytest.raises(ValueError, match="fly"):
        policy.may(people.person(), "fly", organisations.draft())


def test_a_right_ends_with_the_membership(client, session, sign_in):
    made = organisations.organisation()
    person = organisations.member(made, "owner")
    sign_in(client, person)
    assert client.get(f"/dasbor/{made.slug}").status_code == 200
    seat = next(seat for seat in queries.seats_in(made.id) if seat.person.id == person.id)
    service.end_membership(membership_id=seat.membership_id, by=organisations.owner_of(made))
    assert not policy.may(person, "see", made)
    assert queries.role_in(person.id, made.id) is None
    for path in ("", "/profil", "/anggota", "/verifikasi", "/verifikasi/npwp"):
        assert client.get(f"/dasbor/{made.slug}{path}").status_code == 404
    for path in ("/kirim", "/anggota", f"/anggota/{seat.membership_id}/akhiri"):
        assert client.post(f"/dasbor/{made.slug}{path}").status_code == 404
    with pytest.raises(Conflict):
        service.end_membership(membership_id=seat.membership_id, by=organisations.owner_of(made))


def test_an_organisation_keeps_an_owner(session):
    made = organisations.organisation()
    owner = organisations.owner_of(made)
    seat = queries.seats_in(made.id)[0]
    with pytest.raises(Conflict):
        service.end_membership(membership_id=seat.membership_id, by=owner)
    with pytest.raises(Conflict):
        service.change_role(membership_id=seat.membership_id, by=owner, role="member")
    second = organisations.member(made, "owner")
    service.change_role(membership_id=seat.membership_id, by=second, role="member")
    assert queries.role_in(owner.id, made.id) == Role.member


@pytest.mark.parametrize("role", ["finance", "member"])
def test_only_owners_manage_members(session, role):
    made = organisations.organisation()
    person = organisations.member(made, role)
    seats = {seat.person.id: seat.membership_id for seat in queries.seats_in(made.id)}
    with pytest.raises(Forbidden):
        service.invite(organisation_id=made.id, by=person, email="x@contoh.example", role="member")
    with pytest.raises(NotFound):
        service.change_role(membership_id=seats[person.id], by=person, role="owner")
    with pytest.raises(NotFound):
        service.end_membership(membership_id=seats[organisations.owner_of(made).id], by=person)
    service.end_membership(membership_id=seats[person.id], by=person)


def test_another_organisations_owner_is_a_stranger(client, session, sign_in):
    ours, theirs = organisations.organisation(), organisations.organisation()
    stranger = organisations.owner_of(theirs)
    seat = queries.seats_in(ours.id)[0]
    with pytest.raises(NotFound):
        service.end_membership(membership_id=seat.membership_id, by=stranger)
    sign_in(client, stranger)
    assert client.get(f"/dasbor/{ours.slug}").status_code == 404
    assert (
        client.post(f"/dasbor/{ours.slug}/anggota", data={"email": "x@y.id", "role": "owner"}).status_code
        == 404
    )
    # through one's own desk, another's membership is not there either
    answer = client.post(f"/dasbor/{theirs.slug}/anggota/{seat.membership_id}/peran", data={"role": "member"})
    assert answer.status_code == 404
    assert queries.role_in(seat.person.id, ours.id) == Role.owner


def test_managing_members_needs_a_fresh_code(client, session, sign_in):
    made = organisations.organisation()
    sign_in(client, organisations.owner_of(made), fresh=False)
    answer = client.post(f"/dasbor/{made.slug}/anggota", data={"email": "x@y.id", "role": "member"})
    assert answer.location.startswith("/akun/aplikasi-kode?ke=")
    assert session.query(Invitation).count() == 0


def invitation_link(session):
    mail = (
        session.query(AccountMail).filter_by(purpose=Purpose.invite).order_by(AccountMail.id.desc()).first()
    )
    token = people_service.letter(mail).context["link"].rpartition("/")[2]
    session.flush()
    return token


def test_an_invited_stranger_opens_an_account_and_joins(client, session):
    made = organisations.organisation()
    owner = organisations.owner_of(made)
    service.invite(
        organisation_id=made.id, by=owner, email="Baru@contoh.example", role="finance", office="Bendahara"
    )
    path = f"/undangan/{invitation_link(session)}"
    page = client.get(path)
    assert made.name in page.text and page.headers["Referrer-Policy"] == "no-referrer"
    opened = client.post(path, data={"name": "Made Ayu", "password": GOOD, "agrees": "y"})
    assert opened.location == path
    assert "Bendahara" in client.get(path).text
    assert client.post(path).location == f"/dasbor/{made.slug}"
    seat = next(seat for seat in queries.seats_in(made.id) if seat.person.email == "baru@contoh.example")
    assert (seat.role, seat.office) == ("finance", "Bendahara")
    assert client.get(path).status_code == 410


def test_an_invited_member_of_the_platform_signs_in_first(client, session, sign_in):
    made, known = organisations.organisation(), people.person()
    service.invite(organisation_id=made.id, by=organisations.owner_of(made), email=known.email, role="member")
    path = f"/undangan/{invitation_link(session)}"
    assert client.get(path).location.startswith("/masuk?ke=%2Fundangan%2F")
    sign_in(client, people.person())
    assert known.email in client.get(path).text
    assert client.post(path).status_code == 422
    sign_in(client, known)
    assert client.post(path).status_code == 303
    assert queries.role_in(known.id, made.id) == Role.member


def test_an_invitation_dies_with_its_reason(session):
    made = organisations.organisation()
    owner, second = organisations.owner_of(made), organisations.member(made, "owner")
    invited = people.person()
    service.invite(organisation_id=made.id, by=second, email=invited.email, role="owner")
    token = invitation_link(session)
    seat = next(seat for seat in queries.seats_in(made.id) if seat.person.id == second.id)
    service.end_membership(membership_id=seat.membership_id, by=owner)
    with pytest.raises(Forbidden):
        service.accept_invitation(token=token, by=invited)
    service.invite(organisation_id=made.id, by=owner, email=invited.email, role="owner")
    token = invitation_link(session)
    door = queries.invitations_of(made.id)[0]
    with pytest.raises(NotFound):
        service.withdraw_invitation(invitation_id=door.id, by=invited)
    service.withdraw_invitation(invitation_id=door.id, by=owner)
    with pytest.raises(Forbidden):
        service.accept_invitation(token=token, by=invited)


def test_inviting_again_closes_the_older_door(session):
    made = organisations.organisation()
    owner, invited = organisations.owner_of(made), people.person()
    service.invite(organisation_id=made.id, by=owner, email=invited.email, role="owner")
    first = invitation_link(session)
    service.invite(organisation_id=made.id, by=owner, email=invited.email, role="member")
    assert service.find_invitation(first) is None
    service.accept_invitation(token=invitation_link(session), by=invited)
    assert queries.role_in(invited.id, made.id) == Role.member
    with pytest.raises(DomainError):
        service.invite(organisation_id=made.id, by=owner, email=invited.email, role="member")


def test_roles_nobody_knows_are_refused(session):
    made = organisations.organisation()
    owner = organisations.owner_of(made)
    with pytest.raises(Invalid):
        service.invite(organisation_id=made.id, by=owner, email="x@contoh.example", role="king")
    with pytest.raises(Invalid):
        service.add_member(organisation_id=made.id, person_id=people.guest().id, role="member")
    with pytest.raises(Conflict):
        service.add_member(organisation_id=made.id, person_id=owner.id, role="member")


def test_officers_are_bound_to_their_area(session):
    agency = organisations.agency(home_locality_code="35.78")
    officer = organisations.owner_of(agency)
    assert queries.is_officer(officer.id) and queries.areas_of(officer.id) == ["35.78"]
    assert not queries.is_officer(organisations.owner_of(organisations.organisation()).id)
    organisations.member(agency, "owner")
    seat = session.query(Membership).filter_by(person_id=officer.id).one()
    service.end_membership(membership_id=seat.id, by=officer)
    assert not queries.is_officer(officer.id)


def test_members_of_an_organisation(session):
    made = organisations.organisation()
    owner, finance = organisations.owner_of(made), organisations.member(made, "finance")
    blocked = organisations.member(made, "member")
    people_service.block(person_id=blocked.id, by=people.moderator().id, reason="uji")
    assert queries.members_of(made.id) == [owner, finance]
    assert queries.members_of(made.id, roles=["finance"]) == [finance]
    assert [seat.organisation_id for seat in queries.memberships_of(owner.id)] == [made.id]
