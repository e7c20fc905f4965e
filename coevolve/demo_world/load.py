"""Writing the world into the database: COPY table by table, then what is derived, all in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select, text

from coevolve.config import settings
from coevolve.demo_world import (
    asking,
    finding,
    giving,
    giving_back,
    monthly,
    news,
    offers,
    own_bank,
    pictures,
    promises,
    reaching,
    society,
    speaking,
    spending,
    statements,
    suiting,
    ties,
    waiting_lines,
)
from coevolve.demo_world.accounts import ACCOUNTS, PASSWORD
from coevolve.demo_world.books import write as books_of
from coevolve.demo_world.society import Place, Society
from coevolve.demo_world.telling import Books
from coevolve.demo_world.world import World, copy_rows
from coevolve.impact import service as impact
from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.ledger import bulk
from coevolve.listings import service as listings_service
from coevolve.localities.models import Locality
from coevolve.payments.service import receipts
from coevolve.people import passwords
from coevolve.people.models import Person
from coevolve.people.service import factors

SEED = 20261122
TELLING, WRITING, BALANCING = "menyusun dunia contoh", "menulis dunia contoh", "membukukan dunia contoh"
ORDER = (
    "person",
    "staff_role",
    "organisation",
    "membership",
    "verification_claim",
    "interest",
    "listing",
    "listing_slug",
    "listing_line",
    "payment_bank_account",
    "payment_bank_account_version",
    "pledge",
    "pledge_line",
    "payment",
    "pledge_fulfilment",
    "payment_receipt",
    "payment_payout",
    "payment_provider_txn",
    "recon_line",
    "recon_allocation",
    "move_event",
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
    # Whole chapters are written in one statement; on a busy machine one may take longer than a page ever should.
    session().execute(text("SET LOCAL statement_timeout = '120s'"))
    world = World(SEED, clock.now())
    people, books = tell(world, say)
    _write(world, say)
    _post(books, say)
    _number_receipts()
    _open_accounts(people)
    eager = [people.accounts[email] for email in ("donatur@demo.example", "perusahaan@demo.example")]
    news.tell(since=world.ago(90), read_before=world.ago(7), eager=eager)
    spending.tell(people.accounts)
    pictures.tell(people.accounts)
    offers.tell(people.accounts)
    promises.tell()
    giving_back.tell(people.accounts)
    monthly.tell(people.accounts)
    finding.tell(people.accounts)
    ties.tell(people.accounts)
    speaking.tell(people.accounts)
    listings_service.fold_facets()
    impact.roll_up()
    statements.tell()
    waiting_lines.tell()
    own_bank.tell(people.accounts)
    suiting.tell(people.accounts)
    reaching.tell(people.accounts)
    commit()


def tell(world: World, say: Report) -> tuple[Society, Books]:
    """All chapters in order."""
    chapters = 4
    places = _places()
    say(TELLING, 0, chapters)
    people = society.tell(world, places)
    say(TELLING, 1, chapters)
    listings = asking.tell(world, people, places)
    say(TELLING, 2, chapters)
    gifts = giving.tell(world, people, listings)
    say(TELLING, 3, chapters)
    written = books_of(world, people, gifts)
    say(TELLING, 4, chapters)
    return people, written


def _write(world: World, say: Report) -> None:
    unknown = set(world.tables) - set(ORDER)
    if unknown:
        raise RuntimeError(f"no order for {sorted(unknown)}")
    total = sum(len(rows) for rows in world.tables.values())
    done = 0
    for table in ORDER:
        copy_rows(table, world.tables.get(table, []))
        done += len(world.tables.get(table, []))
        say(WRITING, done, total)


def _post(books: Books, say: Report) -> None:
    """The postings, and the rows that point at them."""
    say(BALANCING, 0, 2)
    loaded = bulk.load(books.postings)
    say(BALANCING, 1, 2)
    kept = [(loaded.posting_ids[key], row) for key, rows in books.fulfilment_keys.items() for row in rows]
    _point("pledge_fulfilment", "posting_id", "id", "uuid", kept)
    booked = [(loaded.posting_ids[key], row) for key, row in books.allocation_keys.items()]
    _point("recon_allocation", "posting_id", "line_id", "bigint", booked)
    held = [(loaded.promise_ids[name], row) for name, row in books.hold_lines.items()]
    _point("pledge_line", "hold_id", "id", "uuid", held)
    fees = [
        (loaded.posting_ids[posting.key], posting.source_id)
        for posting in books.postings
        if posting.source_kind == "provider_txn"
    ]
    _point("payment_provider_txn", "fee_posting_id", "id", "uuid", fees)
    say(BALANCING, 2, 2)


def _point(table: str, column: str, key: str, kind: str, pairs: Sequence[tuple[int, Any]]) -> None:
    """Set a reference in many rows at once."""
    statement = text(
        f"UPDATE {table} AS t SET {column} = given.target"
        f" FROM unnest(CAST(:targets AS bigint[]), CAST(:rows AS {kind}[])) AS given(target, row)"
        f" WHERE t.{key} = given.row"
    )
    session().execute(
        statement, {"targets": [target for target, _ in pairs], "rows": [row for _, row in pairs]}
    )


def _number_receipts() -> None:
    while receipts.number_receipts(limit=50_000):
        pass


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
        Place(code, name, str(parent), districts[code])
        for code, name, parent in regencies
        if code in districts
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
