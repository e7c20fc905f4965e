"""The steps on a pledge's page: each form is one use case, then back to the page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask_wtf import FlaskForm
from werkzeug.wrappers import Response

from coevolve.kit import db
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError, NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.money import parse_quantity, parse_rupiah
from coevolve.kit.pages import flash_success, see_other
from coevolve.listings.models import Listing
from coevolve.pledges import forms, queries, service
from coevolve.pledges.models import FulfilmentState, Pledge, PledgeFulfilment, PledgeLine
from coevolve.pledges.policy import Doer, Party
from coevolve.pledges.views.door import address, blueprint, refused, seen, zone_of
from coevolve.pledges.views.status import show


def do(
    pledge: Pledge, party: Party, name: str, *, form: FlaskForm, act: Callable[[], object], done: str
) -> Response:
    """Validate, act, commit, go back; a refusal shows the page again with what was typed."""
    pledge_id = pledge.id
    if form.validate_on_submit():
        try:
            act()
            commit()
        except DomainError as refusal:
            if refusal.http_status == NotFound.http_status:
                raise
            refused(form, refusal)
        else:
            flash_success(done)
            return see_other(address(pledge_id))
    return show(queries.get(pledge_id), party, {name: form})


def _line(pledge: Pledge, line_id: uuid.UUID) -> PledgeLine:
    line = db.get(PledgeLine, line_id)
    if line.pledge_id != pledge.id:
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return line


def _fulfilment(pledge: Pledge, fulfilment_id: uuid.UUID) -> tuple[PledgeFulfilment, PledgeLine]:
    fulfilment = db.get(PledgeFulfilment, fulfilment_id)
    return fulfilment, _line(pledge, fulfilment.pledge_line_id)


@blueprint.post("/dukungan/<uuid:pledge_id>/terima")
@access("public")
def accept(pledge_id: uuid.UUID) -> Response:
    """Yes, to all or to less."""
    pledge, party = seen(pledge_id)
    lines = {line.id: line for line in queries.lines_of(pledge_id) if line.accepted_quantity is None}
    form = forms.accept_form([line_id for line_id, line in lines.items() if not _is_paid_now(pledge, line)])(
        prefix="terima"
    )

    def act() -> None:
        wanted = {}
        for line_id, line in lines.items():
            if _is_paid_now(pledge, line):
                continue
            field = form[f"quantity-{line_id}"]
            typed = (field.data or "").strip()
            if typed in {"", "0"}:
                wanted[line_id] = 0
            elif line.kind == "money":
                wanted[line_id] = parse_rupiah(typed, field=field.short_name).amount
            else:
                wanted[line_id] = parse_quantity(typed, field=field.short_name)
        slots = forms.slots_in(form) if pledge.is_request else None
        service.accept(pledge_id=pledge_id, by=party, quantities=wanted, slots=slots)

    return do(
        pledge,
        party,
        "terima",
        form=form,
        act=act,
        done=_("Kesepakatan sudah dicatat. Pihak lain sudah kami kabari."),
    )


def _is_paid_now(pledge: Pledge, line: PledgeLine) -> bool:
    return line.kind == "money" and pledge.is_pay_now


@blueprint.post("/dukungan/<uuid:pledge_id>/tolak")
@access("public")
def decline(pledge_id: uuid.UUID) -> Response:
    """No, with a reason."""
    pledge, party = seen(pledge_id)
    form = forms.ReasonForm(prefix="tolak")

    def act() -> None:
        service.decline(pledge_id=pledge_id, by=party, reason=form.reason.data or "")

    return do(pledge, party, "tolak", form=form, act=act, done=_("Jawaban sudah dikirim."))


@blueprint.post("/dukungan/<uuid:pledge_id>/tarik")
@access("public")
def withdraw(pledge_id: uuid.UUID) -> Response:
    """Take it back, or what is left of it."""
    pledge, party = seen(pledge_id)
    form = forms.ReasonForm(prefix="tarik")

    def act() -> None:
        service.withdraw(pledge_id=pledge_id, by=party, reason=form.reason.data or "")

    return do(pledge, party, "tarik", form=form, act=act, done=_("Dukungan sudah ditarik."))


@blueprint.post("/dukungan/<uuid:pledge_id>/jadwalkan/<uuid:line_id>")
@access("public")
def schedule(pledge_id: uuid.UUID, line_id: uuid.UUID) -> Response:
    """Plan a hand-over, or book a facility."""
    pledge, party = seen(pledge_id)
    line = _line(pledge, line_id)
    form = forms.HandOverForm(prefix=f"jadwalkan-{line_id}")

    def act() -> None:
        service.schedule(
            pledge_line_id=line.id,
            by=party,
            quantity=parse_quantity(form.quantity.data, field="quantity"),
            **_slot(form, pledge),
            place=form.place.data or "",
        )

    return do(pledge, party, f"jadwalkan-{line_id}", form=form, act=act, done=_("Jadwal sudah dicatat."))


@blueprint.post("/dukungan/<uuid:pledge_id>/serahkan/<uuid:target_id>")
@access("public")
def hand_over(pledge_id: uuid.UUID, target_id: uuid.UUID) -> Response:
    """The giver's confirmation, of a plan or of a line without one."""
    pledge, party = seen(pledge_id)
    form = forms.HandOverForm(prefix=f"serahkan-{target_id}")
    planned = db.session().get(PledgeFulfilment, target_id)
    line = _line(pledge, planned.pledge_line_id if planned is not None else target_id)

    def act() -> None:
        quantity = parse_quantity(form.quantity.data, field="quantity")
        said = form.evidence.data or ""
        if planned is not None:
            service.hand_over(fulfilment_id=planned.id, by=party, quantity=quantity, evidence=said)
        else:
            slot = _slot(form, pledge)
            service.hand_over(pledge_line_id=line.id, by=party, quantity=quantity, evidence=said, **slot)

    return do(
        pledge,
        party,
        f"serahkan-{target_id}",
        form=form,
        act=act,
        done=_("Tercatat. Penerima kami minta memastikan."),
    )


