"""What one payment sandbox is started with, and where it refuses to start."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

VARIABLE = "PAYMENT_SANDBOX_SETTINGS"
"""The environment variable by which the command hands the settings to its server process."""


class Refused(SystemExit):
    """The sandbox does not start here."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be turned; amounts are minor units, times seconds."""

    port: int
    data: str
    public_base: str
    secret_key: str
    webhook_secret: str
    webhook_url: str = ""
    """Where events go; empty: nowhere, they can still be listed."""
    chaos: list[dict[str, Any]] = field(default_factory=list)
    seed: int = 1
    settlement_currency: str = "idr"
    pay_later_after: int = 20
    """An asynchronous payment succeeds by itself after this long (0: only by the admin's word)."""
    refund_settles_after: int = 5
    """A refund to one of the slow test cards changes after this long."""
    available_after: int = 3 * 86_400
    """Money of a charge becomes available for a payout after this long."""
    idempotency_keeps: int = 86_400
    webhook_timeout: float = 10.0
    webhook_first_retry: float = 1.0
    """Doubled after each failure, up to `webhook_longest_retry`."""
    webhook_longest_retry: float = 60.0
    webhook_attempts: int = 16
    strict: bool = True
    """An object that breaks Stripe's description is an error 500, not only a line in the log."""


def refuse_production(environment: Mapping[str, str]) -> None:
    """Real money and invented money never run side by side: only `demo` and `test` may start a sandbox."""
    name = environment.get("COEVOLVE_ENV", "production")
    if name not in ("demo", "test"):
        raise Refused(f"payment sandbox: refuses to start, COEVOLVE_ENV is {name!r} (only demo or test may)")


def check(settings: Settings) -> Settings:
    """The same settings, or a refusal that names what is wrong."""
    if not settings.secret_key.startswith("sk_test_"):
        raise Refused("payment sandbox: the secret key must begin with sk_test_")
    if not settings.webhook_secret.startswith("whsec_"):
        raise Refused("payment sandbox: the webhook secret must begin with whsec_")
    return settings


def to_environment(settings: Settings) -> str:
    return json.dumps(asdict(settings))


def from_environment() -> Settings:
    refuse_production(os.environ)
    return check(Settings(**json.loads(os.environ[VARIABLE])))
