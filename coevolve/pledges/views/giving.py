"""Giving to a need or campaign."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from coevolve.kit import clock, i18n, rate
from coevolve.kit.access import access
from coevolve.kit.db import commit, uuid7
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import typed_rupiah
from coevolve.kit.pages import actor, client_address, flash_success, form_page, page, see_other
from coevolve.listings import queries as listings
from coevolve.listings.models import Kind, Listing, ListingLine, State
from coevolve.listings.units import category_label, unit_label
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.people import service as people
from coevolve.people import web
from coevolve.people.models import Person
from coevolve.pledges import links, queries, service
from coevolve.pledges.forms import OTHER, PRESETS, GiveForm, wish_of, with_lines
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.service import Guest, Plan, Wish
from coevolve.pledges.views import monthly
from coevolve.pledges.views.door import blueprint, private, refused

TRIES = 30
TRIES_SECONDS = 600
CODE_TRIES = 10
KIND_WORDS = {
    "goods": lazy("Barang"),
    "time": lazy("Keahlian"),
    "facility": lazy("Fasilitas"),
}
LISTING_PATHS = {
    Kind.need: "kebutuhan",
    Kind.campaign: "kampanye",
    Kind.standing_offer: "penawaran",
    Kind.opportunity: "peluang",
}


@blueprint.route("/dukung/<slug>", methods=["GET", "POST"])
@access("public")
def give(slug: str) -> Response:
    """The form: amount, quantities, who one is, what may be shown."""
    listing = _listing(slug)
    back = f"/{LISTING_PATHS[Kind(listing.kind)]}/{listing.slug}"
    if listing.kind == Kind.opportunity:
        return see_other(back)
    if listing.kind == Kind.standing_offer:
        return see_other(
            f"/minta/{listing.slug}?{request.query_string.decode('ascii', 'ignore')}".rstrip("?")
        )
    organisation = organisations.get(listing.organisation_id)
    if listing.state != State.open:
        return private(page("pledges/closed.html", listing=listing, organisation=organisation, back=back))
    lines = listings.lines_of(listing.id)
    person: Person | None = actor()
    form = with_lines(lines)()
    _offer_choices(form, person, listing)
    if request.method == "GET":
        _prefill(form, person, lines)
    elif form.validate_on_submit():
        try:
            return _take(form, listing, lines, person)
        except DomainError as refusal:
            refused(form, refusal)
    totals = queries.totals_for([listing.id])
    return private(
        form_page(
            "pledges/give.html",
            form,
            listing=listing,
            organisation=organisation,
            back=back,
            person=person,
            money=totals.get(listing.id),
            things=[_thing(form, line, totals[line.id]) for line in lines if line.kind != "money"],
            chooses_organisation=len(form.organisation.choices or []) > 1,
            may_promise=person is not None,
            asks_code=_asks_code(form),
            may_monthly=monthly.is_offered(listing, lines),
            sign_in=f"/masuk?ke=/dukung/{listing.slug}",
        )
    )


def _listing(slug: str) -> Listing:
    listing = listings.find_by_slug(slug)
    if listing is None or listing.state in {State.draft, State.in_review, State.returned, State.rejected}:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return listing


def _offer_choices(form: GiveForm, person: Person | None, listing: Listing) -> None:
    """For whom the person may give: itself, or a checked organisation where its role allows it."""
    choices: list[Any] = []
    if person is not None:
        choices.append(SelectChoice("", _("Saya sendiri")))
        for seat in organisations.memberships_of(person.id):
            own = seat.organisation_id == listing.organisation_id
            if not own and organisation_policy.allows(seat.role, seat.organisation.state, "see"):
                choices.append(SelectChoice(str(seat.organisation_id), seat.organisation.name))
    form.organisation.choices = choices


def _asks_code(form: GiveForm) -> bool:
    """Whether a code is asked for in this form: somebody may give for an organisation and proved none just now."""
    found = web.current()
    return found is not None and any(_values(form)) and not found.is_fresh(clock.now())


def _values(form: GiveForm) -> list[str]:
    """The organisations offered in the form, as the browser names them."""
    choices: Any = form.organisation.choices or []
    return [str(choice.value) for choice in choices]


def _prefill(form: GiveForm, person: Person | None, lines: list[ListingLine]) -> None:
    form.client_token.data = str(uuid7())
    wanted = request.args.get("jumlah", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 13:
        whole = int(wanted)
        form.amount_choice.data = str(whole) if whole in PRESETS else OTHER
        form.amount.data = "" if whole in PRESETS else typed_rupiah(whole * 100)
    if person is not None:
        form.public_name.data = person.name
        form.contact.data = person.phone or ""
    if not any(line.kind == "money" for line in lines):
        form.amount_choice.data = None


def _thing(form: GiveForm, line: ListingLine, totals: queries.Totals) -> dict[str, Any]:
    """One line in the form: what is missing, its fields, and whether it is open from the start."""
    fields = {name: form[f"{name}_{line.id.hex}"] for name in ("quantity", "from", "until", "note")}
    wanted = request.args.get("baris", "")
    missing = queries.missing_of(totals)
    return {
        "line": line,
        "kind": str(KIND_WORDS[line.kind]),
        "category": category_label(line.kind, line.category),
        "unit": unit_label(line.unit),
        "missing": missing,
        "least": line.min_useful_quantity if missing is None else min(line.min_useful_quantity or 1, missing),
        "fields": fields,
        "is_open": wanted == str(line.id) or any(field.data or field.errors for field in fields.values()),
    }


def _take(form: GiveForm, listing: Listing, lines: list[ListingLine], person: Person | None) -> Response:
    """Write the pledge, then go on to paying or to its page."""
    rate.hit(f"pledge:{person.id if person else client_address()}", limit=TRIES, window_seconds=TRIES_SECONDS)
    commit()
    organisation_id = _organisation(form, person)
    wishes = [Wish(**wish) for line in lines if line.kind != "money" and (wish := wish_of(form, line))]
    given: dict[str, Any] = {
        "listing_id": listing.id,
        "client_token": _token(form),
        "message": form.message.data or "",
        "contact": form.contact.data or "",
    }
    money_line = next((line for line in lines if line.kind == "money"), None)
    money = form.money() if money_line is not None else None
    if money_line is not None and money is not None:
        wishes.insert(0, Wish(line_id=money_line.id, quantity=money.amount, field="amount"))
    elif money_line is not None and not wishes:
        raise Invalid("nothing_offered", lazy("Pilih atau isi jumlah dukungan Anda."), field="amount_choice")
    if wishes and any(wish.field != "amount" for wish in wishes) and not (form.contact.data or "").strip():
        raise Invalid(
            "contact_missing", lazy("Isi nomor yang dapat dihubungi untuk serah terima."), field="contact"
        )
    is_later = form.pays.data == "later" and money is not None
    plan = form.plan() if is_later else None
    if organisation_id is not None and money is not None:
        _prove_code(form, person)
    guest = None if person else _guest(form)
    if monthly.is_chosen(form, listing, lines):
        return monthly.begin(
            form,
            given,
            wishes=wishes,
            money=money,
            person=person,
            guest=guest,
            organisation_id=organisation_id,
        )
    pledge = service.offer(
        **given,
        by=person,
        guest=guest,
        for_organisation_id=organisation_id,
        lines=wishes,
        is_pay_now=not is_later,
        plan=Plan(first_on=plan[0], count=plan[1]) if plan is not None else None,
        purchase_order=form.purchase_order.data or "",
        is_name_public=form.is_name_public.data,
        shares_identity=form.shares_identity.data,
        public_name=form.public_name.data or "",
        language=i18n.language(),
    )
    commit()
    return _onward(pledge, person)


def _prove_code(form: GiveForm, person: Person | None) -> None:
    """An organisation's money moves only with a code proven just now, in this session or in this very form."""
    found = web.current()
    if person is None or found is None or found.is_fresh(clock.now()):
        return
    if not found.has_factor:
        raise Invalid(
            "enrol", lazy("Memberi atas nama organisasi memerlukan aplikasi kode. Pasang dulu di akun Anda."),
            field="code",
        )  # fmt: skip
    rate.hit(f"give_code:{person.id}", limit=CODE_TRIES, window_seconds=TRIES_SECONDS)
    commit()
    people.check_totp(person_id=person.id, code=form.code.data or "")


