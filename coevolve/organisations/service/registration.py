"""From a name to an organisation under review."""

from __future__ import annotations

import re
import urllib.parse
import uuid
from collections.abc import Sequence

from sqlalchemy import select

from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_line, clean_text, refuse_nul, slugify, unique_slug
from coevolve.localities import queries as localities
from coevolve.organisations import levels, policy, queries
from coevolve.organisations.models import ClaimState, Kind, Organisation, Role, State
from coevolve.organisations.names import normal_name, skeleton
from coevolve.organisations.service.claims import send_drafts
from coevolve.organisations.service.members import seat
from coevolve.people import service as people
from coevolve.people.models import Person
from coevolve.people.service.account import normal_phone

RESERVED = frozenset({"api", "baru", "cari", "daftar", "dukungan", "kecocokan"})
"""Words that stand in addresses beside the names of organisations."""


def register(
    *,
    by: Person,
    kind: str,
    name: str,
    home_locality_code: str,
    legal_form: str = "",
    summary: str = "",
    about: str = "",
    email: str | None = None,
    phone: str | None = None,
    website: str | None = None,
    address: str = "",
    sectors: Sequence[str] = (),
    country: str = "ID",
    office: str = "",
) -> Organisation:
    """Begin an organisation as a draft; whoever begins it owns it."""
    if kind not in set(Kind):
        raise Invalid("kind_unknown", lazy("Pilih jenis organisasi."), field="kind")
    organisation = Organisation(
        kind=kind,
        country=country,
        state=State.draft,
        registered_by=by.id,
        slug="",
        name="",
        name_key="",
    )
    _fill(
        organisation,
        name=name,
        home_locality_code=home_locality_code,
        legal_form=legal_form,
        summary=summary,
        about=about,
        email=email,
        phone=phone,
        website=website,
        address=address,
        sectors=sectors,
    )
    organisation.slug = _free_slug(organisation.name)
    begin(organisation, by=by.id)
    seat(person_id=by.id, organisation_id=organisation.id, role=Role.owner, office=office)
    journal.record(
        "organisation.registered",
        about=("organisation", organisation.id),
        by=by.id,
        for_organisation=organisation.id,
    )
    return organisation


def revise(
    *,
    organisation_id: uuid.UUID,
    by: Person,
    name: str,
    home_locality_code: str,
    legal_form: str,
    summary: str,
    about: str,
    email: str | None,
    phone: str | None,
    website: str | None,
    address: str,
    sectors: Sequence[str],
) -> Organisation:
    """Change what the organisation says of itself. Name, legal form and seat stay once they were checked."""
    organisation = db.lock(Organisation, organisation_id)
    if not policy.may(by, "edit", organisation):
        raise Forbidden("may_not_edit", lazy("Anda tidak berwenang mengubah profil organisasi ini."))
    before = (organisation.name, organisation.legal_form, organisation.home_locality_code)
    if organisation.state == State.checked and before != (
        normal_name(name),
        clean_line(legal_form),
        home_locality_code,
    ):
        message = lazy(
            "Nama, bentuk hukum, dan tempat kedudukan sudah diperiksa. Hubungi kami untuk mengubahnya."
        )
        raise Invalid("checked_fields", message, field="name")
    _fill(
        organisation,
        name=name,
        home_locality_code=home_locality_code,
        legal_form=legal_form,
        summary=summary,
        about=about,
        email=email,
        phone=phone,
        website=website,
        address=address,
        sectors=sectors,
    )
    journal.record(
        "organisation.revised",
        about=("organisation", organisation.id),
        by=by.id,
        for_organisation=organisation.id,
    )
    return organisation


