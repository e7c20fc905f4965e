"""Telling a worker to look now. The duty itself is always a row; a lost message only costs a sweep's wait."""

from __future__ import annotations

import contextlib
import logging
import time
import urllib.parse
from functools import cache
from typing import Any

import redis
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
    "voices": "match",
    "impact": "reports",
    "house": "reports",
    "operations": "reports",
}
"""Which queue a domain's jobs wait in: money never waits behind mail."""


CANARY = "canary"
"""`canary.money` is the sign of life of the queue money, and so on: each queue has its own."""

MOST_MESSAGES = 2_000
"""A queue with more messages than this gets no further ones: they only say `look now`, and the rows wait anyway."""


def queue_of(name: str) -> str:
    """The queue of the job `domain.verb`."""
    domain, _, verb = name.partition(".")
    return verb if domain == CANARY else QUEUE_OF[domain]


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


def broker() -> redis.Redis:
    """A connection to the broker, for looking at its queues; the caller closes it."""
    url = settings().redis_url
    if url.startswith("unix://"):
        path = url.removeprefix("unix://").partition("?")[0]
        return redis.Redis(unix_socket_path=path, socket_timeout=1)
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


def waiting_messages() -> dict[str, int]:
    """How many messages wait in each queue; raises redis.RedisError when the broker does not answer."""
    with contextlib.closing(broker()) as server:
        pipe = server.pipeline(transaction=False)
        for name in QUEUES:
            pipe.llen(name)
        return dict(zip(QUEUES, map(int, pipe.execute()), strict=True))


_seen: dict[str, int] = {}
_seen_at = -1.0


def is_full(queue: str) -> bool:
    """Whether a queue has more messages than a worker takes soon; looked at no more than once a second.

    A broker that does not answer is not full: sending will say so itself.
    """
    global _seen, _seen_at
    if time.monotonic() - _seen_at > 1:
        _seen_at = time.monotonic()
        try:
            _seen = waiting_messages()
        except redis.RedisError:
            _seen = {}
    return _seen.get(queue, 0) > MOST_MESSAGES


WAITING = "jobs_waiting"


def after_commit(name: str, **ids: Any) -> None:
    """Send the job `domain.verb` once the current transaction has committed; forgotten if it rolls back."""
    queue_of(name)
    session().info.setdefault(WAITING, []).append((name, ids))


def send(name: str, ids: dict[str, Any]) -> None:
    """Send at once; broker trouble is logged, never raised, for the row is still there and a sweep will come."""
    if not name.startswith(CANARY) and is_full(queue_of(name)):
        log.info("job not sent, its queue is full and a sweep will find its row", extra={"job": name})
        return
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
