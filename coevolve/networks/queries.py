"""Reads of networks and links."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from coevolve.kit.db import session
from coevolve.localities import queries as localities
from coevolve.localities.queries import Place
from coevolve.networks.models import LinkState, LocalityLink, Network, NetworkLocality, NetworkOrganisation
from coevolve.organisations.models import Organisation, State


@dataclass(frozen=True, slots=True)
class NetworkLine:
    """A network in a list."""

    id: uuid.UUID
    slug: str
    name: str
    purpose: str
    places: int
    organisations: int


@dataclass(frozen=True, slots=True)
class Tie:
    """A link as one of its two places sees it."""

    id: uuid.UUID
    kind: str
    other: Place
    since: dt.date | None
    evidence: str


def find_by_slug(slug: str) -> Network | None:
    """A network, also one that ended."""
    return session().execute(select(Network).where(Network.slug == slug)).scalar_one_or_none()


def living() -> list[NetworkLine]:
    """Networks that have not ended, by name."""
    return _lines(select(Network.id).where(Network.ended_on.is_(None)))


def of_place(code: str) -> list[NetworkLine]:
    """Living networks that hold a place, or a wider place around it."""
    inside = (
        select(NetworkLocality.network_id)
        .join(Network, Network.id == NetworkLocality.network_id)
        .where(
            NetworkLocality.locality_code.in_(localities.ancestor_codes(code)),
            NetworkLocality.until.is_(None),
            Network.ended_on.is_(None),
        )
    )
    return _lines(inside)


def of_organisation(organisation_id: uuid.UUID) -> list[NetworkLine]:
    """Living networks an organisation is in."""
    inside = (
        select(NetworkOrganisation.network_id)
        .join(Network, Network.id == NetworkOrganisation.network_id)
        .where(
            NetworkOrganisation.organisation_id == organisation_id,
            NetworkOrganisation.until.is_(None),
            Network.ended_on.is_(None),
        )
    )
    return _lines(inside)


def _lines(ids: object) -> list[NetworkLine]:
    places = (
        select(func.count())
        .select_from(NetworkLocality)
        .where(NetworkLocality.network_id == Network.id, NetworkLocality.until.is_(None))
        .scalar_subquery()
    )
    members = (
        select(func.count())
        .select_from(NetworkOrganisation)
        .where(NetworkOrganisation.network_id == Network.id, NetworkOrganisation.until.is_(None))
        .scalar_subquery()
    )
    statement = (
        select(Network.id, Network.slug, Network.name, Network.purpose, places, members)
        .where(Network.id.in_(ids))  # type: ignore[arg-type]
        .order_by(Network.name, Network.id)
    )
    return [NetworkLine(*row) for row in session().execute(statement)]


def places_of(network_id: uuid.UUID) -> list[tuple[Place, dt.date]]:
    """The places of a network with the day they joined, by code."""
    rows = session().execute(
        select(NetworkLocality.locality_code, NetworkLocality.since)
        .where(NetworkLocality.network_id == network_id, NetworkLocality.until.is_(None))
        .order_by(NetworkLocality.locality_code)
    )
    return [(localities.get(code), since) for code, since in rows]


def organisations_of(network_id: uuid.UUID) -> list[tuple[Organisation, dt.date]]:
    """The checked organisations of a network with the day they joined, by name."""
    rows = session().execute(
        select(Organisation, NetworkOrganisation.since)
        .join(NetworkOrganisation, NetworkOrganisation.organisation_id == Organisation.id)
        .where(
            NetworkOrganisation.network_id == network_id,
            NetworkOrganisation.until.is_(None),
            Organisation.state == State.checked,
        )
        .order_by(Organisation.name, Organisation.id)
    )
    return [(organisation, since) for organisation, since in rows]


def ties_of(code: str) -> list[Tie]:
    """Active links of a place, by kind."""
    rows = session().execute(
        select(LocalityLink)
        .where(
            or_(LocalityLink.a_code == code, LocalityLink.b_code == code),
            LocalityLink.state == LinkState.active,
        )
        .order_by(LocalityLink.kind, LocalityLink.since, LocalityLink.id)
    )
    return [
        Tie(
            link.id,
            link.kind,
            localities.get(link.b_code if link.a_code == code else link.a_code),
            link.since,
            link.evidence,
        )
        for link in rows.scalars()
    ]


def links(states: Iterable[str], *, limit: int = 200) -> list[LocalityLink]:
    """Links in these states, the oldest first."""
    statement = (
        select(LocalityLink)
        .where(LocalityLink.state.in_([str(state) for state in states]))
        .order_by(LocalityLink.created_at, LocalityLink.id)
        .limit(limit)
    )
    return list(session().execute(statement).scalars())


def count_proposed() -> int:
    """How many proposed links wait for an admin."""
    statement = select(func.count()).select_from(LocalityLink).where(LocalityLink.state == LinkState.proposed)
    return int(session().execute(statement).scalar_one())
