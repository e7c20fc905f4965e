"""The cash book of a period, to take along: a table for a spreadsheet or a file for Beancount."""

from __future__ import annotations

import datetime as dt

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit import clock
from coevolve.kit.access import access
from coevolve.kit.i18n import _
from coevolve.kit.pages import page
from coevolve.kit.tables import csv_file, text_file
from coevolve.ledger import exports
from coevolve.ledger.views.door import blueprint
from coevolve.ledger.words import COLUMNS

FIRST_DAY = dt.date(2000, 1, 1)


@blueprint.get("/keuangan/ekspor")
@access("staff:finance")
def choose() -> BaseResponse:
    """Which period, and what the columns mean."""
    today = clock.today()
    first = today.replace(day=1)
    since, until, wrong = _period(first, today)
    return page(
        "ledger/export.html",
        422 if wrong else 200,
        since=request.args.get("dari") or since.isoformat(),
        until=request.args.get("sampai") or until.isoformat(),
        wrong=wrong,
        rows=0 if wrong else exports.count(since, until),
        query=f"dari={since}&sampai={until}",
        columns=[(name, COLUMNS[name]) for name in exports.COLUMNS],
        has_chosen=bool(request.args.get("dari")) and not wrong,
    )


@blueprint.get("/keuangan/ekspor/jurnal.csv")
@access("staff:finance")
def as_table() -> BaseResponse:
    """Every row of the period."""
    since, until, wrong = _period(FIRST_DAY, clock.today())
    if wrong:
        return choose()
    return csv_file(f"jurnal-{since}-{until}", exports.COLUMNS, exports.table(since, until))


@blueprint.get("/keuangan/ekspor/buku.beancount")
@access("staff:finance")
def as_beancount() -> BaseResponse:
    """The period as a file that checks itself."""
    since, until, wrong = _period(FIRST_DAY, clock.today())
    if wrong:
        return choose()
    pieces = exports.beancount(since, until, title=settings().platform_name)
    return text_file(f"buku-{since}-{until}.beancount", pieces)


def _period(since: dt.date, until: dt.date) -> tuple[dt.date, dt.date, dict[str, str]]:
    """The days asked for, and what is wrong with them, by field."""
    wrong: dict[str, str] = {}
    found = {"dari": since, "sampai": until}
    for name in found:
        typed = (request.args.get(name) or "").strip()
        if not typed:
            continue
        try:
            found[name] = dt.date.fromisoformat(typed)
        except ValueError:
            wrong[name] = _("Tulis tanggal seperti 2026-11-22.")
    if not wrong and not FIRST_DAY <= found["dari"] <= dt.date(9000, 1, 1):
        wrong["dari"] = _("Pilih tanggal mulai sesudah tahun 2000.")
    if not wrong and found["sampai"] < found["dari"]:
        wrong["sampai"] = _("Tanggal akhir harus sama atau sesudah tanggal mulai.")
    if not wrong and found["sampai"] > dt.date(9000, 1, 1):
        wrong["sampai"] = _("Pilih tanggal akhir yang wajar.")
    return found["dari"], found["sampai"], wrong
