"""Pages: home, localities, the map, words about the platform, the gallery of components."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, cast

from flask import Blueprint, get_template_attribute, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from coevolve.config import settings
from coevolve.impact import gallery, queries, words
from coevolve.impact.queries import NOTHING, Found, Total
from coevolve.impact.sharing import figures_of, picture_of_place, shared_home, shared_place
from coevolve.kit import covers, i18n, posters, sharing
from coevolve.kit.access import access
from coevolve.kit.cards import Card, bar
from coevolve.kit.errors import Forbidden, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.kept import kept_page
from coevolve.kit.pages import actor, local_path, page, see_other, show_own_frame
from coevolve.kit.reads import read_only
from coevolve.listings import queries as listings
from coevolve.listings.queries import ShownDisaster, disasters_in_force
from coevolve.listings.queries.cards import disaster_words
from coevolve.localities import queries as localities
from coevolve.localities import tiles
from coevolve.localities.queries import Place
from coevolve.networks import policy as network_policy
from coevolve.networks import queries as networks
from coevolve.networks.words import KINDS as TIES
from coevolve.people.models import Person

blueprint = Blueprint("impact", __name__)
PLACE_COOKIE = "daerah"
YEAR_SECONDS = 365 * 24 * 3600
NEEDS = ("need", "campaign")
EMBED_HEIGHT = 420
LAYERS: dict[str, Any] = {
    "kebutuhan": ("needs", lazy("Kebutuhan terbuka")),
    "penawaran": ("offers", lazy("Penawaran")),
    "peluang": ("opportunities", lazy("Peluang kemitraan")),
    "organisasi": ("organisations", lazy("Organisasi terperiksa")),
}
"""What the map can count."""


@blueprint.record_once
def _prepare(state: Any) -> None:
    """Words for templates, and the one form that carries no token (see `remember_place`)."""
    state.app.jinja_env.globals.update(cover_scene=covers.scene, cover_path=covers.cover_path)
    protection = state.app.extensions.get("csrf")
    if protection is not None:
        protection.exempt(remember_place)


# --- home -------------------------------------------------------------------------------------------


@blueprint.get("/")
@access("public")
def home() -> Any:
    """What is needed, near me; is it real?"""
    read_only()
    here = _remembered()
    provinces = _province_names()
    totals, found = queries.home([*provinces, ""], here)
    return kept_page(
        "impact/home.html",
        (here, tuple(provinces.items()), tuple(totals.items()), tuple(found)),
        lambda: _home_words(here, provinces, totals, found),
    )


def _home_words(
    here: Place | None, provinces: dict[str, str], totals: Mapping[str, Total], found: list[Found]
) -> dict[str, Any]:
    """All that the home page says."""
    return {
        "here": here,
        "here_short": words.shorten(here.name) if here else "",
        "provinces": provinces,
        "regencies": _regencies_of(here),
        "cards": [words.card_of(one) for one in found],
        "map": _country_map(
            tuple((code, totals.get(code, NOTHING).needs) for code in provinces),
            here.province_code or here.code if here else None,
            i18n.language(),
        ),
        "total": totals.get("", NOTHING),
        "shared": shared_home(totals.get("", NOTHING)),
    }


def _remembered() -> Place | None:
    """The province or kabupaten/kota the reader chose: in the address, else in the cookie."""
    place = localities.find((request.args.get("daerah") or request.cookies.get(PLACE_COOKIE, ""))[:20])
    return place if place and place.level in ("province", "regency") and place.country_code == "ID" else None


def _province_names() -> dict[str, str]:
    return {place.code: place.name for place in localities.provinces()}


def _regencies_of(place: Place | None) -> list[Place]:
    if place is None:
        return []
    return localities.children(place.code if place.level == "province" else place.province_code or "")


@blueprint.post("/daerah")
@access("public")
def remember_place() -> Response:
    """Keep the reader's place in a cookie.

    No form token, for it would set a cookie on every public page and spoil shared caches; the browser says itself
    where the request came from, and all that another site could do is change which needs come first.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden("foreign_origin", lazy("Permintaan ini datang dari situs lain."))
    province = localities.find(request.form.get("provinsi", "")[:20])
    regency = localities.find(request.form.get("kabupaten", "")[:20])
    chosen = regency if regency and province and regency.province_code == province.code else province
    response = see_other(local_path(request.form.get("kembali"), "/"))
    if chosen is None or chosen.country_code != "ID" or chosen.level not in ("province", "regency"):
        response.delete_cookie(PLACE_COOKIE)
    else:
        response.set_cookie(
            PLACE_COOKIE,
            chosen.code,
            max_age=YEAR_SECONDS,
            secure=settings().public_url.startswith("https://"),
            httponly=True,
            samesite="Lax",
        )
    return response


@functools.lru_cache(maxsize=64)
def _country_map(
    counts: tuple[tuple[str, int], ...], current: str | None, _language: str, label: str = ""
) -> Markup:
    """The map of provinces as markup; drawn again only when a number, the frame or the language changes."""
    steps = tiles.thresholds(count for _, count in counts)
    draw = get_template_attribute("components/map.html", "tile_map")
    drawn = draw(
        tiles.province_tiles(_province_names(), dict(counts), steps),
        label or i18n.gettext("Kebutuhan terbuka menurut provinsi"),
        tiles.COLUMNS,
        tiles.ROWS,
        current=current,
        steps=steps,
    )
    return cast("Markup", drawn)


