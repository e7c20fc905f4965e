"""Steps that ask once before they are taken: submit, pause, resume, confirm, close."""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response

from coevolve.kit import clock
from coevolve.kit.access import access
from coevolve.kit.db import commit
from coevolve.kit.errors import DomainError
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import flash_success, form_page, see_other
from coevolve.listings import forms, policy, queries, service
from coevolve.listings.models import EDITABLE, Listing, State
from coevolve.listings.queries.cards import KIND_LABELS, PATHS
from coevolve.listings.views.door import (
    ONE,
    base_of,
    blueprint,
    line_words,
    me,
    my_listing,
    refused,
    section_of,
    typed,
)
from coevolve.localities import queries as localities
from coevolve.organisations import queries as organisations

# --- submit, pause, resume, confirm, close -------------------------------------------------------------


@blueprint.route(f"{ONE}/kirim", methods=["GET", "POST"])
@access("signed_in", step_up=True)
def submit(slug: str, listing_id: uuid.UUID) -> Response:
    """Check everything once more and hand it to the moderators."""
    organisation, listing = my_listing(slug, listing_id, "submit")
    form = forms.ActForm()
    if listing.state not in EDITABLE:
        return see_other(base_of(slug, listing))
    if form.validate_on_submit():
        try:
            service.submit(listing_id=listing.id, by=me())
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            flash_success(
                _("Terkirim. Moderator akan memeriksanya; Anda mendapat kabar begitu ada keputusan.")
            )
            return see_other(base_of(slug, listing))
    found = queries.lines_of(listing.id)
    zone = localities.zone_of(listing.locality_code)
    return form_page(
        "listings/submit.html",
        form,
        **section_of(organisation, listing, "dasar"),
        missing=policy.problems(listing, found, today=clock.today(zone)),
        is_checked=organisations.may_publish(organisation),
        kind=KIND_LABELS[listing.kind],
        place=localities.path_label(listing.locality_code) if listing.locality_code else "",
        lines=[line_words(line) for line in found],
        goal=queries.goal_of(found).optimum,
        public_path=f"/{PATHS[listing.kind]}/{listing.slug}",
        is_first_campaign=listing.kind == "campaign" and not queries.has_opened_campaign(organisation.id),
    )


ACTS: dict[str, tuple[Any, Any, Any, tuple[str, ...]]] = {
    "jeda": (
        lazy("Jeda tayangan"),
        lazy("Selama dijeda tidak ada dukungan baru. Yang sudah disepakati tetap berjalan."),
        service.pause,
        (),
    ),
    "tayangkan": (
        lazy("Tayangkan lagi"),
        lazy("Tayangan kembali menerima dukungan sampai tanggal ini."),
        service.resume,
        ("closes_on",),
    ),
    "konfirmasi": (
        lazy("Masih dibutuhkan"),
        lazy("Anda memastikan bahwa isi tayangan ini masih berlaku."),
        service.reconfirm,
        ("closes_on",),
    ),
    "tutup": (
        lazy("Tutup tayangan"),
        lazy("Tayangan yang ditutup tidak dapat dibuka lagi. Dukungan yang belum diserahkan dibatalkan."),
        service.close,
        ("text",),
    ),
}
"""Step -> title, what it means, the use case, the fields it asks for."""


def acts_for(slug: str, listing: Listing) -> list[tuple[str, str]]:
    """The steps open to members in this state, with where each is confirmed."""
    names = {State.open: ("konfirmasi", "jeda", "tutup"), State.paused: ("tayangkan", "tutup")}
    return [
        (str(ACTS[name][0]), f"{base_of(slug, listing)}/{name}")
        for name in names.get(State(listing.state), ())
    ]


@blueprint.route(f"{ONE}/<any(jeda,tayangkan,konfirmasi,tutup):act>", methods=["GET", "POST"])
@access("signed_in", step_up=True)
def act(slug: str, listing_id: uuid.UUID, act: str) -> Response:
    """Ask once, then do it."""
    organisation, listing = my_listing(slug, listing_id, "pause")
    title, meaning, use_case, asks = ACTS[act]
    form = forms.ActForm()
    if not form.is_submitted():
        form.closes_on.data = listing.closes_on
    if form.validate_on_submit():
        given = {name: form[name].data for name in asks}
        if "text" in given:
            given["text"] = typed(form.text)
        if given.get("closes_on") == listing.closes_on:
            given.pop("closes_on", None)
        try:
            use_case(listing_id=listing.id, by=me(), **given)
        except DomainError as refusal:
            refused(form, refusal)
        else:
            commit()
            label = Listing.state_labels[State(listing.state)]
            flash_success(_("Tersimpan. Sekarang: %(state)s.", state=label))
            return see_other(base_of(slug, listing))
    return form_page(
        "listings/act.html",
        form,
        **section_of(organisation, listing, "dasar"),
        title=title,
        meaning=meaning,
        asks=asks,
        act=act,
    )
