"""A whole platform of our own for the stories, started by the same command people use."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from coevolve import config, registry
from coevolve.app import flask_config
from coevolve.kit import jobs
from coevolve.kit.db import db
from coevolve.kit.db import session as db_session

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 180
PORT_TAKEN = re.compile(r"already in use|is taken|Errno 98", re.IGNORECASE)
DULL = re.compile(
    r'"level": "info"|"status": [234]\d\d|LOG:  |Scheduler: |INFO|\d \* |WARNING Memory|does not exist|^\s*$'
    r"|uperuser|not recommended|--uid|User info|_warn_or"
)
"""What stands in every log and helps nobody."""


@dataclass
class Platform:
    """Where it is, and a way to look into its database."""

    url: str
    folder: Path
    environment: dict[str, str]
    app: Flask

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Work on its database with our services; commits at the end."""
        with _settings_of(self.environment), self.app.app_context():
            yield
            db_session().commit()

    @property
    def sandbox(self) -> str:
        """Where the payment sandbox is."""
        return self.environment["STRIPE_CHECKOUT_ORIGIN"]

    def ask_sandbox(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of the payment sandbox's admin, which plays the provider and the weather between us."""
        request = urllib.request.Request(
            f"{self.sandbox}/sandbox/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    @contextmanager
    def events_held_back(self) -> Iterator[None]:
        """What the provider tells us is lost on its way within the block, and sent again, twice, after it."""
        known = {event["id"] for event in self._events()}
        self.ask_sandbox("POST", "chaos", {"faults": [{"mode": "lose"}]})
        try:
            yield
        finally:
            self.ask_sandbox("POST", "chaos", {"faults": []})
        for event in self._events():
            if event["id"] not in known:
                for _ in range(2):
                    self.ask_sandbox("POST", f"events/{event['id']}/resend", {})

    def _events(self) -> list[dict[str, Any]]:
        return list(self.ask_sandbox("GET", "dump")["event"])

    def logs(self) -> str:
        """The end of every part's log, for a failure's report."""
        return "\n".join(f"== {path.name}\n{_worth_reading(path)}" for path in self.folder.glob("logs/*.log"))

    def command(self, *words: str) -> str:
        """What a command of `coevolve` prints on this platform."""
        done = subprocess.run(
            [sys.executable, "-m", "coevolve.cli", *words],
            env={**os.environ, **self.environment, "COEVOLVE_RUN_FOLDER": str(self.folder)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout


def _worth_reading(log: Path) -> str:
    """The end of a log without what went as it should."""
    lines = log.read_text(errors="replace").splitlines()
    return "\n".join([line for line in lines if not DULL.search(line)][-25:])[-2500:]


@contextmanager
def _settings_of(environment: dict[str, str]) -> Iterator[None]:
    """This process takes the platform's settings, and its broker, for as long as the block lasts."""
    before = config._installed  # none, perhaps, and none is to be made up
    config.install(config.Settings.from_environment(environment))
    jobs.producer.cache_clear()
    try:
        yield
    finally:
        config._installed = before
        jobs.producer.cache_clear()


@contextmanager
def start() -> Iterator[Platform]:
    """Start a platform in a folder of its own and end it as Ctrl-C would; or use the one COEVOLVE_STORIES_ON names.

    That is the run folder of a platform that already runs (`COEVOLVE_RUN_FOLDER=... coevolve up`): whoever writes a
    story starts one platform and runs the story many times.
    """
    running = os.environ.get("COEVOLVE_STORIES_ON")
    if running:
        told = json.loads((Path(running) / "environment.json").read_text())["environment"]
        with _app(told) as app:
            yield Platform(told["COEVOLVE_PUBLIC_URL"], Path(running), told, app)
        return
    folder = Path(tempfile.mkdtemp(prefix="coevolve-stories-"))
    try:
        process, told = _begin(folder)
        try:
            with _app(told) as app:
                yield Platform(told["COEVOLVE_PUBLIC_URL"], folder / "run", told, app)
        finally:
            _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _begin(folder: Path) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    """Start it; when somebody took one of its ports between its look and its start, once more."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("COEVOLVE_", "DATABASE_", "REDIS_"))
    }
    output = folder / "up.log"
    for is_last in (False, False, True):
        with output.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", "coevolve.cli", "up", "--port", str(random.randrange(20_000, 30_000))],
                env={**environment, "COEVOLVE_RUN_FOLDER": str(folder / "run"), "COEVOLVE_PAGE_SECONDS": "0"},
                cwd=ROOT,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            return process, _wait(process, folder / "run" / "environment.json", output)
        except AssertionError as failure:
            _end(process)
            if is_last or not PORT_TAKEN.search(str(failure)):
                raise
    raise AssertionError("unreachable")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it as Ctrl-C would."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], told: Path, output: Path) -> dict[str, str]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if told.exists() and b"ready at" in output.read_bytes():
            return dict(json.loads(told.read_text())["environment"])
        time.sleep(0.2)
    raise AssertionError(f"the platform did not start:\n{output.read_text()[-4000:]}")


@contextmanager
def _app(environment: dict[str, str]) -> Iterator[Flask]:
    settings = config.Settings.from_environment(environment)
    app = Flask("coevolve")
    app.config.update(flask_config(settings))
    db.init_app(app)
    registry.import_models()
    yield app
    with app.app_context():
        db.engine.dispose()


def wait_until(what: str, check: Any, *, seconds: float = 30) -> Any:
    """The first true answer of a check; an assertion that names what was awaited if it never comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")
