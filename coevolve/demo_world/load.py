"""Writing the world into the database: COPY table by table, then what is derived, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, text

from coevolve.config import settings
from coevolve.demo_world import asking, society
from coevolve.demo_world.accounts import ACCOUNTS, PASSWORD
from coevolve.demo_world.society import Place, Society
from coevolve.demo_world.world import World, copy_rows
from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.localities.models import Locality
from coevolve.people import passwords
from coevolve.people.models import Person
from coevolve.people.service import factors

SEED = 20261122
FIRST = (
    "person",
    "staff_role",
    "organisation",
    "membership",
    "verification_claim",
    "interest",
    "listing",
    "listing_slug",
    "listing_line",
)
"""Tables in the order their foreign keys ask for."""

Report = Callable[[str, int, int], None]


def is_loaded() -> bool:
    """Whether the demo's first account is there."""
    return session().execute(select(Person.id).where(Person.email == ACCOUNTS[0].email)).first() is not None


def load(report: Report | None = None) -> None:
    """Tell the world and write it; returns at once when it is there. Refuses in production. Commits itself."""
    if settings().is_production:
        raise RuntimeError("the demo world is not for production")
    if is_loaded():
        return
    say = report or (lambda _what, _done, _total: None)
    world = World(SEED, clock.now())
    people, _listings = tell(world, say)
    total = sum(len(rows) for rows in world.tables.values())
    done = 0
    for table in [*FIRST, *(name for name in world.tables if name not in FIRST)]:
        copy_rows(table, world.tables.get(table, []))
        done += len(world.tables.get(table, []))
        say("menulis dunia contoh", done, total)
    _open_accounts(people)
    commit()


def tell(world: World, say: Report) -> tuple[Society, list[asking.Told]]:
    """All chapters in order."""
    places = _places()
    say("menyusun dunia contoh", 0, 3)
    people = society.tell(world, places)
    say("menyusun dunia contoh", 1, 3)
    listings = asking.tell(world, people, places)
    say("menyusun dunia contoh", 2, 3)
    return people, listings


def accounts() -> list[tuple[str, str, str]]:
    """Role, e-mail and password of each demo account, for the table at the end of `./run demo`."""
    return [(account.role, account.email, PASSWORD) for account in ACCOUNTS]


def _places() -> list[Place]:
    """All kabupaten and kota with their kecamatan, in order of code."""
    districts: dict[str, list[tuple[str, str]]] = {}
    rows = session().execute(
        select(Locality.code, Locality.name, Locality.parent_code)
        .where(Locality.level == "district", Locality.country_code == "ID", Locality.is_active)
        .order_by(Locality.code)
    )
    for code, name, parent in rows:
        districts.setdefault(str(parent), []).append((code, name))
    regencies = session().execute(
        select(Locality.code, Locality.name, Locality.parent_code)
        .where(Locality.level == "regency", Locality.country_code == "ID", Locality.is_active)
        .order_by(Locality.code)
    )
    return [
        Place(code, name, str(parent), districts[code]) for code, name, parent in regencies if code in districts
    ]


def _open_accounts(people: Society) -> None:
    """Give the demo accounts their password and, where their role needs it, their second factor."""
    hashed = passwords.hash_(PASSWORD)
    keys = list(people.accounts.values())
    session().execute(
        text(
            "UPDATE person SET password_hash = :hashed, password_changed_at = created_at WHERE id = ANY(:keys)"
        ),
        {"hashed": hashed, "keys": keys},
    )
    for account in ACCOUNTS:
        if account.has_totp:
            person = session().execute(select(Person).where(Person.email == account.email)).scalar_one()
            factors.enrol_totp(person=person)
    session().flush()


def counts() -> dict[str, int]:
    """How much of each there is, for tests and the curious."""
    tables = ("organisation", "listing", "pledge", "payment", "person", "message")
    return {name: session().execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in tables}
