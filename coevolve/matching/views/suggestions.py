"""What suits me and why; writing to the other side, noting what followed, putting away with a reason, taking back."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import flash_success, form_page, page, see_other
from coevolve.matching import queries, service
from coevolve.matching.forms import DismissForm, WordsForm
from coevolve.matching.views.door import BIG, NOT_FOUND, blueprint, done_with, me
from coevolve.organisations import queries as organisations

HOME = "/dasbor/kecocokan"
ONE = f"{HOME}/<int(max={BIG}):match_id>"
VIEW_LABELS = {
    "": lazy("Disarankan"),
    "dihubungi": lazy("Dihubungi"),
    "didukung": lazy("Menjadi dukungan"),
    "disingkirkan": lazy("Disingkirkan"),
    "berakhir": lazy("Berakhir"),
}


@blueprint.get("/cocok")
@access("signed_in")
def short() -> Response:
    """The short address."""
    return see_other(HOME)


@blueprint.get(HOME)
@access("signed_in")
def matches() -> Response:
    """What suits the reader and why; for members also pairings, for officers the opportunities of their area."""
    person = me()
    older = request.args.get("sebelum", "")
    older_than = int(older) if older.isascii() and older.isdigit() and int(older or 0) <= BIG else None
    view = request.args.get("lihat", "")
    view = view if view in queries.VIEWS else ""
    sunk = view == "" and request.args.get("mirip") == "1"
    found = queries.matches_of(person.id, older_than=older_than, view=view, sunk=sunk)
    areas = organisations.areas_of(person.id)
    first = older_than is None and not sunk
    pairs = queries.pairs_of(person.id, view=view) if first else []
    answer = page(
        "matching/matches.html",
        found=found,
        view=view,
        sunk=sunk,
        has_sunk=first and view == "" and bool(queries.matches_of(person.id, limit=1, sunk=True).rows),
        tabs=view_tabs(HOME, view),
        pairs=pairs,
        is_officer=bool(areas) and view == "",
        opportunities=queries.opportunities_in(areas) if first and view == "" else [],
    )
    seen = service.mark_seen(match_ids=[row.id for row in found.rows if row.is_new], person_id=person.id)
    seen += service.see_pairings(pairing_ids=[row.id for row in pairs if row.is_new])
    if seen:
        commit()
    return answer


def view_tabs(base: str, view: str) -> tuple[list[dict[str, Any]], int]:
    """The filters by state, and which is on."""
    names = list(VIEW_LABELS)
    tabs = [{"text": VIEW_LABELS[name], "href": f"{base}?lihat={name}" if name else base} for name in names]
    return tabs, names.index(view)


@blueprint.route(ONE, methods=["GET", "POST"])
@access("signed_in")
def match(match_id: int) -> Response:
    """One suggestion: why, what was written about it; a message to the CSO, or a note."""
    row = queries.match_of(me().id, match_id)
    if row is None:
        raise NotFound("not_found", NOT_FOUND)
    form = WordsForm()
    is_contact = request.form.get("langkah") == "hubungi"
    step = service.contact if is_contact else service.note
    words = (
        lazy("Pesan terkirim kepada %(name)s.", name=row.organisation)
        if is_contact
        else lazy("Catatan tersimpan.")
    )
    done = done_with(
        form, lambda: step(match_id=match_id, by=me(), text=form.teks.data or ""), words, f"{HOME}/{match_id}"
    )
    if done is not None:
        return done
    answer = form_page(
        "matching/match.html",
        form,
        row=row,
        notes=queries.notes_of(match_id=match_id),
        base=f"{HOME}/{match_id}",
        dismiss_form=DismissForm(formdata=None),
    )
    if row.is_new and request.method == "GET" and service.mark_seen(match_ids=[match_id], person_id=me().id):
        commit()
    return answer


@blueprint.post(f"{ONE}/singkirkan")
@access("signed_in")
def dismiss(match_id: int) -> Response:
    """Put a suggestion away, with a reason."""
    service.dismiss(match_id=match_id, person_id=me().id, reason=request.form.get("alasan") or "other")
    commit()
    flash_success(lazy("Disingkirkan. Tidak akan disarankan lagi."))
    return see_other(HOME)


@blueprint.post(f"{ONE}/kembalikan")
@access("signed_in")
def restore(match_id: int) -> Response:
    """Take a dismissed suggestion back."""
    service.restore(match_id=match_id, person_id=me().id)
    commit()
    flash_success(lazy("Disarankan lagi."))
    return see_other(HOME)
