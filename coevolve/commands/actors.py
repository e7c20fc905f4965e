"""The actors of the access tests: one person for every way to stand before a door (two CSOs, two areas)."""

from __future__ import annotations

from typing import Any

from coevolve.localities import service as localities
from coevolve.organisations import levels
from coevolve.organisations import queries as organisation_queries
from coevolve.organisations import service as organisations
from coevolve.organisations.models import Kind, Organisation
from coevolve.people import queries, service
from coevolve.people.models import Person

PASSWORD = "sepuluh perahu menepi 7"  # noqa: S105 - known on purpose; the command refuses outside tests
AREA_X, AREA_Y = "53.02", "35.78"
SECRETS = "ABCDEFGHIJKLMN"

STAFF = {
    "moderator-1": ("moderator", True),
    "moderator-2": ("moderator", True),
    "finance-1": ("finance", True),
    "finance-2": ("finance", True),
    "admin": ("admin", True),
    "admin-without-2fa": ("admin", False),
}
BODIES = {
    "cso-a": (Kind.cso, "Yayasan Uji Lontar", AREA_X),
    "cso-b": (Kind.cso, "Perkumpulan Uji Bakau", AREA_Y),
    "agency-x": (Kind.government_agency, "Bappeda Uji Wilayah X", AREA_X),
    "agency-y": (Kind.government_agency, "Bappeda Uji Wilayah Y", AREA_Y),
}
OWNERS = {"cso-a-owner": "cso-a", "cso-b-owner": "cso-b", "officer-x": "agency-x", "officer-y": "agency-y"}
MEMBERS = {"cso-a-finance": ("cso-a", "finance"), "cso-a-member": ("cso-a", "member")}
WITH_APP = (*STAFF, *OWNERS, "cso-a-finance")
NAMES = ("unverified", "donor", *OWNERS, *MEMBERS, *STAFF)


def seed() -> list[dict[str, Any]]:
    """Make what is missing and describe all: name, e-mail, password, TOTP secret, staff role, organisation."""
    localities.ensure_loaded()
    people = {name: _person(name) for name in NAMES}
    for name, (role, _) in STAFF.items():
        if role not in queries.staff_roles(people[name].id):
            service.grant_role(person_id=people[name].id, role=role, by=None)
    bodies = {
        body: _organisation(body, people[owner], people["moderator-1"]) for owner, body in OWNERS.items()
    }
    for name, (body, role) in MEMBERS.items():
        if organisation_queries.role_in(people[name].id, bodies[body].id) is None:
            organisations.add_member(organisation_id=bodies[body].id, person_id=people[name].id, role=role)
    return [_describe(name, people[name], bodies) for name in NAMES]


def _person(name: str) -> Person:
    email = f"{name}@aktor.example"
    known = queries.find_by_email(email)
    if known is not None:
        return known
    words = f"Aktor {name.replace('-', ' ').title()}"
    if name == "unverified":
        return service.guest(email=email, name=words)
    person = service.create_active(email=email, name=words, password=PASSWORD)
    if name in WITH_APP and name != "admin-without-2fa":
        service.enrol_totp(person=person, secret=_secret(name))
    return person


def _secret(name: str) -> str:
    """A TOTP secret that stays the same from run to run."""
    letter = SECRETS[NAMES.index(name)]
    return letter * 16 + "COEVOLVETESTKEYS"


def _organisation(body: str, owner: Person, moderator: Person) -> Organisation:
    kind, name, area = BODIES[body]
    for seat in organisation_queries.memberships_of(owner.id):
        return seat.organisation
    made = organisations.register(
        by=owner,
        kind=kind,
        name=name,
        home_locality_code=area,
        legal_form="Yayasan" if kind == Kind.cso else "Perangkat daerah",
        summary="Organisasi untuk uji hak akses.",
        address="Jalan Uji 1",
        email=f"{body}@aktor.example",
    )
    for subject in levels.REQUIRED[kind]:
        organisations.file_claim(
            organisation_id=made.id, subject=subject, by=owner, document_number=f"UJI-{subject}-1"
        )
    organisations.submit(organisation_id=made.id, by=owner)
    return organisations.approve(organisation_id=made.id, by=moderator.id)


def _describe(name: str, person: Person, bodies: dict[str, Organisation]) -> dict[str, Any]:
    factor = queries.factor_of(person.id)
    body = OWNERS.get(name) or (MEMBERS[name][0] if name in MEMBERS else None)
    return {
        "actor": name,
        "id": str(person.id),
        "email": person.email,
        "password": PASSWORD if person.password_hash else None,
        "totp_secret": factor.secret if factor is not None else None,
        "staff_role": STAFF[name][0] if name in STAFF else None,
        "organisation": bodies[body].slug if body else None,
        "organisation_id": str(bodies[body].id) if body else None,
        "role": MEMBERS[name][1] if name in MEMBERS else ("owner" if name in OWNERS else None),
        "area": bodies[body].home_locality_code if body else None,
    }
