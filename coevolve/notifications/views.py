"""Pages of notices: what is new, how often to hear, what could not be delivered; in the demo also the caught mails."""

from __future__ import annotations

import html
import re
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, request
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import actor, flash_success, is_demo, page, see_other
from coevolve.notifications import kinds, queries, service
from coevolve.notifications.forms import PreferenceForm
from coevolve.people import queries as people

if TYPE_CHECKING:
    from coevolve.embedded.mail_catcher import Mailbox

blueprint = Blueprint("notifications", __name__)

CADENCE_LABELS = {
    "now": lazy("Segera"),
    "daily": lazy("Harian"),
    "weekly": lazy("Mingguan"),
    "off": lazy("Jangan kirim"),
}
CHANNEL_LABELS = {"site": lazy("Di situs"), "email": lazy("Lewat surel")}
SHOWN_MAILS = 100


class Unread:
    """How many notices wait for the reader; asked from the database only when a page shows it."""

    def __init__(self) -> None:
        self._count: int | None = None

    def _number(self) -> int:
        if self._count is None:
            person = actor()
            self._count = queries.unread_count(person.id) if person is not None else 0
        return self._count

    def __bool__(self) -> bool:
        return self._number() > 0

    def __str__(self) -> str:
        number = self._number()
        return f"{queries.COUNTED}+" if number > queries.COUNTED else str(number)

    def __html__(self) -> str:
        return str(self)


@blueprint.app_context_processor
def _words() -> dict[str, Any]:
    return {"unread_notices": Unread()}


@blueprint.get("/notifikasi")
@access("signed_in")
def notices() -> Response:
    """What is new for the reader, newest first."""
    person = actor()
    older = request.args.get("sebelum", "")
    older_than = int(older) if older.isascii() and older.isdigit() and len(older) < 19 else None
    found = queries.notices_of(person.id, older_than=older_than, zone=person.zone)
    return page("notifications/notices.html", notices=found, zone=person.zone)


@blueprint.get("/notifikasi/<int(max=9223372036854775807):notice_id>")
@access("signed_in")
def open_notice(notice_id: int) -> BaseResponse:
    """Go where a notice leads, and remember that it was read."""
    person = actor()
    found = queries.find_notice(notice_id, person_id=person.id)
    if found is None:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    service.mark_read(person_id=person.id, notice_id=notice_id)
    commit()
    return see_other(kinds.path(found.kind, found.data) if found.kind in kinds.KINDS else "/notifikasi")


@blueprint.post("/notifikasi/dibaca")
@access("signed_in")
def read_all() -> BaseResponse:
    """Mark all as read."""
    service.mark_read(person_id=actor().id)
    commit()
    return see_other("/notifikasi")


@blueprint.get("/akun/notifikasi")
@access("signed_in")
def preferences() -> Response:
    """How often the reader wants to hear of what."""
    return _preference_page()


@blueprint.post("/akun/notifikasi")
@access("signed_in")
def set_preferences() -> BaseResponse:
    """Keep what was chosen."""
    person = actor()
    form = PreferenceForm()
    if not form.validate_on_submit():
        return _preference_page()
    service.prefer(person_id=person.id, wishes=form.wishes(request.form, is_staff=_is_staff()))
    if request.form.get("jeda") == "ya":
        service.stop(person_id=person.id, group="all")
    else:
        service.resume(person_id=person.id)
    commit()
    flash_success(lazy("Pilihan kabar Anda tersimpan."))
    return see_other("/akun/notifikasi")


def _is_staff() -> bool:
    return bool(people.staff_roles(actor().id))


def _preference_page() -> Response:
    is_staff = _is_staff()
    wishes = queries.preferences_of(actor().id)
    rows = [
        {
            "name": name,
            "label": group.label,
            "hint": group.hint,
            "choices": {
                channel: [
                    (cadence, label, wishes[name, channel] == cadence)
                    for cadence, label in CADENCE_LABELS.items()
                    if channel == "email" or cadence in ("now", "off")
                ]
                for channel in CHANNEL_LABELS
            },
        }
        for name, group in kinds.GROUPS.items()
        if is_staff or not group.staff_only
    ]
    return page(
        "notifications/preferences.html",
        form=PreferenceForm(),
        rows=rows,
        channels=CHANNEL_LABELS,
        is_paused=wishes.get(("all", "email")) == "off",
        email=actor().email,
    )


@blueprint.get("/notifikasi/gagal")
@access("staff:admin")
def failures() -> Response:
    """Mails that were given up, with the last error."""
    return page("notifications/failures.html", failures=queries.given_up(), zone=actor().zone)


@blueprint.post("/notifikasi/gagal")
@access("staff:admin")
def try_again() -> BaseResponse:
    """Queue again what was given up."""
    chosen = [int(typed) for typed in request.form.getlist("id") if typed.isascii() and typed.isdigit()][:200]
    again = service.requeue(message_ids=chosen)
    commit()
    flash_success(lazy("%(count)s surel dicoba lagi.", count=again))
    return see_other("/notifikasi/gagal")


# --- the demo's mail reader -------------------------------------------------------------------------------------


def _mailbox() -> Mailbox:
    """The folder of caught mails; outside demo and test there is none, and no such page."""
    if not is_demo() or not settings().data_dir:
        abort(404)
    from coevolve.embedded.mail_catcher import Mailbox

    return Mailbox(Path(settings().data_dir) / "mails")


@blueprint.get("/surat")
@access("public")
def mails() -> Response:
    """The newest caught mails, all or those to one address."""
    to = request.args.get("ke", "").strip().lower()[:200]
    return page("notifications/mails.html", mails=_mailbox().newest(SHOWN_MAILS, to=to), to=to)


@blueprint.get("/surat/<uuid:key>")
@access("public")
def mail(key: object) -> Response:
    """One caught mail as plain text, its links alive."""
    found = _mailbox().read(str(key))
    if found is None:
        abort(404)
    papers = [name for name, _raw in _papers(found.message)]
    return page("notifications/mail.html", mail=found, text=_linked(found.text), papers=papers)


@blueprint.get("/surat/<uuid:key>/tampilan")
@access("public")
def mail_html(key: object) -> Response:
    """One caught mail as a mail program shows it: its own page, with inline styles and without scripts."""
    found = _mailbox().read(str(key))
    if found is None:
        abort(404)
    response = Response(found.body("html") or html.escape(found.text), mimetype="text/html")
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return response


@blueprint.get("/surat/<uuid:key>/lampiran/<int:number>")
@access("public")
def mail_paper(key: object, number: int) -> Response:
    """A PDF that came with a caught mail."""
    found = _mailbox().read(str(key))
    papers = [] if found is None else _papers(found.message)
    if number >= len(papers):
        abort(404)
    name, raw = papers[number]
    response = Response(raw, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _papers(message: EmailMessage) -> list[tuple[str, bytes]]:
    """Name and bytes of the PDFs that came with a mail."""
    parts = [part for part in message.iter_attachments() if part.get_content_type() == "application/pdf"]
    return [(part.get_filename() or "lampiran.pdf", part.get_content()) for part in parts]


_URL = re.compile(r"https?://[^\s<>\"]+")


def _linked(text: str) -> Markup:
    """Plain text with its addresses as links; the panel keeps its lines."""
    escaped = str(Markup.escape(text.strip())).replace("\r\n", "\n")
    return Markup(_URL.sub(lambda found: f'<a href="{found[0]}" rel="noopener">{found[0]}</a>', escaped))  # noqa: S704
