"""The 77 cases in which money goes wrong elsewhere, by number, each in one sentence.

A test that shows one carries `@pytest.mark.case(N)` and ends with `assert_books_balance()`; the guard
`tests/guards/test_cases.py` reads the marks and asks for a test of every number that is not in `WAITING`.
"""

from __future__ import annotations

CASES = {
    # Events
    1: "The same event comes twice and is booked once.",
    2: "The same event is worked on in two processes at once and is booked once.",
    3: "Two events with two ids tell of one charge: one posting, one receipt.",
    4: "The event of success comes before the event of creation: the end is the same.",
    5: "An older failure changes nothing any more; a newer success wins over a failure.",
    6: "A refund comes before its capture: the capture is posted first.",
    7: "An event names a payment we do not know: answered 200, tried for 24 hours, then a case.",
    8: "An event comes before our own transaction has committed: it waits and then fits.",
    9: "Another amount or currency than asked for: booked as it came, with a case.",
    10: "A payment cancelled while its money was in flight becomes the giver's credit, with a case.",
    11: "The process is killed after insert, after fetch, before commit or before the ack: none lost, none twice.",
    12: "The broker forgets everything before the task ran: the sweep settles it within 30 seconds.",
    13: "The event is redelivered while its first copy is being worked on: once.",
    14: "The database restarts in the middle: what was committed stays, the rest is done again.",
    15: "A webhook with a bad, old or replayed signature, of the wrong mode or too large is refused.",
    16: "An unknown event type or an unknown word in an object is never an error 500, and money is not touched.",
    17: "A lost event is found by the poll; one lost beyond 30 days by the provider's transactions.",
    18: "One poisonous event in front of 1,000 good ones blocks none of them.",
    19: "The poll and the webhook bring the same event: one posting, one notice.",
    20: "A double click on Pay makes one pledge and one payment.",
    # Calls
    21: "The provider acted and the answer was lost: the same key finds what was made.",
    22: "The key may be forgotten by now: it is never sent again; a look by our own id decides.",
    23: "The same key with other parameters is an error, seen by a person.",
    24: "The provider repeats a saved error 500: after a look, a new key; never two card pages.",
    25: "Two clicks on disburse pay once.",
    26: "The process dies round the call: the same key again, one object at the provider.",
    27: "Too many calls (429): back-off with jitter, and calls about one object keep their order.",
    # Refund, dispute
    28: "No refund above what is left, refunds under way included.",
    29: "Refunds in parts down to nothing left.",
    30: "A refund that succeeded fails afterwards: the money is in the fund again, with a case.",
    31: "A partial refund made in the provider's dashboard is booked as ours would be.",
    32: "A refund after the money was disbursed: the CSO owes it, with a case.",
    33: "A refund's events are redelivered: refunded once.",
    34: "A dispute holds the money; won it returns; lost it goes, with the provider's fee.",
    35: "Disputes in part, two of one charge, lost after won, an inquiry closed, one prevented.",
    36: "A dispute or refund while the fund is empty: the CSO owes, nothing goes below zero.",
    37: "A chargeback that is reverted, told twice, gives back once.",
    38: "A charge in another currency, its fee, refund and dispute: sums are the provider's, the rest a gain or loss.",
    # Ledger
    39: "Random operations keep the books' rules (I1 to I4).",
    40: "Units do not mix; rows of the ledger cannot be updated, deleted or truncated.",
    41: "Two spend the last rupiah at once: one succeeds.",
    42: "No promise is over-fulfilled; a void returns the rest; nothing is fulfilled after it.",
    43: "The same key with other content is an error.",
    44: "A back-dated posting: balances of the past are right.",
    45: "Sums beyond 2^31, 2^53 and near 9*10^15 are exact in database, JSON, CSV and page.",
    46: "100 split in 3, and a fee split: nothing is lost or made.",
    47: "Currencies of 0, 2 and 3 decimals are exact in every adapter; a donor's sen are refused.",
    48: "Sixteen writers at once: no deadlock.",
    # Statements
    49: "Amounts in every spelling banks use are read right or refused.",
    50: "Days and months without a year at New Year, and 29 February.",
    51: "A file with one altered amount is refused.",
    52: "The same file again, an overlapping one, and honest equal lines.",
    53: "Files in cp1252, UTF-16, with a BOM, HTML called .xls, totals and lines over several rows.",
    54: "Pending lines are not taken for money.",
    55: "A reversal by the bank undoes what its line paid.",
    56: "A reference mangled by a banking app is still read, or not at all.",
    57: "Money with another CSO's reference goes to review.",
    58: "Too little, in parts, too much, paid before, cancelled: each ends where it belongs.",
    59: "A line with two references: split when the sums agree, else review.",
    60: "Money an hour after the deadline, the bank having been offline.",
    61: "A wrong code that hits somebody else's sum goes to review.",
    62: "A forgotten code is only a proposal.",
    63: "The gift and its code come apart, in two transfers.",
    64: "All 999 codes of a sum are taken.",
    65: "A sum is not used again before its reservation ended.",
    66: "A payout of 10,000 charges, 300 refunds, 7 disputes, fees and one exchange is one bank line, to the sen.",
    67: "A payout is paid and fails afterwards: reversed, with a case.",
    68: "No cell of an export is a formula.",
    69: "An XML bomb, entities, 100 MB or a zip as a statement: refused.",
    # Out
    70: "The bank account changed after the approval: nothing is paid.",
    71: "Nobody approves their own disbursement.",
    72: "A disbursement that bounces restores the fund.",
    73: "No report above its advance; a proof used twice is flagged.",
    74: "Receipt numbers without gaps, through rollbacks and sixteen writers.",
    75: "Of 100 kg sent, 80 are good, 10 damaged, 10 missing: 80 count.",
    76: "A facility is not booked twice for the same time.",
    77: "A person is erased: names go, sums stay.",
}

WAITING: frozenset[int] = frozenset()
"""Cases that no test shows yet; whoever adds a test takes its number out."""
