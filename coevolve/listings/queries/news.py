"""Photos, documents and updates as pages show them; frozen listings and organisations show none to strangers."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import func, select, text

from coevolve.kit import db, files, photos, reads
from coevolve.kit.files import StoredFile
from coevolve.listings.models import Listing
from coevolve.listings.news_models import ListingDocument, ListingPhoto, ListingUpdate
from coevolve.listings.queries.cards import PATHS
from coevolve.localities import queries as localities

SHOWN_STATES = ("open", "paused", "fulfilled", "closed", "expired")
"""Public, and not frozen."""


class ShownPhoto(NamedTuple):
    """A photo on a page."""

    key: str
    alt: str
    width: int
    height: int


class ShownDocument(NamedTuple):
    """A document that everybody may open."""

    id: uuid.UUID
    title: str
    media_type: str
    size: int


class ShownUpdate(NamedTuple):
    """An update on a page or in a feed."""

    id: uuid.UUID
    title: str
    text: str
    """In Markdown; on pages of many only its beginning."""
    published_at: dt.datetime
    edited_at: dt.datetime | None
    line: str | None
    amount: int | None
    """How much of that line of the budget was spent, in minor units, as its writers say."""
    listing_id: uuid.UUID
    listing: str
    listing_slug: str
    listing_kind: str
    organisation: str
    organisation_slug: str
    photos: tuple[ShownPhoto, ...]

    @property
    def listing_path(self) -> str:
        """The page of its listing."""
        return f"/{PATHS[self.listing_kind]}/{self.listing_slug}"

    @property
    def path(self) -> str:
        """Its own page."""
        return f"{self.listing_path}/kabar/{self.id}"


class Gallery(NamedTuple):
    """What a listing's page shows beside its words: photos, public documents, the newest updates and how many."""

    photos: tuple[ShownPhoto, ...] = ()
    documents: tuple[ShownDocument, ...] = ()
    updates: tuple[ShownUpdate, ...] = ()
    update_count: int = 0


EXCERPT = 420
"""So much of an update's text stands on pages of many."""
LATEST = 3

_PHOTOS = """
(SELECT coalesce(jsonb_agg(jsonb_build_array(p.key, p.alt, p.width, p.height) ORDER BY p.position, p.id), '[]')
   FROM listing_photo p WHERE {which})
"""
_COLUMNS = f"""
u.id, u.title, {{text}}, u.published_at, u.edited_at, x.label, u.amount, l.id, l.title, l.slug, l.kind, o.name, o.slug,
{_PHOTOS.format(which="p.update_id = u.id")}
"""
_VISIBLE = f"""
u.published_at IS NOT NULL AND u.hidden_at IS NULL
AND l.state IN {SHOWN_STATES} AND o.state <> 'frozen'
"""
_UPDATES = f"""
SELECT {{columns}}
  FROM listing_update u JOIN listing l ON l.id = u.listing_id JOIN organisation o ON o.id = u.organisation_id
  LEFT JOIN listing_line x ON x.id = u.line_id
 WHERE {_VISIBLE} AND {{which}}
   AND (%(at)s::timestamptz IS NULL OR (u.published_at, u.id) < (%(at)s, %(after)s::uuid))
 ORDER BY u.published_at DESC, u.id DESC LIMIT %(limit)s
"""
_SHORT = _COLUMNS.format(text=f"left(u.text, {EXCERPT + 1})")
_WHOLE = _COLUMNS.format(text="u.text")


def _photos_of(found: Sequence[Sequence[Any]]) -> tuple[ShownPhoto, ...]:
    return tuple(ShownPhoto(*one) for one in found)


def _update_of(row: Sequence[Any]) -> ShownUpdate:
    return ShownUpdate._make((*row[:-1], _photos_of(row[-1])))


_GALLERY = f"""
SELECT {_PHOTOS.format(which="p.listing_id = g.id AND p.update_id IS NULL")},
       (SELECT coalesce(jsonb_agg(jsonb_build_array(d.id, d.title, f.media_type, f.size) ORDER BY d.created_at, d.id),
                        '[]')
          FROM listing_document d JOIN stored_file f ON f.id = d.file_id WHERE d.listing_id = g.id AND d.is_public),
       (SELECT count(*) FROM listing_update u WHERE u.listing_id = g.id AND u.published_at IS NOT NULL
           AND u.hidden_at IS NULL),
       n.*
  FROM (SELECT %(listing)s::uuid AS id) g
  LEFT JOIN LATERAL (
    {_UPDATES.format(columns=_SHORT, which="u.listing_id = g.id")}
  ) n ON true
"""


