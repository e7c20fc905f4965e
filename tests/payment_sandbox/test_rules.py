"""What the sandbox must never be: started in production, tied to the app, or wrong about Stripe."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from coevolve.payment_sandbox import cut_spec, description, objects, words
from coevolve.payment_sandbox.resources import CALLS
from coevolve.payment_sandbox.settings import Settings
from coevolve.payment_sandbox.store import BrokenObject, Store
from tests.payment_sandbox.server import SECRET_KEY, WEBHOOK_SECRET, Sandbox

PACKAGE = Path(cut_spec.__file__).parent


def start(tmp_path: Path, *, key: str = SECRET_KEY, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "coevolve.payment_sandbox",
        "--port",
        "1",
        "--data",
        str(tmp_path / "data"),
    ]
    command += ["--secret-key", key, "--webhook-secret", WEBHOOK_SECRET]
    inherited = {name: value for name, value in os.environ.items() if name != "COEVOLVE_ENV"}
    return subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("environment", [{}, {"COEVOLVE_ENV": "production"}, {"COEVOLVE_ENV": "Test"}])
def test_refuses_production(tmp_path: Path, environment: dict[str, str]) -> None:
    ended = start(tmp_path, **environment)
    assert ended.returncode == 2
    assert "refuses to start" in ended.stderr
    assert not (tmp_path / "data").exists()


def test_refuses_a_live_key(tmp_path: Path) -> None:
    ended = start(tmp_path, key="sk_live_x", COEVOLVE_ENV="test")
    assert ended.returncode == 2
    assert "sk_test_" in ended.stderr


def test_imports_nothing_of_the_app() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert name.partition(".")[0] != "stripe", path
                assert not name.startswith("coevolve") or name.startswith("coevolve.payment_sandbox"), path


def test_every_vendored_call_is_answered() -> None:
    assert sorted(CALLS) == sorted(description.operations())
    assert {f"{method.upper()} {path}" for method, path in cut_spec.OPERATIONS} == set(CALLS)


def test_the_vendored_description() -> None:
    notice = (PACKAGE / "spec" / "NOTICE").read_text()
    assert cut_spec.SOURCE_SHA256 in notice
    assert description.version() == "2026-08-26.dahlia"
    assert description.version() in notice
    assert "Permission is hereby granted" in notice
    size = (PACKAGE / "spec" / "stripe.json").stat().st_size
    assert size <= 900_000
    digest = hashlib.sha256((PACKAGE / "spec" / "stripe.json").read_bytes()).hexdigest()
    assert len(digest) == 64


def test_the_judge_sees_what_is_wrong() -> None:
    good = objects.customer(now=1, name="x")
    assert description.faults("customer", good) == []
    for wrong in (
        {"created": "1"},
        {"colour": "red"},
        {"livemode": None},
        {"object": "giver"},
        {"metadata": {"a": 1}},
        {"balance": True},
        {"preferred_locales": "id"},
        {"address": {"city": 5}},
        {"name": "x" * 5_001},
    ):
        assert description.faults("customer", good | wrong), wrong
    del good["id"]
    assert description.faults("customer", good) == ["customer.id is missing"]


def test_a_wrong_object_changes_nothing(tmp_path: Path) -> None:
    store = Store(Settings(0, str(tmp_path), "http://x", SECRET_KEY, WEBHOOK_SECRET))
    with store.change():
        kept = store.add("customer", objects.customer(now=1, name="x"))

    def break_it() -> None:
        with store.change():
            store.edit("customer", kept["id"])["name"] = "y"
            store.add("customer", objects.customer(now=1) | {"colour": "red"})

    with pytest.raises(BrokenObject):
        break_it()
    assert store.violations == 1
    assert [row["name"] for row in store.oldest("customer")] == ["x"]
    store.close()


def test_words_are_complete_in_both_languages() -> None:
    assert set(words.WORDS["id"]) == set(words.WORDS["en"])


@pytest.mark.parametrize(
    ("amount", "currency", "lang", "text"),
    [
        (50_000_000, "idr", "id", "Rp 500.000"),
        (50_000_000, "idr", "en", "Rp 500.000"),
        (50_000_050, "idr", "id", "Rp 500.000,50"),
        (123_456, "usd", "en", "USD 1,234.56"),
        (123_456, "usd", "id", "USD 1.234,56"),
        (5_000, "jpy", "en", "JPY 5,000"),
    ],
)
def test_sums_are_written(amount: int, currency: str, lang: str, text: str) -> None:
    assert words.written(amount, currency, lang).replace("\N{NO-BREAK SPACE}", " ") == text


def test_a_web_page_cannot_play_the_admin(sandbox: Sandbox) -> None:
    request = urllib.request.Request(
        f"{sandbox.url}/sandbox/reset", data=b"{}", headers={"Content-Type": "text/plain"}, method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=5)
    assert caught.value.code == 415
    with caught.value:
        pass