@blueprint.post("/dukungan/<uuid:pledge_id>/pastikan/<uuid:fulfilment_id>")
@access("public")
def confirm(pledge_id: uuid.UUID, fulfilment_id: uuid.UUID) -> Response:
    """The receiver's confirmation: counted, and so much is kept."""
    pledge, party = seen(pledge_id)
    fulfilment, _of = _fulfilment(pledge, fulfilment_id)
    form = forms.CountForm(prefix=f"pastikan-{fulfilment_id}")

    def act() -> None:
        kept, said = forms.whole_number(form.kept), form.evidence.data or ""
        if fulfilment.kind == "goods" and fulfilment.state == FulfilmentState.handed_over:
            counted = forms.whole_number(form.counted)
            service.receive(fulfilment_id=fulfilment_id, by=party, quantity=counted, evidence=said)
        service.confirm(fulfilment_id=fulfilment_id, by=party, quantity=kept, evidence=said)

    return do(
        pledge,
        party,
        f"pastikan-{fulfilment_id}",
        form=form,
        act=act,
        done=_("Tercatat. Pemberi sudah kami kabari."),
    )


@blueprint.post("/dukungan/<uuid:pledge_id>/gugat/<uuid:fulfilment_id>")
@access("public")
def contest(pledge_id: uuid.UUID, fulfilment_id: uuid.UUID) -> Response:
    """The receiver saw it otherwise."""
    pledge, party = seen(pledge_id)
    _fulfilment(pledge, fulfilment_id)
    form = forms.ReasonForm(prefix=f"gugat-{fulfilment_id}")

    def act() -> None:
        service.contest(fulfilment_id=fulfilment_id, by=party, reason=form.reason.data or "")

    return do(
        pledge,
        party,
        f"gugat-{fulfilment_id}",
        form=form,
        act=act,
        done=_("Catatan Anda sudah dikirim kepada pemberi."),
    )


@blueprint.post("/dukungan/<uuid:pledge_id>/tidak-jadi/<uuid:fulfilment_id>")
@access("public")
def no_show(pledge_id: uuid.UUID, fulfilment_id: uuid.UUID) -> Response:
    """Nobody came to use the facility."""
    pledge, party = seen(pledge_id)
    _fulfilment(pledge, fulfilment_id)
    form = FlaskForm()

    def act() -> None:
        doer: Doer = party
        service.no_show(fulfilment_id=fulfilment_id, by=doer)

    return do(
        pledge,
        party,
        f"tidak-jadi-{fulfilment_id}",
        form=form,
        act=act,
        done=_("Tercatat. Waktunya bebas lagi."),
    )


@blueprint.post("/dukungan/<uuid:pledge_id>/batal-pesan/<uuid:fulfilment_id>")
@access("signed_in")
def cancel_booking(pledge_id: uuid.UUID, fulfilment_id: uuid.UUID) -> Response:
    """Give a booked time back before it begins."""
    pledge, party = seen(pledge_id)
    _fulfilment(pledge, fulfilment_id)
    form = forms.ReasonForm(prefix=f"batal-{fulfilment_id}")

    def act() -> None:
        service.cancel_booking(fulfilment_id=fulfilment_id, by=party, reason=form.reason.data or "")

    return do(
        pledge,
        party,
        f"batal-{fulfilment_id}",
        form=form,
        act=act,
        done=_("Pesanan dibatalkan. Waktunya bebas lagi, dan pihak lain sudah kami kabari."),
    )


def _slot(form: forms.HandOverForm, pledge: Pledge) -> dict[str, Any]:
    zone = zone_of(db.get(Listing, pledge.listing_id).locality_code)
    return {"starts_at": form.starts_at.moment(zone), "ends_at": form.ends_at.moment(zone)}
