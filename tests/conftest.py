"""What every test stands on: a real PostgreSQL and Valkey of our own, the app, and a clean slate each time.

`session`    everything inside one transaction that is rolled back; commits inside are savepoints
`client`     a browser without JavaScript (uses `session`); `sign_in(client, person)` gives it a person
`jobs`       what the code wanted a worker to look at, instead of a worker
`mailbox`    mails really sent over SMTP to a catcher
`committed`  a database and an app of one's own, for tests that need real commits, threads or processes
"""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask.globals
import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.commands import database
from coevolve.embedded.mail_catcher import Mailbox, MailCatcher
from coevolve.embedded.postgres import OWNER_ROLE, PostgresServer
from coevolve.embedded.valkey import ValkeyServer

os.environ["COEVOLVE_ENV"] = "test"
# How fast an example is drawn says something about the machine, nothing about the code.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")
TEMPLATE = "coevolve_template"
PUBLIC_URL = "http://localhost"


# --- servers: one PostgreSQL per run, started by whoever began the run -------------------------------------------


@dataclass
class Ground:
    """The PostgreSQL of this run and the folder of its files."""

    folder: Path
    server: PostgresServer

    @classmethod
    def lay(cls) -> Ground:
        """Start the server and make the template database by the real migrations."""
        folder = Path(tempfile.mkdtemp(prefix="coevolve-tests-"))
        server = PostgresServer(folder / "postgres", folder / "postgres.log", durable=False)
        ground = cls(folder, server)
        try:
            server.start()
            server.create_database(TEMPLATE)
            database.upgrade(server.url(TEMPLATE, role=OWNER_ROLE))
            _load_places(server.url(TEMPLATE))
        except BaseException:
            ground.remove()
            raise
        return ground

    def copy(self, name: str) -> None:
        """A fresh database like the template."""
        self.server.drop_database(name)
        self.server.create_database(name, template=TEMPLATE)

    def remove(self) -> None:
        """Stop the server and remove its files."""
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def _load_places(url: str) -> None:
    """The tree of places, as every deployment has it: factories need real codes."""
    from coevolve.commands.ground import database_context
    from coevolve.kit.db import commit
    from coevolve.localities import service

    config.install(_settings(database_url=url, redis_url="unix:///nowhere"))
    with database_context():
        service.load()
        commit()


_GROUND = pytest.StashKey[Ground]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """In the process that leads an xdist run: lay the ground once, tell each worker where it is."""
    ground = _ground_of(node.config)
    node.workerinput["coevolve_ground"] = str(ground.folder)
    node.workerinput["coevolve_socket"] = str(ground.server.socket_folder)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file run in one process, unless they name a group of their own (all stories share one platform)."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem + item.path.parent.name))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the ground away, where it was laid."""
    ground = config.stash.get(_GROUND, None)
    if ground is not None and not hasattr(config, "workerinput"):
        ground.remove()


def _ground_of(config: pytest.Config) -> Ground:
    ground = config.stash.get(_GROUND, None)
    if ground is not None:
        return ground
    told = getattr(config, "workerinput", None)
    if told is None:
        ground = Ground.lay()
    else:
        folder = Path(told["coevolve_ground"])
        server = PostgresServer(folder / "postgres", folder / "postgres.log", durable=False)
        server.socket_folder = Path(told["coevolve_socket"])
        ground = Ground(folder, server)
    config.stash[_GROUND] = ground
    return ground


@pytest.fixture(scope="session")
def ground(request: pytest.FixtureRequest) -> Ground:
    """The PostgreSQL of this run."""
    return _ground_of(request.config)


@pytest.fixture(scope="session")
def worker_name() -> str:
    """Which of several test processes this is."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def valkey(ground: Ground, worker_name: str) -> Iterator[ValkeyServer]:
    """A broker of this test process's own."""
    server = ValkeyServer(ground.folder / f"valkey-{worker_name}.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _catcher(ground: Ground, worker_name: str) -> Iterator[MailCatcher]:
    catcher = MailCatcher(Mailbox(ground.folder / f"mails-{worker_name}"))
    catcher.start()
    yield catcher
    catcher.stop()


@pytest.fixture
def mailbox(_catcher: MailCatcher) -> Mailbox:
    """Mails sent during the test (SMTP_URL points to it)."""
    _catcher.mailbox.clear()
    return _catcher.mailbox


# --- the app -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def settings(
    ground: Ground, valkey: ValkeyServer, _catcher: MailCatcher, worker_name: str
) -> Iterator[config.Settings]:
    """The settings of the tests; a database of this process's own."""
    name = f"test_{worker_name}"
    ground.copy(name)
    yield config.install(
        _settings(
            database_url=ground.server.url(name),
            database_owner_url=ground.server.url(name, role=OWNER_ROLE),
            redis_url=valkey.url(),
            smtp_url=f"smtp://127.0.0.1:{_catcher.port}",
            data_dir=str(ground.folder),
        )
    )
    ground.server.drop_database(name)


def _settings(**given: Any) -> config.Settings:
    return config.Settings(
        env="test",
        public_url=PUBLIC_URL,
        secret_key="a key that only tests know, and it is long enough",
        stripe_secret_key="sk_test_coevolve",
        stripe_webhook_secret="whsec_test_coevolve",
        stripe_api_base="http://127.0.0.1:9",
        stripe_checkout_origin="http://127.0.0.1:9",
        **{"page_seconds": 0, "quiet_from_hour": 0, "quiet_until_hour": 0, **given},
    )


