"""What a gift writes into the books, as pgbench scripts made from the application's own SQL.

`posting`    one `ledger.post`: posting, transfer and delta in one statement (what its accounts are, a process knows)
`gift`       P10: a promise row, its line, the posting, the delta that is the campaign's total
The same on one campaign and spread over sixteen; `counter` says how the total is kept: by a delta (ours), or in a row
that everybody locks.
"""

from __future__ import annotations

from coevolve.embedded.postgres import bin_folder, major_version
from coevolve.ledger.service.writing import posting_statement
from tests.benchmarks.pgbench import filled_in

_VALUES = {
    "key": "'bench:' || :n || ':' || :client_id",
    "digest": "sha256(convert_to((:n)::text, 'UTF8'))",
    "kind": "'payment.captured'",
    "reverses_id": "NULL::bigint",
    "source_kind": "'payment'",
    "source_id": "gen_random_uuid()",
    "effective_at": "clock_timestamp()",
    "actor": "'system'",
    "debit_0": ":clearing",
    "credit_0": ":fund",
    "unit_0": "'IDR'",
    "book_0": "'cash'",
    "amount_0": ":amount",
    "phase_0": "'single'",
    "pending_0": "NULL",
    "spending_0": "false",
    "account_0": ":fund",
    "came_0": ":amount",
    "expected_0": "0",
    "spent_0": "0",
}
_BEGIN = r"""
\set n random(1, 9000000000000000000)
\set amount random(100, 5000000) * 100
\set which random(1, :spread)
\set fund :first + :which - 1
BEGIN;
"""
_PLEDGE = """
WITH made AS (
  INSERT INTO pledge (id, listing_id, giver_person_id, receiver_organisation_id, state, is_pay_now, client_token)
  VALUES (:new_id, (CAST(:listings AS uuid[]))[:which], (CAST(:givers AS uuid[]))[:which],
    (CAST(:organisations AS uuid[]))[:which], 'confirmed', true, gen_random_uuid()) RETURNING id
)
INSERT INTO pledge_line (id, pledge_id, line_id, kind, unit, quantity, accepted_quantity, received_quantity)
SELECT :new_id, id, (CAST(:lines AS uuid[]))[:which], 'money', 'IDR', :amount, :amount, :amount FROM made;
"""
_COUNTER = "UPDATE bench_counter SET received = received + :amount WHERE fund_id = :fund;"


def posting(*, counter: str = "delta") -> str:
    """One posting in a transaction of its own."""
    return _BEGIN + _parts(counter) + "\nEND;\n"


def gift(*, counter: str = "delta") -> str:
    """A gift: its promise, the posting, the total."""
    return _BEGIN + _PLEDGE.replace(":new_id", _new_id()) + _parts(counter) + "\nEND;\n"


def _new_id() -> str:
    """The application's keys are in order of time; PostgreSQL has such only from 18."""
    return "uuidv7()" if major_version(bin_folder()) >= 18 else "gen_random_uuid()"


def _parts(counter: str) -> str:
    post = filled_in(posting_statement(legs=1, deltas=1, promises=False), _VALUES).strip() + ";"
    if counter == "delta":
        return post
    # The naive way: the total is a row, brought up to date first, for the goal must not be passed unseen.
    return f"{_COUNTER}\n{post}"
