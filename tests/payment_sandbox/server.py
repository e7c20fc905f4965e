"""A payment sandbox as a real process on a free port, for any test that needs a provider."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECRET_KEY = "sk_test_sandbox_of_the_tests"
WEBHOOK_SECRET = "whsec_sandbox_of_the_tests"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Sandbox:
    """A running payment sandbox and the word of its admin."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    command: list[str]
    environment: dict[str, str]
    secret_key: str = SECRET_KEY
    webhook_secret: str = WEBHOOK_SECRET

    @property
    def truth_path(self) -> Path:
        return self.folder / "truth.jsonl"

    def truth(self, what: str | None = None, name: str | None = None) -> list[dict[str, Any]]:
        """The lines of the truth file, all or of one sort."""
        lines = [json.loads(line) for line in self.truth_path.read_text().splitlines()]
        return [line for line in lines if what in (None, line["what"]) and name in (None, line["name"])]

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """A call of the admin; a refusal is an AssertionError with its words."""
        data = json.dumps(body or {}).encode() if method == "POST" else None
        headers = {"Content-Type": "application/json"} if data is not None else {}
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()}") from None

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/sandbox/state")
        return found

    def chaos(self, *faults: dict[str, Any]) -> None:
        self.ask("POST", "/sandbox/chaos", {"faults": list(faults)})

    def send_events_to(self, url: str) -> None:
        self.ask("POST", "/sandbox/webhook", {"url": url})

    def advance(self, seconds: int) -> None:
        self.ask("POST", "/sandbox/clock", {"advance": seconds})

    def settle_in(self, currency: str, **rates: int) -> None:
        """The balance is kept in this currency; rates in rupiah sen for one minor unit (a yen: for a hundredth)."""
        self.ask("POST", "/sandbox/settlement", {"currency": currency, "rates": rates})

    def pay(self, session_id: str, **how: Any) -> str:
        """What the giver would do on the page: `card=`, `email=`, `approve=`, `later=`; returns the outcome."""
        return str(self.ask("POST", f"/sandbox/sessions/{session_id}/pay", how)["outcome"])

    def settle(self, intent_id: str, *, paid: bool = True) -> Any:
        return self.ask("POST", f"/sandbox/payments/{intent_id}/settle", {"paid": paid})

    def unknown_payment(self, **how: Any) -> Any:
        return self.ask("POST", "/sandbox/payments", how)

    def refund(self, charge: str, amount: int | None = None) -> Any:
        return self.ask(
            "POST", "/sandbox/refunds", {"charge": charge} | ({} if amount is None else {"amount": amount})
        )

    def change_refund(self, refund_id: str, verb: str) -> Any:
        return self.ask("POST", f"/sandbox/refunds/{refund_id}/{verb}")

    def dispute(self, charge: str, **how: Any) -> Any:
        return self.ask("POST", "/sandbox/disputes", {"charge": charge, **how})

    def change_dispute(self, dispute_id: str, verb: str) -> Any:
        return self.ask("POST", f"/sandbox/disputes/{dispute_id}/{verb}")

    def payout(self, *, pending: bool = True, arrive: bool = True) -> Any:
        return self.ask("POST", "/sandbox/payouts", {"pending": pending, "arrive": arrive})

    def change_payout(self, payout_id: str, verb: str) -> Any:
        return self.ask("POST", f"/sandbox/payouts/{payout_id}/{verb}")

    def resend(self, event_id: str) -> None:
        self.ask("POST", f"/sandbox/events/{event_id}/resend")

    def reset(self) -> None:
        self.ask("POST", "/sandbox/reset")

    def wait_delivered(self, seconds: float = 15) -> None:
        """Until no delivery is open."""
        until = time.monotonic() + seconds
        while self.state()["open_deliveries"]:
            assert time.monotonic() < until, "events are still on their way"
            time.sleep(0.05)

    def restart(self) -> None:
        """Kills the process hard and starts it on the same data and port."""
        self.kill()
        self.process = _start(self.command, self.environment, self.url)

    def kill(self) -> None:
        """The server and its worker, without a goodbye."""
        os.killpg(self.process.pid, 9)
        self.process.wait(10)

    def stop(self) -> None:
        """Ends it, and asserts that it never broke Stripe's description."""
        violations = self.state()["violations"]
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        assert violations == 0, "the sandbox broke Stripe's description; see its stderr"


def start_sandbox(folder: Path, *, webhook_url: str = "", extra: tuple[str, ...] = ()) -> Sandbox:
    """Starts one and waits until it answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "coevolve.payment_sandbox", "--port", str(port), "--data", str(folder)]
    command += ["--secret-key", SECRET_KEY, "--webhook-secret", WEBHOOK_SECRET, "--webhook-url", webhook_url]
    command += ["--webhook-first-retry", "0.2", *extra]
    environment = {**os.environ, "COEVOLVE_ENV": "test"}
    return Sandbox(url, folder, _start(command, environment, url), command, environment)


def _start(command: list[str], environment: dict[str, str], url: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError(f"the payment sandbox ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):
                return process
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError("the payment sandbox did not start")
