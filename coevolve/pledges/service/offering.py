"""How a pledge begins: a giver offers on a need or campaign. (A CSO asks on an offer in requesting.py.)"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import IntegrityError

from coevolve.config import settings
from coevolve.kit import clock, i18n, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.text import clean_line, clean_text
from coevolve.listings import queries as listings
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.payments.service.writing import check_gift
from coevolve.people import service as people
from coevolve.people.models import Person
from coevolve.pledges import queries
from coevolve.pledges.models import Pledge, PledgeLine, PledgeState
from coevolve.pledges.service import approving, asking, invoicing, planning, telling
from coevolve.pledges.service.money import pay
from coevolve.pledges.service.planning import Plan

MESSAGE_MOST = 500
NOTE_MOST = 500
CONTACT_MOST = 200
NAME_MOST = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What somebody wants to give (or have) of one line. Field names the input at fault, for messages."""

    line_id: uuid.UUID
    quantity: int
    available_from: dt.date | None = None
    available_until: dt.date | None = None
    note: str = ""
    field: str | None = None
    period_on: dt.date | None = None
    """Of an offer by week or month: any day of the one it is wanted from."""
    starts: tuple[dt.datetime, ...] = ()
    """Of a facility with a calendar: when the wanted slots begin."""
    need_line_id: uuid.UUID | None = None
    """The asker's own need that this fulfils as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Guest:
    """Somebody without an account who gives money."""

    email: str
    name: str
    phone: str | None = None


def offer(
    *,
    listing_id: uuid.UUID,
    by: Person | None,
    lines: Sequence[Wish],
    client_token: uuid.UUID,
    for_organisation_id: uuid.UUID | None = None,
    method: str | None = None,
    is_pay_now: bool = True,
    is_name_public: bool = False,
    shares_identity: bool = False,
    public_name: str = "",
    message: str = "",
    contact: str = "",
    guest: Guest | None = None,
    plan: Plan | None = None,
    purchase_order: str = "",
    is_rest: bool = False,
    language: str = "id",
) -> Pledge:
    """Offer money, goods, time or facilities to a need or campaign.

    Money is paid at once unless `is_pay_now` is False: a promise for later, by somebody signed in, perhaps in parts by
    `plan`; it counts once the receiver accepts. Above the giving organisation's own limit a second member approves
    first. `is_rest`: given out of credit, so it may be small. With `method` (checkout or bank_transfer) the payment is
    started as well. The same token finds the same pledge.
    """
    found = clicked_before(client_token, listing_id)
    if found is not None:
        return found
    listing = asking.open_listing(listing_id)
    if listing.kind not in {Kind.need, Kind.campaign}:
        raise Invalid("not_a_need", lazy("Halaman ini tidak menerima dukungan, tetapi permintaan."))
    known = {line.id: line for line in listings.lines_of(listing_id)}
    wished = wished_of(lines, known)
    has_money = any(known[wish.line_id].kind == "money" for wish in wished)
    giver = _giver(by, guest, language, is_money_only=all(known[w.line_id].kind == "money" for w in wished))
    organisation = _giving_organisation(giver, for_organisation_id, listing, has_money=has_money)
    if has_money and not is_pay_now and by is None:
        raise Invalid("promise_by_guest", lazy("Masuk dulu untuk berjanji membayar nanti."), field="pays")
    for wish in wished:
        _check_offer(wish, known[wish.line_id], listing, is_rest=is_rest)
    money = _money(wished, known)
    if plan is not None and money is not None:
        planning.check(plan, money)
    waits = money is not None and approving.needs_approval(organisation, money.amount, giver)
    pledge = Pledge(
        listing_id=listing_id,
        giver_person_id=giver.id,
        giver_organisation_id=organisation.id if organisation else None,
        receiver_organisation_id=listing.organisation_id,
        state=PledgeState.awaiting_approval if waits else PledgeState.offered,
        is_pay_now=has_money and is_pay_now,
        is_guest=by is None,
        guest_name=limited(guest.name, NAME_MOST, "name") if by is None and guest is not None else "",
        needs_approval=waits,
        purchase_order=invoicing.order_number(purchase_order) if organisation is not None else "",
        is_name_public=is_name_public,
        shares_identity=shares_identity,
        public_name=limited(
            public_name or (organisation.name if organisation else _own_name(giver, by, guest)),
            NAME_MOST,
            "public_name",
        ),
        message=limited(message, MESSAGE_MOST, "message"),
        contact=limited(contact, CONTACT_MOST, "contact"),
        client_token=client_token,
        lapses_at=clock.now() + dt.timedelta(days=settings().pledge_lapse_days),
    )
    pledge, is_new = begin(pledge, new_lines(wished, known), by=giver.id if by else None)
    if is_new and plan is not None and money is not None and not pledge.is_pay_now:
        _lay(pledge, plan)
    if is_new and waits:
        approving.ask_approval(pledge)
    elif is_new and any(known[wish.line_id].kind != "money" or not pledge.is_pay_now for wish in wished):
        telling.tell_receiver(pledge, "offered", _awaiting_answer(pledge))
    if method is not None and has_money and not waits:
        pay(pledge_id=pledge.id, method=method, client_token=client_token, language=language)
    return pledge


# --- parts --------------------------------------------------------------------------------------------------------


def clicked_before(client_token: uuid.UUID, listing_id: uuid.UUID) -> Pledge | None:
    found = queries.find_by_token(client_token)
    if found is not None and found.listing_id != listing_id:
        raise Conflict("token_reused", lazy("Formulir ini sudah terkirim. Muat ulang halaman ini."))
    return found


def begin(
    pledge: Pledge, make_lines: Callable[[], list[PledgeLine]], *, by: uuid.UUID | None
) -> tuple[Pledge, bool]:
    """Write the pledge and its lines; a second click at the same moment finds the first one's."""
    token, listing_id = pledge.client_token, pledge.listing_id
    try:
        with session().begin_nested():
            moves.begin(pledge, by=by)
            for line in make_lines():
                line.pledge_id = pledge.id
                session().add(line)
            session().flush()
    except IntegrityError:
        found = clicked_before(token, listing_id)
        if found is None:
            raise
        return found, False
    telling.record(pledge, str(pledge.state), by)
    return pledge, True


