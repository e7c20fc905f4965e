"""Faults that an operator must hear of within five minutes, each with the runbook that mends it."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text

from coevolve.config import settings
from coevolve.kit import checks, clock, rate
from coevolve.kit.beats import WorkerBeat
from coevolve.kit.db import session
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import QUEUES
from coevolve.ledger import queries as ledger
from coevolve.operations import queries

WEBHOOK_REFUSED = "webhook_refused"
WINDOW_SECONDS = 300
REFUSALS = 20
"""More refused webhooks than this in five minutes is no accident."""
PENDING_MINUTES = 15
DISK_SHARE = 85
BACKUP_HOURS = 26
SEAL_HOURS = 26
FAILING_TIMES = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """One fault as it is now; `subject` tells faults of one kind apart."""

    kind: str
    subject: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """What tells it from other faults."""
        return f"{self.kind}:{self.subject}" if self.subject else self.kind


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of fault: how it is called, which runbook mends it, how it is seen."""

    label: Any
    runbook: str
    look: Callable[[], Iterator[Seen]]


def _late_duties() -> Iterator[Seen]:
    for name, seconds in queries.ages().items():
        if seconds > queries.LATE_SECONDS:
            yield Seen("duty_late", name, {"seconds": round(seconds)})


def _silent_queues() -> Iterator[Seen]:
    beats = {beat.name: beat.seen_at for beat in session().execute(select(WorkerBeat)).scalars()}
    for name in QUEUES:
        seen = beats.get(f"canary.{name}")
        if seen is not None and (age := (clock.now() - seen).total_seconds()) > queries.SILENT_SECONDS:
            yield Seen("queue_silent", name, {"seconds": round(age)})


def _broken_books() -> Iterator[Seen]:
    last = checks.last()
    if last is not None and not last.is_clean:
        yield Seen("self_check", data={"broken": list(last.broken)})
    elif last is not None and not last.is_fresh:
        yield Seen("self_check", data={"at": last.at.isoformat()})


def _no_seal() -> Iterator[Seen]:
    newest = next(iter(ledger.seals(1)), None)
    if newest is None:
        return
    # A day is sealed after its end, so the newest seal is at most one day and some hours old.
    due = dt.datetime.combine(newest.day + dt.timedelta(days=1), dt.time(), dt.UTC)
    if clock.now() - due > dt.timedelta(hours=SEAL_HOURS):
        yield Seen("no_seal", data={"day": newest.day.isoformat()})


def _refused_webhooks() -> Iterator[Seen]:
    count = rate.count(WEBHOOK_REFUSED, window_seconds=WINDOW_SECONDS)
    if count > REFUSALS:
        yield Seen("webhook_refused", data={"count": count})


def _pending_payments() -> Iterator[Seen]:
    # `processing` is the provider's word that a result comes soon; a donor waits for it on the page.
    count = (
        session()
        .execute(
            text(
                "SELECT count(*) FROM payment p WHERE p.state = 'processing' AND NOT EXISTS (SELECT FROM move_event e"
                " WHERE e.machine = 'payment' AND e.object_id = p.id AND e.dst = 'processing' AND e.at > :since)"
            ),
            {"since": clock.now() - dt.timedelta(minutes=PENDING_MINUTES)},
        )
        .scalar_one()
    )
    if count:
        yield Seen("payment_pending", data={"count": int(count)})


def _dead_letters() -> Iterator[Seen]:
    for line in queries.board():
        for duty in line.duties:
            # A mail that one mailbox refuses is that person's matter; the page lists it, nobody is woken.
            if duty.letters and duty.duty.name not in {"message", "account_mail"}:
                yield Seen("dead_letters", duty.duty.name, {"count": duty.letters})


def _failing_jobs() -> Iterator[Seen]:
    for failure in queries.open_failures():
        if failure.times >= FAILING_TIMES:
            yield Seen("job_failing", failure.job, {"times": failure.times})


def _overdue_differences() -> Iterator[Seen]:
    count = (
        session()
        .execute(
            text(
                "SELECT count(*) FROM recon_case WHERE state NOT IN ('resolved', 'written_off') AND due_on < :today"
            ),
            {"today": clock.today()},
        )
        .scalar_one()
    )
    if count:
        yield Seen("difference_overdue", data={"count": int(count)})


def _full_disk() -> Iterator[Seen]:
    if not settings().data_dir:
        return
    try:
        usage = shutil.disk_usage(settings().data_dir)
    except OSError:
        return
    share = usage.used * 100 // max(1, usage.used + usage.free)
    if share > DISK_SHARE:
        yield Seen("disk", data={"percent": int(share)})


def _no_backup() -> Iterator[Seen]:
    if not settings().is_production:
        return
    noted = session().get(WorkerBeat, "backup")
    if noted is None:
        yield Seen("no_backup", data={})
    elif (age := clock.now() - noted.seen_at) > dt.timedelta(hours=BACKUP_HOURS):
        yield Seen("no_backup", data={"hours": int(age.total_seconds() // 3600)})


RULES: dict[str, Rule] = {
    "dead_letters": Rule(lazy("Pekerjaan yang menyerah"), "worker-idle", _dead_letters),
    "difference_overdue": Rule(
        lazy("Kasus keuangan lewat tenggat"), "payment-unexplained", _overdue_differences
    ),
    "disk": Rule(lazy("Cakram hampir penuh"), "disk-full", _full_disk),
    "duty_late": Rule(lazy("Antrean terlambat"), "worker-idle", _late_duties),
    "job_failing": Rule(lazy("Pekerjaan gagal berulang kali"), "worker-idle", _failing_jobs),
    "no_backup": Rule(lazy("Tidak ada cadangan yang baru"), "restore", _no_backup),
    "no_seal": Rule(lazy("Buku hari kemarin belum disegel"), "books-broken", _no_seal),
    "payment_pending": Rule(
        lazy("Pembayaran terlalu lama menunggu kepastian"), "payment-unexplained", _pending_payments
    ),
    "queue_silent": Rule(lazy("Pekerja antrean tidak terdengar"), "worker-idle", _silent_queues),
    "self_check": Rule(lazy("Pemeriksaan buku tidak bersih"), "books-broken", _broken_books),
    "webhook_refused": Rule(
        lazy("Banyak kabar palsu dari penyedia"), "webhook-secret-leaked", _refused_webhooks
    ),
}
"""All kinds of faults, by their code's first word."""


def look() -> list[Seen]:
    """Every fault that is there now."""
    return [seen for rule in RULES.values() for seen in rule.look()]


def rule_of(code: str) -> Rule:
    """The rule that saw a fault."""
    return RULES[code.partition(":")[0]]
