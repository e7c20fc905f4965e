"""The same question as a feed (Atom) and as a table (CSV)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Response, render_template, request

from coevolve.config import settings
from coevolve.kit import clock, i18n
from coevolve.kit.access import access
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money
from coevolve.kit.pages import page, see_other
from coevolve.kit.reads import read_only
from coevolve.kit.tables import csv_file
from coevolve.listings import queries, sectors
from coevolve.listings.models import KIND_BITS
from coevolve.listings.queries import Exported, Query
from coevolve.listings.queries.cards import KIND_LABELS, PATHS, SUPPORT_LABELS
from coevolve.listings.views import filters
from coevolve.listings.views.door import blueprint
from coevolve.listings.views.filters import PATH
from coevolve.localities import queries as localities

ENTRIES = 50
COLUMNS: tuple[tuple[str, Any], ...] = (
    ("id", lazy("Nomor tetap tayangan (UUID).")),
    ("alamat", lazy("Alamat halamannya.")),
    ("macam", lazy("need, campaign, standing_offer, atau opportunity.")),
    ("judul", lazy("Judul.")),
    ("ringkasan", lazy("Satu atau dua kalimat.")),
    ("organisasi", lazy("Nama organisasi yang meminta atau menawarkan.")),
    ("tingkat_periksa", lazy("1 terdaftar, 2 dokumen diperiksa, 3 dikunjungi, 4 rekam jejak.")),
    ("sektor", lazy("Kode sektor; bila beberapa, dipisah titik koma, yang utama lebih dulu.")),
    ("kode_tempat", lazy("Kode Kemendagri; bila beberapa, dipisah titik koma, yang utama lebih dulu.")),
    ("tempat", lazy("Nama tempatnya, dengan urutan yang sama.")),
    ("dukungan", lazy("money, goods, time, facility; dipisah titik koma.")),
    ("dibuka", lazy("Saat mulai tayang, UTC.")),
    ("tutup", lazy("Hari terakhir menerima dukungan.")),
    ("target_rp", lazy("Jumlah baris uang, dalam rupiah; kosong bila tidak meminta uang.")),
    ("diterima_rp", lazy("Uang yang sudah diterima, dalam rupiah.")),
    ("dijanjikan_rp", lazy("Uang yang dijanjikan dan belum diterima, dalam rupiah.")),
    ("bencana", lazy("Nomor status bencana yang berlaku; kosong bila tidak ada.")),
)
"""The columns of the table, and what each means."""


@blueprint.get(f"{PATH}.atom")
@access("public")
def feed() -> Any:
    """The newest of what is asked, as a feed."""
    read_only()
    asked = filters.read()
    return _atom(asked.query, filters.title(asked.query), asked.href(), asked.href(f"{PATH}.atom"))


@blueprint.get("/lokalitas/<code>/kabar.atom")
@access("public")
def place_feed(code: str) -> Any:
    """What opens in a place and below it, as a feed."""
    read_only()
    here = localities.get(code[:20])
    if not here.is_active:
        now = localities.current(here.code)
        if now.code != here.code:
            return see_other(f"/lokalitas/{now.code}/kabar.atom")
    path = f"/lokalitas/{here.code}"
    return _atom(Query(place=here), here.name, path, f"{path}/kabar.atom")


def _atom(query: Query, title: str, path: str, own: str) -> Any:
    base = settings().public_url.rstrip("/")
    rows = list(queries.exported(replace(query, order="newest", cursor=None), most=ENTRIES))
    updated = max((row.opened_at for row in rows), default=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    body = render_template(
        "listings/feed.xml",
        title=title,
        base=base,
        path=path,
        own=own,
        updated=_utc(updated),
        entries=[_entry(row, base) for row in rows],
    )
    response = Response(body, mimetype="application/atom+xml")
    response.add_etag()
    response.headers["Cache-Control"] = "public, max-age=300"
    return response.make_conditional(request)


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _entry(row: Exported, base: str) -> dict[str, Any]:
    return {
        "id": f"urn:uuid:{row.id}",
        "title": _plain(row.title),
        "href": f"{base}/{PATHS[row.kind]}/{row.slug}",
        "updated": _utc(row.opened_at),
        "author": _plain(row.organisation),
        "summary": _plain(
            " ".join(part for part in (row.summary, f"({_places(row)}; {_until(row)})") if part)
        ),
        "terms": [(code, sectors.label(code)) for code in row.sectors]
        + [(row.kind, str(KIND_LABELS[row.kind]))],
    }


def _plain(words: str) -> str:
    """Only signs that XML may hold."""
    return "".join(sign for sign in words if sign >= " " or sign in "\t\n")


def _until(row: Exported) -> str:
    return _("sampai %(day)s", day=i18n.short_date(row.closes_on))


def _places(row: Exported) -> str:
    return "; ".join(localities.path_label(code) for code in row.localities)


@blueprint.get(f"{PATH}.csv")
@access("public")
def table() -> Any:
    """All that the filters on the screen let through, as a table; at most `export_most_rows`."""
    read_only()
    asked = filters.read()
    if asked.faults or asked.is_moved or asked.others:
        return see_other(asked.href(f"{PATH}.csv") if asked.is_moved and not asked.faults else request_path())
    rows = queries.exported(replace(asked.query, cursor=None), most=settings().export_most_rows)
    return csv_file("jelajah", [name for name, _meaning in COLUMNS], _cells(rows))


def request_path() -> str:
    """The page itself says what makes no sense."""
    return f"{PATH}?{request.query_string.decode('utf-8', 'replace')}"


def _cells(rows: Iterator[Exported]) -> Iterator[list[Any]]:
    base = settings().public_url.rstrip("/")
    for row in rows:
        has_goal = row.goal > 0
        yield [
            str(row.id),
            f"{base}/{PATHS[row.kind]}/{row.slug}",
            row.kind,
            row.title,
            row.summary,
            row.organisation,
            row.level,
            ";".join(row.sectors),
            ";".join(row.localities),
            _places(row),
            ";".join(name for name, bit in KIND_BITS.items() if row.kinds & bit),
            row.opened_at,
            row.closes_on,
            Money(row.goal, "IDR") if has_goal else "",
            Money(row.received, "IDR") if has_goal else "",
            Money(row.promised, "IDR") if has_goal else "",
            str(row.disaster_id) if row.disaster_id else "",
        ]


@blueprint.get(f"{PATH}/kolom")
@access("public")
def columns() -> Any:
    """What the columns of the table mean."""
    return page(
        "listings/columns.html",
        rows=[[name, str(meaning)] for name, meaning in COLUMNS],
        most=settings().export_most_rows,
        supports=[(kind, str(label)) for kind, label in SUPPORT_LABELS.items()],
        today=clock.today(),
    )
