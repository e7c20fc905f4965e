"""Tables of attestations, questions and joint listings."""

from __future__ import annotations

revision = "0027"
down_revision: str | None = "0026"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
