"""Further tables of notifications: digests, subscriptions, switches, standing of addresses."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from coevolve.kit.moves import drop_edges, sync_edges

revision = "0023"
down_revision: str | None = "0022"

EDGES = [
    ("(begin)", "queued"),
    ("given_up", "queued"),
    ("given_up", "sent"),
    ("queued", "given_up"),
    ("queued", "sending"),
    ("sending", "given_up"),
    ("sending", "queued"),
    ("sending", "sent"),
]
CADENCES = "cadence in ('now', 'daily', 'weekly', 'off')"


def _moment(name: str, *, is_now: bool = False, may_be_empty: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        server_default=sa.text("clock_timestamp()") if is_now else None,
        nullable=may_be_empty,
    )


def _person(table: str, column: str = "person_id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["person.id"], name=f"fk_{table}_{column}")


def _organisation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["organisation_id"], ["organisation.id"], name=f"fk_{table}_organisation_id"
    )


def upgrade() -> None:
    """Digests with their states, and what readers and organisations set."""
    op.create_table(
        "digest",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("slot_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        _moment("sent_at", may_be_empty=True),
        _moment("created_at", is_now=True),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        _moment("next_at", is_now=True),
        _moment("leased_until", may_be_empty=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_digest"),
        _person("digest"),
        sa.CheckConstraint("channel = 'email'", name=op.f("ck_digest_channel_known")),
        sa.CheckConstraint(
            "state in ('queued', 'sending', 'sent', 'given_up')", name=op.f("ck_digest_state_known")
        ),
        sa.CheckConstraint("(state = 'sent') <= (sent_at is not null)", name=op.f("ck_digest_sent_has_time")),
    )
    op.create_index(
        "uq_digest_person_id_channel_slot_on", "digest", ["person_id", "channel", "slot_on"], unique=True
    )
    op.create_index(
        "ix_digest_due", "digest", ["next_at", "id"], postgresql_where=sa.text("state = 'queued'")
    )
    op.create_index(
        "ix_digest_sending", "digest", ["leased_until"], postgresql_where=sa.text("state = 'sending'")
    )
    op.execute(
        """
        CREATE TRIGGER digest_moves BEFORE UPDATE OF state ON digest
        FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION state_keeps_its_moves('digest')
        """
    )
    # No message can belong to a digest yet: this table is as old as its column.
    op.execute(
        """
        -- squawk-ignore adding-foreign-key-constraint, constraint-missing-not-valid
        ALTER TABLE message ADD CONSTRAINT fk_message_digest_id FOREIGN KEY (digest_id) REFERENCES digest (id)
        """
    )
    sync_edges(op, "digest", EDGES)

    op.create_table(
        "place_preference",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("locality_code", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        _moment("changed_at", is_now=True),
        sa.PrimaryKeyConstraint("person_id", "locality_code", "channel", name="pk_place_preference"),
        _person("place_preference"),
        sa.CheckConstraint("channel = 'email'", name=op.f("ck_place_preference_channel_known")),
        sa.CheckConstraint(CADENCES, name=op.f("ck_place_preference_cadence_known")),
    )
    op.create_table(
        "reader_setting",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("quiet_from", sa.SmallInteger(), nullable=False),
        sa.Column("quiet_until", sa.SmallInteger(), nullable=False),
        _moment("changed_at", is_now=True),
        sa.PrimaryKeyConstraint("person_id", name="pk_reader_setting"),
        _person("reader_setting"),
        sa.CheckConstraint(
            "quiet_from between 0 and 23 and quiet_until between 0 and 23",
            name=op.f("ck_reader_setting_hours"),
        ),
    )
    op.create_table(
        "subscription",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("about_kind", sa.Text(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _moment("ended_at", may_be_empty=True),
        _moment("created_at", is_now=True),
        sa.PrimaryKeyConstraint("person_id", "about_kind", "about_id", name="pk_subscription"),
        _person("subscription"),
        sa.CheckConstraint(
            "reason in ('follow', 'asked', 'reported', 'commented')",
            name=op.f("ck_subscription_reason_known"),
        ),
    )
    op.create_index(
        "ix_subscription_about",
        "subscription",
        ["about_kind", "about_id"],
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "organisation_switch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("kind_group", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=False),
        _moment("changed_at", is_now=True),
        sa.PrimaryKeyConstraint("id", name="pk_organisation_switch"),
        _organisation("organisation_switch"),
        _person("organisation_switch"),
        _person("organisation_switch", "changed_by"),
        sa.CheckConstraint(
            "num_nonnulls(role, person_id) = 1", name=op.f("ck_organisation_switch_one_target")
        ),
        sa.CheckConstraint(
            "role in ('owner', 'finance', 'member')", name=op.f("ck_organisation_switch_role_known")
        ),
    )
    op.create_index(
        "uq_organisation_switch_target",
        "organisation_switch",
        ["organisation_id", "kind_group", "role", "person_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "organisation_address",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("groups", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        _moment("proven_at", may_be_empty=True),
        _moment("created_at", is_now=True),
        sa.PrimaryKeyConstraint("organisation_id", name="pk_organisation_address"),
        _organisation("organisation_address"),
        _person("organisation_address"),
        _person("organisation_address", "set_by"),
    )
    op.create_table(
        "address_standing",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        _moment("seen_at"),
        _moment("stopped_at", may_be_empty=True),
        sa.PrimaryKeyConstraint("address_hash", name="pk_address_standing"),
        sa.CheckConstraint(
            "cause in ('refused', 'bounced', 'full', 'complaint')",
            name=op.f("ck_address_standing_cause_known"),
        ),
    )


def downgrade() -> None:
    """Drop the tables and the edges of digests."""
    op.drop_constraint("fk_message_digest_id", "message", type_="foreignkey")
    for table in (
        "address_standing",
        "organisation_address",
        "organisation_switch",
        "subscription",
        "reader_setting",
        "place_preference",
        "digest",
    ):
        op.drop_table(table)
    drop_edges(op, "digest")
