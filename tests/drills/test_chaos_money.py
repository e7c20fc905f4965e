"""Thousands of card gifts while everything goes wrong; in the end the books are the provider's truth, to the sen.

A fifth of the events come twice, a fifth out of order, one in twenty never; others late. Calls end in 500, 429, a cut
or a time-out after their effect. Workers are killed, the broker forgets all, the database crashes in the middle.

`coevolve drill chaos --payments 10000 --seed 7`; the suite plays a few dozen.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coevolve import config
from coevolve.kit import jobs
from coevolve.kit.db import commit, session
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.payments import service
from coevolve.payments.gateways import gateway
from coevolve.payments.provider import ProviderError
from coevolve.reconciliation import service as reconciliation
from tests.drills.platform import Platform, platform, rows
from tests.factories import listings, many, people
from tests.invariants import assert_books_balance

SMALL = 40
TROUBLE: list[dict[str, Any]] = [
    {"mode": "duplicate", "probability": 0.2},
    {"mode": "reorder", "probability": 0.2, "seconds": 3.0},
    {"mode": "lose", "probability": 0.05},
    {"mode": "delay", "probability": 0.1, "seconds": 2.0},
    {"mode": "http_500", "probability": 0.01, "on": "*", "remembered": False},
    {"mode": "http_500", "probability": 0.001, "remembered": True},
    {"mode": "http_500_after", "probability": 0.005, "remembered": False},
    {"mode": "http_429", "probability": 0.02, "on": "*"},
    {"mode": "act_then_cut", "probability": 0.02},
    {"mode": "act_then_timeout", "probability": 0.004, "seconds": 3.0},
    {"mode": "cut", "probability": 0.01, "on": "*"},
]
IN_FLIGHT = 60
"""So many gifts are begun ahead of what is paid, so that trouble meets them in every state."""


@dataclass
class Truth:
    """The provider's truth file, read as it grows."""

    platform: Platform
    at: int = 0
    charges: dict[str, tuple[str, int]] = field(default_factory=dict)
    """charge -> (our payment, captured)"""
    fees: int = 0
    refunds: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    """refund -> (charge, amount, last word)"""
    disputes: dict[str, tuple[str, int, str]] = field(default_factory=dict)
    pages: Counter[str] = field(default_factory=Counter)
    """our payment -> card pages that were really opened"""

    def read(self) -> list[str]:
        """Take in the new lines; returns the charges that were captured since."""
        fresh: list[str] = []
        with self.platform.sandbox.truth_path.open("rb") as file:
            file.seek(self.at)
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                self.at += len(raw)
                line = json.loads(raw)
                if line["what"] != "fact":
                    continue
                name = str(line["name"])
                if name == "payment_captured":
                    self.charges[line["charge"]] = (line["metadata"]["payment_id"], int(line["captured"]))
                    self.fees += int(line["fee"])
                    fresh.append(line["charge"])
                elif name == "checkout_opened":
                    self.pages[line["metadata"]["payment_id"]] += 1
                elif name.startswith("refund_"):
                    self.refunds[line["refund"]] = (line["charge"], int(line["amount"]), name[7:])
                elif name.startswith("dispute_"):
                    self.disputes[line["dispute"]] = (line["charge"], int(line["amount"]), name[8:])
        return fresh


