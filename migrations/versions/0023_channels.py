"""Further tables of notifications: subscriptions, switches, standing of addresses."""

from __future__ import annotations

revision = "0023"
down_revision: str | None = "0022"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
