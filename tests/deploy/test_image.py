"""What the image holds is enough for production, and nothing of the demo or the tests is in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from coevolve.embedded import postgres

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
IGNORED = [
    line
    for line in (ROOT / ".dockerignore").read_text().splitlines()
    if line and not line.startswith(("#", "!"))
]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder /app of the image, as the Dockerfile and .dockerignore make it."""
    folder = tmp_path_factory.mktemp("image")
    left_out = {line.rstrip("/") for line in IGNORED if line.startswith("coevolve/")}
    for name in re.findall(r"^COPY (\w+) \./\w+$", DOCKERFILE, re.MULTILINE):
        shutil.copytree(
            ROOT / name,
            folder / name,
            ignore=lambda where, names: [
                entry
                for entry in names
                if entry == "__pycache__" or str((Path(where) / entry).relative_to(ROOT)) in left_out
            ],
        )
    return folder


def test_it_leaves_out_what_production_must_not_have(image: Path) -> None:
    assert {path.name for path in image.iterdir()} == {"coevolve", "workers", "migrations", "templates"}
    for name in ("embedded", "demo_world", "payment_sandbox"):
        assert not (image / "coevolve" / name).exists()
        assert f"coevolve/{name}/" in IGNORED


def test_it_runs_as_nobody_and_installs_only_what_is_locked() -> None:
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert "uv sync --frozen --no-default-groups" in DOCKERFILE
    assert not re.search(r"--group|--all-groups|ADD http|curl |:latest", DOCKERFILE)


@pytest.mark.parametrize("module", ["coevolve.wsgi", "workers.app", "coevolve.cli", "coevolve.deploy.probe"])
def test_every_process_can_start_from_it(image: Path, module: str) -> None:
    done = _python(image, f"import {module}, coevolve; print(coevolve.__file__)")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(str(image))


def test_its_migrations_are_found(image: Path) -> None:
    done = _python(image, "from coevolve.commands import database; print(database.heads())")
    assert done.returncode == 0, done.stderr


def test_the_payment_sandbox_is_refused_in_production(image: Path) -> None:
    done = _python(image, "import coevolve.wsgi", STRIPE_API_BASE="http://127.0.0.1:8010")
    assert done.returncode != 0
    assert "STRIPE_API_BASE" in done.stderr


def _python(image: Path, words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(image),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DATABASE_URL": postgres.socket_url(Path("/nowhere"), "x", role="x"),
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SMTP_URL": "smtp://127.0.0.1:9",
        "SECRET_KEY": "k" * 40,
        "STRIPE_SECRET_KEY": "sk_test_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
        "COEVOLVE_PUBLIC_URL": "https://example.org",
        **more,
    }
    return subprocess.run(
        [sys.executable, "-c", words],
        cwd=image,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
