"""One platform and one browser for all stories; whatever a browser complains of, CSP messages too, fails its story."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.stories import platform as platforms
from tests.stories.cast import Cast
from tests.stories.platform import Platform
from tests.stories.visitor import Visitor

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


def chromium_path() -> str:
    """A browser of this machine; the stories fail without one, they are never skipped."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise AssertionError("no Chromium found: set CHROMIUM or install the package chromium")


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    with platforms.start() as started:
        yield started
        # Whatever people did, the books and all that is derived from them agree.
        assert json.loads(started.command("self-check", "--json"))["violations"] == []


@pytest.fixture(scope="session")
def cast(platform: Platform) -> Cast:
    return Cast(platform)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield launched
        launched.close()


VISITORS = pytest.StashKey[list[Visitor]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """With a story that failed, what each visitor saw last."""
    report = yield
    if report.failed and call.when == "call":
        for visitor in item.stash.get(VISITORS, []):
            report.sections.append((f"browser at {visitor.page.url}", visitor.last_words()))
    return report


@pytest.fixture
def visitors(
    platform: Platform, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visitor]]:
    """`visitors(javascript=True, phone=False)`: somebody new at a browser, with cookies of their own."""
    made: list[Visitor] = []
    request.node.stash[VISITORS] = made

    def make(*, javascript: bool = True, phone: bool = False) -> Visitor:
        visitor = Visitor.arrive(platform, browser, javascript=javascript, phone=phone)
        made.append(visitor)
        return visitor

    yield make
    said = [line for visitor in made for line in visitor.said]
    for visitor in made:
        visitor.context.close()
    assert said == [], "\n".join(said)
