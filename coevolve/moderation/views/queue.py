"""What waits for moderators, longest first."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit import i18n
from coevolve.kit.access import access
from coevolve.kit.i18n import _
from coevolve.kit.pages import page
from coevolve.listings.queries.cards import KIND_LABELS, short_place
from coevolve.moderation import queries
from coevolve.moderation.views.door import (
    TABS,
    age_of,
    blueprint,
    place_name,
)
from coevolve.organisations import words

# --- the queue --------------------------------------------------------------------------------------


@blueprint.get("/moderasi")
@access("staff:moderator")
def queue() -> Response:
    """What waits, longest first, in three tabs."""
    tab = request.args.get("tab", TABS[0])
    tab = tab if tab in TABS else TABS[0]
    counts = queries.tabs()
    return page(
        "moderation/queue.html",
        tab=tab,
        tabs=[_tab(name, counts) for name in TABS],
        current=TABS.index(tab),
        oldest=age_of(
            counts[{"tayangan": "listing", "organisasi": "organisation", "laporan": "report"}[tab]].oldest
        ),
        rows=_rows(tab),
    )


def _tab(name: str, counts: dict[str, queries.Tab]) -> dict[str, Any]:
    labels = {"tayangan": _("Tayangan"), "organisasi": _("Organisasi"), "laporan": _("Laporan")}
    kinds = {"tayangan": ("listing",), "organisasi": ("organisation",), "laporan": ("report", "frozen")}
    return {
        "text": labels[name],
        "href": f"/moderasi?tab={name}",
        "count": sum(counts[kind].count for kind in kinds[name]),
    }


def _rows(tab: str) -> list[dict[str, Any]]:
    if tab == "organisasi":
        return [
            {
                "href": f"/moderasi/organisasi/{row.id}",
                "title": row.name,
                "by": words.KINDS[row.kind],
                "place": place_name(row.home_locality_code),
                "age": age_of(row.since),
                "assignee": row.assignee,
                "flags": (),
                "note": "",
            }
            for row in queries.waiting_organisations()
        ]
    if tab == "laporan":
        return [
            {
                "href": f"/moderasi/laporan/{row.id}",
                "title": row.title,
                "by": row.organisation,
                "place": "",
                "age": age_of(row.since) if row.since else "",
                "assignee": None,
                "flags": (_("dibekukan"),) if row.state == "frozen" else (),
                "note": i18n.ngettext("%(num)s laporan", "%(num)s laporan", row.reports)
                if row.reports
                else "",
            }
            for row in queries.reported_listings()
        ]
    return [
        {
            "href": f"/moderasi/tayangan/{row.id}",
            "title": row.title,
            "by": f"{row.organisation} · {KIND_LABELS[row.kind]}",
            "place": short_place(row.regency_code, row.province_code, row.province_code or ""),
            "age": age_of(row.since),
            "assignee": row.assignee,
            "flags": row.flags,
            "note": _("1 dari 2 persetujuan") if row.approvals else "",
        }
        for row in queries.waiting_listings()
    ]
