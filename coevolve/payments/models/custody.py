"""Whose bank gifts by transfer go to: asked by an organisation's owner, agreed by platform finance."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.moves import Machine
from coevolve.payments import words


class CustodyState(StrEnum):
    """Where a wish to change custody stands."""

    asked = "asked"
    agreed = "agreed"
    declined = "declined"
    withdrawn = "withdrawn"


C = CustodyState
CUSTODY_CHANGE = Machine(
    "custody_change",
    {
        C.asked: {C.agreed, C.declined, C.withdrawn},
        C.agreed: set(),
        C.declined: set(),
        C.withdrawn: set(),
    },
    initial={C.asked},
)


class CustodyChange(UuidKey, Created, Model):
    """An owner's wish that gifts by transfer go to the organisation's own account, to another one, or to ours again."""

    __tablename__ = "payment_custody_change"
    __table_args__ = (
        CheckConstraint("\"to\" IN ('platform', 'direct')", name="to_known"),
        CheckConstraint("asked_by <> decided_by", name="two_people"),
        CheckConstraint(
            "state IN ('asked', 'withdrawn') OR decided_by IS NOT NULL", name="decided_by_someone"
        ),
        CheckConstraint("(\"to\" = 'direct') = (version_id IS NOT NULL)", name="direct_has_account"),
        Index("ix_payment_custody_change_organisation_id", "organisation_id", "id"),
        Index(
            "uq_payment_custody_change_asked",
            "organisation_id",
            unique=True,
            postgresql_where=text("state = 'asked'"),
        ),
    )
    machine: ClassVar[Machine] = CUSTODY_CHANGE
    state_labels: ClassVar[dict[str, Any]] = words.CUSTODY_CHANGES

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    to: Mapped[str]
    """platform or direct."""
    version_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_bank_account_version.id"))
    """Direct: the particulars as checked when it was asked."""
    bank_account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment_bank_account.id"))
    """The receiving account that agreeing opened."""
    reason: Mapped[str] = mapped_column(server_default=text("''"), default="")
    state: Mapped[str]
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[dt.datetime | None]
    remark: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why it was declined."""
