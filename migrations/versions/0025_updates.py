"""Tables of listings' photos, documents and updates."""

from __future__ import annotations

revision = "0025"
down_revision: str | None = "0024"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
