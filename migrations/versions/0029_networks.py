"""Tables of networks and links between localities."""

from __future__ import annotations

revision = "0029"
down_revision: str | None = "0028"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