def asks_gallery(listing_id: uuid.UUID) -> reads.Question[Gallery]:
    """Everything a listing's page shows beside its words."""
    values = {"listing": listing_id, "at": None, "after": None, "limit": LATEST}
    return reads.Question(_GALLERY, values, _gallery_of)


def _gallery_of(rows: Sequence[tuple[Any, ...]]) -> Gallery:
    shown, documents, count = rows[0][:3]
    return Gallery(
        _photos_of(shown),
        tuple(ShownDocument(uuid.UUID(one[0]), *one[1:]) for one in documents),
        tuple(_update_of(row[3:]) for row in rows if row[3] is not None),
        count,
    )


@dataclass(frozen=True, slots=True)
class After:
    """Where a page of updates goes on: below this one."""

    at: dt.datetime
    id: uuid.UUID

    def __str__(self) -> str:
        """As it stands in an address."""
        return f"{int(self.at.timestamp() * 1_000_000)}-{self.id.hex}"

    @classmethod
    def read(cls, typed: str | None) -> After | None:
        """From an address; nonsense is the beginning."""
        stamp, _, key = (typed or "").partition("-")
        try:
            at = dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=int(stamp))
            return cls(at, uuid.UUID(key))
        except (ValueError, OverflowError):
            return None


def updates_of(
    *,
    listing_id: uuid.UUID | None = None,
    organisation_id: uuid.UUID | None = None,
    place: str | None = None,
    limit: int = LATEST,
    after: After | None = None,
    is_whole: bool = False,
) -> list[ShownUpdate]:
    """Published updates, newest first: of a listing, of an organisation, of a locality with all below it, or of all."""
    which, values = _which(listing_id, organisation_id, place)
    values |= {
        "limit": limit,
        "at": None if after is None else after.at,
        "after": None if after is None else after.id,
    }
    sql = _UPDATES.format(columns=_WHOLE if is_whole else _SHORT, which=which)
    return [_update_of(row) for row in reads.rows(sql, values)]


_PLACES = {
    "country": "l.country_code = %(place)s",
    "region": "l.region_code = %(place)s",
    "province": "u.province_code = %(place)s",
    "regency": "u.regency_code = %(place)s",
    "district": "u.district_code = %(place)s",
    "village": "l.locality_code = %(place)s",
}


def _which(
    listing_id: uuid.UUID | None, organisation_id: uuid.UUID | None, place: str | None
) -> tuple[str, dict[str, Any]]:
    if listing_id is not None:
        return "u.listing_id = %(listing)s", {"listing": listing_id}
    if organisation_id is not None:
        return "u.organisation_id = %(organisation)s", {"organisation": organisation_id}
    if place is not None:
        return _PLACES[localities.get(place).level], {"place": place}
    return "true", {}


def shown_update(update_id: uuid.UUID) -> ShownUpdate | None:
    """One published update, whole; None when it is hidden or its listing is."""
    values = {"update": update_id, "limit": 1, "at": None, "after": None}
    found = reads.rows(_UPDATES.format(columns=_WHOLE, which="u.id = %(update)s"), values)
    return _update_of(found[0]) if found else None


# --- for members and moderators -------------------------------------------------------------------------------------


def photos_of(listing_id: uuid.UUID, update_id: uuid.UUID | None = None) -> list[ListingPhoto]:
    """The photos of a listing, or of one of its updates, in their order."""
    statement = (
        select(ListingPhoto)
        .where(ListingPhoto.listing_id == listing_id, ListingPhoto.update_id.is_not_distinct_from(update_id))
        .order_by(ListingPhoto.position, ListingPhoto.id)
    )
    return list(db.session().execute(statement).scalars())


def documents_of(listing_id: uuid.UUID) -> list[tuple[ListingDocument, StoredFile]]:
    """All documents of a listing with their files, in the order they came."""
    statement = (
        select(ListingDocument, StoredFile)
        .join(StoredFile, StoredFile.id == ListingDocument.file_id)
        .where(ListingDocument.listing_id == listing_id)
        .order_by(ListingDocument.created_at, ListingDocument.id)
    )
    return [(document, stored) for document, stored in db.session().execute(statement)]


def find_document(document_id: uuid.UUID) -> tuple[ListingDocument, StoredFile] | None:
    """A document with its file."""
    statement = (
        select(ListingDocument, StoredFile)
        .join(StoredFile, StoredFile.id == ListingDocument.file_id)
        .where(ListingDocument.id == document_id)
    )
    found = db.session().execute(statement).first()
    return None if found is None else (found[0], found[1])


