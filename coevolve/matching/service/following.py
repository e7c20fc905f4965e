"""Following a place, a sector, kinds of support."""

from __future__ import annotations

import uuid

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.kit.db import session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.listings import sectors
from coevolve.listings.models import KIND_BITS
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place
from coevolve.matching.models import ALL_KINDS, Interest


def follow(
    *,
    locality_code: str,
    person_id: uuid.UUID | None = None,
    organisation_id: uuid.UUID | None = None,
    sector: str | None = None,
    kinds: int = ALL_KINDS,
    min_minor: int | None = None,
    max_minor: int | None = None,
    with_neighbours: bool = False,
    by: uuid.UUID | None = None,
) -> int:
    """Follow a place (with all below it), a sector there or all, for some kinds of support; returns the interest's id.

    Following the same place and sector again changes the kinds and amounts; there is one row for each. A place whose
    code changed is followed under its new one; of a place that was split one of the new ones must be chosen.
    """
    place = _place_of_today(locality_code)
    if sector is not None and sector not in sectors.LABELS:
        raise Invalid("sector_unknown", lazy("Bidang ini tidak dikenal."), field="sektor")
    if not 1 <= kinds <= ALL_KINDS:
        raise Invalid("kinds_empty", lazy("Pilih paling sedikit satu jenis dukungan."), field="jenis")
    if min_minor is not None and max_minor is not None and min_minor > max_minor:
        raise Invalid(
            "amounts_crossed", lazy("Jumlah terkecil melebihi jumlah terbesar."), field="paling_sedikit"
        )
    if (min_minor is not None or max_minor is not None) and not kinds & KIND_BITS["money"]:
        raise Invalid(
            "amounts_without_money",
            lazy("Batas jumlah hanya berlaku bila Anda juga memilih uang."),
            field="paling_sedikit",
        )
    if with_neighbours and place.level != "regency":
        raise Invalid(
            "neighbours_level",
            lazy("Daerah di sekitarnya hanya dapat diikuti untuk kabupaten atau kota."),
            field="tetangga",
        )
    if (person_id is None) == (organisation_id is None):
        raise ValueError("either a person or an organisation follows")
    wanted = {
        "kinds": kinds,
        "min_minor": min_minor,
        "max_minor": max_minor,
        "with_neighbours": with_neighbours,
        "is_active": True,
    }
    statement = (
        upsert(Interest)
        .values(
            person_id=person_id,
            organisation_id=organisation_id,
            locality_code=place.code,
            sector=sector,
            created_by=by or person_id,
            **wanted,
        )
        .on_conflict_do_update(
            index_elements=["person_id", "organisation_id", "locality_code", "sector"], set_=wanted
        )
        .returning(Interest.id)
    )
    return int(session().execute(statement).scalar_one())


def _place_of_today(code: str) -> Place:
    place = localities.find(code)
    if place is not None and place.is_active:
        return place
    followed = [one for one in localities.successors(code) if one.is_active] if place is not None else []
    if len(followed) == 1:
        return followed[0]
    if place is not None and followed:
        raise Invalid(
            "locality_split",
            lazy(
                "%(place)s sudah dimekarkan. Pilih salah satu: %(names)s.",
                place=place.name,
                names=", ".join(one.name for one in followed[:6]),
            ),
            field="tempat",
        )
    raise Invalid("locality_not_found", lazy("Lokalitas ini tidak ada."), field="tempat")


def unfollow(
    *, interest_id: int, person_id: uuid.UUID | None = None, organisation_id: uuid.UUID | None = None
) -> bool:
    """Stop following; only one's own. Whether there was anything to stop."""
    done = session().execute(
        update(Interest)
        .where(
            Interest.id == interest_id,
            Interest.person_id.is_not_distinct_from(person_id),
            Interest.organisation_id.is_not_distinct_from(organisation_id),
            Interest.is_active,
        )
        .values(is_active=False)
        .returning(Interest.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None
