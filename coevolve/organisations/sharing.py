"""What an organisation says of itself where its address is passed on: share card, data for search engines, poster."""

from __future__ import annotations

from typing import Any

from coevolve.kit import i18n, sharing
from coevolve.kit.covers import variant_of
from coevolve.kit.i18n import _
from coevolve.kit.sharing import Figure, Picture, Shared
from coevolve.localities import queries as localities
from coevolve.organisations import words
from coevolve.organisations.models import Organisation, State
from coevolve.organisations.queries import TrustCard

OF_SOCIETY = ("cso", "community_group", "philanthropy")
"""Kinds that schema.org calls NGO."""


def path_of(organisation: Organisation) -> str:
    """The public address."""
    return f"/organisasi/{organisation.slug}"


def place_of(organisation: Organisation) -> str:
    """'Kabupaten Alor, Nusa Tenggara Timur'."""
    return localities.path_label(organisation.home_locality_code)


def picture_of(organisation: Organisation, card: TrustCard) -> Picture:
    """The share card, always in Indonesian."""
    with i18n.in_language(i18n.DEFAULT):
        figures = []
        if organisation.state == State.checked and card.newest:
            zone = localities.zone_of(organisation.home_locality_code)
            figures.append(
                Figure(
                    _("Terverifikasi %(date)s", date=i18n.short_date(card.newest, zone)),
                    i18n.ngettext("%(num)s hal diperiksa", "%(num)s hal diperiksa", len(card.checked)),
                )
            )
        return Picture(
            title=organisation.name,
            place=place_of(organisation),
            kind=str(words.KINDS[organisation.kind]),
            state=_("Sedang ditinjau") if organisation.state == State.frozen else "",
            scene=((organisation.sectors or ["governance"])[0], variant_of(organisation.id)),
            figures=tuple(figures),
        )


def card_of(organisation: Organisation, card: TrustCard) -> str:
    """The address of the share card as it is now."""
    return sharing.card_path("organisasi", organisation.slug, picture_of(organisation, card))


def shared_of(organisation: Organisation, card: TrustCard) -> Shared:
    """What the page needs to be passed on."""
    path, drawn = path_of(organisation), card_of(organisation, card)
    return Shared(
        path=path,
        title=organisation.name,
        description=organisation.summary or f"{words.KINDS[organisation.kind]} · {place_of(organisation)}",
        card=drawn,
        linked=sharing.linked_data(
            _linked(organisation, path, drawn),
            sharing.crumbs([(_("Organisasi"), "/organisasi"), (organisation.name, path)]),
        ),
        poster=f"{path}/poster.pdf",
    )


def _linked(organisation: Organisation, path: str, card: str) -> dict[str, Any]:
    """As schema.org has it; only what the page shows anyway."""
    return {
        "@type": "NGO" if organisation.kind in OF_SOCIETY else "Organization",
        "name": organisation.name,
        "description": sharing.shortened(organisation.summary, 280),
        "url": sharing.absolute(path),
        "image": sharing.absolute(card),
        "sameAs": organisation.website or None,
        "address": {
            "@type": "PostalAddress",
            "addressLocality": place_of(organisation),
            "addressCountry": organisation.country,
        },
    }
