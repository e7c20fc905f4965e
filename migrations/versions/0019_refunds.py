"""Tables of refunds: approvals, accounts money goes back to."""

from __future__ import annotations

revision = "0019"
down_revision: str | None = "0018"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
