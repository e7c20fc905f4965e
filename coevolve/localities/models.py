"""Tables of localities."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import BigKey, Model

LEVELS = ("country", "region", "province", "regency", "district", "village")
"""From wide to narrow. `regency` is a kabupaten or a kota, `district` a kecamatan (in Papua: distrik)."""


class Locality(Model):
    """A place at any level. Its code never changes its meaning; a split closes rows and opens others."""

    __tablename__ = "locality"
    __table_args__ = (
        CheckConstraint(
            "level in ('country', 'region', 'province', 'regency', 'district', 'village')", name="level_known"
        ),
        CheckConstraint("(level = 'country') = (parent_code is null)", name="parent_unless_country"),
        CheckConstraint(
            "code !~ '^[0-9.]+$' or level = 'province' or code like parent_code || '.%'",
            name="parent_is_prefix",
        ),
        CheckConstraint("(lat is null) = (lng is null)", name="point_whole"),
        CheckConstraint("is_active = (valid_to is null)", name="active_until_closed"),
        Index("ix_locality_parent_code", "parent_code"),
        Index(
            "ix_locality_search_text",
            "search_text",
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
            postgresql_where=text("is_active"),
        ),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    """Kemendagri code with dots, 'ID', an island region ('BNT'), or ISO 3166 abroad ('MY', 'MY-12')."""
    level: Mapped[str]
    kind: Mapped[str]
    """What it is called there: kabupaten, kota, kecamatan, distrik, desa, kelurahan, state, ..."""
    name: Mapped[str]
    """Official name with its type: 'Kabupaten Bandung', 'Kecamatan Soe'."""
    short_name: Mapped[str]
    """Without the type; 26 of them name both a kabupaten and a kota, so never show it alone."""
    search_text: Mapped[str]
    """Lower-case letters, digits and single spaces of the short name: what a search compares with."""
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("locality.code"))
    country_code: Mapped[str]
    region_code: Mapped[str | None]
    """The island region (abroad: the first-level region) it lies in, itself included."""
    province_code: Mapped[str | None]
    regency_code: Mapped[str | None]
    timezone: Mapped[str]
    """IANA zone; a country or region with several has the one of its capital."""
    lat: Mapped[float | None] = mapped_column(Float)
    """A point inside: a town of the kabupaten or kota (GeoNames). Empty where none is known."""
    lng: Mapped[float | None] = mapped_column(Float)
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    valid_from: Mapped[dt.date | None]
    valid_to: Mapped[dt.date | None]
    """The day its code ceased to be used."""


class LocalitySuccession(Model):
    """Which code followed which, from when: a split (one to many), a merge (many to one) or a new code."""

    __tablename__ = "locality_succession"
    __table_args__ = (
        CheckConstraint("kind in ('split', 'merge', 'renamed')", name="kind_known"),
        Index("ix_locality_succession_new_code", "new_code"),
    )

    old_code: Mapped[str] = mapped_column(ForeignKey("locality.code"), primary_key=True)
    new_code: Mapped[str] = mapped_column(ForeignKey("locality.code"), primary_key=True)
    happened_on: Mapped[dt.date]
    kind: Mapped[str]
    legal_basis: Mapped[str]


class LocalityNeighbour(Model):
    """Two places that touch by land or face each other over water; imported by the operator."""

    __tablename__ = "locality_neighbour"
    __table_args__ = (
        CheckConstraint("a_code < b_code", name="once"),
        CheckConstraint("kind in ('land', 'sea')", name="kind_known"),
        CheckConstraint("km >= 0", name="km_positive"),
        Index("ix_locality_neighbour_b_code", "b_code"),
    )

    a_code: Mapped[str] = mapped_column(ForeignKey("locality.code"), primary_key=True)
    b_code: Mapped[str] = mapped_column(ForeignKey("locality.code"), primary_key=True)
    kind: Mapped[str]
    km: Mapped[float] = mapped_column(Float)
    """Length of the shared border (land) or width of the water (sea)."""
    source: Mapped[str]
    """The file it came from."""


class LocalityLoad(BigKey, Model):
    """A change of the tree: what was loaded and from where. Its newest id tells processes to read the tree again."""

    __tablename__ = "locality_load"

    what: Mapped[str]
    source: Mapped[str]
    changed_rows: Mapped[int]
    loaded_at: Mapped[dt.datetime] = mapped_column(server_default=func.clock_timestamp())