# --- localities -------------------------------------------------------------------------------------


@blueprint.get("/lokalitas/<code>")
@access("public")
def place(code: str) -> Any:
    """Everything in one locality: needs, offers, opportunities, organisations, sums, what lies below and beside."""
    read_only()
    here = localities.get(code[:20])
    if not here.is_active:
        now = localities.current(here.code)
        if now.code != here.code:
            return see_other(f"/lokalitas/{now.code}")
    chain = localities.ancestors(here.code)
    below = localities.children(here.code)
    totals = queries.totals([here.code, *(child.code for child in below)])
    crumbs = [(words.shorten(step.name), f"/lokalitas/{step.code}") for step in chain[:-1]]
    drawn, steps = _map_below(here, below, totals)
    needs, offers, opportunities = queries.newest_in(
        here, (NEEDS, 6), (("standing_offer",), 3), (("opportunity",), 3)
    )
    return page(
        "impact/place.html",
        here=here,
        chain=[(words.shorten(step.name), f"/lokalitas/{step.code}") for step in chain],
        crumbs=crumbs,
        shared=shared_place(here, totals.get(here.code, NOTHING), crumbs),
        total=totals.get(here.code, NOTHING),
        needs=[words.card_of(found) for found in needs],
        offers=[words.card_of(found) for found in offers],
        opportunities=[words.card_of(found) for found in opportunities],
        organisations=[(found, words.seated_words(found)) for found in queries.organisations_in(here)],
        updates=listings.updates_of(place=here.code),
        below=[(child, _says(totals[child.code])) for child in _busiest(below, totals)],
        quiet=[child for child in below if totals.get(child.code, NOTHING).is_empty],
        level_below=_level_word(below),
        map=drawn,
        steps=steps,
        disasters=[(one.id, one.name, disaster_words(one)) for one in _disasters(here, chain)],
        neighbours=localities.neighbours(here.code) if here.level in ("province", "regency") else [],
        ties=[(tie, TIES[tie.kind]) for tie in networks.ties_of(here.code)],
        networks=networks.of_place(here.code),
        may_propose_tie=_may_propose_tie(here),
    )


@blueprint.get("/lokalitas/<code>/poster.pdf")
@access("public")
def place_poster(code: str) -> Any:
    """A sheet for a wall: what is needed here, and how to help."""
    read_only()
    here = localities.get(code[:20])
    total = queries.totals([here.code]).get(here.code, NOTHING)
    picture = picture_of_place(here, total).but(
        kind=str(words.LEVELS[here.level]),
        figures=tuple(figures_of(total)),
    )
    return posters.answer(
        shared_place(here, total, []),
        picture,
        how=i18n.gettext("Begini cara membantu daerah Anda"),
        steps=[
            i18n.gettext("Pindai kodenya dengan kamera ponsel, atau ketik alamatnya."),
            i18n.gettext("Lihat apa yang dibutuhkan di sini, dan siapa yang mengerjakannya."),
            i18n.gettext("Pilih satu kebutuhan, lalu dukung dengan uang, barang, keahlian, atau tempat."),
        ],
        scan=i18n.gettext("Pindai untuk membuka"),
        name=here.code,
    )


@blueprint.get("/lokalitas/<code>/sematkan")
@access("public")
def place_embed_code(code: str) -> Any:
    """The lines to copy into a page of one's own, and how it looks."""
    here = localities.get(code[:20])
    address = f"/sisip/lokalitas/{here.code}"
    show_own_frame()
    return page(
        "sharing/code.html",
        title=here.name,
        crumb=[(here.name, f"/lokalitas/{here.code}")],
        codes=[
            ("Bahasa Indonesia", sharing.embed_code(address, here.name, EMBED_HEIGHT)),
            ("English", sharing.embed_code(f"{address}?bahasa=en", here.name, EMBED_HEIGHT)),
        ],
        embed=address,
        height=EMBED_HEIGHT,
    )


@blueprint.get("/luring")
@access("public")
def offline() -> Any:
    """What the browser shows when it cannot reach us; it is kept on the device beforehand."""
    return page("sharing/offline.html")


def _may_propose_tie(here: Place) -> bool:
    """Whether the reader is an officer or an admin who may tie this place to another."""
    me: Person | None = actor()
    if me is None or here.level in ("country", "village"):
        return False
    return network_policy.may_propose(me, here.code, here.code)


def _disasters(here: Place, chain: list[Place]) -> list[ShownDisaster]:
    """Those in force in, above or below a place."""
    codes = {step.code for step in chain}
    return [
        found
        for found in disasters_in_force()
        if any(code in codes or here.code in localities.ancestor_codes(code) for code in found.localities)
    ]


