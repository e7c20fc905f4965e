"""The hosted page in Chromium, on a phone, mostly without JavaScript: it pays, refuses, leads back, is accessible."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from coevolve.commands.browser import LAUNCH_FLAGS, find_browser
from tests.payment_sandbox.server import Sandbox

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_browser()
    assert path, "no Chromium found: set CHROMIUM or install the package chromium"
    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=path, args=list(LAUNCH_FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def shop() -> Iterator[str]:
    """Where the page leads back to: another origin, as the app is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"<!doctype html><title>Kembali</title><p>Kembali</p>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Nobody needs it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def order(open_checkout: Open, shop: str) -> Callable[..., Any]:
    def make(**more: Any) -> Any:
        ways = {"success_url": f"{shop}/ok?s={{CHECKOUT_SESSION_ID}}", "cancel_url": f"{shop}/batal"}
        return open_checkout(**ways, **more)

    return make


def test_declined_then_challenged_then_paid(sandbox: Sandbox, page: Page, shop: str, order: Open) -> None:
    session = order(customer_email="")
    page.goto(session.url)
    page.fill("#email", "sari@example.org")
    page.check("#card-1")
    page.click("#pay")
    assert "Kartu ditolak" in page.inner_text("#problem")
    assert page.input_value("#email") == "sari@example.org"
    page.check("#card-3")
    page.click("#pay")
    page.click("#approve")
    page.wait_for_url(f"{shop}/ok?s={session.id}")
    assert [line["session"] for line in sandbox.truth("fact", "payment_captured")] == [session.id]


def test_cancel_and_pay_later_lead_back(page: Page, shop: str, order: Open) -> None:
    session = order()
    page.goto(session.url)
    page.click("#cancel")
    page.wait_for_url(f"{shop}/batal")
    page.goto(session.url)
    page.click("#pay-later")
    page.wait_for_url(f"{shop}/ok?s={session.id}")
    page.goto(session.url)
    assert "sudah selesai" in page.inner_text("#closed")


def test_accessible_and_never_wider_than_the_phone(chromium: Browser, order: Open) -> None:
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    long = {"name": "Dukungan " + "sangatpanjangsekali" * 12}
    item = {
        "quantity": 3,
        "price_data": {"currency": "idr", "unit_amount": 33_333_333_300, "product_data": long},
    }
    session = order(line_items=[item], customer_email="")
    page.goto(session.url)
    assert said == [], "the page keeps its own content policy"
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.fill("#email", "a@example.org")
    page.check("#card-3")
    page.click("#pay")
    page.wait_for_selector("#approve")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    context.close()
