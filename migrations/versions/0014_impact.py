"""Tables of impact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"

FIGURES = (
    "needs",
    "offers",
    "opportunities",
    "fulfilled",
    "organisations",
    "handed",
    "money_received",
    "money_promised",
    "value_declared",
)


def upgrade() -> None:
    """The rolled-up totals of places."""
    op.create_table(
        "impact_place_total",
        sa.Column("place_code", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in FIGURES),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("place_code", name="pk_impact_place_total"),
        sa.CheckConstraint(
            "needs >= 0 AND offers >= 0 AND opportunities >= 0 AND fulfilled >= 0"
            " AND organisations >= 0 AND handed >= 0",
            name=op.f("ck_impact_place_total_counts"),
        ),
    )


def downgrade() -> None:
    """Without totals."""
    op.drop_table("impact_place_total")
