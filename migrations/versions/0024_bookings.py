"""Tables of slots and bookings."""

from __future__ import annotations

revision = "0024"
down_revision: str | None = "0023"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
