"""Reads of voices."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Text, cast, func, select

from coevolve.kit.db import session
from coevolve.kit.reads import Question as Asked
from coevolve.listings.models import Listing
from coevolve.organisations.models import Organisation
from coevolve.voices.models import (
    Attestation,
    AttestationState,
    ListingPartner,
    PartnerState,
    Question,
    QuestionState,
)

SHOWN_QUESTIONS = 20


class ShownAttestation(NamedTuple):
    """An official's statement as everybody sees it."""

    name: str
    office: str
    agency: str
    method: str
    text: str
    given_at: dt.datetime


class ShownQuestion(NamedTuple):
    """A question as everybody sees it; the name only when its writer wished so."""

    id: uuid.UUID
    name: str
    text: str
    asked_at: dt.datetime
    answer: str
    answered_at: dt.datetime | None


class ShownPartner(NamedTuple):
    """An organisation that asks jointly."""

    slug: str
    name: str
    part: str


class Voices(NamedTuple):
    """All that is said about a listing by others."""

    attestations: tuple[ShownAttestation, ...] = ()
    questions: tuple[ShownQuestion, ...] = ()
    partners: tuple[ShownPartner, ...] = ()


_VOICES = f"""
SELECT coalesce(jsonb_agg(jsonb_build_array(what, one, two, three, four, words, at, later, id)
                          ORDER BY at DESC, id), '[]') AS voices
  FROM (
    SELECT 'attestation' AS what, name AS one, office AS two, agency AS three, method AS four, text AS words,
           given_at AS at, NULL::timestamptz AS later, id
      FROM attestation WHERE listing_id = %(listing)s AND state = 'given'
     UNION ALL
    SELECT 'partner', o.slug, o.name, p.part, '', '', p.answered_at, NULL, p.id
      FROM listing_partner p JOIN organisation o ON o.id = p.organisation_id
     WHERE p.listing_id = %(listing)s AND p.state = 'accepted' AND o.state = 'checked'
     UNION ALL
    SELECT * FROM (
      SELECT 'question', CASE WHEN q.is_name_public THEN person.name ELSE '' END, '', '', q.answer, q.text,
             q.created_at, q.answered_at, q.id
        FROM question q JOIN person ON person.id = q.person_id
       WHERE q.listing_id = %(listing)s AND q.state IN ('open', 'answered')
       ORDER BY q.created_at DESC LIMIT {SHOWN_QUESTIONS}) newest
  ) said
"""


def asks_voices(listing_id: uuid.UUID) -> Asked[Voices]:
    """Statements, questions and partners of a listing as one row, newest first (for `reads.beside`)."""
    return Asked(_VOICES, {"listing": listing_id}, _made)


def _made(rows: Sequence[tuple[Any, ...]]) -> Voices:
    attestations, questions, partners = [], [], []
    for what, one, two, three, four, said, at, later, key in rows[0][0]:
        if what == "attestation":
            attestations.append(ShownAttestation(one, two, three, four, said, _moment(at)))
        elif what == "partner":
            partners.append(ShownPartner(one, two, three))
        else:
            answered_at = _moment(later) if later else None
            questions.append(ShownQuestion(uuid.UUID(key), one, said, _moment(at), four, answered_at))
    return Voices(tuple(attestations), tuple(questions), tuple(partners))


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


# --- for the desk -----------------------------------------------------------------------------------


def find_attestation(attestation_id: uuid.UUID) -> Attestation | None:
    """One attestation."""
    return session().get(Attestation, attestation_id)


def find_question(question_id: uuid.UUID) -> Question | None:
    """One question."""
    return session().get(Question, question_id)


def attestations_of(listing_id: uuid.UUID) -> list[Attestation]:
    """All attestations of a listing, newest first."""
    statement = (
        select(Attestation)
        .where(Attestation.listing_id == listing_id)
        .order_by(Attestation.created_at.desc(), Attestation.id)
    )
    return list(session().execute(statement).scalars())


def questions_of(listing_id: uuid.UUID) -> list[Question]:
    """All questions of a listing, unanswered first, then newest first."""
    statement = (
        select(Question)
        .where(Question.listing_id == listing_id)
        .order_by((Question.state == QuestionState.open).desc(), Question.created_at.desc(), Question.id)
        .limit(200)
    )
    return list(session().execute(statement).scalars())


def newest_questions(limit: int = 50) -> list[tuple[Question, Listing]]:
    """The newest questions of all listings."""
    statement = (
        select(Question, Listing)
        .join(Listing, Listing.id == Question.listing_id)
        .order_by(Question.created_at.desc(), Question.id)
        .limit(limit)
    )
    return [(question, listing) for question, listing in session().execute(statement)]


def partners_of(listing_id: uuid.UUID) -> list[tuple[ListingPartner, Organisation]]:
    """All partners a listing has, had or invited, newest first."""
    statement = (
        select(ListingPartner, Organisation)
        .join(Organisation, Organisation.id == ListingPartner.organisation_id)
        .where(ListingPartner.listing_id == listing_id)
        .order_by(ListingPartner.created_at.desc(), ListingPartner.id)
    )
    return [(partner, organisation) for partner, organisation in session().execute(statement)]


def joint_of(organisation_id: uuid.UUID) -> list[tuple[ListingPartner, Listing, Organisation]]:
    """Invitations that wait and partnerships that hold, with the listing and who leads; invitations first."""
    statement = (
        select(ListingPartner, Listing, Organisation)
        .join(Listing, Listing.id == ListingPartner.listing_id)
        .join(Organisation, Organisation.id == Listing.organisation_id)
        .where(
            ListingPartner.organisation_id == organisation_id,
            ListingPartner.state.in_((PartnerState.invited, PartnerState.accepted)),
        )
        .order_by((ListingPartner.state == PartnerState.invited).desc(), ListingPartner.created_at.desc())
    )
    return [(partner, listing, lead) for partner, listing, lead in session().execute(statement)]


class Waiting(NamedTuple):
    """What waits for an organisation."""

    questions: int
    invitations: int
    listing_id: uuid.UUID | None
    """One of its listings with an unanswered question."""


def waiting_for(organisation_id: uuid.UUID) -> Waiting:
    """Unanswered questions about its listings, and invitations to ask together."""
    questions = session().execute(
        select(func.count(), func.min(cast(Question.listing_id, Text)))
        .join(Listing, Listing.id == Question.listing_id)
        .where(Listing.organisation_id == organisation_id, Question.state == QuestionState.open)
    )
    count, first = questions.one()
    invitations = session().execute(
        select(func.count())
        .select_from(ListingPartner)
        .where(
            ListingPartner.organisation_id == organisation_id,
            ListingPartner.state == PartnerState.invited,
        )
    )
    return Waiting(int(count), int(invitations.scalar_one()), uuid.UUID(first) if first else None)


def is_asked(attestation: Attestation) -> bool:
    """Whether the official has not answered yet."""
    return attestation.state == AttestationState.asked
