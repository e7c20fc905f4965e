"""What all these pages share: the blueprint, whose desk it is, and which place was meant."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from coevolve.kit.db import session
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import actor, form_refusal
from coevolve.localities import queries as localities
from coevolve.organisations import policy, queries
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

blueprint = Blueprint("organisations", __name__)
NOT_FOUND = lazy("Halaman atau data ini tidak ada.")


def me() -> Person:
    """The signed-in person (the guard has seen to it)."""
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", NOT_FOUND)
    return person


def my_organisation(slug: str, verb: str = "see") -> Organisation:
    """The organisation of a desk. For whoever does not act for it, it is not there."""
    organisation = queries.get_by_slug(slug)
    if not policy.may(me(), "see", organisation):
        raise NotFound("not_found", NOT_FOUND)
    if verb != "see" and not policy.may(me(), verb, organisation):
        raise DomainError(
            "may_not", lazy("Peran Anda di organisasi ini tidak mencakup langkah itu."), http_status=403
        )
    return organisation


def refused(form: Any, refusal: DomainError) -> None:
    """Undo what was begun, and put the sentence beside its field."""
    session().rollback()
    form_refusal(form, refusal)


def typed(field: Any) -> str:
    """What stands in a field; nothing is an empty text."""
    return str(field.data or "")


def place_code(text: str) -> str:
    """The code of the place that was typed: a code, a full name, or a name only one place has."""
    place = localities.find(text.strip()) or localities.from_label(text)
    if place is not None:
        return place.code
    found = localities.search(text, 4, levels=("province", "regency", "district"))
    words = text.lower().split()
    meant = [place for place in found if all(word in place.name.lower() for word in words)]
    if len(meant) == 1:
        return meant[0].code
    if not found:
        message = lazy("Tidak ada daerah dengan nama ini. Periksa ejaannya.")
    else:
        names = "; ".join(localities.path_label(place) for place in found[:3])
        message = lazy("Tulis nama daerah dengan lengkap, misalnya: %(names)s.", names=names)
    raise Invalid("locality_unknown", message, field="home_locality_code")


def place_label(code: str) -> str:
    """The full name of a place; the code itself when we do not know it."""
    place = localities.find(code)
    return localities.path_label(place) if place is not None else code


def known_places() -> list[str]:
    """Names offered while typing: all provinces and kabupaten/kota."""
    names = []
    for province in localities.provinces():
        names.append(localities.path_label(province))
        names += [localities.path_label(regency) for regency in localities.children(province.code)]
    return names
