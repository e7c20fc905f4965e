"""An own PostgreSQL with the demo world, and the application with all its middleware, for measuring."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.test import EnvironBuilder

from coevolve import config
from coevolve.kit.db import session
from tests.conftest import OWNER_ROLE, Ground, ValkeyServer

HOST = "localhost"


@contextlib.contextmanager
def world() -> Iterator[Flask]:
    """The application over the demo world, in its own database."""
    from coevolve.app import create_app
    from coevolve.commands import database
    from coevolve.demo_world import load
    from coevolve.impact import service as impact
    from coevolve.listings import service as listings
    from coevolve.localities import service as localities

    ground = Ground.lay()
    valkey = ValkeyServer(ground.folder / "valkey.log")
    try:
        ground.copy("world")
        valkey.start()
        settings = config.install(
            config.Settings(
                env="test",
                database_url=ground.server.url("world"),
                database_owner_url=ground.server.url("world", role=OWNER_ROLE),
                redis_url=valkey.url(),
                smtp_url="smtp://127.0.0.1:9",
                public_url=f"http://{HOST}",
                secret_key="a key that only benchmarks know, and it is long",
                stripe_secret_key="sk_test_bench",
                stripe_webhook_secret="whsec_bench",
                stripe_api_base="http://127.0.0.1:9",
                stripe_checkout_origin="http://127.0.0.1:9",
                statement_timeout_ms=600_000,
                page_seconds=0,
            )
        )
        app = create_app(settings)
        with app.app_context():
            localities.ensure_loaded()
            session().commit()
            load.load()
            listings.fold_facets()
            impact.roll_up()
            session().commit()
            database.analyse(settings.database_owner_url)
        yield app
    finally:
        valkey.stop()
        ground.remove()


@dataclass
class Answer:
    """What a page answered."""

    status: int
    size: int
    statements: int


def ask(app: Flask, path: str, *, headers: dict[str, str] | None = None) -> Answer:
    """One request through the whole WSGI stack; how many statements it took."""
    statements: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        environ = EnvironBuilder(
            path=path.partition("?")[0], query_string=path.partition("?")[2], headers=headers
        )
        status, body = _call(app, environ.get_environ() | {"HTTP_HOST": HOST})
    finally:
        event.remove(Engine, "before_cursor_execute", count)
    return Answer(status, len(body), len(statements))


def _call(app: Flask, environ: dict[str, object]) -> tuple[int, bytes]:
    told: list[str] = []

    def start(status: str, _headers: object, _trouble: object = None) -> Callable[[bytes], object]:
        told.append(status)
        return lambda _data: None

    chunks = app.wsgi_app(environ, start)
    body = b"".join(chunks)
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
    return int(told[0].split()[0]), body


def rate(app: Flask, path: str, *, seconds: float = 1.0, before: Callable[[], object] | None = None) -> float:
    """Requests per second of one thread, for about so long, as nginx passes them on: packing is its work."""
    template = EnvironBuilder(
        path=path.partition("?")[0], query_string=path.partition("?")[2]
    ).get_environ() | {"HTTP_HOST": HOST}
    done = 0
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < seconds:
        if before is not None:
            before()
        status, _ = _call(app, dict(template))
        assert status == 200, f"{path}: {status}"
        done += 1
    return done / passed


@dataclass(frozen=True)
class Ratio:
    """A against B over several rounds."""

    middle: float
    least: float
    most: float
    baseline_spread: float

    def __str__(self) -> str:
        return f"{self.middle:6.1%}  ({self.least:.1%} to {self.most:.1%})"


TRIES = 3


class TooBusy(RuntimeError):
    """The baseline itself was restless, again and again: no figure is better than a wrong one."""


def compare(
    measure: Callable[[], float], baseline: Callable[[], float], *, rounds: int = 5, slices: int = 1
) -> Ratio:
    """The ratio per round, the two in turn; refuses to speak when the baseline itself is restless.

    A round may have several slices of each, so that somebody else's work on the machine falls on both alike.
    """
    for _attempt in range(TRIES):
        ratios, bases = [], []
        for _ in range(rounds):
            base = measured = 0.0
            for _ in range(slices):
                base += baseline()
                measured += measure()
            ratios.append(measured / base)
            bases.append(base)
        spread = max(bases) / min(bases)
        if spread <= 2:
            return Ratio(median(ratios), min(ratios), max(ratios), spread)
    raise TooBusy(f"the baseline spread {spread:.1f} x: this machine is too busy to measure")
