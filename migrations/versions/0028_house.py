"""Further tables of the house: what failed in a worker."""

from __future__ import annotations

revision = "0028"
down_revision: str | None = "0027"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
