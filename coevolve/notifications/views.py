"""Pages of notices: what is new, how often to hear, what could not be delivered; in the demo also the caught mails."""

from __future__ import annotations

import html
import re
import uuid
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, request
from markupsafe import Markup
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from coevolve.config import settings
from coevolve.kit.access import access
from coevolve.kit.db import commit, session
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.pages import (
    actor,
    flash_success,
    form_page,
    form_refusal,
    is_demo,
    local_path,
    page,
    see_other,
)
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.listings.queries.cards import PATHS
from coevolve.localities import queries as localities
from coevolve.matching import queries as matching
from coevolve.matching.queries import Followed
from coevolve.notifications import kinds, links, queries, service
from coevolve.notifications.forms import AddressForm, PreferenceForm, SwitchForm
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.organisations.words import ROLES
from coevolve.people import queries as people
from coevolve.people import service as people_service
from coevolve.people.service import normal_email

if TYPE_CHECKING:
    from coevolve.embedded.mail_catcher import Mailbox

blueprint = Blueprint("notifications", __name__)

CADENCE_LABELS = {
    "now": lazy("Segera"),
    "daily": lazy("Harian"),
    "weekly": lazy("Mingguan"),
    "off": lazy("Jangan kirim"),
}
CHANNEL_LABELS = {
    "site": lazy("Di situs"),
    "email": lazy("Lewat surel"),
    "whatsapp": lazy("Lewat WhatsApp"),
    "sms": lazy("Lewat SMS"),
}
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
    return {"unread_notices": Unread(), "follows": _follows, "chat_url": links.chat_url}


@blueprint.get("/notifikasi")
@access("signed_in")
def notices() -> Response:
    """What is new for the reader, newest first."""
    person = actor()
    older = request.args.get("sebelum", "")
    older_than = int(older) if older.isascii() and older.isdigit() and len(older) < 19 else None
    place = localities.find(request.args.get("tempat", "")[:20])
    found = queries.notices_of(
        person.id, older_than=older_than, zone=person.zone, place_code=place.code if place else None
    )
    return page(
        "notifications/notices.html",
        notices=found,
        zone=person.zone,
        place=place,
        place_name=localities.path_label(place) if place else "",
        standing=service.standing.of_person(person.id),
    )


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
def old_preferences() -> BaseResponse:
    """Where the page stood before."""
    return see_other("/notifikasi/preferensi")


@blueprint.get("/notifikasi/preferensi")
@access("signed_in")
def preferences() -> Response:
    """How often the reader wants to hear of what, about which place, by which way, and when not."""
    return _preference_page(PreferenceForm())


@blueprint.post("/notifikasi/preferensi")
@access("signed_in")
def set_preferences() -> BaseResponse:
    """Keep what was chosen."""
    person = actor()
    form = PreferenceForm()
    if not form.validate_on_submit():
        return _preference_page(form)
    wishes = form.wishes(request.form, channels=service.ways_to_tell(), is_staff=_is_staff())
    service.prefer(person_id=person.id, wishes=wishes)
    for code, cadence in form.places(request.form, known={row.place_code for row in _followed()}).items():
        service.prefer_place(person_id=person.id, locality_code=code, cadence=cadence)
    hours = form.hours(request.form)
    if hours is not None:
        service.be_quiet(person_id=person.id, begins=hours[0], ends=hours[1])
    if request.form.get("jeda") == "ya":
        service.stop(person_id=person.id, group="all")
    else:
        service.resume(person_id=person.id)
    commit()
    flash_success(lazy("Pilihan kabar Anda tersimpan."))
    return see_other("/notifikasi/preferensi")


@blueprint.post("/notifikasi/alamat")
@access("signed_in")
def ask_proof() -> BaseResponse:
    """Send one mail with a link to the reader's own address: when it comes back, mail goes there again."""
    person = actor()
    service.standing.ask_proof(
        person_id=person.id,
        address=person.email,
        link=links.proof_path("surel", str(person.id), person.email),
    )
    commit()
    flash_success(lazy("Kami kirim satu surel ke %(email)s. Tekan tombol di dalamnya.", email=person.email))
    return see_other("/notifikasi/preferensi")


@blueprint.post("/ikuti/tayangan/<uuid:listing_id>")
@access("signed_in")
def follow_listing(listing_id: uuid.UUID) -> BaseResponse:
    """Hear what becomes of a listing, or no longer."""
    person = actor()
    found = listings.find(listing_id)
    if found is None or found.state not in FOLLOWABLE:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    about = ("listing", listing_id)
    if request.form.get("berhenti"):
        service.unsubscribe(person_id=person.id, about=about)
        flash_success(lazy("“%(title)s” tidak Anda ikuti lagi.", title=found.title))
    else:
        service.subscribe(person_id=person.id, about=about)
        flash_success(lazy("Kami kabari Anda tentang “%(title)s”.", title=found.title))
    commit()
    return see_other(local_path(request.form.get("kembali"), "/notifikasi/preferensi"))


FOLLOWABLE = frozenset({"open", "paused", "fulfilled", "closed", "expired", "frozen"})


def _follows(about_kind: str, about_id: uuid.UUID) -> bool:
    """For the follow button: whether the reader hears of this thing. One statement, only where it is shown."""
    person = actor()
    return person is not None and service.is_subscribed(person_id=person.id, about=(about_kind, about_id))


