"""The people of the stories and their organisations, made by our own services; what they do, they do by hand."""

from __future__ import annotations

import itertools
import random
import uuid
from dataclasses import dataclass
from typing import Any

from coevolve.listings.queries.cards import PATHS
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisation_queries
from coevolve.payments import queries as payments
from coevolve.payments import service as payment_service
from coevolve.people import queries as people_queries
from coevolve.people import service as people_service
from coevolve.people.models import Person
from tests.factories import listings as listing_factory
from tests.factories import organisations as organisation_factory
from tests.factories import people
from tests.stories.platform import Platform

PASSWORD = people.PASSWORD
ACCOUNT_NUMBER = "1230056789012"
HOLDER = "Yayasan Co-Evolve Contoh"
PLACES = ("53.02", "53.04", "53.06", "35.09", "73.08", "12.07", "61.05", "82.03")
"""Kabupaten for the stories, one each, so that none hears of another's listings."""


@dataclass(frozen=True)
class Member:
    """Somebody with an account."""

    id: uuid.UUID
    email: str
    name: str
    has_app: bool = False

    def code(self, platform: Platform) -> str:
        """What their app shows now."""
        with platform.inside():
            return people.next_code(people_queries.get(self.id))


@dataclass(frozen=True)
class Body:
    """An organisation and whoever owns it."""

    id: uuid.UUID
    slug: str
    name: str
    owner: Member


@dataclass(frozen=True)
class Where:
    """A place as people write it."""

    code: str
    name: str
    label: str


class Cast:
    """Makes people on one platform. Names are new each time: stories share the platform and must not meet."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._places = itertools.cycle(random.sample(PLACES, len(PLACES)))
        self._checker: Member | None = None

    def place(self) -> Where:
        """A kabupaten."""
        with self.platform.inside():
            found = localities.get(next(self._places))
            return Where(found.code, found.name, localities.path_label(found.code))

    def person(self, name: str, *, has_app: bool = False) -> Member:
        """An active person of that name."""
        with self.platform.inside():
            return _member(people.person(name=name, email=new_email(name)), wants_app=has_app)

    def staff(self, role: str) -> Member:
        """A member of staff with an app."""
        with self.platform.inside():
            name = f"{new_word().title()} {new_word().title()}"
            made = people.staff(role, name=name, email=new_email(role))
            return _known(made, has_app=True)

    def organisation(self, kind: str, name: str, *, place: str) -> Body:
        """A checked organisation; its owner has an app for codes."""
        make: Any = {
            "cso": organisation_factory.organisation,
            "company": organisation_factory.company,
            "government_agency": organisation_factory.agency,
        }[kind]
        if self._checker is None:
            self._checker = self.staff("moderator")
        with self.platform.inside():
            owner = _member(people.person(name=f"Ketua {name}", email=new_email(name)), wants_app=True)
            body = make(
                owner=people_queries.get(owner.id),
                moderator=people_queries.get(self._checker.id),
                name=f"{name} {new_word().title()}",
                home_locality_code=place,
            )
            return Body(body.id, body.slug, body.name, owner)

    def open_listing(self, body: Body, kind: str, title: str, *, place: str, lines: tuple[Any, ...]) -> str:
        """An open listing of that organisation; returns its path. (Writing and checking one by hand is a story.)"""
        moderators = (self.staff("moderator"), self.staff("moderator"))
        with self.platform.inside():
            listing = listing_factory.opened(
                kind=kind,
                organisation=organisation_queries.get(body.id),
                by=people_queries.get(body.owner.id),
                moderators=(people_queries.get(moderators[0].id), people_queries.get(moderators[1].id)),
                title=title,
                locality_code=place,
                lines=lines,
            )
            return f"/{PATHS[listing.kind]}/{listing.slug}"

    def draft(self, body: Body, kind: str, title: str, *, place: str) -> str:
        """A draft without lines; returns where its editor begins."""
        with self.platform.inside():
            made = listing_factory.draft(
                kind=kind,
                organisation=organisation_queries.get(body.id),
                by=people_queries.get(body.owner.id),
                title=title,
                locality_code=place,
                lines=(),
            )
            return f"/dasbor/{body.slug}/listing/{made.id}"

    def bank_account(self) -> None:
        """The platform has an account for transfers."""
        with self.platform.inside():
            if not payments.has_receiving_account():
                payment_service.add_bank_account(
                    bank_name="Bank Contoh", account_number=ACCOUNT_NUMBER, holder=HOLDER
                )


def _member(made: Person, *, wants_app: bool) -> Member:
    if wants_app:
        people_service.enrol_totp(person=made)
    return _known(made, has_app=wants_app)


def _known(made: Person, *, has_app: bool) -> Member:
    assert made.email is not None
    return Member(made.id, made.email, made.name, has_app=has_app)


def new_email(about: str) -> str:
    """An address nobody has."""
    return f"{about.split(maxsplit=1)[0].lower()}-{uuid.uuid4().hex[:10]}@contoh.example"


def new_word() -> str:
    """A made-up word, so that no two names are alike."""
    return "".join(random.choice("bcdfgjklmnprst") + random.choice("aeiou") for _ in range(5))
