"""Further tables of search."""

from __future__ import annotations

revision = "0026"
down_revision: str | None = "0025"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