def _level_word(below: list[Place]) -> str:
    """What the places below are called."""
    level = below[0].level if below else ""
    found = {
        "region": lazy("Wilayah kepulauan"),
        "province": lazy("Provinsi"),
        "regency": lazy("Kabupaten dan kota"),
        "district": lazy("Kecamatan"),
        "village": lazy("Desa dan kelurahan"),
    }.get(level, "")
    return str(found)


def _busiest(places: list[Place], totals: Mapping[str, Total]) -> list[Place]:
    """The places where something happens, those with most needs first."""
    busy = [place for place in places if not totals.get(place.code, NOTHING).is_empty]
    return sorted(busy, key=lambda place: (-totals[place.code].needs, place.short_name, place.code))


def _says(total: Total) -> str:
    """'9 kebutuhan · 2 penawaran': what there is, leaving out what there is not."""
    parts = (
        (total.needs, i18n.gettext("kebutuhan")),
        (total.offers, i18n.gettext("penawaran")),
        (total.opportunities, i18n.gettext("peluang")),
        (total.organisations, i18n.gettext("organisasi")),
    )
    return " · ".join(f"{i18n.number(count)} {word}" for count, word in parts if count)


def _map_below(here: Place, below: list[Place], totals: Mapping[str, Total]) -> tuple[Markup | None, Any]:
    """A tile for every kabupaten and kota of a province."""
    if here.level != "province" or not below:
        return None, None
    layout, columns, rows = _layout(tuple(tiles.Point(child.code, child.lat, child.lng) for child in below))
    counts = {child.code: totals.get(child.code, NOTHING).needs for child in below}
    steps = tiles.thresholds(counts.values())
    drawn = [
        tiles.Tile(
            child.code,
            tiles.abbreviate(child.short_name),
            child.name,
            f"/lokalitas/{child.code}",
            *layout[child.code],
            counts[child.code],
            tiles.step_in(counts[child.code], steps),
            child.kind == "kota",
        )
        for child in below
    ]
    draw = get_template_attribute("components/map.html", "tile_map")
    label = i18n.gettext("Kebutuhan terbuka menurut kabupaten dan kota")
    return cast("Markup", draw(drawn, label, columns, rows, steps=steps, roomy=True)), steps


@functools.lru_cache(maxsize=64)
def _layout(points: tuple[tiles.Point, ...]) -> tuple[dict[str, tuple[int, int]], int, int]:
    return tiles.lay_out(points)


@blueprint.get("/peta")
@access("public")
def map_page() -> Any:
    """The map of the country, larger, for needs, offers, opportunities or organisations, with its list."""
    layer = request.args.get("lapis", "kebutuhan")
    if layer not in LAYERS:
        raise NotFound("layer_unknown", lazy("Lapisan peta ini tidak ada."))
    figure, label = LAYERS[layer]
    places = localities.provinces()
    totals = queries.totals([place.code for place in places])
    counts = tuple((place.code, getattr(totals.get(place.code, NOTHING), figure)) for place in places)
    return page(
        "impact/map.html",
        layer=layer,
        layers=[(key, str(name)) for key, (_, name) in LAYERS.items()],
        map=_country_map(
            counts, None, i18n.language(), i18n.gettext("%(what)s menurut provinsi", what=str(label))
        ),
        rows=[(place, totals.get(place.code, NOTHING)) for place in places],
    )


# --- words about the platform -----------------------------------------------------------------------


@blueprint.get("/tentang-data")
@access("public")
def about_data() -> Any:
    """Where codes, names and points come from, and under which licence."""
    return page("impact/about_data.html")


@blueprint.get("/biaya")
@access("public")
def fees() -> Any:
    """Who pays what."""
    return page("impact/fees.html")


@blueprint.get("/bantuan")
@access("public")
def help_page() -> Any:
    """How support travels, and what to do when something goes wrong."""
    return page("impact/help.html", limits=settings())


@blueprint.get("/aksesibilitas")
@access("public")
def accessibility() -> Any:
    """What was done so that everybody can use these pages."""
    return page("impact/accessibility.html")


@blueprint.get("/gaya")
@access("public")
def style_gallery() -> Any:
    """Every component once, for those who build and test pages."""
    counts = {code: (index * 7) % 13 for index, code in enumerate(tiles.PROVINCES)}
    return page(
        "gaya/page.html",
        form=gallery.GalleryForm(),
        wrong=gallery.form_in_error(),
        tiles=tiles.province_tiles(_province_names(), counts),
        columns=tiles.COLUMNS,
        rows=tiles.ROWS,
        cards=[
            Card(
                href="/jelajah",
                title=title,
                sector="Pendidikan",
                kind="Kebutuhan",
                organisation="Taman Baca Pesisir",
                place="Kab. Alor, Nusa Tenggara Timur",
                cover=covers.cover_path(sector, title),
                bar=bar(received, promised, 100),
                words="Rp 4,8 juta dari Rp 12 juta · 23 hari lagi",
            )
            for sector, title, received, promised in (
                ("education", "Buku bacaan untuk 14 sekolah dasar", 40, 25),
                ("health", "Posyandu keliling pulau", 70, 5),
                ("culture", "Benang dan alat tenun untuk 24 penenun muda", 0, 60),
            )
        ],
    )
