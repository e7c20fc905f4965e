"""Somebody at a browser: what they do, what they see, what their browser complains of."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    ViewportSize,
    expect,
)

from tests.stories.cast import PASSWORD, Member
from tests.stories.platform import Platform

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}
PATIENCE_MS = 20_000
SETTLE_SECONDS = 45
"""How long people wait at most for what a worker does: a sweep's wait and a busy machine included."""
REFUSED_FORM = re.compile(r"status of 422\b")
AXE_STYLE = re.compile(r"axe|Applying inline style violates", re.IGNORECASE)


@dataclass
class Visitor:
    """One browser. `said` is what the console complained of, and calls to other people's servers."""

    platform: Platform
    context: BrowserContext
    page: Page
    javascript: bool
    said: list[str] = field(default_factory=list)

    @classmethod
    def arrive(cls, platform: Platform, browser: Browser, *, javascript: bool, phone: bool) -> Visitor:
        """Open a browser with an empty jar of cookies."""
        context = browser.new_context(
            java_script_enabled=javascript,
            viewport=PHONE if phone else DESK,
            locale="id-ID",
            timezone_id="Asia/Makassar",
        )
        context.set_default_timeout(PATIENCE_MS)
        context.set_default_navigation_timeout(PATIENCE_MS)
        visitor = cls(platform, context, context.new_page(), javascript)
        context.on("console", visitor._hear)
        context.on("weberror", lambda error: visitor.said.append(f"{visitor.page.url}: {error.error}"))
        context.on("response", visitor._note)
        context.on("request", visitor._watch)
        return visitor

    # --- what the browser complains of --------------------------------------------------------------

    def _hear(self, message: ConsoleMessage) -> None:
        """Errors, warnings and CSP messages count; that a refused form answers 422 is no fault of a page."""
        if message.type in {"error", "warning"} and not REFUSED_FORM.search(message.text):
            self.said.append(f"{self.page.url}: {message.text}")

    def _note(self, response: Response) -> None:
        if response.status >= 500:
            self.said.append(f"{response.status} from {response.url}")

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.platform.url, self.platform.sandbox, "data:", "blob:")):
            self.said.append(f"{self.page.url} asked {request.url}")

    def pardon(self, words: str) -> None:
        """This complaint was to be expected here."""
        self.said[:] = [line for line in self.said if words not in line]

    # --- doing --------------------------------------------------------------------------------------

    def go(self, path: str, *, status: int = 200) -> None:
        """Open a page of the platform."""
        response = self.page.goto(path if path.startswith("http") else self.platform.url + path)
        assert response is not None
        assert response.status == status, f"{path}: {response.status}\n{self._read()}\n{self.platform.logs()}"
        if status >= 400:
            self.pardon(f"status of {status}")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """The first button of that name."""
        return self.page.get_by_role("button", name=name, exact=True).first

    def press(self, name: str | re.Pattern[str], *, inside: Locator | None = None) -> None:
        """Press a button, and wait for the page it leads to (also the same page, with what is wrong)."""
        found = (inside or self.page).get_by_role("button", name=name, exact=True).first
        with self.page.expect_navigation():
            found.click()

    def follow(self, name: str | re.Pattern[str], *, inside: Locator | None = None) -> None:
        """Follow a link, and wait for the page it leads to."""
        found = (inside or self.page).get_by_role("link", name=name, exact=True).first
        with self.page.expect_navigation():
            found.click()

    def labelled(self, label: str) -> Locator:
        """The field whose label begins so (a label may end in '(boleh kosong)')."""
        return self.page.get_by_label(re.compile(rf"^\s*{_spaced(label)}")).first

    def fill(self, label: str, value: str) -> None:
        """Type into a field."""
        self.labelled(label).fill(value)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.labelled(label).select_option(label=option)

    def tick(self, label: str) -> None:
        """Choose a radio button or tick a box, by its words: the input itself may be hidden under its chip."""
        self.labelled(label).check(force=True)

    def sign_in(self, who: Member) -> None:
        """Address, password and, for whoever has an app, the code it shows now."""
        self.go("/masuk")
        self.fill("Alamat surel", who.email)
        self.fill("Kata sandi", PASSWORD)
        self.press("Masuk", inside=self.page.locator("main"))
        if who.has_app:
            self.sees("Satu langkah lagi")
            self.fill("Kode", who.code(self.platform))
            self.press("Lanjutkan")
        assert "/masuk" not in self.page.url, self._read()

    # --- seeing -------------------------------------------------------------------------------------

    def _read(self) -> str:
        return self.page.locator("body").inner_text().replace("\u00a0", " ")[:3000]

    def last_words(self) -> str:
        """What is on the screen, for the report of a story that failed; the picture goes where pictures go."""
        with contextlib.suppress(Error):
            self.picture(f"failed-{time.time_ns()}")
            return f"{self._read()}\n{self.said}"
        return "(closed)"

    def sees(self, *texts: str) -> None:
        """The page shows this (or will, before patience ends)."""
        for text in texts:
            expect(self.page.locator("body"), f"{self.page.url} should show {text!r}").to_contain_text(
                text, use_inner_text=True, timeout=PATIENCE_MS
            )

    def sees_not(self, *texts: str) -> None:
        """The page does not show this, nor does its source."""
        shown = self.page.content().replace("\u00a0", " ")
        for text in texts:
            assert text not in shown, f"{text!r} is on {self.page.url}"

    def waits_for(self, text: str, *, path: str | None = None) -> None:
        """Look again and again, as people do who wait for news."""
        self.waits_until(f"{text!r} is shown", lambda: text in self._read(), path=path)

    def waits_until(self, what: str, is_so: Callable[[], Any], *, path: str | None = None) -> None:
        """Load the page again until something is so."""
        if path is not None:
            self.go(path)
        deadline = time.monotonic() + SETTLE_SECONDS
        while not is_so():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{what}: not within {SETTLE_SECONDS} s\n{self.page.url}\n{self._read()}\n{self.platform.logs()}"
                )
            self.page.wait_for_timeout(400)
            self.page.reload()

    def waits_quietly(self, is_so: Callable[[], Any]) -> None:
        """Wait until something is so, without touching the page."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self._read()
            self.page.wait_for_timeout(200)

    def reads_mail(self, to: str, subject: str) -> str:
        """Wait for a mail in the demo's mail reader, open it, give its text."""
        link = self.page.get_by_role("link", name=re.compile(_spaced(subject)))
        self.waits_until(f"mail {subject!r} to {to}", link.count, path=f"/surat?ke={to}")
        with self.page.expect_navigation():
            link.first.click()
        return self.page.locator(".mail-text").inner_text().replace("\u00a0", " ")

    def check_page(self, name: str = "") -> None:
        """axe finds nothing, nothing scrolls sideways; and a picture for people to look at."""
        width = (
            self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            if self.javascript
            else [0, 0]
        )
        assert width[0] <= width[1], f"{self.page.url} is {width[0]} px wide on a screen of {width[1]} px"
        if self.javascript:
            found = Axe().run(self.page)
            self.said[:] = [line for line in self.said if not AXE_STYLE.search(line)]
            assert found.violations_count == 0, f"{self.page.url}\n{found.generate_report()}"
        if name:
            self.picture(name)

    def picture(self, name: str) -> None:
        """Keep a picture at both widths, where COEVOLVE_PICTURES names a folder."""
        folder = os.environ.get("COEVOLVE_PICTURES")
        if not folder:
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        before = self.page.viewport_size or DESK
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)
            path = Path(folder) / f"{name}-{size['width']}{'' if self.javascript else '-nojs'}.png"
            self.page.screenshot(path=path, full_page=True)
        self.page.set_viewport_size(before)


def _spaced(words: str) -> str:
    """A pattern of these words with any blanks between them, hard ones too."""
    return r"\s+".join(re.escape(word) for word in words.split())
