"""The states in words, and for each what comes next and who does it."""

from __future__ import annotations

from typing import Any

from coevolve.kit.i18n import lazy
from coevolve.pledges.models import FulfilmentState as F
from coevolve.pledges.models import PledgeState as S

PLEDGE: dict[S, Any] = {
    S.requested: lazy("Diminta"),
    S.offered: lazy("Ditawarkan"),
    S.accepted: lazy("Disepakati"),
    S.declined: lazy("Tidak diterima"),
    S.partly_delivered: lazy("Diserahkan sebagian"),
    S.delivered: lazy("Diserahkan"),
    S.confirmed: lazy("Diterima"),
    S.lapsed: lazy("Lewat waktu"),
    S.withdrawn: lazy("Ditarik"),
    S.cancelled: lazy("Tidak dilanjutkan"),
}

FULFILMENT: dict[F, Any] = {
    F.scheduled: lazy("Dijadwalkan"),
    F.handed_over: lazy("Sudah diserahkan"),
    F.received: lazy("Sudah dihitung"),
    F.accepted: lazy("Diterima semua"),
    F.partly_accepted: lazy("Diterima sebagian"),
    F.rejected: lazy("Ditolak"),
    F.performed: lazy("Sudah dikerjakan"),
    F.booked: lazy("Dipesan"),
    F.used: lazy("Sudah dipakai"),
    F.confirmed: lazy("Dipastikan"),
    F.contested: lazy("Dibicarakan"),
    F.no_show: lazy("Tidak jadi dipakai"),
    F.returned: lazy("Dikembalikan"),
    F.cancelled: lazy("Dibatalkan"),
}

CHAIN = (S.offered, S.accepted, S.delivered, S.confirmed)
"""What a pledge passes on its good way."""


def pledge(state: str) -> str:
    """A pledge's state in words."""
    return str(PLEDGE[S(state)])


def fulfilment(state: str) -> str:
    """A fulfilment's state in words."""
    return str(FULFILMENT[F(state)])
