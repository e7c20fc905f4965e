"""What stands in the repository, and what must not."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {
    "coevolve", "migrations", "workers", "templates", "tests", "docker-compose.yml", "pyproject.toml", "README.md",
    "run", "LICENSE", "Dockerfile", "uv.lock", ".ci", ".gitignore", ".dockerignore", ".squawk.toml", ".python-version",
}  # fmt: skip
LONGEST = 500
LONGEST_MIGRATION = 700
"""A first migration spells out every table of its domain."""
ASKS_THE_TIME = ("datetime.now", "datetime.utcnow", "dt.date.today", "date.today", "datetime.today")
HAVE_OWN_CLOCK = (
    "coevolve/kit/clock.py",
    "coevolve/payment_sandbox/",
    "coevolve/embedded/",
    "coevolve/commands/",
)


@cache
def tracked() -> tuple[str, ...]:
    """Paths of all files of the project."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        words = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
        return tuple(sorted(path for path in words.decode().split("\0") if path and (ROOT / path).is_file()))
    skipped = {
        ".venv",
        ".tools",
        ".run",
        "__pycache__",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    }
    files = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(sorted(str(path) for path in files if not skipped & set(path.parts)))


def python_files(*folders: str) -> list[str]:
    return [path for path in tracked() if path.endswith(".py") and path.startswith(folders)]


def test_the_top_level_is_fixed() -> None:
    assert {path.split("/")[0] for path in tracked()} - TOP_LEVEL == set()


def test_no_file_is_too_long() -> None:
    long = {}
    for path in python_files("coevolve/", "workers/", "migrations/", "tests/"):
        lines = len((ROOT / path).read_text().splitlines())
        if lines > (LONGEST_MIGRATION if path.startswith("migrations/") else LONGEST):
            long[path] = lines
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    silent = []
    for path in python_files("coevolve/", "workers/", "migrations/"):
        text = (ROOT / path).read_text()
        if text.strip() and ast.get_docstring(ast.parse(text)) is None:
            silent.append(path)
    assert silent == []


def test_nothing_but_the_clock_asks_the_time() -> None:
    asking = []
    for path in python_files("coevolve/", "workers/"):
        if path.startswith(HAVE_OWN_CLOCK):
            continue
        for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1):
            if any(f"{words}(" in line for words in ASKS_THE_TIME) and "clock" not in line:
                asking.append(f"{path}:{number}")
    assert asking == []


SECRETS = (
    re.compile(r"\b[sr]k_live_[0-9a-zA-Z]{8,}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\bgh[pousr]_[0-9A-Za-z]{30,}"),
    re.compile(r"-----BEGIN (RSA |EC |OPENSSH )?PRIVATE " + "KEY-----"),
    re.compile(r"\bxox[abp]-[0-9A-Za-z-]{10,}"),
)
MACHINE_WORDS = (
    "/" + "work/",
    "/" + "root/",
    "/home/" + "[a-z]",
    "shared" + "/design",
    "CONTRACT" + r"\.md",
    "issue" + r" #\d",
)


@pytest.mark.parametrize(
    "path", [p for p in tracked() if not p.startswith("tests/vendored/") and p != "uv.lock"]
)
def test_no_secret_and_no_word_of_one_machine(path: str) -> None:
    try:
        text = (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    assert [found.pattern for found in SECRETS if found.search(text)] == []
    assert [words for words in MACHINE_WORDS if re.search(words, text)] == []


def test_no_unfinished_words() -> None:
    marks = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    found = [
        f"{path}:{number}"
        for path in python_files("coevolve/", "workers/", "migrations/")
        for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1)
        if marks.search(line)
    ]
    assert found == []


def test_no_template_is_made_of_text_at_run_time() -> None:
    words = "render_template" + "_string"
    assert [
        path for path in python_files("coevolve/", "workers/") if words in (ROOT / path).read_text()
    ] == []


FLOORS = {
    "flask": "3.1.3",  # CVE-2026-27205
    "werkzeug": "3.1.4",  # GHSA-hrfv-mqp8-q5rw, GHSA-q34m-jh98-gwm2, CVE-2024-34069
    "jinja2": "3.1.6",  # CVE-2025-27516
    "celery": "5.2.2",  # CVE-2021-23727
    "pillow": "11.3",  # CVE-2025-48379
    "requests": "2.32.4",  # CVE-2024-47081
    "urllib3": "2.5",  # CVE-2025-50181
}
"""Versions below these have known holes."""


def test_locked_versions_are_above_the_floors() -> None:
    locked = {
        entry["name"]: entry["version"]
        for entry in tomllib.loads((ROOT / "uv.lock").read_text())["package"]
        if "version" in entry
    }
    low = {
        name: locked[name]
        for name, floor in FLOORS.items()
        if name in locked and Version(locked[name]) < Version(floor)
    }
    assert low == {}


def test_every_locked_file_has_its_hash() -> None:
    for entry in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        for file in [*entry.get("wheels", []), *([entry["sdist"]] if "sdist" in entry else [])]:
            assert file.get("hash", "").startswith("sha256:"), entry["name"]


def test_no_dependency_is_without_a_least_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    loose = [
        words
        for words in project["dependencies"]
        if not any(s.operator in {">=", "==", "~="} for s in Requirement(words).specifier)
    ]
    assert loose == []