def submit(*, organisation_id: uuid.UUID, by: Person) -> Organisation:
    """Hand the organisation to the moderators; refuses while something they need is missing, naming it."""
    organisation = db.lock(Organisation, organisation_id)
    if not policy.may(by, "submit", organisation):
        raise Forbidden(
            "may_not_submit", lazy("Hanya pemilik yang dapat mengirim organisasi untuk diperiksa.")
        )
    if lacking := missing(organisation):
        message = lazy("Belum dapat dikirim. Masih %(count)s hal yang perlu dilengkapi.", count=len(lacking))
        raise Invalid("incomplete", message)
    send_drafts(organisation_id=organisation.id, by=by.id)
    organisation.submitted_at = clock.now()
    organisation.remarks = {}
    move(organisation, State.in_review, by=by.id)
    journal.record(
        "organisation.submitted",
        about=("organisation", organisation.id),
        by=by.id,
        for_organisation=organisation.id,
    )
    return organisation


def missing(organisation: Organisation) -> list[str]:
    """What still has to be given before it can be submitted: names of fields and of claim subjects."""
    lacking = [field for field in ("summary", "address") if not getattr(organisation, field)]
    if not organisation.email and not organisation.phone:
        lacking.append("contact")
    good = {ClaimState.draft, ClaimState.submitted, ClaimState.accepted}
    filed = {claim.subject for claim in queries.claims_of(organisation.id) if claim.state in good}
    lacking += [subject for subject in levels.REQUIRED[Kind(organisation.kind)] if subject not in filed]
    return lacking


def _fill(
    organisation: Organisation,
    *,
    name: str,
    home_locality_code: str,
    legal_form: str,
    summary: str,
    about: str,
    email: str | None,
    phone: str | None,
    website: str | None,
    address: str,
    sectors: Sequence[str],
) -> None:
    organisation.name = normal_name(name)
    organisation.name_key = _free_key(organisation)
    organisation.home_locality_code = _seat_of(home_locality_code)
    organisation.legal_form = _within(legal_form, 80, "legal_form")
    organisation.summary = _within(summary, 300, "summary")
    organisation.about = clean_text(refuse_nul(about))
    if len(organisation.about) > 8000:
        raise Invalid("about_long", lazy("Paling banyak %(most)s karakter.", most=8000), field="about")
    organisation.email = people.normal_email(email) if email and email.strip() else None
    organisation.phone = normal_phone(phone)
    organisation.website = _site(website)
    organisation.address = _within(address, 300, "address")
    organisation.sectors = sorted({clean_line(sector) for sector in sectors})


def _within(text: str, most: int, field: str) -> str:
    line = clean_line(refuse_nul(text))
    if len(line) > most:
        raise Invalid(f"{field}_long", lazy("Paling banyak %(most)s karakter.", most=most), field=field)
    return line


def _seat_of(code: str) -> str:
    found = localities.find(refuse_nul(code).strip())
    if found is None or found.level in {"country", "region"}:
        message = lazy("Pilih provinsi, kabupaten/kota, atau kecamatan tempat organisasi berkedudukan.")
        raise Invalid("locality_unknown", message, field="home_locality_code")
    return found.code


def _site(text: str | None) -> str | None:
    typed = clean_line(text)
    if not typed:
        return None
    address = typed if "://" in typed else f"https://{typed}"
    parts = urllib.parse.urlsplit(address)
    host = parts.hostname or ""
    if (
        parts.scheme not in {"http", "https"}
        or not re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", host)
        or len(address) > 200
    ):
        raise Invalid(
            "website_shape", lazy("Tulis alamat situs seperti https://contoh.or.id."), field="website"
        )
    return address


def _free_key(organisation: Organisation) -> str:
    key = skeleton(organisation.name)
    statement = select(Organisation.id).where(
        Organisation.name_key == key, Organisation.state != State.rejected, Organisation.id != organisation.id
    )
    with db.session().no_autoflush:
        taken = db.session().execute(statement).first() is not None
    if taken:
        message = lazy(
            "Nama ini sama atau terlalu mirip dengan organisasi lain. Tambahkan nama kabupaten atau kota."
        )
        raise Conflict("name_taken", message, field="name")
    return key


def _free_slug(name: str) -> str:
    slug = slugify(name)
    if not slug or slug in RESERVED or queries.find_by_slug(slug) is not None:
        return unique_slug(name)
    return slug
