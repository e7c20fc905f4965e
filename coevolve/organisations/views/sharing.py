"""Passing an organisation on: a poster for a wall."""

from __future__ import annotations

from typing import Any

from coevolve.kit import posters
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _
from coevolve.kit.reads import read_only
from coevolve.organisations import policy, queries, words
from coevolve.organisations.sharing import picture_of, shared_of
from coevolve.organisations.views.door import NOT_FOUND, blueprint


@blueprint.get("/organisasi/<slug>/poster.pdf")
@access("public")
def poster(slug: str) -> Any:
    """A sheet for a wall, in the reader's language."""
    read_only()
    organisation = queries.get_by_slug(slug)
    if not policy.is_public(organisation):
        raise NotFound("not_found", NOT_FOUND)
    card = queries.trust_card(organisation)
    picture = picture_of(organisation, card).but(
        kind=str(words.KINDS[organisation.kind]), state="", figures=()
    )
    return posters.answer(
        shared_of(organisation, card),
        picture,
        how=_("Begini cara membantu kami"),
        steps=[
            _("Pindai kodenya dengan kamera ponsel, atau ketik alamatnya."),
            _("Lihat apa yang sudah diperiksa dan apa yang sedang dibutuhkan."),
            _("Pilih satu kebutuhan, lalu dukung dengan uang, barang, keahlian, atau tempat."),
        ],
        scan=_("Pindai untuk membuka"),
        name=organisation.slug,
    )
