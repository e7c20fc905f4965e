"""A sandbox for the module, an SDK client for it, and an address that takes its events."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe

from coevolve.payment_sandbox import description
from tests.payment_sandbox.server import Sandbox, start_sandbox


@dataclass
class Taker:
    """Takes events as the app would; `answers` are statuses to give first."""

    url: str
    taken: list[tuple[bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def events(self, secret: str) -> list[stripe.Event]:
        """What was taken, each proven by the SDK's own check of its signature."""
        return [stripe.Webhook.construct_event(body, header, secret) for body, header in list(self.taken)]

    def types(self, secret: str) -> list[str]:
        return [event.type for event in self.events(secret)]


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = start_sandbox(tmp_path_factory.mktemp("payment_sandbox"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Iterator[Sandbox]:
    """An empty sandbox; the process is shared."""
    sandbox_process.reset()
    yield sandbox_process
    assert sandbox_process.state()["violations"] == 0
    sandbox_process.reset()


@pytest.fixture
def client(sandbox: Sandbox) -> stripe.StripeClient:
    """The real SDK, as the app uses it, without retries of its own."""
    return make_client(sandbox)


def make_client(sandbox: Sandbox, *, timeout: float = 10) -> stripe.StripeClient:
    return stripe.StripeClient(
        sandbox.secret_key,
        base_addresses={"api": sandbox.url},
        stripe_version=description.version(),
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=timeout),
    )


@pytest.fixture
def taker(sandbox: Sandbox) -> Iterator[Taker]:
    taken: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = found.answers.pop(0) if found.answers else 200
            if status == 200:
                found.taken.append((body, self.headers["Stripe-Signature"]))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            taken.append(args)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Taker(f"http://127.0.0.1:{server.server_address[1]}/webhook/stripe")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    sandbox.send_events_to(found.url)
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_checkout(client: stripe.StripeClient) -> Callable[..., Any]:
    """Opens a session as the app does; returns it."""

    def open_one(
        amount: int = 50_000_000, *, key: str | None = None, currency: str = "idr", **more: Any
    ) -> Any:
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": currency,
                        "unit_amount": amount,
                        "product_data": {"name": "Dukungan: Sumur bor Desa Contoh"},
                    },
                }
            ],
            "client_reference_id": "pay-1",
            "metadata": {"payment_id": "pay-1"},
            "payment_intent_data": {"metadata": {"payment_id": "pay-1"}},
            "customer_email": "giver@example.org",
            "locale": "id",
            "success_url": "http://127.0.0.1:9/kembali?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:9/batal",
            **more,
        }
        options: Any = {} if key is None else {"idempotency_key": key}
        return client.v1.checkout.sessions.create(params=params, options=options)  # type: ignore[arg-type]

    return open_one
