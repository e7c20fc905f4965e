"""Networks and ties of the world's places."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select

from coevolve.kit.db import get, session
from coevolve.networks import service
from coevolve.organisations.models import Organisation, State
from coevolve.people.models import Person

NETWORKS = (
    (
        "Jejaring Air Nusa Tenggara",
        "Kabupaten kering yang berbagi tukang pipa, gambar sumur resapan, dan harga bahan; bertemu dua kali setahun.",
        ("53.02", "53.03", "53.04", "53.11", "52.03"),
    ),
    (
        "Jejaring Pesisir Sulawesi",
        "Desa pesisir yang memulihkan bakau bersama kelompok nelayan dan sekolah.",
        ("73.09", "73.10", "74.03", "72.04"),
    ),
)
TIES = (
    (
        "53.02",
        "53.03",
        "shared_need",
        "Kesepakatan dua Bappeda tentang daerah tangkapan air, 12 Februari 2026.",
    ),
    (
        "53.02",
        "34.03",
        "learning",
        "Kunjungan belajar tangki air hujan, 4 April 2026; 14 perangkat desa ikut.",
    ),
    ("53.04", "TL-OE", "sister", "Pertemuan perbatasan tentang pasar bersama, 21 Mei 2026."),
)
WAITING = (
    "53.02",
    "73.09",
    "learning",
    "Undangan pelatihan bakau untuk desa pesisir selatan, surat 30 Oktober 2026.",
)


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """Two networks with their places and organisations, ties that hold, and one that waits for an admin."""
    admin = get(Person, accounts["admin@demo.example"])
    officer = get(Person, accounts["pemda@demo.example"])
    for name, purpose, codes in NETWORKS:
        network = service.found(name=name, purpose=purpose, by=admin)
        for code in codes:
            service.put_locality(network_id=network.id, code=code, by=admin)
        for slug in _seated(codes):
            service.put_organisation(network_id=network.id, slug=slug, by=admin)
    for code, other, kind, evidence in TIES:
        link = service.propose_link(code=code, other=other, kind=kind, evidence=evidence, by=admin)
        service.activate_link(link_id=link.id, by=admin)
    code, other, kind, evidence = WAITING
    service.propose_link(code=code, other=other, kind=kind, evidence=evidence, by=officer)


def _seated(codes: tuple[str, ...]) -> list[str]:
    """A few checked organisations of these places."""
    statement = (
        select(Organisation.slug)
        .where(
            Organisation.home_locality_code.in_(codes),
            Organisation.kind.in_(("cso", "community_group")),
            Organisation.state == State.checked,
        )
        .order_by(Organisation.name)
        .limit(4)
    )
    return list(session().execute(statement).scalars())
