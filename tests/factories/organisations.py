"""Organisations for tests, made by the real use cases."""

from __future__ import annotations

import itertools
from typing import Any

from coevolve.kit import db
from coevolve.localities import queries as places
from coevolve.localities import service as localities
from coevolve.organisations import levels, service
from coevolve.organisations.models import Kind, Organisation, State
from coevolve.people import queries as people_queries
from coevolve.people.models import Person
from tests.factories import people

HOME = "53.02"
"""Kabupaten Timor Tengah Selatan."""
_count = itertools.count(1)


def draft(*, owner: Person | None = None, **over: Any) -> Organisation:
    """An organisation that was only begun, complete enough to be submitted but for its documents."""
    if places.find(HOME) is None:
        localities.ensure_loaded()
    number = next(_count)
    values: dict[str, Any] = {
        "kind": Kind.cso,
        "name": f"Yayasan Sumber Harapan {_letters(number)}",
        "home_locality_code": HOME,
        "legal_form": "Yayasan",
        "summary": "Mendampingi warga desa menjaga mata air.",
        "address": "Jl. Cendana 4, Soe",
        "email": f"kantor{number}@contoh.example",
        "sectors": ["water"],
        "office": "Ketua",
        **over,
    }
    return service.register(by=owner or people.person(), **values)


def submitted(*, owner: Person | None = None, **over: Any) -> Organisation:
    """An organisation that waits for a moderator."""
    by = owner or people.person()
    made = draft(owner=by, **over)
    for subject in levels.REQUIRED[Kind(made.kind)]:
        service.file_claim(
            organisation_id=made.id, subject=subject, by=by, document_number=f"AHU-{subject}-0001"
        )
    return service.submit(organisation_id=made.id, by=by)


def organisation(
    *, owner: Person | None = None, moderator: Person | None = None, **over: Any
) -> Organisation:
    """A checked organisation, which may publish; `owner_of` tells whose it is."""
    made = submitted(owner=owner, **over)
    return service.approve(organisation_id=made.id, by=(moderator or people.moderator()).id)


def agency(*, owner: Person | None = None, **over: Any) -> Organisation:
    """A checked government agency; its members are officers of its home locality."""
    number = next(_count)
    values = {
        "kind": Kind.government_agency,
        "name": f"Bappeda Kabupaten Contoh {_letters(number)}",
        "legal_form": "Perangkat daerah",
        **over,
    }
    return organisation(owner=owner, **values)


def company(*, owner: Person | None = None, **over: Any) -> Organisation:
    """A checked company."""
    number = next(_count)
    return organisation(
        owner=owner,
        **{"kind": Kind.company, "name": f"PT Nusa Karya {_letters(number)}", "legal_form": "PT", **over},
    )


def owner_of(organisation: Organisation) -> Person:
    """The person who began it."""
    assert organisation.registered_by is not None
    return people_queries.get(organisation.registered_by)


def member(organisation: Organisation, role: str = "member", **over: Any) -> Person:
    """A further member."""
    made = people.person(**over)
    service.add_member(organisation_id=organisation.id, person_id=made.id, role=role)
    return made


def frozen(**over: Any) -> Organisation:
    """A checked organisation that was frozen."""
    made = organisation(**over)
    service.freeze(organisation_id=made.id, by=people.moderator().id, reason="Laporan sedang diperiksa.")
    assert made.state == State.frozen
    db.session().flush()
    return made


def _letters(number: int) -> str:
    """A number as letters, so that no two names share a skeleton."""
    word = ""
    while number:
        number, rest = divmod(number - 1, 26)
        word = "abcdefgh"[rest // 4] + "aeou"[rest % 4] + word
    return word.title()