class Browser(FlaskClient):
    """Flask's client, but each request is a request of its own: what the test's context holds does not leak into it.

    Before it the test's session commits (to its savepoint), after it the test sees what the request wrote.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Make a request."""
        from coevolve.kit.db import db

        inside = flask.globals._cv_app.get(None) is not None
        if inside:
            db.session.commit()
        response = contextvars.copy_context().run(self._open_alone, args, kwargs)
        if inside:
            db.session.expire_all()
        return response

    def _open_alone(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        flask.globals._cv_app.set(None)  # type: ignore[arg-type]
        return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def app(settings: config.Settings) -> Iterator[Flask]:
    """The app, made once; its database connection is swapped by `session`."""
    from coevolve.app import create_app
    from coevolve.kit.db import db

    made = create_app()
    made.test_client_class = Browser
    made.config["WTF_CSRF_ENABLED"] = False  # a guard shows that every form is refused without its token
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def session(app: Flask, jobs: list[Job], monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """The session of the test, and of every request and task in it: one transaction, rolled back at the end."""
    from coevolve.kit.db import db

    _workers_share(app, monkeypatch)
    with app.app_context():
        engines: dict[Any, Any] = db.engines
        engine = engines[None]
        connection = engine.connect()
        outer = connection.begin()
        engines[None] = connection
        try:
            yield db.session()
        finally:
            db.session.remove()
            engines[None] = engine
            outer.rollback()
            connection.close()


def _workers_share(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks run here in the test's app instead of one of their own."""
    import workers.app

    monkeypatch.setattr(workers.app, "context", lambda: app)


@pytest.fixture
def client(app: Flask, session: Session) -> FlaskClient:
    """A browser without JavaScript, signed in as nobody."""
    return app.test_client()


@pytest.fixture
def sign_in() -> Callable[..., None]:
    """`sign_in(client, person)`: as after a full sign-in; `fresh=False` leaves the second factor unproven."""
    return _sign_in


def _sign_in(client: FlaskClient, person: Any, *, fresh: bool = True) -> None:
    from tests.factories.people import sign_in as by_people

    by_people(client, person, fresh=fresh)


# --- jobs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Job:
    """A message that would have gone to a worker."""

    name: str
    ids: dict[str, Any]


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What the code wanted a worker to look at, in order; nothing is sent."""
    from coevolve.kit import jobs as kit_jobs

    recorded: list[Job] = []
    monkeypatch.setattr(kit_jobs, "send", lambda name, ids: recorded.append(Job(name, dict(ids))))
    return recorded


def perform(name: str, **ids: Any) -> None:
    """Do one job here and now, as a worker would: in a context and a transaction of its own."""
    from workers.app import WORK, run_in_transaction

    run_in_transaction(
        name, WORK[name], **{key: v if isinstance(v, int | str) else str(v) for key, v in ids.items()}
    )


@pytest.fixture
def work_off(session: Session, jobs: list[Job]) -> Callable[[], list[str]]:
    """Do the recorded jobs, and those they bring, as a worker would; returns their names."""

    def work() -> list[str]:
        done = []
        session.commit()
        while jobs:
            job = jobs.pop(0)
            contextvars.copy_context().run(perform, job.name, **job.ids)
            done.append(job.name)
            if len(done) > 500:
                raise AssertionError(f"jobs bring jobs without end: {done[-10:]}")
        session.expire_all()
        return done

    return work


# --- real commits ---------------------------------------------------------------------------------------------------


@dataclass
class Committed:
    """A database and an app of the test's own, with real commits."""

    app: Flask
    settings: config.Settings
    server: PostgresServer

    @property
    def environment(self) -> dict[str, str]:
        """What a child process needs to work on the same database and broker."""
        told = dict(os.environ)
        for field in dataclasses.fields(self.settings):
            value = getattr(self.settings, field.name)
            if value != field.default or field.name == "env":
                told[config.environment_name(field.name)] = str(value)
        return told

    def client(self) -> FlaskClient:
        """A browser."""
        return self.app.test_client()


@pytest.fixture
def committed(
    ground: Ground, settings: config.Settings, worker_name: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Committed]:
    """A database and an app of one's own, inside its app context; jobs really go to the (empty) broker."""
    from coevolve.app import create_app
    from coevolve.kit.db import db

    name = f"own_{worker_name}"
    ground.copy(name)
    own = dataclasses.replace(
        settings,
        database_url=ground.server.url(name),
        database_owner_url=ground.server.url(name, role=OWNER_ROLE),
    )
    config.install(own)
    _empty_broker(own.redis_url)
    made = create_app()
    made.test_client_class = Browser
    made.config["WTF_CSRF_ENABLED"] = False
    _workers_share(made, monkeypatch)
    try:
        with made.app_context():
            yield Committed(made, own, ground.server)
            db.session.remove()
            db.engine.dispose()
    finally:
        config.install(settings)
        with contextlib.suppress(Exception):
            ground.server.drop_database(name)


def _empty_broker(url: str) -> None:
    import redis

    with contextlib.closing(
        redis.Redis(unix_socket_path=url.removeprefix("unix://").partition("?")[0])
    ) as broker:
        broker.flushall()
