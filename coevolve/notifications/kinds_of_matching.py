"""Notices about matches that somebody follows up, and invitations between CSOs; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "match.contacted": Kind(
        group="support",
        subject=lazy("%(giver)s menulis tentang %(title)s"),
        sentence=lazy("%(giver)s menulis kepada Anda tentang “%(title)s”: “%(reason)s”"),
        button=lazy("Baca dan jawab"),
        path="/dasbor/kecocokan",
    ),
    "peer.accepted": Kind(
        group="support",
        subject=lazy("%(organisation)s menyambut ajakan Anda"),
        sentence=lazy("%(organisation)s menyambut ajakan berbicara tentang “%(title)s”: “%(reason)s”"),
        button=lazy("Buka ajakannya"),
        path="/dasbor/kecocokan",
    ),
    "peer.declined": Kind(
        group="support",
        subject=lazy("%(organisation)s belum bersedia berbicara"),
        sentence=lazy("%(organisation)s belum bersedia berbicara tentang “%(title)s”: “%(reason)s”"),
        button=lazy("Buka ajakannya"),
        path="/dasbor/kecocokan",
    ),
    "peer.invited": Kind(
        group="support",
        subject=lazy("%(organisation)s mengajak berbicara tentang %(title)s"),
        sentence=lazy(
            "%(organisation)s mencari hal yang sama dengan “%(title)s” dan mengajak Anda berbicara: “%(reason)s”"
        ),
        button=lazy("Baca ajakannya"),
        path="/dasbor/kecocokan",
    ),
}
