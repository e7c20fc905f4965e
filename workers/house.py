"""Work of the house itself: the canaries that show the workers work, and the broom."""

from __future__ import annotations

import json

from coevolve import registry
from coevolve.kit import beats, checks, rate
from coevolve.reconciliation import service as reconciliation
from workers.app import task


@task("canary.money")
def canary_of_money() -> None:
    """Celery can be alive yet idle after a Redis reset; this row says that tasks of this queue really run."""
    beats.beat("canary.money")


@task("canary.mail")
def canary_of_mail() -> None:
    """The same for the queue of mails."""
    beats.beat("canary.mail")


@task("canary.match")
def canary_of_match() -> None:
    """The same for the queue of matches."""
    beats.beat("canary.match")


@task("canary.reports")
def canary_of_reports() -> None:
    """The same for the queue of reports."""
    beats.beat("canary.reports")


@task("house.clean")
def clean() -> None:
    """Remove rate counters and slots of past days."""
    rate.sweep()
    beats.sweep()
    checks.sweep()


@task("house.self_check")
def self_check() -> None:
    """Ask everything that must always hold. What does not becomes a case of finance; what holds again closes it."""
    rules = registry.invariants()
    broken = {one.code: one for one in checks.look(rules)}
    for rule in rules:
        found = broken.get(rule.code)
        if found is None:
            reconciliation.close_by_itself(kind="books", subject=("rule", rule.code), note=HOLDS_AGAIN)
        else:
            reconciliation.open_case(
                kind="books",
                subject=("rule", rule.code),
                data={"says": rule.says, "rows": json.loads(json.dumps(found.rows, default=str))},
            )


HOLDS_AGAIN = "Aturan ini terpenuhi lagi pada pemeriksaan berikutnya."
