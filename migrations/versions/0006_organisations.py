"""Tables of organisations: the bodies, their members, open invitations, verification claims."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0006"
down_revision: str | None = "0005"

ORGANISATION_EDGES = [
    ("(begin)", "draft"),
    ("checked", "frozen"),
    ("draft", "in_review"),
    ("frozen", "checked"),
    ("in_review", "checked"),
    ("in_review", "rejected"),
    ("in_review", "returned"),
    ("returned", "in_review"),
]
CLAIM_EDGES = [
    ("(begin)", "draft"),
    ("accepted", "expired"),
    ("accepted", "revoked"),
    ("draft", "submitted"),
    ("needs_fix", "submitted"),
    ("submitted", "accepted"),
    ("submitted", "needs_fix"),
    ("submitted", "rejected"),
]
KINDS = (
    "'cso', 'community_group', 'company', 'business_association', 'philanthropy', 'digital_provider',"
    " 'government_agency'"
)
SUBJECTS = "'deed', 'legal_decree', 'npwp', 'domicile', 'bank_account', 'board', 'signatory', 'visit', 'track_record'"

moment = sa.DateTime(timezone=True)
clock = sa.text("clock_timestamp()")
empty = sa.text("''")


def upgrade() -> None:
    """Create the tables and the allowed moves of organisations and claims."""
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("legal_form", sa.Text(), nullable=False, server_default=empty),
        sa.Column("country", sa.Text(), nullable=False, server_default=sa.text("'ID'")),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'draft'")),
        sa.Column("level", sa.BigInteger(), nullable=False, server_default=sa.text("1")),
        sa.Column("custody", sa.Text(), nullable=False, server_default=sa.text("'platform'")),
        sa.Column("home_locality_code", sa.Text(), nullable=False),
        sa.Column("sectors", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")),
        sa.Column("business", postgresql.JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb")),
        sa.Column("summary", sa.Text(), nullable=False, server_default=empty),
        sa.Column("about", sa.Text(), nullable=False, server_default=empty),
        sa.Column("email", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("website", sa.Text()),
        sa.Column("address", sa.Text(), nullable=False, server_default=empty),
        sa.Column("registered_by", sa.Uuid()),
        sa.Column("submitted_at", moment),
        sa.Column("decided_at", moment),
        sa.Column("remarks", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("created_at", moment, nullable=False, server_default=clock),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.ForeignKeyConstraint(["registered_by"], ["person.id"], name=op.f("fk_organisation_registered_by")),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_organisation_kind_known")),
        sa.CheckConstraint(
            "state IN ('draft', 'in_review', 'returned', 'checked', 'rejected', 'frozen')",
            name=op.f("ck_organisation_state_known"),
        ),
        sa.CheckConstraint("custody IN ('platform', 'direct')", name=op.f("ck_organisation_custody_known")),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_organisation_level_range")),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_organisation_country_shape")),
    )
    op.create_index("uq_organisation_slug", "organisation", ["slug"], unique=True)
    op.create_index(
        "uq_organisation_name_key",
        "organisation",
        ["name_key"],
        unique=True,
        postgresql_where=sa.text("state <> 'rejected'"),
    )
    op.create_index(
        "ix_organisation_public",
        "organisation",
        ["name", "id"],
        postgresql_where=sa.text("state IN ('checked', 'frozen')"),
    )
    op.create_index("ix_organisation_state_submitted_at", "organisation", ["state", "submitted_at"])
    op.create_index("ix_organisation_home_locality_code", "organisation", ["home_locality_code"])
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False, server_default=empty),
        sa.Column("is_leader", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        sa.Column("since", moment, nullable=False),
        sa.Column("until", moment),
        sa.Column("ended_by", sa.Uuid()),
        sa.Column("created_at", moment, nullable=False, server_default=clock),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id")
        ),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_membership_ended_by")),
        sa.CheckConstraint("role IN ('owner', 'finance', 'member')", name=op.f("ck_membership_role_known")),
        sa.CheckConstraint("until IS NULL OR until >= since", name=op.f("ck_membership_order")),
    )
    op.create_index(
        "uq_membership_person_id_organisation_id",
        "membership",
        ["person_id", "organisation_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "ix_membership_organisation_id",
        "membership",
        ["organisation_id"],
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False, server_default=empty),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("accepted_at", moment),
        sa.Column("withdrawn_at", moment),
        sa.Column("created_at", moment, nullable=False, server_default=clock),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_invitation_organisation_id")
        ),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_invitation_invited_by")),
        sa.CheckConstraint("role IN ('owner', 'finance', 'member')", name=op.f("ck_invitation_role_known")),
        sa.CheckConstraint("accepted_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_invitation_one_end")),
    )
    op.create_index(
        "uq_invitation_organisation_id_email",
        "invitation",
        ["organisation_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "verification_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'draft'")),
        sa.Column("document_number", sa.Text(), nullable=False, server_default=empty),
        sa.Column("document_date", sa.Date()),
        sa.Column("note", sa.Text(), nullable=False, server_default=empty),
        sa.Column("submitted_by", sa.Uuid()),
        sa.Column("submitted_at", moment),
        sa.Column("checked_by", sa.Uuid()),
        sa.Column("method", sa.Text()),
        sa.Column("checked_on", sa.Date()),
        sa.Column("expires_on", sa.Date()),
        sa.Column("remark", sa.Text(), nullable=False, server_default=empty),
        sa.Column("created_at", moment, nullable=False, server_default=clock),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_claim")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_verification_claim_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["person.id"], name=op.f("fk_verification_claim_submitted_by")
        ),
        sa.ForeignKeyConstraint(["checked_by"], ["person.id"], name=op.f("fk_verification_claim_checked_by")),
        sa.CheckConstraint(f"subject IN ({SUBJECTS})", name=op.f("ck_verification_claim_subject_known")),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'needs_fix', 'accepted', 'rejected', 'expired', 'revoked')",
            name=op.f("ck_verification_claim_state_known"),
        ),
        sa.CheckConstraint(
            "method IS NULL OR method IN ('document', 'call', 'visit', 'peer', 'official')",
            name=op.f("ck_verification_claim_method_known"),
        ),
        sa.CheckConstraint(
            "checked_by IS NULL OR checked_by IS DISTINCT FROM submitted_by",
            name=op.f("ck_verification_claim_two_people"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'expired', 'revoked')"
            " OR (checked_by IS NOT NULL AND method IS NOT NULL AND checked_on IS NOT NULL)",
            name=op.f("ck_verification_claim_accepted_by_someone"),
        ),
    )
    op.create_index(
        "uq_verification_claim_accepted",
        "verification_claim",
        ["organisation_id", "subject"],
        unique=True,
        postgresql_where=sa.text("state = 'accepted'"),
    )
    op.create_index(
        "uq_verification_claim_pending",
        "verification_claim",
        ["organisation_id", "subject"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'submitted', 'needs_fix')"),
    )
    op.create_index(
        "ix_verification_claim_organisation_id", "verification_claim", ["organisation_id", "created_at"]
    )
    op.create_index(
        "ix_verification_claim_expires_on",
        "verification_claim",
        ["expires_on"],
        postgresql_where=sa.text("state = 'accepted'"),
    )
    sync_edges(op, "organisation", ORGANISATION_EDGES)
    sync_edges(op, "verification_claim", CLAIM_EDGES)


def downgrade() -> None:
    """Drop them again."""
    drop_edges(op, "verification_claim")
    drop_edges(op, "organisation")
    for table in ("verification_claim", "invitation", "membership", "organisation"):
        op.drop_table(table)
