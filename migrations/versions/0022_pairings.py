"""Further tables of matching."""

from __future__ import annotations

revision = "0022"
down_revision: str | None = "0021"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