@dataclass
class Drill:
    """One run."""

    platform: Platform
    payments: int
    seed: int
    say: Callable[[str], object]
    advance: Callable[[int], object]
    chance: random.Random = field(init=False)
    truth: Truth = field(init=False)
    fund: int = 0
    paid: set[str] = field(default_factory=set)
    swept: float = 0.0

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.truth = Truth(self.platform)

    # --- the story ------------------------------------------------------------------------------------

    def play(self) -> None:
        """Gifts under trouble, then quiet, then the question."""
        self._begin()
        self.platform.start_web()
        for _ in range(2):
            self.platform.start_worker()
        self.platform.sandbox.chaos(*TROUBLE)
        harm = self._harm()
        begun = 0
        while len(self.paid) + self._given_up() < self.payments:
            begun = self._ask_for_pages(begun)
            self._givers()
            self._give_back(self.truth.read())
            for at, what, do in list(harm):
                if len(self.paid) >= at:
                    self.say(what)
                    do()
                    harm.remove((at, what, do))
            self._sweep()
        for _at, what, do in harm:
            self.say(what)
            do()
        self.say(f"CPU seconds so far: {self.platform.cpu_seconds()}, here {time.process_time():.0f}")
        self.say("quiet: what is left is worked off")
        self._calm()

    def _begin(self) -> None:
        listing = listings.open_campaign(lines=(listings.money(1_000_000_000_000),))
        self.fund = accounts.fund(listing.id)
        giver = people.person()
        for start in range(0, self.payments, 2_000):
            count = min(2_000, self.payments - start)
            amounts = [self.chance.randint(10, 2_000) * 100_000 for _ in range(count)]
            many.started(amounts, listing=listing, by=giver)
            commit()
        self.outbox = [int(str(row[0])) for row in rows("SELECT id FROM payment_outbox ORDER BY id")]
        assert len(self.outbox) == self.payments

    def _ask_for_pages(self, begun: int) -> int:
        """Some more gifts ask for their card page, by the message a request would send."""
        waiting = begun - len(self.paid)
        while begun < self.payments and waiting < IN_FLIGHT:
            jobs.send("payments.send", {"outbox_id": self.outbox[begun]})
            begun, waiting = begun + 1, waiting + 1
        return begun

    def _givers(self) -> None:
        """Givers whose page is open pay it: at once, at the second try, or later."""
        with self._patience():
            opened = rows(
                "SELECT provider_ref FROM payment WHERE state = 'awaiting' AND provider_ref IS NOT NULL"
                " ORDER BY created_at, id LIMIT 1000"
            )
            unpaid = [str(ref) for (ref,) in opened if ref not in self.paid][:40]
            for ref in unpaid:
                self._pay(ref)
            if not unpaid:
                time.sleep(0.2)

    def _pay(self, ref: str) -> None:
        dice = self.chance.random()
        with contextlib.suppress(AssertionError):
            if dice < 0.08:
                self.platform.sandbox.pay(ref, card="4000000000000002")
            if dice < 0.97:
                self.platform.sandbox.pay(ref, card="4242424242424242" if dice > 0.3 else "4000007020000003")
            else:
                self.platform.sandbox.ask("POST", f"/sandbox/sessions/{ref}/pay", {"later": True})
        self.paid.add(ref)
        self.advance(1)

    def _given_up(self) -> int:
        """Gifts whose page the provider refused for ever; with this trouble there should be none."""
        if len(self.paid) < self.payments - IN_FLIGHT:
            return 0
        with self._patience():
            [(count,)] = rows(
                "SELECT count(*) FROM payment WHERE state IN ('failed', 'cancelled', 'expired')"
            )
            return int(str(count))
        return 0

    def _give_back(self, charges: list[str]) -> None:
        """Refunds made in the dashboard and disputes, some of them decided."""
        sandbox = self.platform.sandbox
        for charge in charges:
            dice, amount = self.chance.random(), self.truth.charges[charge][1]
            with contextlib.suppress(AssertionError):
                if dice < 0.03:
                    sandbox.refund(charge)
                elif dice < 0.06:
                    sandbox.refund(charge, amount // 300 * 100)
                    sandbox.refund(charge, amount // 500 * 100)
                elif dice < 0.075:
                    made = sandbox.dispute(charge)
                    if dice < 0.07:
                        sandbox.change_dispute(made["id"], "win" if dice < 0.065 else "lose")
                elif dice < 0.08:
                    made = sandbox.dispute(charge, amount=amount // 400 * 100)
                    sandbox.change_dispute(made["id"], "lose")

    def _harm(self) -> list[tuple[int, str, Callable[[], object]]]:
        """What breaks, and after how many gifts."""
        here, chance = self.platform, self.chance

        def at(part: float) -> int:
            return int(self.payments * part)

        children = max(2, min(20, self.payments // 100))
        plan: list[tuple[int, str, Callable[[], object]]] = [
            (
                at(0.1 + 0.8 * number / children),
                "kill -9: a worker's child",
                lambda: here.kill_a_child(chance),
            )
            for number in range(children)
        ]
        return sorted(
            [
                *plan,
                (at(0.35), "FLUSHALL: the broker forgets everything", here.forget_broker),
                (at(0.5), "the database crashes and starts again", here.crash_postgres),
                (at(0.65), "kill -9: a worker with all its children", lambda: here.kill_a_group(chance)),
                (at(0.8), "FLUSHALL once more", here.forget_broker),
            ],
            key=lambda one: one[0],
        )

    def _sweep(self) -> None:
        """The beat's turns, quicker than in production."""
        if time.monotonic() - self.swept > 3:
            self.swept = time.monotonic()
            jobs.send("payments.sweep", {})
            jobs.send("ledger.fold", {})

    @contextlib.contextmanager
    def _patience(self) -> Iterator[None]:
        """While the database is away there is nothing to ask."""
        try:
            yield
        except DBAPIError:
            session().rollback()
            time.sleep(0.5)

    # --- the end ----------------------------------------------------------------------------------------

    def _calm(self) -> None:
        """No more trouble: late money comes, events that never came are asked for, every row is worked off."""
        sandbox = self.platform.sandbox
        sandbox.chaos()
        sandbox.advance(60)
        until = time.monotonic() + 120
        while time.monotonic() < until and any(
            one["attempts"] == 0 for one in sandbox.state()["open_deliveries"]
        ):
            self._sweep()
            time.sleep(0.5)
        self.platform.stop_workers()
        session().execute(
            text("UPDATE payment_inbox SET next_at = now(), leased_until = NULL WHERE state = 'new'")
        )
        session().execute(
            text(
                "UPDATE payment_outbox SET next_at = now(), leased_until = NULL WHERE state IN ('due', 'unknown')"
            )
        )
        commit()
        for _ in range(3):
            with contextlib.suppress(ProviderError):
                service.poll_events()
            while reconciliation.work_off(limit=1_000):
                pass
            while service.send_due(limit=200):
                pass
        self.compared = reconciliation.compare_provider_transactions()
        while service.number_receipts():
            commit()
        commit()
        self.truth.read()

    def judge(self) -> None:
        """The books against the truth file, to the sen, gift by gift; then every rule of the books."""
        truth = self.truth
        assert [row[0] for row in rows("SELECT id FROM payment_inbox WHERE state IN ('new', 'dead')")] == []
        left = rows("SELECT id, state, last_error FROM payment_outbox WHERE state <> 'done'")
        assert left == []
        assert max(truth.pages.values()) == 1, "one card page per gift, whatever happened to the calls"
        theirs: dict[str, list[int]] = {}
        for payment_id, captured in truth.charges.values():
            theirs.setdefault(payment_id, [0, 0, 0])[0] += captured
        for charge, amount, word in truth.refunds.values():
            assert word in {"created", "succeeded"}
            theirs[truth.charges[charge][0]][1] += amount
        for charge, amount, word in truth.disputes.values():
            if word != "won":
                theirs[truth.charges[charge][0]][2] += amount
        ours = {
            str(key): [int(str(one)) for one in sums]
            for key, *sums in rows("SELECT id, captured, refunded, disputed FROM payment WHERE captured > 0")
        }
        assert ours == theirs
        lost = sum(amount for _, amount, word in truth.disputes.values() if word == "lost")
        held = sum(amount for _, amount, word in truth.disputes.values() if word == "opened")
        received = sum(amount for _, amount in truth.charges.values())
        refunded = sum(amount for _, amount, _ in truth.refunds.values())
        assert ledger.balance(self.fund) == received - refunded - lost - held
        assert ledger.balance(accounts.dispute_holdback()) == held
        disputed = len(truth.disputes)
        [balance] = gateway().balance().values()
        assert balance == received - refunded - lost - held - truth.fees - disputed * 15_000_000
        clearing = -ledger.balance(accounts.provider_clearing("stripe"))
        assert clearing == balance + held, "but for what it holds back until disputes are decided"
        [row] = self.compared
        assert row.theirs == row.ours + row.explained
        once = rows(
            "SELECT count(*) FROM ledger_posting WHERE kind = 'payment.captured' GROUP BY source_id HAVING count(*) > 1"
        )
        assert once == []
        [(thanked,)] = rows(
            "SELECT count(*) FROM message WHERE kind = 'payment.received' AND channel = 'email'"
        )
        assert thanked == len(theirs), "each giver is thanked once"
        session().rollback()
        with_time = text("SET LOCAL statement_timeout = '120s'")
        session().execute(with_time)
        assert_books_balance()
        self.say(
            f"{len(theirs)} gifts, {len(truth.refunds)} refunds, {disputed} disputes: Rp {received // 100:,} in,"
            f" Rp {ledger.balance(self.fund) // 100:,} in the fund, equal to the provider's truth"
        )


def run(payments: int, seed: int) -> None:
    """Play it with a bar, and judge."""
    console = Console()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(f"chaos, seed {seed}", total=payments)
        began = time.monotonic()
        with platform(seed) as here:
            drill = Drill(
                here,
                payments,
                seed,
                say=lambda words: (
                    console.print(f"{time.monotonic() - began:6.0f} s  {words}", soft_wrap=True),
                    console.file.flush(),
                ),
                advance=lambda count: progress.advance(bar, count),
            )
            try:
                drill.play()
                drill.judge()
            except BaseException:
                for log in ("worker.log", "web.log"):
                    console.print((here.folder / log).read_text(errors="replace")[-4000:])
                raise


@pytest.mark.case(11, 12, 14)
@pytest.mark.timeout(300)
def test_a_few_gifts_under_all_of_it(settings: config.Settings) -> None:
    run(SMALL, seed=1)


@pytest.mark.drill
@pytest.mark.timeout(7200)
def test_chaos(settings: config.Settings) -> None:
    run(
        int(os.environ.get("COEVOLVE_CHAOS_PAYMENTS", "1000")),
        int(os.environ.get("COEVOLVE_CHAOS_SEED", "1")),
    )
