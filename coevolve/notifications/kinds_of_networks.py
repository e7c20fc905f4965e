"""Notices about ties between localities; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "network.activated": Kind(
        group="decisions",
        subject=lazy("Hubungan daerah berlaku: %(title)s"),
        sentence=lazy("Hubungan %(title)s yang Anda usulkan berlaku mulai hari ini."),
        button=lazy("Lihat daerahnya"),
    ),
    "network.declined": Kind(
        group="decisions",
        subject=lazy("Hubungan daerah belum disetujui: %(title)s"),
        sentence=lazy("Usul hubungan %(title)s belum disetujui. Alasannya: %(reason)s"),
        button=lazy("Lihat daerahnya"),
    ),
    "network.ended": Kind(
        group="decisions",
        subject=lazy("Hubungan daerah berakhir: %(title)s"),
        sentence=lazy("Hubungan %(title)s berakhir. Alasannya: %(reason)s"),
        button=lazy("Lihat daerahnya"),
    ),
    "network.link_proposed": Kind(
        group="staff",
        subject=lazy("Usul hubungan daerah: %(title)s"),
        sentence=lazy("Hubungan %(title)s diusulkan dan menunggu keputusan."),
        button=lazy("Buka usulnya"),
        path="/moderasi/jejaring",
    ),
}
