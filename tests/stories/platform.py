"""A whole platform of our own for the stories, started by the same command people use."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from coevolve import config, registry
from coevolve.app import flask_config
from coevolve.kit.db import db
from coevolve.kit.db import session as db_session

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


@dataclass
class Platform:
    """Where it is, and a way to look into its database."""

    url: str
    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    app: Flask

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Work on its database with our services; commits at the end."""
        before = config.settings()
        config.install(config.Settings.from_environment(self.environment))
        try:
            with self.app.app_context():
                yield
                db_session().commit()
        finally:
            config.install(before)

    def logs(self) -> str:
        """The end of every part's log, for a failure's report."""
        return "\n".join(
            f"== {path.name}\n{path.read_text()[-1500:]}" for path in self.folder.glob("logs/*.log")
        )

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


@contextmanager
def start() -> Iterator[Platform]:
    """Start a platform in a folder of its own; end it as Ctrl-C would."""
    folder = Path(tempfile.mkdtemp(prefix="coevolve-stories-"))
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("COEVOLVE_", "DATABASE_", "REDIS_"))
    }
    output = folder / "up.log"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "coevolve.cli", "up", "--port", "8600"],
            env={**environment, "COEVOLVE_RUN_FOLDER": str(folder / "run")},
            cwd=ROOT,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        told = _wait(process, folder / "run" / "environment.json", output)
        yield Platform(told["COEVOLVE_PUBLIC_URL"], folder / "run", told, process, _app(told))
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], told: Path, output: Path) -> dict[str, str]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if told.exists() and b"ready at" in output.read_bytes():
            return dict(json.loads(told.read_text())["environment"])
        time.sleep(0.2)
    raise AssertionError(f"the platform did not start:\n{output.read_text()[-4000:]}")


def _app(environment: dict[str, str]) -> Flask:
    settings = config.Settings.from_environment(environment)
    app = Flask("coevolve")
    app.config.update(flask_config(settings))
    db.init_app(app)
    registry.import_models()
    return app


def wait_until(what: str, check: Any, *, seconds: float = 30) -> Any:
    """The first true answer of a check; an assertion that names what was awaited if it never comes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = check()
        if found:
            return found
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:.0f} s: {what}")
