"""One platform and one browser for all stories; what a story's console says is watched, CSP messages included."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.stories import platform as platforms
from tests.stories.platform import Platform

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
AXE_STYLE = re.compile(r"axe|Applying inline style violates", re.IGNORECASE)


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield launched
        launched.close()


@dataclass
class Visitor:
    """Somebody at a browser. What the console says is kept; a story that ends with messages fails."""

    platform: Platform
    context: BrowserContext
    page: Page
    said: list[str] = field(default_factory=list)
    _pictures: Path | None = None

    def go(self, path: str) -> None:
        """Open a page of the platform."""
        response = self.page.goto(path if path.startswith("http") else self.platform.url + path)
        assert response is not None
        assert response.status < 500, f"{path}: {response.status}\n{self.platform.logs()}"

    def press(self, name: str, *, role: Any = "button") -> None:
        """Press the button (or link) of that name."""
        self.page.get_by_role(role, name=name, exact=False).first.click()
        self.page.wait_for_load_state()

    def fill(self, label: str, value: str) -> None:
        """Type into the field of that label."""
        self.page.get_by_label(label).first.fill(value)

    def sees(self, text: str) -> None:
        """The page shows this."""
        body = self.page.locator("body").inner_text()
        normal = body.replace("\u00a0", " ")
        assert text in normal, f"{text!r} is not on {self.page.url}:\n{normal[:3000]}"

    def check_access(self) -> None:
        """axe finds nothing, on this page as it stands (needs JavaScript)."""
        found = Axe().run(self.page)
        self.said[:] = [line for line in self.said if not AXE_STYLE.search(line)]
        assert found.violations_count == 0, found.generate_report()

    def picture(self, name: str) -> None:
        """Keep a picture for people to look at, where COEVOLVE_PICTURES names a folder."""
        folder = os.environ.get("COEVOLVE_PICTURES")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            width = (self.page.viewport_size or DESK)["width"]
            self.page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


@pytest.fixture
def visitors(platform: Platform, browser: Browser) -> Iterator[Any]:
    """`visitors(javascript=True, phone=False)`: a new visitor with cookies of their own."""
    made: list[Visitor] = []

    def make(*, javascript: bool = True, phone: bool = False, language: str = "id-ID") -> Visitor:
        context = browser.new_context(
            java_script_enabled=javascript,
            viewport=PHONE if phone else DESK,
            locale=language,  # type: ignore[arg-type]
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        visitor = Visitor(platform, context, page)

        def listen(message: ConsoleMessage) -> None:
            # A refused form answers 422, which Chromium reports as a failed load; that is no fault of the page.
            if (
                message.type in {"error", "warning"}
                and "422" not in message.text
                and "404" not in message.text
            ):
                visitor.said.append(f"{page.url}: {message.text}")

        page.on("console", listen)
        page.on("pageerror", lambda error: visitor.said.append(f"{page.url}: {error}"))
        made.append(visitor)
        return visitor

    yield make
    for visitor in made:
        visitor.said[:] = [line for line in visitor.said if not AXE_STYLE.search(line)]
        said = visitor.said
        visitor.context.close()
        assert said == [], said
