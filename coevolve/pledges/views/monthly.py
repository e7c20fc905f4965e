"""The giving form's "every month": where it leads for campaigns that ask for money."""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response

from coevolve.kit import i18n
from coevolve.kit.db import commit
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.pages import see_other
from coevolve.listings.models import Kind, Listing, ListingLine
from coevolve.people.models import Person
from coevolve.pledges.forms import MONTHLY, GiveForm
from coevolve.pledges.service import Guest, Wish
from coevolve.recurring import links
from coevolve.recurring import service as recurring


def is_offered(listing: Listing, lines: list[ListingLine]) -> bool:
    """Whether the same sum may be given every month: to campaigns that ask for money."""
    return listing.kind == Kind.campaign and any(line.kind == "money" for line in lines)


def is_chosen(form: GiveForm, listing: Listing, lines: list[ListingLine]) -> bool:
    """Whether this form asks for it. Whoever says nothing gives once."""
    return form.frequency.data == MONTHLY and is_offered(listing, lines)


def begin(
    form: GiveForm,
    given: dict[str, Any],
    *,
    wishes: list[Wish],
    money: Money | None,
    person: Person | None,
    guest: Guest | None,
    organisation_id: uuid.UUID | None,
) -> Response:
    """Begin a monthly gift, then go on to its card. It is money only, and paid from the first month on."""
    if money is None:
        raise Invalid("nothing_offered", lazy("Pilih atau isi jumlah dukungan Anda."), field="amount_choice")
    if len(wishes) > 1:
        raise Invalid(
            "monthly_money_only",
            lazy("Dukungan bulanan hanya berupa uang. Tawarkan hal lain dalam dukungan tersendiri."),
            field="frequency",
        )
    if form.pays.data == "later":
        raise Invalid(
            "monthly_now", lazy("Dukungan bulanan dibayar mulai sekarang, dengan kartu."), field="frequency"
        )
    plan = recurring.begin(
        listing_id=given["listing_id"],
        by=person,
        guest=guest,
        money=money,
        client_token=given["client_token"],
        for_organisation_id=organisation_id,
        is_name_public=form.is_name_public.data,
        shares_identity=form.shares_identity.data,
        public_name=form.public_name.data or "",
        message=given["message"],
        language=i18n.language(),
    )
    commit()
    return see_other(f"/dukungan-bulanan/{plan.id}/kartu" if person else links.path(plan.id, "/kartu"))