def _money(wished: list[Wish], known: dict[uuid.UUID, ListingLine]) -> Money | None:
    """The money among the wishes: one at most."""
    found = next((wish for wish in wished if known[wish.line_id].kind == "money"), None)
    return Money(found.quantity, known[found.line_id].unit) if found is not None else None


def _own_name(giver: Person, by: Person | None, guest: Guest | None) -> str:
    """What a guest typed, never what is known of the address."""
    return guest.name if by is None and guest is not None else giver.name


def _lay(pledge: Pledge, plan: Plan) -> None:
    line = queries.money_line_of(pledge.id)
    if line is not None:
        planning.write_plan(line, plan, line.quantity)


def _awaiting_answer(pledge: Pledge) -> list[PledgeLine]:
    lines = asking.lines_to_change(pledge.id)
    return [line for line in lines if line.kind != "money" or not pledge.is_pay_now]


def wished_of(lines: Sequence[Wish], known: dict[uuid.UUID, ListingLine]) -> list[Wish]:
    """The wishes worth something, one per line; all money is one wish, to the first money line."""
    wished: dict[uuid.UUID, Wish] = {}
    first_money = next((line.id for line in known.values() if line.kind == "money"), None)
    for wish in lines:
        if wish.line_id not in known:
            raise Invalid("line_unknown", lazy("Bagian ini tidak ada di halaman ini."), field=wish.field)
        line_id = wish.line_id
        if known[line_id].kind == "money" and first_money is not None:
            line_id = first_money
        if line_id in wished:
            raise Invalid("line_twice", lazy("Satu bagian hanya dapat diisi sekali."), field=wish.field)
        wished[line_id] = replace(wish, line_id=line_id)
    if not wished:
        raise Invalid("nothing_offered", lazy("Isi paling sedikit satu bagian."))
    return list(wished.values())


def _giver(by: Person | None, guest: Guest | None, language: str, *, is_money_only: bool) -> Person:
    if by is not None:
        return by
    if guest is None:
        raise Invalid("giver_unknown", lazy("Isi nama dan alamat surel Anda."), field="email")
    if not is_money_only:
        raise Forbidden("sign_in_first", lazy("Masuk dulu untuk menawarkan barang, waktu, atau fasilitas."))
    return people.guest(email=guest.email, name=guest.name, language=language, phone=guest.phone)


