"""Tables of voices: attestations, questions, partners of joint listings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0027"
down_revision: str | None = "0026"

EDGES = {
    "attestation": [
        ("(begin)", "asked"),
        ("(begin)", "given"),
        ("asked", "declined"),
        ("asked", "given"),
        ("asked", "lapsed"),
        ("asked", "withdrawn"),
        ("given", "revoked"),
    ],
    "question": [
        ("(begin)", "open"),
        ("answered", "hidden"),
        ("open", "answered"),
        ("open", "hidden"),
    ],
    "listing_partner": [
        ("(begin)", "invited"),
        ("accepted", "left"),
        ("invited", "accepted"),
        ("invited", "declined"),
        ("invited", "withdrawn"),
    ],
}


def _key(table: str) -> list[sa.SchemaItem]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def _to(table: str, column: str, target: str, *, cascade: bool = False) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column],
        [f"{target}.id"],
        name=op.f(f"fk_{table}_{column}_{target}"),
        ondelete="CASCADE" if cascade else None,
    )


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=sa.text("''"), nullable=False)


def upgrade() -> None:
    """Attestations, questions, partners."""
    _attestation()
    _question()
    _partner()
    for machine, edges in EDGES.items():
        sync_edges(op, machine, edges)


def _attestation() -> None:
    op.create_table(
        "attestation",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        _words("text"),
        _words("reason"),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        *_key("attestation"),
        sa.CheckConstraint(
            "state IN ('asked', 'given', 'declined', 'withdrawn', 'lapsed', 'revoked')",
            name=op.f("ck_attestation_state_known"),
        ),
        sa.CheckConstraint("method IN ('link', 'officer')", name=op.f("ck_attestation_method_known")),
        sa.CheckConstraint(
            "(state IN ('given', 'revoked')) <= (text <> '')", name=op.f("ck_attestation_given_has_text")
        ),
        sa.CheckConstraint(
            "length(text) <= 1000 AND length(reason) <= 1000", name=op.f("ck_attestation_texts")
        ),
        sa.CheckConstraint(
            "length(name) BETWEEN 1 AND 120 AND length(office) BETWEEN 1 AND 120"
            " AND length(agency) BETWEEN 1 AND 160",
            name=op.f("ck_attestation_names"),
        ),
        _to("attestation", "listing_id", "listing", cascade=True),
        _to("attestation", "person_id", "person"),
        _to("attestation", "agency_id", "organisation"),
        _to("attestation", "asked_by", "person"),
    )
    op.create_index(
        "uq_attestation_live",
        "attestation",
        ["listing_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('asked', 'given')"),
    )
    op.create_index(
        "ix_attestation_expires_on",
        "attestation",
        ["expires_on"],
        postgresql_where=sa.text("state = 'asked'"),
    )


def _question() -> None:
    op.create_table(
        "question",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("is_name_public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        _words("answer"),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_by", sa.Uuid(), nullable=True),
        _words("hidden_because"),
        *_key("question"),
        sa.CheckConstraint("state IN ('open', 'answered', 'hidden')", name=op.f("ck_question_state_known")),
        sa.CheckConstraint(
            "(state = 'answered') <= (answered_at IS NOT NULL)", name=op.f("ck_question_answered_has_time")
        ),
        sa.CheckConstraint(
            "length(text) BETWEEN 1 AND 1000 AND length(answer) <= 2000", name=op.f("ck_question_texts")
        ),
        _to("question", "listing_id", "listing", cascade=True),
        _to("question", "person_id", "person"),
        _to("question", "answered_by", "person"),
        _to("question", "hidden_by", "person"),
    )
    op.create_index("ix_question_listing_id", "question", ["listing_id", "created_at"])
    op.create_index("ix_question_person_id", "question", ["person_id"])


def _partner() -> None:
    op.create_table(
        "listing_partner",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'invited'"), nullable=False),
        _words("reason"),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        *_key("listing_partner"),
        sa.CheckConstraint(
            "state IN ('invited', 'accepted', 'declined', 'withdrawn', 'left')",
            name=op.f("ck_listing_partner_state_known"),
        ),
        sa.CheckConstraint(
            "length(part) BETWEEN 1 AND 300 AND length(reason) <= 500", name=op.f("ck_listing_partner_texts")
        ),
        _to("listing_partner", "listing_id", "listing", cascade=True),
        _to("listing_partner", "organisation_id", "organisation"),
        _to("listing_partner", "invited_by", "person"),
        _to("listing_partner", "answered_by", "person"),
    )
    op.create_index(
        "uq_listing_partner_live",
        "listing_partner",
        ["listing_id", "organisation_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('invited', 'accepted')"),
    )
    op.create_index("ix_listing_partner_organisation_id", "listing_partner", ["organisation_id"])


def downgrade() -> None:
    """Without them."""
    for machine in EDGES:
        drop_edges(op, machine)
    for table in ("listing_partner", "question", "attestation"):
        op.drop_table(table)
