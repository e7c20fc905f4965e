"""Tables of receipts on paper: yearly statements and exports."""

from __future__ import annotations

revision = "0018"
down_revision: str | None = "0017"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
