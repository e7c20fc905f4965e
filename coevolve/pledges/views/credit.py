"""A giver's credit: what it is, giving it to an open listing, asking for it back."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from coevolve.kit import i18n, rate
from coevolve.kit.access import AccessRule, access
from coevolve.kit.db import commit, uuid7
from coevolve.kit.errors import DomainError, Invalid, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import Money, format_money, typed_rupiah
from coevolve.kit.pages import actor, flash_success, page, see_other
from coevolve.ledger import queries as ledger
from coevolve.listings import queries as listings
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.people import web
from coevolve.pledges import forms
from coevolve.pledges.models import PledgeState
from coevolve.pledges.views.door import blueprint, private, refused
from coevolve.reconciliation.service import crediting
from coevolve.reconciliation.service.crediting import Wallet

TRIES, TRIES_SECONDS = 20, 600
SLUG = re.compile(
    r"(?:.*/)?(?:kebutuhan|kampanye|dukung)/([a-z0-9-]{1,200})(?:[/?#].*)?$|^([a-z0-9-]{1,200})$"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose credit a page is about."""

    kind: str
    id: uuid.UUID
    name: str
    path: str


@blueprint.get("/saldo")
@access("signed_in")
def credit() -> Response:
    """My own credit, and the doors to that of my organisations."""
    return _show(_owner(None))


@blueprint.get("/dasbor/<slug>/saldo")
@access("signed_in")
def credit_of(slug: str) -> Response:
    """The credit of an organisation."""
    return _show(_owner(slug))


@blueprint.post("/saldo/berikan")
@access("signed_in")
def give_credit() -> Response:
    """Give my credit to an open need or campaign."""
    return _give(_owner(None))


@blueprint.post("/dasbor/<slug>/saldo/berikan")
@access("signed_in", step_up=True)
def give_credit_of(slug: str) -> Response:
    """Give an organisation's credit."""
    return _give(_owner(slug))


@blueprint.post("/saldo/minta-kembali")
@access("signed_in")
def take_back() -> Response:
    """Ask for my credit back."""
    return _take_back(_owner(None))


@blueprint.post("/dasbor/<slug>/saldo/minta-kembali")
@access("signed_in", step_up=True)
def take_back_of(slug: str) -> Response:
    """Ask for an organisation's credit back."""
    return _take_back(_owner(slug))


def _owner(slug: str | None) -> Owner:
    person = actor()
    if slug is None:
        return Owner("person", person.id, person.name, "/saldo")
    organisation = organisations.get_by_slug(slug)
    if not organisation_policy.may(person, "see_donors", organisation):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return Owner("organisation", organisation.id, organisation.name, f"/dasbor/{organisation.slug}/saldo")


def _show(owner: Owner, failed: dict[str, Any] | None = None) -> Response:
    given = failed or {}
    wallet = crediting.wallet_of(owner.kind, owner.id)
    seats = organisations.memberships_of(actor().id) if owner.kind == "person" else []
    return private(
        page(
            "pledges/credit.html",
            422 if given else 200,
            owner=owner,
            wallet=wallet,
            rows=_history(wallet),
            give=given.get("berikan") or _fresh_form("berikan", wallet),
            back=given.get("kembali") or _fresh_form("kembali", wallet),
            sources=[
                (source.public_ref, format_money(Money(source.amount)))
                for source in crediting.sources_of(wallet)
            ],
            others=[
                (f"/dasbor/{seat.organisation.slug}/saldo", seat.organisation.name)
                for seat in seats
                if organisation_policy.allows(seat.role, seat.organisation.state, "see_donors")
                and crediting.wallet_of("organisation", seat.organisation_id).account_id
            ],
        )
    )


def _fresh_form(prefix: str, wallet: Wallet) -> forms.CreditForm:
    form = forms.CreditForm(None, prefix=prefix)
    form.client_token.data = str(uuid7())
    form.amount.data = typed_rupiah(wallet.free - wallet.free % 100) if wallet.free >= 100 else ""
    wanted = request.args.get("untuk", "")
    if prefix == "berikan" and SLUG.match(wanted):
        form.listing.data = wanted
    return form


KINDS = {
    "payment.captured": (lazy("Datang lebih atau terlambat"), lazy("Diberikan")),
    "credit.joined": (lazy("Dibawa dari dukungan tanpa akun"), lazy("Dipindahkan")),
}


def _history(wallet: Wallet) -> list[tuple[str, str, str]]:
    if not wallet.account_id:
        return []
    shown = []
    for row in ledger.movements(wallet.account_id):
        came, went = KINDS.get(row.kind, (lazy("Masuk"), lazy("Dikembalikan")))
        words = came if row.amount > 0 else went
        sign = "+" if row.amount > 0 else "−"
        shown.append((i18n.date(row.at), str(words), f"{sign} {format_money(Money(abs(row.amount)))}"))
    return shown


def _give(owner: Owner) -> Response:
    form = forms.CreditForm(prefix="berikan")
    if form.validate_on_submit():
        try:
            _count()
            pledge = crediting.give_credit(
                owner_kind=owner.kind,
                owner_id=owner.id,
                listing_id=_listing(form.listing.data or ""),
                amount=form.minor(),
                by=actor(),
                client_token=_token(form),
                is_name_public=bool(form.is_name_public.data),
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            if pledge.state == PledgeState.awaiting_approval:
                flash_success(_("Dukungan ini menunggu persetujuan anggota lain dari organisasi Anda."))
            else:
                flash_success(_("Terima kasih. Saldo Anda sudah diberikan, dan kuitansinya dikirim."))
            return see_other(f"/dukungan/{pledge.id}")
    return _show(owner, {"berikan": form})


def _take_back(owner: Owner) -> Response:
    if owner.kind == "person" and (elsewhere := _code_if_any()) is not None:
        return elsewhere
    form = forms.CreditForm(prefix="kembali")
    if form.validate_on_submit():
        try:
            _count()
            crediting.take_back(
                owner_kind=owner.kind,
                owner_id=owner.id,
                amount=form.minor(),
                by=actor(),
                client_token=_token(form),
                reason=form.reason.data or "",
            )
            commit()
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash_success(_("Permintaan Anda sudah kami terima. Uangnya kembali ke cara bayar asalnya."))
            return see_other(owner.path)
    return _show(owner, {"kembali": form})


def _code_if_any() -> Response | None:
    """Whoever has an app for codes proves one before money leaves; others have none to prove."""
    found = web.current()
    if found is None or not found.has_factor:
        return None
    return web.require(AccessRule("signed_in", step_up=True))


def _count() -> None:
    rate.hit(f"credit:{actor().id}", limit=TRIES, window_seconds=TRIES_SECONDS)
    commit()


def _token(form: forms.CreditForm) -> uuid.UUID:
    try:
        return uuid.UUID(form.client_token.data or "")
    except ValueError:
        raise Invalid("token", lazy("Formulir ini sudah lama terbuka. Muat ulang halaman ini.")) from None


def _listing(typed: str) -> uuid.UUID:
    found = SLUG.match(typed.strip())
    listing = listings.find_by_slug(found.group(1) or found.group(2)) if found else None
    if listing is None:
        raise Invalid(
            "listing_unknown",
            lazy("Salin alamat halaman kebutuhan atau kampanye yang ingin Anda dukung."),
            field="listing",
        )
    return listing.id
