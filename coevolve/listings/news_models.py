"""Tables of what members show beside the words of a listing: photos, documents, and updates on how it goes."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey

PHOTOS_MOST = 8
UPDATE_PHOTOS_MOST = 6
DOCUMENTS_MOST = 10


class ListingUpdate(UuidKey, Created, Model):
    """What members tell of a listing after it opened, with photos: a draft of theirs until it is published."""

    __tablename__ = "listing_update"
    __table_args__ = (
        CheckConstraint("length(title) BETWEEN 1 AND 120", name="title"),
        CheckConstraint("length(text) <= 6000", name="text"),
        CheckConstraint("(amount IS NULL) = (unit IS NULL) AND amount > 0", name="amount"),
        CheckConstraint("unit <> 'IDR' OR mod(amount, 100) = 0", name="whole_rupiah"),
        CheckConstraint("(published_at IS NULL) = (published_by IS NULL)", name="published"),
        CheckConstraint("edited_at IS NULL OR published_at IS NOT NULL", name="edited"),
        CheckConstraint(
            "(hidden_at IS NULL) = (hidden_by IS NULL) AND (hidden_at IS NULL OR length(hidden_because) > 0)"
            " AND (hidden_at IS NULL OR published_at IS NOT NULL)",
            name="hidden",
        ),
        UniqueConstraint("client_token"),
        Index("ix_listing_update_listing_id", "listing_id", "published_at"),
        Index(
            "ix_listing_update_newest",
            sql("published_at DESC"),
            postgresql_where=sql("published_at IS NOT NULL AND hidden_at IS NULL"),
        ),
        *(
            Index(
                f"ix_listing_update_{column}",
                column,
                sql("published_at DESC"),
                postgresql_where=sql("published_at IS NOT NULL AND hidden_at IS NULL"),
            )
            for column in ("organisation_id", "province_code", "regency_code", "district_code")
        ),
    )

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    """Whose listing it is, and its places as they are: pages of both look here."""
    province_code: Mapped[str | None]
    regency_code: Mapped[str | None]
    district_code: Mapped[str | None]
    title: Mapped[str]
    text: Mapped[str] = mapped_column(server_default=sql("''"), default="")
    """What happened, in Markdown."""
    line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("listing_line.id", ondelete="SET NULL"))
    """The line of the budget it speaks of."""
    unit: Mapped[str | None] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int | None]
    """How much of it was spent, as the members say; the books know it from the report."""
    client_token: Mapped[uuid.UUID]
    """Comes with the form: a double click makes one."""
    created_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[dt.datetime | None]
    published_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    edited_at: Mapped[dt.datetime | None]
    """When it was last changed after it was published; said on the page."""
    hidden_at: Mapped[dt.datetime | None]
    hidden_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """The moderator who took it from the pages."""
    hidden_because: Mapped[str] = mapped_column(server_default=sql("''"), default="")


class ListingPhoto(UuidKey, Created, Model):
    """A photo of a listing, or of one of its updates. The first photo of a listing is its cover."""

    __tablename__ = "listing_photo"
    __table_args__ = (
        CheckConstraint("length(alt) BETWEEN 5 AND 200", name="alt"),
        CheckConstraint("width > 0 AND height > 0", name="sides"),
        Index("ix_listing_photo_listing_id", "listing_id", "position"),
        Index("ix_listing_photo_update_id", "update_id", postgresql_where=sql("update_id IS NOT NULL")),
        Index("ix_listing_photo_key", "key"),
        Index("ix_listing_photo_file_id", "file_id"),
        Index("ix_listing_photo_bands", "bands", postgresql_using="gin"),
    )

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    update_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("listing_update.id", ondelete="CASCADE"))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_file.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str]
    """Begins its public addresses (kit.photos); equal pictures have the same one."""
    alt: Mapped[str]
    """What is to be seen, for those who do not see it."""
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    fingerprint: Mapped[int]
    """64 bits that are nearly the same for nearly the same picture."""
    bands: Mapped[list[int]] = mapped_column(ARRAY(Integer()))
    """The fingerprint in four parts, each with its number: pictures that share one are compared in whole."""
    added_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))


class ListingDocument(UuidKey, Created, Model):
    """A PDF or photo that proves or explains a listing: for moderators, and for everybody once members say so."""

    __tablename__ = "listing_document"
    __table_args__ = (
        CheckConstraint("length(title) BETWEEN 3 AND 120", name="title"),
        Index("ix_listing_document_listing_id", "listing_id"),
        Index("ix_listing_document_file_id", "file_id"),
    )

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id", ondelete="CASCADE"))
    file_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("stored_file.id"))
    title: Mapped[str]
    is_public: Mapped[bool] = mapped_column(server_default=sql("false"), default=False)
    """Shown on the listing's page while that is public."""
    added_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
