"""Tables of direct custody."""

from __future__ import annotations

revision = "0021"
down_revision: str | None = "0020"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
