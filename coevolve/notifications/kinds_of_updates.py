"""Notices about updates of listings; part of KINDS."""

from __future__ import annotations

from coevolve.kit.i18n import lazy
from coevolve.notifications.kind import Kind

KINDS: dict[str, Kind] = {
    "listing.update": Kind(
        group="support",
        subject=lazy("Kabar dari %(organisation)s: %(update)s"),
        sentence=lazy("%(organisation)s menulis kabar tentang “%(title)s”, yang Anda dukung: %(update)s."),
        button=lazy("Baca kabarnya"),
    ),
    "listing.update_followed": Kind(
        group="following",
        subject=lazy("Kabar baru dari %(organisation)s: %(update)s"),
        sentence=lazy("%(organisation)s menulis kabar tentang “%(title)s”, yang Anda ikuti: %(update)s."),
        button=lazy("Buka kabarnya"),
    ),
    "listing.update_hidden": Kind(
        group="decisions",
        subject=lazy("Kabar disembunyikan: %(update)s"),
        sentence=lazy(
            "Kabar “%(update)s” tentang “%(title)s” disembunyikan oleh moderator. Alasannya: %(reason)s"
        ),
        button=lazy("Lihat kabar Anda"),
    ),
}
