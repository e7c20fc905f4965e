"""Telling a worker to look now. The duty itself is always a row; a lost message only costs a sweep's wait."""

from __future__ import annotations

import logging
import urllib.parse
from functools import cache
from typing import Any

from celery import Celery
from sqlalchemy import event
from sqlalchemy.orm import Session

from coevolve.config import settings
from coevolve.kit.db import session

log = logging.getLogger(__name__)

QUEUES = ("money", "mail", "match", "reports")
QUEUE_OF = {
    "ledger": "money",
    "payments": "money",
    "pledges": "money",
    "recurring": "money",
    "disbursements": "money",
    "reconciliation": "money",
    "notifications": "mail",
    "matching": "match",
    "journal": "match",
    "listings": "match",
    "localities": "match",
    "moderation": "match",
    "organisations": "match",
    "people": "match",
    "impact": "reports",
    "house": "reports",
}
"""Which queue a domain's jobs wait in: money never waits behind mail."""


def queue_of(name: str) -> str:
    """The queue of the job `domain.verb`."""
    return QUEUE_OF[name.partition(".")[0]]


def celery_url(url: str) -> str:
    """Celery's spelling of our one Redis setting."""
    if url.startswith("unix://"):
        parts = urllib.parse.urlsplit(url)
        return f"redis+socket://{parts.path}"
    return url


@cache
def producer() -> Celery:
    """A Celery app that only sends: the web process knows no tasks."""
    app = Celery("coevolve", broker=celery_url(settings().redis_url), set_as_current=False)
    app.conf.update(
        task_ignore_result=True,
        broker_connection_retry=False,
        broker_connection_max_retries=1,
        broker_transport_options={
            "socket_timeout": 2,
            "socket_connect_timeout": 1,
            "max_retries": 1,
        },
    )
    return app


WAITING = "jobs_waiting"


def after_commit(name: str, **ids: Any) -> None:
    """Send the job `domain.verb` once the current transaction has committed; forgotten if it rolls back."""
    queue_of(name)
    session().info.setdefault(WAITING, []).append((name, ids))


def send(name: str, ids: dict[str, Any]) -> None:
    """Send at once; broker trouble is logged, never raised, for the row is still there and a sweep will come."""
    arguments = {key: value if isinstance(value, int | str) else str(value) for key, value in ids.items()}
    try:
        producer().send_task(
            name,
            kwargs=arguments,
            queue=queue_of(name),
            retry=False,
            ignore_result=True,
        )
    except Exception as trouble:
        log.warning(
            "job not sent, a sweep will find its row",
            extra={"job": name, "trouble": repr(trouble)},
        )


@event.listens_for(Session, "after_commit")
def _send_waiting(committed: Session) -> None:
    if committed.in_nested_transaction():
        return
    # One message per job name and arguments: ten notices written in one transaction need one nudge.
    waiting = committed.info.pop(WAITING, [])
    for name, ids in {(name, tuple(sorted(ids.items()))): (name, ids) for name, ids in waiting}.values():
        send(name, ids)


@event.listens_for(Session, "after_soft_rollback")
def _forget_waiting(rolled_back: Session, _previous: Any) -> None:
    if not rolled_back.in_nested_transaction():
        rolled_back.info.pop(WAITING, None)
