"""The Celery app and what every task is wrapped in: app context, one transaction, log fields.

Late acknowledgement, reject on a lost worker, and an effect behind a unique key: all three, or work is lost or done
twice. Retries are our own, in the row; a task that fails is only logged, its row comes back by the sweep.

Run: `celery --app workers.app worker` and `celery --app workers.app beat`.
"""

from __future__ import annotations

import functools
import importlib
import logging
import pkgutil
import time
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init
from flask import Flask
from kombu.entity import Queue

import workers
from coevolve import registry
from coevolve.app import flask_config
from coevolve.config import settings
from coevolve.kit import i18n
from coevolve.kit.db import db, session
from coevolve.kit.jobs import QUEUES, celery_url, queue_of
from coevolve.kit.logs import configure
from coevolve.operations import service as operations
from workers.schedule import SCHEDULE

log = logging.getLogger("coevolve.tasks")

celery = Celery("coevolve", broker=celery_url(settings().redis_url))
celery.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_acks_on_failure_or_timeout=True,
    worker_prefetch_multiplier=1,
    worker_max_tasks_per_child=1000,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_soft_shutdown_timeout=30,
    worker_send_task_events=False,
    task_time_limit=90,
    task_soft_time_limit=60,
    task_default_queue="reports",
    task_queues=[Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
    task_create_missing_queues=False,
    broker_connection_max_retries=None,
    broker_connection_retry_on_startup=True,
    visibility_timeout=300,
    broker_transport_options={
        "visibility_timeout": 300,
        "unacked_mutex_expire": 30,
        "socket_timeout": 5,
        "socket_connect_timeout": 5,
        "health_check_interval": 30,
    },
    beat_schedule={
        name: {
            "task": "house.scheduled",
            "schedule": every,
            "args": (name, every),
            "options": {"queue": queue_of(name)},
        }
        for name, every in SCHEDULE.items()
    },
    beat_max_loop_interval=5,
    timezone="UTC",
)


@functools.cache
def context() -> Flask:
    """A Flask app that only carries the database: workers serve no pages, so no route is loaded."""
    app = Flask("coevolve")
    current = settings()
    app.config.update(flask_config(current, statement_timeout_ms=current.worker_statement_timeout_ms))
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] |= {"pool_size": 2}
    db.init_app(app)
    registry.import_models()
    return app


def run_in_transaction(name: str, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run one body of work as one transaction in the app's context; log it; let its failure be seen."""
    started = time.perf_counter()
    with context().app_context():
        i18n.use_language(i18n.DEFAULT)
        try:
            result = work(*args, **kwargs)
            session().commit()
        except BaseException as trouble:
            session().rollback()
            _note_failure(name, kwargs, trouble)
            raise
        finally:
            db.session.remove()
    log.info(
        "done",
        extra={"job": name, "ms": round((time.perf_counter() - started) * 1000, 1)},
    )
    return result


def _note_failure(name: str, arguments: dict[str, Any], trouble: BaseException) -> None:
    """Keep the failure as a row for staff; when even that cannot be written, the log alone has it."""
    try:
        operations.note_failure(job=name, arguments=arguments, trouble=trouble)
        session().commit()
    except Exception:
        session().rollback()
        log.exception("failure not noted", extra={"job": name})


def task(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the job `domain.verb`; its body is the first real line of work."""

    def register(work: Callable[..., Any]) -> Callable[..., Any]:
        @celery.task(name=name, queue=queue_of(name), shared=False)
        @functools.wraps(work)
        def run(*args: Any, **kwargs: Any) -> None:
            run_in_transaction(name, work, *args, **kwargs)

        WORK[name] = work
        return work

    return register


WORK: dict[str, Callable[..., Any]] = {}
"""The bodies of all jobs, by name."""


@celery.task(name="house.scheduled", shared=False)
def scheduled(name: str, every_seconds: float) -> None:
    """A scheduled job's turn: taken once per slot, however many beats there are."""
    from coevolve.kit.beats import take_slot

    if run_in_transaction("house.slot", take_slot, name, every_seconds=every_seconds):
        run_in_transaction(name, WORK[name])


@worker_process_init.connect
def _fresh_connections(**_: Any) -> None:
    # A pool inherited over fork would share sockets between processes.
    with context().app_context():
        db.engine.dispose(close=False)


@setup_logging.connect
def _logs(**_: Any) -> None:
    configure()


def load_tasks() -> None:
    """Import every file of tasks, so that the worker knows them all."""
    for module in pkgutil.iter_modules(workers.__path__):
        if module.name not in {"app", "schedule"}:
            importlib.import_module(f"workers.{module.name}")


load_tasks()
