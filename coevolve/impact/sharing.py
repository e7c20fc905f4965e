"""What a locality and the whole platform say of themselves where their address is passed on."""

from __future__ import annotations

from coevolve.impact.queries import Total
from coevolve.impact.words import LEVELS, shorten
from coevolve.kit import i18n, sharing
from coevolve.kit.covers import variant_of
from coevolve.kit.i18n import _
from coevolve.kit.sharing import Figure, Picture, Shared
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place

HOME = "co-evolve"
"""The name in the address of the home page's card."""


def figures_of(total: Total) -> tuple[Figure, ...]:
    """What there is, leaving out what there is not."""
    counted = (
        (total.needs, _("kebutuhan")),
        (total.offers, _("penawaran")),
        (total.opportunities, _("peluang")),
        (total.organisations, _("organisasi")),
    )
    return tuple(Figure(i18n.number(count), word) for count, word in counted if count)


def picture_of_place(here: Place, total: Total) -> Picture:
    """The share card of a locality, always in Indonesian."""
    with i18n.in_language(i18n.DEFAULT):
        above = localities.find(here.parent_code) if here.parent_code else None
        return Picture(
            title=here.name,
            place=above.name if above is not None else "",
            kind=str(LEVELS[here.level]),
            scene=(
                "environment" if here.level in ("region", "province") else "housing",
                variant_of(here.code),
            ),
            figures=figures_of(total),
        )


def picture_of_home(total: Total) -> Picture:
    """The share card of the platform."""
    with i18n.in_language(i18n.DEFAULT):
        return Picture(
            title=_("Warga, usaha, dan pemerintah saling menguatkan, mulai dari kabupaten dan kota."),
            kind=_("Dari desa sampai nasional"),
            scene=("water", 0),
            figures=figures_of(total),
        )


def shared_place(here: Place, total: Total, crumb: list[tuple[str, str]]) -> Shared:
    """What the page of a locality needs to be passed on."""
    path = f"/lokalitas/{here.code}"
    card = sharing.card_path("lokalitas", here.code, picture_of_place(here, total))
    return Shared(
        path=path,
        title=_("%(place)s: kebutuhan dan dukungan", place=shorten(here.name)),
        description=_(
            "Kebutuhan, penawaran, peluang kemitraan, dan organisasi di %(place)s.", place=here.name
        ),
        card=card,
        linked=sharing.linked_data(
            {
                "@type": "AdministrativeArea",
                "name": here.name,
                "url": sharing.absolute(path),
                "image": sharing.absolute(card),
                "geo": {"@type": "GeoCoordinates", "latitude": here.lat, "longitude": here.lng}
                if here.lat is not None and here.lng is not None
                else None,
            },
            sharing.crumbs([*crumb, (here.name, path)]),
        ),
        feed=f"{path}/kabar.atom",
        poster=f"{path}/poster.pdf",
        embed=f"{path}/sematkan",
    )


def shared_home(total: Total) -> Shared:
    """What the home page needs to be passed on."""
    return Shared(
        path="/",
        title=_("Co-Evolve: saling menguatkan dari daerah"),
        description=_("Warga, usaha, dan pemerintah saling menguatkan, mulai dari kabupaten dan kota."),
        card=sharing.card_path("beranda", HOME, picture_of_home(total)),
        feed="/jelajah.atom",
        linked=sharing.linked_data(
            {
                "@type": "WebSite",
                "name": "Co-Evolve",
                "url": sharing.absolute("/"),
                "inLanguage": ["id", "en"],
                "potentialAction": {
                    "@type": "SearchAction",
                    "target": {
                        "@type": "EntryPoint",
                        "urlTemplate": sharing.absolute("/jelajah?kata={search_term_string}"),
                    },
                    "query-input": "required name=search_term_string",
                },
            }
        ),
    )