def _is_staff() -> bool:
    return bool(people.staff_roles(actor().id))


def _followed() -> list[Followed]:
    """What the reader follows, each place once."""
    return list({row.place_code: row for row in matching.interests_of(actor().id)}.values())


def _followed_listings() -> list[Listing]:
    """The listings the reader follows, newest first."""
    things = queries.followed_things(actor().id, about_kind="listing")
    rows = session().execute(select(Listing).where(Listing.id.in_([thing.about_id for thing in things])))
    by_id = {row.id: row for row in rows.scalars()}
    return [by_id[thing.about_id] for thing in things if thing.about_id in by_id]


def _preference_page(form: PreferenceForm) -> Response:
    person = actor()
    is_staff = _is_staff()
    wishes = queries.preferences_of(person.id)
    by_place = queries.place_preferences_of(person.id)
    begins, ends = queries.quiet_hours_of(person.id)
    shown = {name: CHANNEL_LABELS[name] for name in service.ways_to_tell()}
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
                for channel in shown
            },
        }
        for name, group in kinds.GROUPS.items()
        if is_staff or not group.staff_only
    ]
    return form_page(
        "notifications/preferences.html",
        form,
        rows=rows,
        channels=shown,
        cadences=CADENCE_LABELS,
        places=[(row.place_code, row.place, by_place.get(row.place_code, "")) for row in _followed()],
        listings=[(f"/{PATHS[row.kind]}/{row.slug}", row) for row in _followed_listings()],
        hours=[(hour, f"{hour:02d}.00") for hour in range(24)],
        quiet=(begins, ends),
        zone_name=person.zone,
        is_paused=wishes.get(("all", "email")) == "off",
        needs_phone=len(shown) > 2 and not person.phone,
        standing=service.standing.of_person(person.id),
        email=person.email,
    )


# --- what an organisation's owner sets ---------------------------------------------------------------------------


@blueprint.get("/dasbor/<slug>/kabar")
@access("signed_in")
def switches(slug: str) -> Response:
    """Which kinds go to which role or member, and a shared address."""
    return _switch_page(_own_organisation(slug), AddressForm(formdata=None))


@blueprint.post("/dasbor/<slug>/kabar")
@access("signed_in")
def set_switches(slug: str) -> BaseResponse:
    """Keep who hears what."""
    organisation = _own_organisation(slug)
    by = actor().id
    form = SwitchForm()
    if not form.validate_on_submit():
        return _switch_page(organisation, AddressForm(formdata=None))
    members = [seat.person.id for seat in organisations.seats_in(organisation.id)]
    for member in members:
        service.as_role(organisation_id=organisation.id, person_id=member, by=by)
    told = form.told(request.form, members)
    service.switch(organisation_id=organisation.id, told=told, by=by)
    commit()
    flash_success(lazy("Pilihan kabar organisasi tersimpan."))
    return see_other(f"/dasbor/{slug}/kabar")


@blueprint.post("/dasbor/<slug>/kabar/alamat")
@access("signed_in")
def set_address(slug: str) -> BaseResponse:
    """Share with an address, or end it."""
    organisation = _own_organisation(slug)
    by = actor().id
    form = AddressForm()
    if request.form.get("hapus"):
        service.stop_sharing(organisation_id=organisation.id, by=by)
        commit()
        flash_success(lazy("Alamat bersama dihapus."))
        return see_other(f"/dasbor/{slug}/kabar")
    if not form.validate_on_submit():
        return _switch_page(organisation, form)
    try:
        address = normal_email(form.email.data or "")
        reader = people_service.guest(email=address, name=organisation.name)
        service.share(
            organisation_id=organisation.id,
            address=address,
            groups=form.jenis.data or [],
            by=by,
            link=links.proof_path("bersama", str(organisation.id), str(reader.id)),
        )
    except DomainError as refusal:
        session().rollback()
        form_refusal(form, refusal)
        return _switch_page(_own_organisation(slug), form)
    commit()
    flash_success(lazy("Tersimpan. Alamat baru harus dipastikan lewat surel yang kami kirim ke sana."))
    return see_other(f"/dasbor/{slug}/kabar")


def _own_organisation(slug: str) -> Organisation:
    """The organisation, for its owners; for others it is not there."""
    found = organisations.find_by_slug(slug)
    if found is None or organisations.role_in(actor().id, found.id) != "owner":
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return found


def _switch_page(organisation: Organisation, form: AddressForm) -> Response:
    said = queries.switches_of(organisation.id)
    shared = queries.shared_address_of(organisation.id)
    if shared is not None and not form.is_submitted():
        form.email.data, form.jenis.data = shared.email, list(shared.groups)
    groups = {name: group for name, group in kinds.GROUPS.items() if not group.staff_only}
    return form_page(
        "notifications/switches.html",
        form,
        organisation=organisation,
        switch_form=SwitchForm(formdata=None),
        groups=groups,
        roles=ROLES,
        by_role={(name, role): said.get((name, role), True) for name in groups for role in ROLES},
        members=[
            (seat.person, ROLES[seat.role], {name: said.get((name, seat.person.id)) for name in groups})
            for seat in organisations.seats_in(organisation.id)
        ],
        shared=shared,
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
