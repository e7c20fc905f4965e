"""The tables of duties: how old the oldest due row is, and which rows were given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text, update

from coevolve.config import settings
from coevolve.journal.models import JournalDue
from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import after_commit
from coevolve.notifications import service as notifications
from coevolve.notifications.models import STOPPED
from coevolve.payments import service as payments
from coevolve.people.models import AccountMail

STUBBORN_TRIES = 6
"""A reaction that failed this often comes back only every few hours; a person should look."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One table of duties."""

    name: str
    queue: str
    label: Any
    oldest: str
    """SQL: the moment since when its oldest due row waits."""
    letters: str = ""
    """SQL: id, at, attempts, error of rows that were given up, newest first; empty when it has none."""
    retry: Callable[[str], None] | None = None
    """Puts one of them back. A refused call to a provider has none: it is a case of finance."""


def _again_event(key: str) -> None:
    payments.replay(event_id=int(key))


def _again_message(key: str) -> None:
    notifications.requeue(message_ids=[int(key)])


def _again_mail(key: str) -> None:
    _due_now(update(AccountMail).where(text("account_mail.id = CAST(:key AS uuid)")), key)
    after_commit("people.send_mails")


def _again_reaction(key: str) -> None:
    _due_now(update(JournalDue).where(text("journal_due.journal_id = CAST(:key AS bigint)")), key)
    after_commit("journal.react", journal_id=int(key))


def _due_now(statement: Any, key: str) -> None:
    session().execute(
        statement.values(attempts=0, next_at=clock.now(), leased_until=None).execution_options(
            synchronize_session=False
        ),
        {"key": key},
    )


def all_duties() -> tuple[Duty, ...]:
    """Every table of duties, money first."""
    return (
        Duty(
            "payment_inbox",
            "money",
            lazy("Kabar dari penyedia pembayaran"),
            "SELECT min(next_at) FROM payment_inbox WHERE state = 'new'",
            "SELECT id::text, next_at AS at, attempts, coalesce(last_error, '') AS error FROM payment_inbox"
            " WHERE state = 'dead' ORDER BY id DESC",
            _again_event,
        ),
        Duty(
            "payment_outbox",
            "money",
            lazy("Permintaan kepada penyedia pembayaran"),
            "SELECT min(next_at) FROM payment_outbox WHERE state IN ('due', 'unknown')",
            "SELECT id::text, next_at AS at, attempts, coalesce(last_error, '') AS error FROM payment_outbox"
            " WHERE state = 'dead' AND EXISTS (SELECT FROM recon_case c WHERE c.kind = 'dead_call'"
            " AND c.subject_id = payment_outbox.id::text AND c.state NOT IN ('resolved', 'written_off'))"
            " ORDER BY id DESC",
        ),
        Duty(
            "statement",
            "money",
            lazy("Berkas mutasi bank"),
            "SELECT min(next_at) FROM recon_statement WHERE state IN ('uploaded', 'parsed')",
        ),
        Duty(
            "account_mail",
            "match",
            lazy("Surel akun"),
            f"SELECT min(next_at) FROM account_mail WHERE done_at IS NULL AND attempts < {settings().mail_tries}",
            "SELECT id::text, created_at AS at, attempts, coalesce(last_error, '') AS error FROM account_mail"
            f" WHERE done_at IS NULL AND attempts >= {settings().mail_tries} ORDER BY id DESC",
            _again_mail,
        ),
        Duty(
            "message",
            "mail",
            lazy("Kabar lewat surel"),
            "SELECT min(next_at) FROM message WHERE state = 'queued' AND cadence = 'now'",
            # What its reader stopped is no failure.
            "SELECT id::text, created_at AS at, attempts, coalesce(last_error, '') AS error FROM message"
            f" WHERE state = 'given_up' AND last_error IS DISTINCT FROM '{STOPPED}' ORDER BY id DESC",
            _again_message,
        ),
        Duty(
            "digest",
            "mail",
            lazy("Ringkasan lewat surel"),
            "SELECT min(next_at) FROM digest WHERE state = 'queued'",
        ),
        Duty(
            "journal_due",
            "match",
            lazy("Pekerjaan lanjutan dari sebuah kejadian"),
            "SELECT min(next_at) FROM journal_due",
            "SELECT journal_id::text AS id, next_at AS at, attempts, coalesce(last_error, '') AS error"
            f" FROM journal_due WHERE attempts >= {STUBBORN_TRIES} ORDER BY journal_id DESC",
            _again_reaction,
        ),
    )


def duty(name: str) -> Duty | None:
    """The duty of this name."""
    return next((one for one in all_duties() if one.name == name), None)


__all__ = ["Duty", "all_duties", "duty"]
