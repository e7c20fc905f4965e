"""What the pages of moderators share."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint

from coevolve.kit import clock, i18n
from coevolve.kit.errors import NotFound
from coevolve.kit.i18n import _, lazy
from coevolve.kit.pages import actor
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.listings.queries.cards import PATHS
from coevolve.localities import queries as localities
from coevolve.moderation import queries
from coevolve.moderation.models import Decision, Verdict
from coevolve.organisations import queries as organisations
from coevolve.organisations import words
from coevolve.organisations.models import Organisation
from coevolve.people.models import Person

blueprint = Blueprint("moderation", __name__)

NOT_FOUND = lazy("Halaman atau data ini tidak ada.")
TABS = ("tayangan", "organisasi", "laporan")
VERDICTS = {
    Verdict.approve: lazy("menyetujui"),
    Verdict.return_: lazy("meminta perbaikan"),
    Verdict.reject: lazy("menolak"),
    Verdict.dismiss: lazy("menilai laporan tidak berdasar"),
    Verdict.freeze: lazy("membekukan"),
    Verdict.unfreeze: lazy("mencabut pembekuan"),
    Verdict.close: lazy("menutup"),
}
REPORTS_PER_DAY = 5


def me() -> Person:
    """The moderator (the guard has seen to it)."""
    person: Person | None = actor()
    if person is None:
        raise NotFound("not_found", NOT_FOUND)
    return person


def age_of(since: Any) -> str:
    """How long something has been waiting: what moderators look at first."""
    if since is None:
        return ""
    hours = int((clock.now() - since).total_seconds() // 3600)
    if hours < 1:
        return _("kurang dari 1 jam")
    if hours < 48:
        return i18n.ngettext("%(num)s jam", "%(num)s jam", hours)
    return i18n.ngettext("%(num)s hari", "%(num)s hari", hours // 24)


def place_name(code: str) -> str:
    """A place's full name; the code itself when we do not know it."""
    place = localities.find(code)
    return localities.path_label(place) if place else code


def found_listing(listing_id: uuid.UUID) -> Listing:
    """The listing; absent ones are not found."""
    found = listings.find(listing_id)
    if found is None:
        raise NotFound("not_found", NOT_FOUND)
    return found


def path_of(listing: Listing) -> str:
    """The public address of a listing."""
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def organisation_facts(organisation: Organisation) -> list[tuple[str, Any]]:
    """What a moderator should know of the organisation behind something."""
    trust = organisations.trust_card(organisation)
    checked = "; ".join(
        f"{words.SUBJECTS[line.subject]} ({i18n.short_date(line.checked_on)})" for line in trust.checked
    )
    own = listings.of_organisation(organisation.id)
    return [
        (_("Nama"), organisation.name),
        (_("Jenis"), words.KINDS[organisation.kind]),
        (_("Keadaan"), words.STATES[organisation.state]),
        (_("Tempat kedudukan"), place_name(organisation.home_locality_code)),
        (_("Yang sudah diperiksa"), checked or _("Belum ada")),
        (_("Tayangan yang pernah terbuka"), i18n.number(sum(one.opened_at is not None for one in own))),
        (_("Terdaftar sejak"), i18n.date(organisation.created_at)),
    ]


def log_of(about_kind: str, about_id: uuid.UUID) -> list[tuple[str, str]]:
    """What was decided about one thing, newest first, with who and why."""
    return [
        (i18n.datetime(d.created_at, me().zone), _sentence(d, name))
        for d, name in queries.decisions_about(about_kind, about_id)
    ]


def _sentence(decision: Decision, name: str) -> str:
    said = " ".join([decision.text, *map(str, decision.remarks.values())]).strip()
    verdict = VERDICTS[Verdict(decision.verdict)]
    return f"{name} {verdict}: {said}" if said else f"{name} {verdict}"
