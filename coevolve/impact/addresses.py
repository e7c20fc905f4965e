"""All public addresses, for search engines: an index and parts of at most 50,000, made once an hour and kept on disk.

Only what everybody may see and search shows: nothing frozen, nothing hidden for a late report, nothing of organisations
that are not checked. `lastmod` says when a thing last changed, where that is known; it is never made up.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from coevolve.kit import clock, drawn, reads, sharing
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.listings.queries.cards import PATHS
from coevolve.localities import queries as localities

MOST = 50_000
"""Addresses in one part: the protocol allows no more."""
MOST_PLACES = 49_000
"""One part names them all: few of the 80,000 villages will ever have anything of their own."""
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
PAGES = (
    "/", "/jelajah", "/peta", "/organisasi", "/buku", "/bantuan", "/biaya", "/tentang-data", "/aksesibilitas",
)  # fmt: skip
CLOSED_DOORS = (
    "/akun", "/bayar", "/dasbor", "/daftar", "/dukung", "/keluar", "/keuangan", "/laporkan", "/lupa-sandi", "/masuk",
    "/moderasi", "/notifikasi", "/periksa", "/surat", "/webhook",
)  # fmt: skip
"""First words of addresses that search engines need not walk through."""

_LISTINGS = """
  FROM listing l JOIN organisation o ON o.id = l.organisation_id AND o.state = 'checked'
 WHERE l.state IN ('open', 'paused', 'fulfilled', 'closed', 'expired') AND l.hidden_since IS NULL
"""
_CHANGED = "greatest(l.opened_at, l.ended_at, l.revised_at)"
_PARTS = {
    "tayangan": f"""
SELECT min(id), max(changed) FROM (
  SELECT l.id::text AS id, {_CHANGED} AS changed, (row_number() OVER (ORDER BY l.id) - 1) / %(most)s AS part {_LISTINGS}
) x GROUP BY part ORDER BY part
""",
    "organisasi": """
SELECT min(id), max(changed) FROM (
  SELECT id::text AS id, greatest(created_at, decided_at) AS changed,
         (row_number() OVER (ORDER BY id) - 1) / %(most)s AS part
    FROM organisation WHERE state = 'checked') x GROUP BY part ORDER BY part
""",
}
"""The first key of each part, and when anything in it last changed."""
_ROWS = {
    "tayangan": f"""
SELECT l.kind, l.slug, {_CHANGED} {_LISTINGS} AND l.id >= %(first)s::uuid ORDER BY l.id LIMIT %(most)s
""",
    "organisasi": """
SELECT 'organisasi', slug, greatest(created_at, decided_at)
  FROM organisation WHERE state = 'checked' AND id >= %(first)s::uuid ORDER BY id LIMIT %(most)s
""",
}
_PLACES = """
SELECT place_code FROM impact_place_total
 WHERE place_code <> '' AND needs + offers + opportunities + organisations + fulfilled > 0
 ORDER BY place_code LIMIT %(most)s
"""


def index() -> bytes:
    """The list of parts."""
    return drawn.kept(f"sitemap-{_hour()}.xml", _index)


def _index() -> bytes:
    found: list[tuple[str, dt.datetime | None]] = [
        ("/sitemap/halaman.xml", None),
        ("/sitemap/lokalitas.xml", None),
    ]
    found += [
        (f"/sitemap/{kind}-{number}.xml", _moment(changed))
        for kind in _PARTS
        for number, (_, changed) in enumerate(_parts(kind), start=1)
    ]
    body = "".join(f"<sitemap>{_entry(*one)}</sitemap>\n" for one in found)
    return f"{HEAD}<sitemapindex {NAMESPACE}>\n{body}</sitemapindex>\n".encode()


def part(name: str) -> bytes:
    """One part: `halaman`, `lokalitas`, or a numbered one of listings or organisations. NotFound for any other."""
    if name == "halaman":
        return _written((path, None) for path in PAGES)
    if name == "lokalitas":
        return drawn.kept(f"sitemap-lokalitas-{_hour()}.xml", lambda: _written(_places()))
    kind, _, number = name.rpartition("-")
    parts = _parts(kind) if kind in _PARTS and number.isascii() and number.isdigit() else []
    if not 1 <= int(number if parts else 0) <= len(parts):
        raise NotFound("no_such_part", lazy("Bagian peta situs ini tidak ada."))
    first = parts[int(number) - 1][0]
    return drawn.kept(f"sitemap-{kind}-{int(number)}-{_hour()}.xml", lambda: _written(_rows(kind, first)))


def _parts(kind: str) -> list[tuple[str, str | None]]:
    """Where the parts of this kind begin; one statement an hour."""
    found = drawn.find(f"sitemap-{kind}-{_hour()}.json")
    if found is None:
        rows = reads.rows(_PARTS[kind], {"most": MOST})
        found = json.dumps(
            [(first, changed.isoformat() if changed else None) for first, changed in rows]
        ).encode()
        drawn.put(f"sitemap-{kind}-{_hour()}.json", found)
    return [(first, changed) for first, changed in json.loads(found)]


def _rows(kind: str, first: str) -> Iterable[tuple[str, dt.datetime | None]]:
    for word, slug, changed in reads.rows(_ROWS[kind], {"first": first, "most": MOST}):
        yield f"/{PATHS.get(word, word)}/{slug}", changed


def _places() -> list[tuple[str, None]]:
    """Every province and kabupaten/kota, and whatever else something happens in."""
    rows: Sequence[Any] = reads.rows(_PLACES, {"most": MOST_PLACES})
    codes = {row[0] for row in rows} | {place.code for place in localities.provinces()}
    for place in localities.provinces():
        codes.update(below.code for below in localities.children(place.code))
    return [(f"/lokalitas/{code}", None) for code in sorted(codes)]


def _written(rows: Iterable[tuple[str, dt.datetime | None]]) -> bytes:
    body = "".join(f"<url>{_entry(path, changed)}</url>\n" for path, changed in rows)
    return f"{HEAD}<urlset {NAMESPACE}>\n{body}</urlset>\n".encode()


def _entry(path: str, changed: dt.datetime | None) -> str:
    when = f"<lastmod>{changed.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>" if changed else ""
    return f"<loc>{escape(sharing.absolute(path))}</loc>{when}"


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _hour() -> str:
    return f"{clock.now():%Y%m%d%H}"


def robots(*, is_open: bool) -> str:
    """What search engines may walk through; nothing at all where the world is made up."""
    if not is_open:
        return "User-agent: *\nDisallow: /\n"
    doors = "".join(f"Disallow: {door}\n" for door in CLOSED_DOORS)
    return f"User-agent: *\n{doors}Allow: /\n\nSitemap: {sharing.absolute('/sitemap.xml')}\n"
