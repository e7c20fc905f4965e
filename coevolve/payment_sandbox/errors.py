"""Refusals in Stripe's envelope: `{"error": {"type", "code", "message", "param"}}`."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """An answer that is no success; `started` says that the call began to act, so its key remembers it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        started: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.started = started
        self.body: dict[str, Any] = {"message": message, "type": kind}
        for name, value in {"code": code, "param": param, **more}.items():
            if value is not None:
                self.body[name] = value

    def envelope(self) -> dict[str, Any]:
        return {"error": self.body}


class Declined(StripeError):
    """The bank says no: an answer 402, and yet what was done meanwhile (intent, charge, events) stays."""

    def __init__(self, message: str, **more: Any) -> None:
        super().__init__(message, status=402, kind="card_error", started=True, **more)


def missing(kind: str, identifier: str, param: str = "id") -> StripeError:
    """No such object (Stripe's words)."""
    return StripeError(f"No such {kind}: '{identifier}'", status=404, code="resource_missing", param=param)


def refused(message: str, *, code: str | None = None, param: str | None = None) -> StripeError:
    """The parameters were fine, the state of the object was not."""
    return StripeError(message, code=code, param=param, started=True)
