"""Use cases of networks and links."""

from __future__ import annotations

import uuid

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import Model, lock, session
from coevolve.kit.errors import Conflict, Forbidden, Invalid, InvalidMove, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_line, clean_text, refuse_nul, unique_slug
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place
from coevolve.networks import policy
from coevolve.networks.models import LinkState, LocalityLink, Network, NetworkLocality, NetworkOrganisation
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person

KINDS = ("sister", "shared_need", "learning")


# --- networks ---------------------------------------------------------------------------------------


def found(*, name: str, purpose: str, by: Person) -> Network:
    """Begin a network; Conflict when a living one has this name."""
    _admin(by)
    name, purpose = _words(name, purpose)
    network = Network(
        slug=unique_slug(name), name=name, purpose=purpose, founded_on=clock.today(), created_by=by.id
    )
    _add(network, lazy("Sudah ada jejaring dengan nama ini."), field="name")
    _note("network.founded", network.id, by)
    return network


def revise(*, network_id: uuid.UUID, name: str, purpose: str, by: Person) -> Network:
    """Change what a network is called and for; its address stays."""
    _admin(by)
    network = _living(network_id)
    name, purpose = _words(name, purpose)
    before = {"name": network.name, "purpose": network.purpose}
    try:
        with session().begin_nested():
            network.name, network.purpose = name, purpose
            session().flush()
    except IntegrityError as trouble:
        raise Conflict("known_name", lazy("Sudah ada jejaring dengan nama ini."), field="name") from trouble
    _note("network.revised", network.id, by, before)
    return network


def dissolve(*, network_id: uuid.UUID, by: Person) -> Network:
    """End a network; its page stays, with the day."""
    _admin(by)
    network = _living(network_id)
    network.ended_on = clock.today()
    session().flush()
    _note("network.dissolved", network.id, by)
    return network


def put_locality(*, network_id: uuid.UUID, code: str, by: Person) -> NetworkLocality:
    """A place joins; Conflict when it is in already."""
    _admin(by)
    network, place = _living(network_id), _place(code, "place")
    member = NetworkLocality(network_id=network.id, locality_code=place.code, since=clock.today())
    _add(member, lazy("Daerah ini sudah ada di dalam jejaring."), field="place")
    _note("network.place_joined", network.id, by, {"code": place.code})
    return member


def take_locality(*, network_id: uuid.UUID, code: str, by: Person) -> None:
    """A place leaves; NotFound when it is not in."""
    _admin(by)
    _leave(
        select(NetworkLocality).where(
            NetworkLocality.network_id == network_id,
            NetworkLocality.locality_code == code,
            NetworkLocality.until.is_(None),
        )
    )
    _note("network.place_left", network_id, by, {"code": code})


def put_organisation(*, network_id: uuid.UUID, slug: str, by: Person) -> NetworkOrganisation:
    """A checked organisation joins; Conflict when it is in already."""
    _admin(by)
    network = _living(network_id)
    organisation = organisations.find_by_slug(slug.strip())
    if organisation is None or not organisations.may_publish(organisation):
        raise Invalid(
            "organisation", lazy("Tidak ada organisasi terperiksa dengan alamat ini."), field="organisation"
        )
    member = NetworkOrganisation(network_id=network.id, organisation_id=organisation.id, since=clock.today())
    _add(member, lazy("Organisasi ini sudah ada di dalam jejaring."), field="organisation")
    _note("network.organisation_joined", network.id, by, {"organisation": str(organisation.id)})
    return member


def take_organisation(*, network_id: uuid.UUID, organisation_id: uuid.UUID, by: Person) -> None:
    """An organisation leaves; NotFound when it is not in."""
    _admin(by)
    _leave(
        select(NetworkOrganisation).where(
            NetworkOrganisation.network_id == network_id,
            NetworkOrganisation.organisation_id == organisation_id,
            NetworkOrganisation.until.is_(None),
        )
    )
    _note("network.organisation_left", network_id, by, {"organisation": str(organisation_id)})


# --- links ------------------------------------------------------------------------------------------


def propose_link(*, code: str, other: str, kind: str, evidence: str, by: Person) -> LocalityLink:
    """Propose a tie of two places; admins hear of it. Forbidden for whoever speaks for neither of them."""
    one, two = _place(code, "place"), _place(other, "other")
    evidence = refuse_nul(clean_text(evidence))
    if kind not in KINDS:
        raise Invalid("kind", lazy("Pilih jenis hubungannya."), field="kind")
    if not 1 <= len(evidence) <= 1000:
        raise Invalid(
            "evidence",
            lazy("Tulis apa yang menunjukkan hubungan ini, paling banyak 1.000 huruf."),
            field="evidence",
        )
    if one.code in localities.ancestor_codes(two.code) or two.code in localities.ancestor_codes(one.code):
        raise Invalid(
            "inside",
            lazy("Daerah yang satu berada di dalam yang lain. Pilih dua daerah yang terpisah."),
            field="other",
        )
    if not policy.may_propose(by, one.code, two.code):
        raise Forbidden("not_yours", lazy("Anda tidak mewakili salah satu dari dua daerah ini."))
    first, second = sorted((one.code, two.code))
    link = LocalityLink(
        a_code=first, b_code=second, kind=kind, evidence=evidence, state=LinkState.proposed, proposed_by=by.id
    )
    try:
        with session().begin_nested():
            begin(link, by=by.id)
    except IntegrityError as trouble:
        raise Conflict(
            "known_link", lazy("Hubungan ini sudah diusulkan atau sudah berlaku."), field="other"
        ) from trouble
    journal.record("locality_link.proposed", about=("locality_link", link.id), by=by.id, visibility="staff")
    notifications.queue(
        kind="network.link_proposed",
        person_ids=[person.id for person in people.staff_with("admin") if person.id != by.id],
        about=("locality_link", link.id),
        data={"title": f"{one.name} – {two.name}"},
        dedupe_key=f"network.link_proposed:{link.id}",
    )
    return link


