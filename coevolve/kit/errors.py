"""Refusals that a person can read. One handler in app.py renders them as page, fragment or JSON."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """Something the domain refuses: a code for machines, a message for people, a field when one is at fault."""

    http_status = 422

    def __init__(
        self,
        code: str,
        message: Any,
        *,
        field: str | None = None,
        http_status: int | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        if http_status is not None:
            self.http_status = http_status

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Invalid(DomainError):
    """The input has the wrong shape or breaks a limit."""

    http_status = 422


class NotFound(DomainError):
    """There is no such thing, or it is not yours to see (the two must look alike)."""

    http_status = 404


class Forbidden(DomainError):
    """You may see it, but not do this."""

    http_status = 403


class Conflict(DomainError):
    """Somebody was faster, or the thing is no longer as you saw it."""

    http_status = 409


class InvalidMove(Conflict):
    """The state does not allow this step."""


class TooMany(DomainError):
    """A limit of frequency is reached; `retry_after_seconds` says when to come again."""

    http_status = 429

    def __init__(self, code: str, message: Any, *, retry_after_seconds: int = 60) -> None:
        super().__init__(code, message)
        self.retry_after_seconds = retry_after_seconds
