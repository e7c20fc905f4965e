"""Tables of money promised for later: instalments, orders, credit."""

from __future__ import annotations

revision = "0020"
down_revision: str | None = "0019"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
