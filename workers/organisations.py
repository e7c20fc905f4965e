"""What time does to verification claims."""

from __future__ import annotations

from coevolve.organisations import service as organisations
from workers.app import task


@task("organisations.expire_claims")
def expire_claims() -> None:
    """Let claims go whose last day has passed, and the levels that stood on them."""
    organisations.expire_claims()
