"""The whole settle by the application itself: sixteen clients (four processes with four threads) and one campaign.

    python -m tests.benchmarks.settling      a worker: reads batches of events, one JSON line each, and answers in kind

A batch is settled as a Celery worker would, each event in a transaction of its own: payment, posting, delta, pledge,
receipt, journal, notices; only the provider is left out, for its picture of the payment comes with the batch.
`locked` does the same with a total that everybody locks, as the naive way has it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

PROCESSES = 4
THREADS = 4
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settled:
    """What a batch took."""

    per_second: float
    latencies_ms: list[float]


class Workers:
    """Processes of the application that settle what they are given."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = environment
        self.log = log
        self.processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        with self.log.open("w") as written:
            self.processes = [
                subprocess.Popen(
                    [sys.executable, "-m", "tests.benchmarks.settling"],
                    env=self.environment, cwd=ROOT, text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=written,
                )
                for _ in range(PROCESSES)
            ]  # fmt: skip
        for process in self.processes:
            self._heard(process)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            if process.stdin is not None:
                process.stdin.close()
            process.wait(30)

    def settle(self, events: list[dict[str, Any]], *, locked: bool = False) -> Settled:
        """Settle a batch with all clients; requests per second and how long each took."""
        began = time.perf_counter()
        for number, process in enumerate(self.processes):
            assert process.stdin is not None
            batch = {"events": events[number::PROCESSES], "locked": locked}
            process.stdin.write(json.dumps(batch) + "\n")
            process.stdin.flush()
        latencies = [one for process in self.processes for one in self._heard(process)]
        return Settled(len(events) / (time.perf_counter() - began), latencies)

    def _heard(self, process: subprocess.Popen[str]) -> list[float]:
        assert process.stdout is not None
        line = process.stdout.readline()
        told = json.loads(line) if line else {"faults": [self.log.read_text()[-3000:]]}
        if told["faults"]:
            raise RuntimeError(f"settling: {told['faults'][0]}")
        return list(told["latencies"])


def prepared(
    campaigns: list[tuple[uuid.UUID, uuid.UUID]], givers: list[uuid.UUID], many: int
) -> list[dict[str, Any]]:
    """Card payments awaited by these campaigns (listing, line of money), with an event each; what a worker needs."""
    from coevolve.kit import clock
    from coevolve.kit.db import get, session
    from coevolve.kit.money import rupiah
    from coevolve.payments import queries
    from coevolve.payments.provider import EventHint
    from coevolve.payments.service.arriving import keep
    from coevolve.people.models import Person
    from coevolve.pledges import service as pledges

    made = []
    for number in range(many):
        listing_id, line_id = campaigns[number % len(campaigns)]
        pledge = pledges.offer(
            listing_id=listing_id,
            by=get(Person, givers[number % len(givers)]),
            lines=[pledges.Wish(line_id=line_id, quantity=rupiah(50_000).amount)],
            client_token=uuid.uuid4(),
            method="checkout",
        )
        [payment] = queries.of("pledge", pledge.id)
        ref = uuid.uuid4().hex
        payment.provider_ref = f"cs_{ref}"
        hint = EventHint(
            event_id=f"evt_{ref}", event_type="checkout.session.completed", object_ref=f"cs_{ref}", account="",
            livemode=False, created_at=clock.now(), raw=b"{}",
        )  # fmt: skip
        event_id = keep(hint, provider="stripe", via="push")
        made.append(
            {
                "event": event_id,
                "payment": str(payment.id),
                "ref": ref,
                "amount": payment.amount,
                "at": number,
            }
        )
        if number % 50 == 49:
            session().commit()
            session().expunge_all()
    session().commit()
    return made


def _main() -> None:
    from coevolve.config import settings
    from workers.app import context

    settings()
    app = context()
    print(json.dumps({"latencies": [], "faults": []}), flush=True)
    for line in sys.stdin:
        told = json.loads(line)
        waiting = deque(told["events"])
        latencies: list[float] = []
        faults: list[str] = []
        threads = [
            threading.Thread(target=_client, args=(app, waiting, told["locked"], latencies, faults))
            for _ in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(json.dumps({"latencies": latencies, "faults": faults}), flush=True)


def _client(
    app: Any, waiting: deque[dict[str, Any]], locked: bool, latencies: list[float], faults: list[str]
) -> None:
    from coevolve.kit.db import db, session

    while waiting:
        try:
            one = waiting.popleft()
        except IndexError:
            return
        began = time.perf_counter()
        try:
            with app.app_context():
                _settle(one, locked)
                session().commit()
                db.session.remove()
        except Exception as trouble:
            faults.append(repr(trouble)[:2000])
            return
        latencies.append((time.perf_counter() - began) * 1000)


def _settle(one: dict[str, Any], locked: bool) -> None:
    from sqlalchemy import text

    from coevolve.kit import clock
    from coevolve.kit.db import session
    from coevolve.kit.money import Money
    from coevolve.payments.provider import FoundCharge, FoundPayment
    from coevolve.reconciliation import service as reconciliation

    if locked:
        session().execute(text("UPDATE bench_counter SET received = received + 1 WHERE fund_id = 0"))
    charge = FoundCharge(
        ref=f"ch_{one['ref']}", captured=Money(one["amount"], "IDR"), captured_at=clock.now()
    )
    found = FoundPayment(
        provider="stripe", account="", payment_id=uuid.UUID(one["payment"]), checkout_ref=f"cs_{one['ref']}",
        intent_ref=f"pi_{one['ref']}", status="paid", charges=(charge,),
    )  # fmt: skip
    state = reconciliation.settle(event_id=one["event"], found=found)
    if state != "done":
        raise RuntimeError(f"event {one['event']} is {state}")


if __name__ == "__main__":
    _main()