def _onward(pledge: Pledge, person: Person | None) -> Response:
    if pledge.state == PledgeState.awaiting_approval:
        flash_success(_("Dukungan ini menunggu persetujuan anggota lain dari organisasi Anda."))
        return see_other(f"/dukungan/{pledge.id}")
    suffix = "" if person else f"?kunci={links.token(pledge.id, 'giver')}"
    if pledge.is_pay_now:
        return see_other(f"/dukungan/{pledge.id}/bayar{suffix}")
    flash_success(_("Tawaran Anda sudah terkirim. OMS akan menjawab lewat surel dan di sini."))
    return see_other(f"/dukungan/{pledge.id}{suffix}")


def _organisation(form: GiveForm, person: Person | None) -> uuid.UUID | None:
    choices = _values(form)
    chosen = form.organisation.data or ""
    if person is None or not chosen:
        return None
    if chosen not in choices:
        raise Invalid("organisation_unknown", lazy("Pilih salah satu organisasi Anda."), field="organisation")
    return uuid.UUID(chosen)


def _token(form: GiveForm) -> uuid.UUID:
    try:
        return uuid.UUID(form.client_token.data or "")
    except ValueError:
        raise Invalid("token", lazy("Formulir ini sudah lama terbuka. Muat ulang halaman ini.")) from None


def _guest(form: GiveForm) -> Guest:
    if not (form.name.data or "").strip():
        raise Invalid("name_missing", lazy("Isi nama Anda untuk kuitansi."), field="name")
    if not (form.email.data or "").strip():
        raise Invalid("email_missing", lazy("Isi alamat surel Anda untuk kuitansi."), field="email")
    return Guest(email=form.email.data or "", name=form.name.data or "")
