"""Loading many postings by COPY gives the same books as writing them one by one."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from coevolve.kit.db import uuid7
from coevolve.ledger import accounts, bulk, queries
from coevolve.ledger import service as ledger
from coevolve.ledger.bulk import BulkLeg, BulkPosting
from coevolve.ledger.errors import Unbookable
from tests.ledger.conftest import Books, broken

THEN = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def posting(books: Books, key: str, *legs: BulkLeg) -> BulkPosting:
    return BulkPosting(
        key=key, kind="gift", source_kind="test", source_id=books.source_id, effective_at=THEN, legs=legs
    )


def history(books: Books) -> list[BulkPosting]:
    """A gift, a promise kept in part, a disbursement by way of a hold."""
    gift = BulkLeg(debit_id=books.bank, credit_id=books.fund, amount=1000)
    promise = {
        "debit_id": books.promises,
        "credit_id": books.promised_to,
        "book": "commitment",
        "promise": "p",
    }
    paid = {"debit_id": books.fund, "credit_id": books.bank, "promise": "d", "is_spending": True}
    return [
        posting(books, "gift", gift),
        posting(books, "promise", BulkLeg(amount=500, phase="pending", **promise)),
        posting(books, "kept", BulkLeg(amount=200, phase="fulfil", **promise)),
        posting(books, "given up", BulkLeg(amount=300, phase="void", **promise)),
        posting(books, "proposed", BulkLeg(amount=400, phase="pending", **paid)),
        posting(books, "settled", BulkLeg(amount=400, phase="fulfil", **paid)),
    ]


def test_a_load_obeys_the_invariants(books: Books) -> None:
    loaded = bulk.load(history(books))
    assert loaded.transfer_count == 6
    assert broken() == []
    totals = queries.fund_totals([books.listing_id])[books.listing_id]
    assert (totals.received, totals.spent, totals.held, totals.balance) == (1000, 400, 0, 600)
    promised = queries.commitment_totals([books.listing_id])[books.listing_id]
    assert (promised.promised, promised.received) == (0, 200)


def test_what_was_loaded_goes_on_by_the_verbs(books: Books) -> None:
    promise = BulkLeg(
        debit_id=books.promises,
        credit_id=books.promised_to,
        amount=70,
        book="commitment",
        phase="pending",
        promise="later",
    )
    loaded = bulk.load([posting(books, "later", promise), *history(books)])
    books.fulfil("now", loaded.promise_ids["later"], 30)
    again = ledger.post(
        key="gift",
        kind="gift",
        transfers=[ledger.Transfer(debit_id=books.bank, credit_id=books.fund, amount=1000)],
        source_kind="test",
        source_id=books.source_id,
    )
    assert again == loaded.posting_ids["gift"], "the same key and content is a no-op here too"
    assert broken() == []


def test_a_load_below_the_floor_fails_whole(books: Books) -> None:
    too_much = BulkLeg(debit_id=books.fund, credit_id=books.bank, amount=1)
    with pytest.raises(IntegrityError):
        bulk.load([posting(books, "x", too_much)])


def test_a_load_that_over_fulfils_fails_whole(books: Books) -> None:
    entries = history(books)
    more = BulkLeg(
        debit_id=books.promises,
        credit_id=books.promised_to,
        amount=1,
        book="commitment",
        phase="fulfil",
        promise="p",
    )
    with pytest.raises(IntegrityError):
        bulk.load([*entries, posting(books, "more", more)])


def test_settling_an_unknown_promise_is_refused(books: Books) -> None:
    with pytest.raises(Unbookable):
        bulk.load([posting(books, "x", history(books)[2].legs[0])])


def test_many_accounts_open_at_once(session: Session) -> None:
    listing_ids = [uuid7() for _ in range(300)]
    specs = [accounts.fund_spec(one) for one in listing_ids]
    specs += [accounts.promised_to_spec(one, "IDR", "listing") for one in listing_ids]
    opened = ledger.open_accounts(specs)
    assert len(opened) == 600
    assert ledger.open_accounts(specs) == opened
    assert accounts.fund(listing_ids[0]) == opened[specs[0].code]
    assert broken() == []
