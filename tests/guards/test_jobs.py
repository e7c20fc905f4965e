"""A job that is asked for exists, one that exists is asked for, and every queue has somebody listening."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

from coevolve import config
from coevolve.kit.jobs import QUEUE_OF, QUEUES, queue_of

ROOT = Path(__file__).resolve().parents[2]


def _asked_for() -> Iterator[tuple[str, str]]:
    for folder in ("coevolve", "workers"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                first = node.args[0]
                if (
                    name in {"after_commit", "send"}
                    and isinstance(first, ast.Constant)
                    and isinstance(first.value, str)
                ):
                    yield first.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_job_asked_for_is_registered(settings: config.Settings) -> None:
    from workers.app import WORK

    unknown = {name: place for name, place in _asked_for() if name not in WORK}
    assert unknown == {}


def test_every_registered_job_is_asked_for(settings: config.Settings) -> None:
    from workers.app import WORK
    from workers.schedule import SCHEDULE

    idle = set(WORK) - {name for name, _ in _asked_for()} - set(SCHEDULE)
    assert idle == set()


def test_every_scheduled_job_is_registered(settings: config.Settings) -> None:
    from workers.app import WORK
    from workers.schedule import SCHEDULE

    assert set(SCHEDULE) - set(WORK) == set()
    assert list(SCHEDULE) == sorted(SCHEDULE)


def test_every_job_has_a_queue_and_every_queue_is_watched(settings: config.Settings) -> None:
    from workers.app import WORK, celery

    assert {queue_of(name) for name in WORK} <= set(QUEUES)
    assert set(QUEUE_OF.values()) <= set(QUEUES)
    assert {queue.name for queue in celery.conf.task_queues} == set(QUEUES)


def test_production_watches_every_queue() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    watched: set[str] = set()
    for service in services.values():
        words = [str(word) for word in service.get("command") or []]
        if "worker" in words and "celery" in words:
            named = [word.split("=", 1)[1] for word in words if word.startswith("--queues=")]
            watched |= set(named[0].split(",")) if named else set(QUEUES)
    assert watched == set(QUEUES)
