"""Tables of listings imported in bulk."""

from __future__ import annotations

revision = "0030"
down_revision: str | None = "0029"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
