"""An open listing's life: pause, resume, re-confirm, close; and what the clock and the books do."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import select, text

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import move
from coevolve.kit.text import clean_text
from coevolve.listings import policy
from coevolve.listings.models import Listing, ListingLine, State
from coevolve.listings.service.disasters import settle_urgency
from coevolve.listings.service.telling import tell_followers, tell_members
from coevolve.localities import queries as localities
from coevolve.people.models import Person

EASTERNMOST = "Asia/Jayapura"
REMIND_DAYS = 7


def pause(*, listing_id: uuid.UUID, by: Person) -> Listing:
    """Take no pledges for a while."""
    listing = _locked(listing_id, by, "pause")
    move(listing, State.paused, by=by.id)
    _record(listing, "listing.paused", by.id)
    return listing


def resume(*, listing_id: uuid.UUID, by: Person, closes_on: dt.date | None = None) -> Listing:
    """Take pledges again; says at the same time that the listing still stands."""
    listing = _locked(listing_id, by, "resume")
    if listing.state != State.paused:
        raise Forbidden("not_paused", lazy("Tayangan ini tidak sedang dijeda."))
    _renew(listing, closes_on)
    settle_urgency(listing)
    move(listing, State.open, by=by.id)
    _record(listing, "listing.resumed", by.id, visibility="public")
    return listing


def reconfirm(*, listing_id: uuid.UUID, by: Person, closes_on: dt.date | None = None) -> Listing:
    """Say that an open listing still stands, and perhaps give it more days."""
    listing = _locked(listing_id, by, "reconfirm")
    if listing.state != State.open:
        raise Invalid("not_open", lazy("Hanya tayangan yang sedang tayang yang dapat dikonfirmasi."))
    _renew(listing, closes_on)
    db.session().flush()
    _record(listing, "listing.reconfirmed", by.id)
    return listing


def close(*, listing_id: uuid.UUID, by: Person, text: str = "") -> Listing:
    """End the listing for good, before its time."""
    listing = _locked(listing_id, by, "close")
    if listing.state == State.frozen:
        raise Forbidden(
            "frozen", lazy("Tayangan ini sedang dibekukan; hanya moderator yang dapat menutupnya.")
        )
    listing.ended_at = clock.now()
    words = clean_text(text)[:2_000]
    move(listing, State.closed, by=by.id, cause=words[:200])
    _record(listing, "listing.closed", by.id, data={"text": words}, visibility="public")
    tell_followers(listing, "listing.closed")
    return listing


def _renew(listing: Listing, closes_on: dt.date | None) -> None:
    today = clock.today(localities.zone_of(listing.locality_code))
    if closes_on is not None:
        if not 0 < (closes_on - today).days <= settings().listing_most_days:
            message = lazy("Pilih tanggal dalam %(days)s hari ke depan.", days=settings().listing_most_days)
            raise Invalid("closes_on", message, field="closes_on")
        listing.closes_on = closes_on
    if listing.closes_on is None or listing.closes_on <= today:
        raise Invalid(
            "closes_on", lazy("Masa tayangnya habis. Pilih tanggal tutup yang baru."), field="closes_on"
        )
    listing.reconfirm_by = today + dt.timedelta(days=settings().reconfirm_days)


# --- the clock --------------------------------------------------------------------------------------


def expire_due(*, limit: int = 200) -> int:
    """End what is past its last day, on the calendar of its own place; returns how many ended."""
    statement = (
        select(Listing)
        .where(Listing.state.in_([State.open, State.paused]), Listing.closes_on < clock.today(EASTERNMOST))
        .order_by(Listing.closes_on, Listing.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ended = 0
    for listing in db.session().execute(statement).scalars():
        if listing.closes_on is None or listing.closes_on >= clock.today(
            localities.zone_of(listing.locality_code)
        ):
            continue
        listing.ended_at = clock.now()
        move(listing, State.expired, by=None, cause="closes_on")
        _record(listing, "listing.expired", None, visibility="public")
        tell_members(listing, "listing.expired")
        ended += 1
    return ended


def pause_unconfirmed(*, limit: int = 200) -> int:
    """Pause what nobody re-confirmed in time; returns how many."""
    statement = (
        select(Listing)
        .where(Listing.state == State.open, Listing.reconfirm_by < clock.today())
        .order_by(Listing.reconfirm_by, Listing.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    paused = 0
    for listing in db.session().execute(statement).scalars():
        move(listing, State.paused, by=None, cause="reconfirm_by")
        _record(listing, "listing.paused", None)
        tell_members(listing, "listing.paused")
        paused += 1
    return paused


def remind_unconfirmed(*, limit: int = 500) -> int:
    """Ask the members, a week before, whether the listing still stands; asked again it queues nothing new."""
    today = clock.today()
    statement = (
        select(Listing)
        .where(
            Listing.state == State.open,
            Listing.reconfirm_by.between(today, today + dt.timedelta(days=REMIND_DAYS)),
        )
        .order_by(Listing.reconfirm_by, Listing.id)
        .limit(limit)
    )
    found = list(db.session().execute(statement).scalars())
    for listing in found:
        tell_members(listing, "listing.reconfirm", dedupe=f"{listing.reconfirm_by}")
    return len(found)


# --- the books --------------------------------------------------------------------------------------


def fulfil_met(*, listing_id: uuid.UUID, missing: int) -> bool:
    """Mark an open listing fulfilled when nothing is missing any more; the caller has added up the books."""
    listing = db.lock(Listing, listing_id)
    if missing > 0 or listing.state != State.open:
        return False
    listing.ended_at = clock.now()
    move(listing, State.fulfilled, by=None, cause="nothing missing")
    _record(listing, "listing.fulfilled", None, visibility="public")
    tell_members(listing, "listing.fulfilled")
    return True


def hide(*, listing_id: uuid.UUID, since: dt.date) -> bool:
    """Take a listing out of browse and search: a report on its money is late. Whether that is new."""
    listing = db.lock(Listing, listing_id)
    if listing.hidden_since is not None:
        return False
    listing.hidden_since = since
    _record(listing, "listing.hidden", None, data={"since": since.isoformat()}, visibility="public")
    db.session().flush()
    return True


def show_again(*, listing_id: uuid.UUID) -> bool:
    """Back into browse and search: no report is late any more. Whether that is new."""
    listing = db.lock(Listing, listing_id)
    if listing.hidden_since is None:
        return False
    listing.hidden_since = None
    _record(listing, "listing.shown_again", None, visibility="public")
    db.session().flush()
    return True


def add_spending(*, line_id: uuid.UUID, amount: int, receipts: int) -> None:
    """So much more was spent on a line of the budget, proven by so many receipts (disbursements calls this)."""
    line = db.lock(ListingLine, line_id)
    line.spent += amount
    line.receipts += receipts
    db.session().flush()


# --- counts -----------------------------------------------------------------------------------------

_FOLD = """
WITH due AS (
  SELECT id FROM listing_facet_delta ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
), cell AS (
  SELECT place_code, sector, kind, support, sum(step) AS step
    FROM listing_facet_unfolded WHERE id IN (SELECT id FROM due)
   GROUP BY place_code, sector, kind, support
), folded AS (
  INSERT INTO listing_facet (place_code, sector, kind, support, count)
  SELECT place_code, sector, kind, support, step FROM cell ORDER BY place_code, sector, kind, support
  ON CONFLICT (place_code, sector, kind, support) DO UPDATE SET count = listing_facet.count + excluded.count
), gone AS (
  DELETE FROM listing_facet_delta WHERE id IN (SELECT id FROM due) RETURNING id
)
SELECT count(*) FROM gone
"""


def fold_facets(*, limit: int = 10_000) -> int:
    """Fold the delta rows into the counts; one statement, so a reader sees each listing exactly once."""
    return int(db.session().execute(text(_FOLD), {"limit": limit}).scalar_one())


_TOUCHED = """
WITH touched AS (
  SELECT DISTINCT a.owner_id AS id
    FROM (SELECT debit_id, credit_id FROM ledger_transfer
           WHERE id > (SELECT coalesce(max(id), 0) FROM ledger_transfer) - :newest) t
    JOIN ledger_account a ON a.id IN (t.debit_id, t.credit_id)
   WHERE a.owner_kind = 'listing'
), gauged AS (
  SELECT l.id, listing_gap(l) AS gap FROM touched JOIN listing l USING (id)
   WHERE l.state = 'open' AND l.hidden_since IS NULL
), moved AS (
  UPDATE listing_place p SET gap = g.gap FROM gauged g
   WHERE p.listing_id = g.id AND p.gap <> g.gap RETURNING p.listing_id
), said AS (
  UPDATE listing_search s SET tsv = listing_tsv(l) FROM listing l
   WHERE l.id = s.listing_id AND l.id IN (SELECT listing_id FROM moved) RETURNING 1
)
SELECT count(DISTINCT listing_id) FROM moved
"""


def gauge_gaps(*, newest: int = 20_000) -> int:
    """Bring the bands of missing money up to date for listings that the newest transfers touched; how many moved."""
    return int(db.session().execute(text(_TOUCHED), {"newest": newest}).scalar_one())


_REBUILD = (
    "LOCK TABLE listing, listing_place, listing_search, listing_facet, listing_facet_delta IN SHARE ROW EXCLUSIVE MODE",
    """
    UPDATE listing l
       SET country_code = p.country_code, region_code = p.region_code, province_code = p.province_code,
           regency_code = p.regency_code,
           district_code = CASE p.level WHEN 'district' THEN p.code WHEN 'village' THEN p.parent_code END,
           kinds = coalesce((SELECT bit_or(CASE n.kind WHEN 'money' THEN 1 WHEN 'goods' THEN 2 WHEN 'time' THEN 4
                                                       WHEN 'facility' THEN 8 END)
                               FROM listing_line n WHERE n.listing_id = l.id), 0)
      FROM locality p WHERE p.code = l.locality_code
    """,
    """
    UPDATE listing l SET open_order = o.place
      FROM (SELECT id, row_number() OVER (ORDER BY opened_at, id) - 1 AS place
              FROM listing WHERE opened_at IS NOT NULL) o
     WHERE o.id = l.id AND l.open_order IS DISTINCT FROM o.place
    """,
    "SELECT setval('listing_open_order', (SELECT coalesce(max(open_order), 0) + 1 FROM listing))",
)
SHELVING = (
    "DELETE FROM listing_place",
    """
    INSERT INTO listing_place
    SELECT p.* FROM listing l, LATERAL listing_places_of(l) p WHERE l.state = 'open' AND l.hidden_since IS NULL
    """,
    "DELETE FROM listing_search",
    """
    INSERT INTO listing_search
    SELECT s.* FROM listing l, LATERAL listing_search_of(l) s WHERE l.state = 'open' AND l.hidden_since IS NULL
    """,
    "DELETE FROM listing_facet",
    """
    INSERT INTO listing_facet (place_code, sector, kind, support, count)
    SELECT place_code, s.sector, k.kind, b.support, count(*)
      FROM listing l
     CROSS JOIN LATERAL unnest(listing_facet_places(l)) place_code
     CROSS JOIN LATERAL unnest(ARRAY['', l.sector] || l.more_sectors) s(sector)
     CROSS JOIN LATERAL (VALUES (''), (l.kind)) k(kind)
     CROSS JOIN LATERAL (SELECT 0 UNION ALL SELECT bit FROM (VALUES (1), (2), (4), (8)) v(bit)
                          WHERE l.kinds & bit > 0) b(support)
     WHERE l.state = 'open' AND l.hidden_since IS NULL GROUP BY 1, 2, 3, 4
    """,
    "DELETE FROM listing_facet_delta",
)
"""The slim rows, the search rows and the counts, derived from the open listings."""


def rebuild_shelf() -> None:
    """Derive place codes, slim rows, search rows and counts anew from the listings (after a bulk load or a repair)."""
    for statement in (*_REBUILD, *SHELVING):
        db.session().execute(text(statement))


# --- shared -----------------------------------------------------------------------------------------


def _locked(listing_id: uuid.UUID, by: Person, verb: str) -> Listing:
    listing = db.lock(Listing, listing_id)
    if policy.may(by, verb, listing):
        return listing
    if not policy.may(by, "see", listing):
        raise NotFound("not_found", lazy("Tayangan ini tidak ada."))
    raise Forbidden("listing_verb", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang."))


def _record(
    listing: Listing,
    kind: str,
    by: uuid.UUID | None,
    *,
    data: dict[str, object] | None = None,
    visibility: str = "parties",
) -> None:
    journal.record(
        kind,
        about=("listing", listing.id),
        by=by,
        for_organisation=listing.organisation_id,
        data=data,
        visibility=visibility,
    )