def updates_written(listing_id: uuid.UUID) -> list[ListingUpdate]:
    """Everything members wrote about a listing, drafts first, then newest first."""
    statement = (
        select(ListingUpdate)
        .where(ListingUpdate.listing_id == listing_id)
        .order_by(ListingUpdate.published_at.desc().nulls_first(), ListingUpdate.id.desc())
        .limit(200)
    )
    return list(db.session().execute(statement).scalars())


def find_update(update_id: uuid.UUID) -> ListingUpdate | None:
    """An update in any state."""
    return db.session().get(ListingUpdate, update_id)


def last_told_at(listing_id: uuid.UUID) -> dt.datetime | None:
    """When the newest update that everybody can read was published."""
    statement = select(func.max(ListingUpdate.published_at)).where(
        ListingUpdate.listing_id == listing_id,
        ListingUpdate.published_at.is_not(None),
        ListingUpdate.hidden_at.is_(None),
    )
    return db.session().execute(statement).scalar_one()


_PUBLIC_PHOTO = f"""
SELECT p.listing_id,
       l.state IN {SHOWN_STATES} AND o.state <> 'frozen'
       AND (p.update_id IS NULL OR (u.published_at IS NOT NULL AND u.hidden_at IS NULL)) AS is_shown
  FROM listing_photo p JOIN listing l ON l.id = p.listing_id JOIN organisation o ON o.id = l.organisation_id
  LEFT JOIN listing_update u ON u.id = p.update_id
 WHERE p.key = %(key)s ORDER BY is_shown DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a photo is used: whether any of these pages is public, and the listings it belongs to."""

    is_public: bool
    listing_ids: tuple[uuid.UUID, ...]


def photo_uses(key: str) -> Seen:
    """Who shows the photo of this key."""
    rows = reads.rows(_PUBLIC_PHOTO, {"key": key})
    return Seen(any(row[1] for row in rows), tuple(row[0] for row in rows))


@dataclass(frozen=True, slots=True)
class Cover:
    """The first photo of a listing: a JPEG on disk, at most 1800 pixels wide or high."""

    key: str
    path: Path
    alt: str


def cover_of(listing_id: uuid.UUID) -> Cover | None:
    """The cover of a listing, if it has a photo."""
    statement = (
        select(ListingPhoto.key, ListingPhoto.alt, StoredFile.sha256)
        .join(StoredFile, StoredFile.id == ListingPhoto.file_id)
        .where(ListingPhoto.listing_id == listing_id, ListingPhoto.update_id.is_(None))
        .order_by(ListingPhoto.position, ListingPhoto.id)
        .limit(1)
    )
    found = db.session().execute(statement).first()
    return None if found is None else Cover(found.key, files.path_of(found.sha256), found.alt)


NEAR = 6
"""So many of 64 bits may differ in two copies of one picture (scaled, pressed, a little brighter)."""


@dataclass(frozen=True, slots=True)
class PhotoTwin:
    """A photo that another listing shows too, or one much like it."""

    photo: ListingPhoto
    other: Listing
    is_same: bool
    is_other_organisation: bool


def photo_twins(listing: Listing, *, limit: int = 10) -> list[PhotoTwin]:
    """Photos of a listing that other listings used before: those of other organisations first."""
    statement = text(
        f"""
        SELECT p.id, o.listing_id, p.key = o.key AS is_same FROM listing_photo p
          JOIN listing_photo o ON o.bands && p.bands AND o.listing_id <> p.listing_id
          JOIN listing l ON l.id = o.listing_id AND l.state <> 'draft'
         WHERE p.listing_id = :listing AND bit_count((o.fingerprint # p.fingerprint)::bit(64)) <= {NEAR}
         GROUP BY p.id, p.position, o.listing_id, l.organisation_id, is_same
         ORDER BY l.organisation_id = :organisation, p.position, is_same DESC, o.listing_id LIMIT :limit
        """
    )
    rows = db.session().execute(
        statement, {"listing": listing.id, "organisation": listing.organisation_id, "limit": limit}
    )
    found = []
    for photo_id, other_id, is_same in rows.all():
        other = db.get(Listing, other_id)
        found.append(
            PhotoTwin(
                db.get(ListingPhoto, photo_id),
                other,
                is_same,
                other.organisation_id != listing.organisation_id,
            )
        )
    return found


def bands_of(fingerprint: int) -> list[int]:
    """The four parts of a fingerprint, each with its number above it."""
    bits = fingerprint & ((1 << 64) - 1)
    return [number << 16 | (bits >> (16 * number)) & 0xFFFF for number in range(4)]


def card_photo(listing: Listing) -> str | None:
    """The small picture of its cover, for cards."""
    return None if listing.cover is None else photos.photo_path(listing.cover, 360)