def activate_link(*, link_id: uuid.UUID, by: Person) -> LocalityLink:
    """The tie holds from today."""
    link = _decide(link_id, by, LinkState.active)
    link.since = clock.today()
    _tell(link, "locality_link.activated", by, visibility="public")
    return link


def decline_link(*, link_id: uuid.UUID, reason: str, by: Person) -> LocalityLink:
    """The tie is not taken up; the proposer reads why."""
    said = _reason(reason)
    link = _decide(link_id, by, LinkState.declined)
    link.reason = said
    _tell(link, "locality_link.declined", by, visibility="staff")
    return link


def end_link(*, link_id: uuid.UUID, reason: str, by: Person) -> LocalityLink:
    """The tie ends today."""
    said = _reason(reason)
    link = _decide(link_id, by, LinkState.ended)
    link.until, link.reason = clock.today(), said
    _tell(link, "locality_link.ended", by, visibility="public")
    return link


def _decide(link_id: uuid.UUID, by: Person, to: LinkState) -> LocalityLink:
    _admin(by)
    link = lock(LocalityLink, link_id)
    move(link, to, by=by.id)
    return link


def _tell(link: LocalityLink, kind: str, by: Person, *, visibility: str) -> None:
    session().flush()
    journal.record(
        kind, about=("locality_link", link.id), by=by.id, data={"reason": link.reason}, visibility=visibility
    )
    title = f"{localities.get(link.a_code).name} – {localities.get(link.b_code).name}"
    notifications.queue(
        kind=f"network.{kind.rpartition('.')[2]}",
        person_ids={link.proposed_by} - {by.id},
        about=("locality_link", link.id),
        data={"title": title, "reason": link.reason, "path": f"/lokalitas/{link.a_code}"},
        dedupe_key=f"{kind}:{link.id}",
    )


# --- shared -----------------------------------------------------------------------------------------


def _admin(person: Person) -> None:
    if not policy.may_manage(person):
        raise Forbidden("not_admin", lazy("Hanya admin yang mengurus jejaring."))


def _words(name: str, purpose: str) -> tuple[str, str]:
    name, purpose = refuse_nul(clean_line(name)), refuse_nul(clean_text(purpose))
    if not 3 <= len(name) <= 120:
        raise Invalid("name", lazy("Tulis nama jejaring, 3 sampai 120 huruf."), field="name")
    if not 1 <= len(purpose) <= 2000:
        raise Invalid("purpose", lazy("Tulis tujuan jejaring, paling banyak 2.000 huruf."), field="purpose")
    return name, purpose


def _reason(text: str) -> str:
    said = refuse_nul(clean_text(text))
    if not 1 <= len(said) <= 1000:
        raise Invalid("reason", lazy("Tulis alasannya, paling banyak 1.000 huruf."), field="reason")
    return said


def _place(code: str, field: str) -> Place:
    place = localities.find(code.strip()[:20])
    if place is None or not place.is_active or place.level in {"country", "village"}:
        raise Invalid("place", lazy("Pilih wilayah, provinsi, kabupaten, kota, atau kecamatan."), field=field)
    return place


def _living(network_id: uuid.UUID) -> Network:
    network = lock(Network, network_id)
    if network.ended_on is not None:
        raise InvalidMove("ended", lazy("Jejaring ini sudah berakhir."))
    return network


def _add(row: Model, message: object, *, field: str) -> None:
    try:
        with session().begin_nested():
            session().add(row)
            session().flush()
    except IntegrityError as trouble:
        raise Conflict("known", message, field=field) from trouble


def _leave(statement: Select[NetworkLocality] | Select[NetworkOrganisation]) -> None:
    member = session().execute(statement.with_for_update()).scalar_one_or_none()
    if member is None:
        raise NotFound("not_member", lazy("Anggota ini tidak ada di dalam jejaring."))
    member.until = clock.today()
    session().flush()


def _note(kind: str, network_id: uuid.UUID, by: Person, data: dict[str, str] | None = None) -> None:
    journal.record(kind, about=("network", network_id), by=by.id, data=data, visibility="public")


__all__ = [
    "KINDS",
    "activate_link",
    "decline_link",
    "dissolve",
    "end_link",
    "found",
    "propose_link",
    "put_locality",
    "put_organisation",
    "revise",
    "take_locality",
    "take_organisation",
]
