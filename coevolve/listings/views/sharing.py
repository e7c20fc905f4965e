"""Passing a listing on: a poster for a wall, the line that embeds it elsewhere."""

from __future__ import annotations

from typing import Any

from flask import redirect

from coevolve.kit import posters, sharing
from coevolve.kit.access import access
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import page, show_own_frame
from coevolve.kit.reads import read_only
from coevolve.listings import queries
from coevolve.listings.models import PUBLIC
from coevolve.listings.queries import Whole
from coevolve.listings.queries.cards import KIND_LABELS
from coevolve.listings.sharing import figures_of, path_of, picture_of, shared_of, state_words
from coevolve.listings.views.door import blueprint

ONE_PUBLIC = "/<any(kebutuhan,kampanye,penawaran,peluang):word>/<slug>"
EMBED_HEIGHT = 340
STEPS: dict[str, tuple[Any, ...]] = {
    "need": (
        lazy("Pindai kodenya dengan kamera ponsel, atau ketik alamatnya."),
        lazy("Pilih: uang, barang, keahlian, atau tempat. Tidak perlu akun."),
        lazy("Kuitansi dan kabar pemakaiannya dikirim kepada Anda."),
    ),
    "standing_offer": (
        lazy("Pindai kodenya dengan kamera ponsel, atau ketik alamatnya."),
        lazy("Pilih yang organisasi Anda perlukan, lalu minta."),
        lazy("Pemberi menjawab; serah terimanya tercatat."),
    ),
    "opportunity": (
        lazy("Pindai kodenya dengan kamera ponsel, atau ketik alamatnya."),
        lazy("Baca dasar dan tahap perencanaannya."),
        lazy("Hubungi penyelenggaranya lewat halaman itu."),
    ),
}


def _whole(word: str, slug: str, rest: str) -> Whole | Any:
    """The public listing of this address, or the way to its address of now."""
    read_only()
    whole = queries.find_whole(slug)
    if whole is None or whole.listing.state not in PUBLIC:
        raise NotFound("listing_not_found", lazy("Tayangan ini tidak ada, atau belum tayang."))
    if f"/{word}/{slug}" != path_of(whole.listing):
        return redirect(f"{path_of(whole.listing)}/{rest}", code=301)
    return whole


@blueprint.get(f"{ONE_PUBLIC}/poster.pdf")
@access("public")
def poster(word: str, slug: str) -> Any:
    """A sheet for a wall, in the reader's language."""
    whole = _whole(word, slug, "poster.pdf")
    if not isinstance(whole, Whole):
        return whole
    # The words of the card are Indonesian; a poster speaks as its reader does.
    picture = picture_of(whole).but(
        kind=str(KIND_LABELS[whole.listing.kind]), state=state_words(whole), figures=figures_of(whole)
    )
    return posters.answer(
        shared_of(whole, []),
        picture,
        how=_("Begini cara membantu") if whole.listing.kind in ("need", "campaign") else _("Begini caranya"),
        steps=[str(step) for step in STEPS.get(whole.listing.kind, STEPS["need"])],
        scan=_("Pindai untuk membuka"),
        name=whole.listing.slug,
    )


@blueprint.get(f"{ONE_PUBLIC}/sematkan")
@access("public")
def embed_code(word: str, slug: str) -> Any:
    """The lines to copy into a page of one's own, and how it looks."""
    whole = _whole(word, slug, "sematkan")
    if not isinstance(whole, Whole):
        return whole
    path = path_of(whole.listing)
    address = f"/sisip{path}"
    show_own_frame()
    return page(
        "sharing/code.html",
        title=whole.listing.title,
        crumb=[(whole.listing.title, path)],
        codes=[
            ("Bahasa Indonesia", sharing.embed_code(address, whole.listing.title, EMBED_HEIGHT)),
            ("English", sharing.embed_code(f"{address}?bahasa=en", whole.listing.title, EMBED_HEIGHT)),
        ],
        embed=address,
        height=EMBED_HEIGHT,
    )