def _giving_organisation(
    giver: Person, organisation_id: uuid.UUID | None, listing: Listing, *, has_money: bool
) -> Organisation | None:
    """The organisation somebody gives for, if it may and the giver acts for it."""
    if organisation_id is None:
        if queries.open_offers_of(giver.id, None) >= settings().open_pledges_limit:
            raise Conflict("too_many_open", lazy("Masih banyak tawaran Anda yang belum dijawab."))
        return None
    organisation = organisations.get(organisation_id)
    verb = "give" if has_money else "write"
    if not organisation_policy.may(giver, verb, organisation):
        raise Forbidden("not_your_organisation", lazy("Anda tidak bertindak untuk organisasi ini."))
    if organisation.id == listing.organisation_id:
        raise Invalid("own_listing", lazy("Organisasi tidak dapat mendukung halamannya sendiri."))
    if organisations.refuses(listing.organisation_id, organisation.id):
        raise Conflict(
            "refused_giver", lazy("Organisasi ini tidak menerima dukungan dari pemberi seperti Anda.")
        )
    if queries.open_offers_of(None, organisation_id) >= settings().open_pledges_limit:
        raise Conflict("too_many_open", lazy("Masih banyak tawaran Anda yang belum dijawab."))
    return organisation


def _check_offer(wish: Wish, line: ListingLine, listing: Listing, *, is_rest: bool = False) -> None:
    """Refuse what the receiver could never accept, so that nobody waits for a no."""
    if line.kind == "money":
        try:
            check_gift(Money(wish.quantity, line.unit), is_rest=is_rest)
        except Invalid as refusal:
            raise Invalid(refusal.code, refusal.message, field=wish.field) from None
        return
    check_quantity(wish, line)
    check_missing(wish.quantity, line, queries.totals_for([listing.id])[line.id], field=wish.field)


def check_quantity(wish: Wish, line: ListingLine) -> None:
    if not 0 < wish.quantity <= line.quantity:
        raise Invalid(
            "quantity_range",
            lazy("Isi jumlah antara 1 dan %(most)s.", most=i18n.number(line.quantity)),
            field=wish.field,
        )
    if wish.available_from and wish.available_until and wish.available_from > wish.available_until:
        raise Invalid("period", lazy("Tanggal akhir mendahului tanggal awal."), field=wish.field)
    if wish.available_until and wish.available_until < clock.today():
        raise Invalid("period_past", lazy("Tanggal ini sudah lewat."), field=wish.field)


def check_missing(
    quantity: int,
    line: ListingLine,
    totals: queries.Totals,
    *,
    field: str | None,
) -> None:
    """Refuse more than is missing, and less than helps unless it fills the rest."""
    missing = queries.missing_of(totals)
    if missing is None:
        return
    if missing == 0:
        raise Invalid("nothing_missing", lazy("Bagian ini sudah terpenuhi."), field=field)
    if quantity > missing:
        raise Invalid(
            "more_than_missing",
            lazy("Yang masih kurang hanya %(missing)s.", missing=i18n.number(missing)),
            field=field,
        )
    least = line.min_useful_quantity
    if least is not None and quantity < min(least, missing):
        raise Invalid(
            "less_than_useful",
            lazy("Paling sedikit %(least)s agar berguna.", least=i18n.number(min(least, missing))),
            field=field,
        )


def new_lines(wished: list[Wish], known: dict[uuid.UUID, ListingLine]) -> Callable[[], list[PledgeLine]]:
    """How to make the lines; made anew for each try."""

    def make() -> list[PledgeLine]:
        return [
            PledgeLine(
                line_id=wish.line_id,
                kind=known[wish.line_id].kind,
                unit=known[wish.line_id].unit,
                quantity=wish.quantity,
                available_from=wish.available_from,
                available_until=wish.available_until,
                note=limited(wish.note, NOTE_MOST, wish.field),
                period_on=wish.period_on,
                need_line_id=wish.need_line_id,
                unit_value=known[wish.line_id].unit_value,
                valuation_source=known[wish.line_id].valuation_source,
            )
            for wish in wished
        ]

    return make


def limited(typed: str, most: int, field: str | None) -> str:
    cleaned = clean_line(typed) if most <= CONTACT_MOST else clean_text(typed)
    if len(cleaned) > most:
        raise Invalid("too_long", lazy("Paling banyak %(most)s huruf.", most=most), field=field)
    return cleaned
