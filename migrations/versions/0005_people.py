"""Tables of people: persons, staff roles, sessions, second factor, account mails, consents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0005"
down_revision: str | None = "0004"

PERSON_EDGES = [
    ("(begin)", "invited"),
    ("active", "blocked"),
    ("active", "erased"),
    ("blocked", "active"),
    ("blocked", "erased"),
    ("invited", "active"),
    ("invited", "blocked"),
    ("invited", "erased"),
]

moment = sa.DateTime(timezone=True)
clock = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Create the tables and the allowed moves of a person."""
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("phone", sa.Text()),
        sa.Column("language", sa.Text(), nullable=False, server_default=sa.text("'id'")),
        sa.Column("zone", sa.Text(), nullable=False, server_default=sa.text("'Asia/Jakarta'")),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'invited'")),
        sa.Column("password_hash", sa.Text()),
        sa.Column("password_changed_at", moment),
        sa.Column("email_proven_at", moment),
        sa.Column("created_at", moment, nullable=False, server_default=clock),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.CheckConstraint(
            "state IN ('invited', 'active', 'blocked', 'erased')", name=op.f("ck_person_state_known")
        ),
        sa.CheckConstraint("language IN ('id', 'en')", name=op.f("ck_person_language_known")),
        sa.CheckConstraint("email = lower(btrim(email))", name=op.f("ck_person_email_normal")),
        sa.CheckConstraint(
            "state <> 'active' OR email_proven_at IS NOT NULL", name=op.f("ck_person_active_proven")
        ),
        sa.CheckConstraint(
            "state <> 'erased' OR (email IS NULL AND name = '' AND phone IS NULL AND password_hash IS NULL)",
            name=op.f("ck_person_erased_empty"),
        ),
    )
    op.create_index(
        "uq_person_email", "person", ["email"], unique=True, postgresql_where=sa.text("email IS NOT NULL")
    )
    op.create_table(
        "staff_role",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Uuid()),
        sa.Column("granted_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_staff_role")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_staff_role_person_id")),
        sa.ForeignKeyConstraint(["granted_by"], ["person.id"], name=op.f("fk_staff_role_granted_by")),
        sa.CheckConstraint(
            "role IN ('moderator', 'finance', 'admin')", name=op.f("ck_staff_role_role_known")
        ),
    )
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("began_at", moment, nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("factor_at", moment),
        sa.Column("browser", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_login_session_person_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("stage IN ('half', 'full')", name=op.f("ck_login_session_stage_known")),
    )
    op.create_index("uq_login_session_token_hash", "login_session", ["token_hash"], unique=True)
    op.create_index("ix_login_session_person_id", "login_session", ["person_id"])
    op.create_table(
        "second_factor",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("confirmed_at", moment),
        sa.Column("last_step", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factor")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_second_factor_person_id"), ondelete="CASCADE"
        ),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", moment),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(
        "uq_recovery_code_person_id_code_hash", "recovery_code", ["person_id", "code_hash"], unique=True
    )
    op.create_table(
        "account_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False, server_default=sa.text("'id'")),
        sa.Column("person_id", sa.Uuid()),
        sa.Column("about_id", sa.Uuid()),
        sa.Column("data", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'::jsonb")),
        sa.Column("next_path", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("token_hash", sa.LargeBinary()),
        sa.Column("expires_at", moment),
        sa.Column("done_at", moment),
        sa.Column("used_at", moment),
        sa.Column("created_at", moment, nullable=False, server_default=clock),
        sa.Column("attempts", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_at", moment, nullable=False, server_default=clock),
        sa.Column("leased_until", moment),
        sa.Column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_mail")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_account_mail_person_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "purpose IN ('sign_up', 'reset', 'change_email', 'invite', 'password_changed', 'email_changed',"
            " 'second_factor_changed')",
            name=op.f("ck_account_mail_purpose_known"),
        ),
    )
    op.create_index(
        "uq_account_mail_token_hash",
        "account_mail",
        ["token_hash"],
        unique=True,
        postgresql_where=sa.text("token_hash IS NOT NULL"),
    )
    op.create_index(
        "ix_account_mail_next_at", "account_mail", ["next_at"], postgresql_where=sa.text("done_at IS NULL")
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("given_at", moment, nullable=False),
        sa.Column("withdrawn_at", moment),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consent_person_id"), ondelete="CASCADE"
        ),
        sa.CheckConstraint("withdrawn_at IS NULL OR withdrawn_at >= given_at", name=op.f("ck_consent_order")),
    )
    op.create_index(
        "uq_consent_person_id_purpose",
        "consent",
        ["person_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    sync_edges(op, "person", PERSON_EDGES)


def downgrade() -> None:
    """Drop them again."""
    drop_edges(op, "person")
    for table in (
        "consent",
        "account_mail",
        "recovery_code",
        "second_factor",
        "login_session",
        "staff_role",
        "person",
    ):
        op.drop_table(table)
