"""Tables of notifications."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0007"
down_revision: str | None = "0006"

EDGES = [
    ("(begin)", "delivered"),
    ("(begin)", "queued"),
    ("given_up", "queued"),
    ("given_up", "sent"),
    ("queued", "given_up"),
    ("queued", "sending"),
    ("queued", "sent"),
    ("sending", "given_up"),
    ("sending", "queued"),
    ("sending", "sent"),
    ("sent", "delivered"),
    ("sent", "given_up"),
]


def upgrade() -> None:
    """Messages, held to their moves by a trigger, and what people prefer."""
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("for_organisation", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("place_code", sa.Text(), nullable=True),
        sa.Column("digest_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column(
            "data",
            JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "next_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_message"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_message_person_id"),
        sa.ForeignKeyConstraint(
            ["for_organisation"], ["organisation.id"], name="fk_message_for_organisation"
        ),
        sa.CheckConstraint(
            "channel in ('site', 'email', 'whatsapp', 'sms')", name=op.f("ck_message_channel_known")
        ),
        sa.CheckConstraint("cadence in ('now', 'daily', 'weekly')", name=op.f("ck_message_cadence_known")),
        sa.CheckConstraint(
            "state in ('queued', 'sending', 'sent', 'delivered', 'given_up')",
            name=op.f("ck_message_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'sent') <= (sent_at is not null)", name=op.f("ck_message_sent_has_time")
        ),
        sa.CheckConstraint("read_at is null or channel = 'site'", name=op.f("ck_message_read_on_site")),
    )
    op.create_index(
        "uq_message_person_id_channel_dedupe_key",
        "message",
        ["person_id", "channel", "dedupe_key"],
        unique=True,
    )
    op.create_index(
        "ix_message_due",
        "message",
        ["next_at", "id"],
        postgresql_where=sa.text("state = 'queued' and cadence = 'now'"),
    )
    op.create_index(
        "ix_message_digest",
        "message",
        ["next_at"],
        postgresql_where=sa.text("state = 'queued' and cadence <> 'now' and digest_id is null"),
    )
    op.create_index(
        "ix_message_in_digest",
        "message",
        ["digest_id"],
        postgresql_where=sa.text("state = 'queued' and digest_id is not null"),
    )
    op.create_index(
        "ix_message_sending",
        "message",
        ["leased_until"],
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_message_waiting",
        "message",
        ["person_id"],
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_message_person_id_id",
        "message",
        ["person_id", "id"],
        postgresql_where=sa.text("channel = 'site'"),
    )
    op.create_index(
        "ix_message_unread",
        "message",
        ["person_id"],
        postgresql_where=sa.text("channel = 'site' and read_at is null"),
    )
    op.create_index("ix_message_given_up", "message", ["id"], postgresql_where=sa.text("state = 'given_up'"))
    # For rows that move in sets and write no move_event: the trigger's argument names the machine.
    op.execute(
        """
        CREATE FUNCTION state_keeps_its_moves() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (
                SELECT FROM move_edge WHERE machine = TG_ARGV[0] AND src = OLD.state AND dst = NEW.state
            ) THEN
                RAISE EXCEPTION '% % may not go from % to %', TG_ARGV[0], OLD.id, OLD.state, NEW.state
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        """
        CREATE TRIGGER message_moves BEFORE UPDATE OF state ON message
        FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION state_keeps_its_moves('message')
        """
    )
    op.create_table(
        "notification_preference",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind_group", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("person_id", "kind_group", "channel", name="pk_notification_preference"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_notification_preference_person_id"),
        sa.CheckConstraint(
            "channel in ('site', 'email', 'whatsapp', 'sms')",
            name=op.f("ck_notification_preference_channel_known"),
        ),
        sa.CheckConstraint(
            "cadence in ('now', 'daily', 'weekly', 'off')",
            name=op.f("ck_notification_preference_cadence_known"),
        ),
        sa.CheckConstraint(
            "kind_group <> 'all' or cadence = 'off'", name=op.f("ck_notification_preference_all_only_stops")
        ),
    )
    sync_edges(op, "message", EDGES)


def downgrade() -> None:
    """Drop the tables, the trigger's function and the edges."""
    op.drop_table("notification_preference")
    op.drop_table("message")
    op.execute("DROP FUNCTION state_keeps_its_moves()")
    drop_edges(op, "message")
