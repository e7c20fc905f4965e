"""The webhook's door at a steady pace: events come whether or not the one before was answered."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
import uuid
from dataclasses import dataclass

from stripe import WebhookSignature

CONNECTIONS = 16


@dataclass(frozen=True)
class Door:
    """How long answers took, in milliseconds, counted from when each event was due to come."""

    middle: float
    p99: float
    most: float
    many: int


def knock(port: int, *, secret: str, per_second: int = 50, seconds: int = 20) -> Door:
    """Send signed events, so many a second, to a server of the application."""
    due: queue.Queue[float | None] = queue.Queue()
    took: list[float] = []
    faults: list[BaseException] = []

    def send() -> None:
        try:
            _send_what_is_due(port, secret, due, took)
        except (OSError, RuntimeError) as trouble:
            faults.append(trouble)

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    for number in range(per_second * seconds):
        at = began + number / per_second
        time.sleep(max(0, at - time.perf_counter()))
        due.put(at)
    for _ in threads:
        due.put(None)
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    took.sort()
    return Door(took[len(took) // 2], took[int(len(took) * 0.99)], took[-1], len(took))


def _send_what_is_due(port: int, secret: str, due: queue.Queue[float | None], took: list[float]) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (at := due.get()) is not None:
            connection.sendall(_event(secret))
            answer = b""
            while not answer.endswith(b"\r\n\r\nkept\n"):
                part = connection.recv(65_536)
                answer += part
                if not part or not answer.startswith(b"HTTP/1.1 200"[: len(answer)]):
                    raise RuntimeError(f"the webhook said {answer[:80]!r}")
            took.append((time.perf_counter() - at) * 1000)


def _event(secret: str) -> bytes:
    ref = uuid.uuid4().hex
    body = json.dumps(
        {
            "id": f"evt_{ref}", "object": "event", "type": "checkout.session.completed", "livemode": False,
            "created": int(time.time()), "data": {"object": {"id": f"cs_{ref}", "object": "checkout.session"}},
        }
    )  # fmt: skip
    signature = WebhookSignature.generate_signature_header(body, secret)
    head = (
        "POST /webhook/stripe HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()
