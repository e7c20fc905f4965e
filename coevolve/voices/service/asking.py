"""Questions in public, and their answers."""

from __future__ import annotations

import uuid

from coevolve.journal import service as journal
from coevolve.kit import clock
from coevolve.kit.db import lock, session
from coevolve.kit.errors import Forbidden, InvalidMove
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import begin, move
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.voices import policy
from coevolve.voices.models import Question, QuestionState
from coevolve.voices.service.shared import body, listing_of, path_of, public_listing, tell


def ask(*, listing_id: uuid.UUID, by: Person, text: str, is_name_public: bool = False) -> Question:
    """Ask in public; the organisation is told, and the one who asked hears the answer."""
    listing = public_listing(listing_id)
    if not policy.may_ask(by, listing):
        raise Forbidden("not_now", lazy("Tayangan ini tidak menerima pertanyaan dari Anda sekarang."))
    question = Question(
        listing_id=listing.id,
        person_id=by.id,
        is_name_public=is_name_public,
        text=body(text, field="text", most=1000),
        state=QuestionState.open,
    )
    begin(question, by=by.id)
    journal.record("question.asked", about=("listing", listing.id), by=by.id, visibility="parties")
    notifications.subscribe(person_id=by.id, about=("question", question.id), reason="asked")
    organisation = organisations.get(listing.organisation_id)
    tell(
        "question.asked",
        [member.id for member in organisations.members_of(organisation.id, roles=("owner", "member"))],
        about=("question", question.id),
        listing=listing,
        path=f"/dasbor/{organisation.slug}/listing/{listing.id}/suara",
        key=str(question.id),
        for_organisation=organisation.id,
        text=question.text[:300],
    )
    return question


def answer(*, question_id: uuid.UUID, by: Person, text: str) -> Question:
    """Answer in public, or better an answer; who asked is told once, of the first."""
    question = lock(Question, question_id)
    listing = listing_of(question.listing_id)
    if not policy.may_write(by, listing):
        raise Forbidden("not_yours", lazy("Langkah ini tidak dapat Anda lakukan pada tayangan ini sekarang."))
    said = body(text, field="answer", most=2000)
    if question.state == QuestionState.hidden:
        raise InvalidMove("hidden", lazy("Pertanyaan ini disembunyikan moderator."))
    question.answer, question.answered_by, question.answered_at = said, by.id, clock.now()
    if question.state == QuestionState.open:
        move(question, QuestionState.answered, by=by.id)
    session().flush()
    journal.record(
        "question.answered",
        about=("listing", listing.id),
        by=by.id,
        for_organisation=listing.organisation_id,
        visibility="parties",
    )
    tell(
        "question.answered",
        [question.person_id],
        about=("question", question.id),
        listing=listing,
        path=f"{path_of(listing)}#tanya",
        key=str(question.id),
        organisation=organisations.get(listing.organisation_id).name,
        text=question.answer[:300],
    )
    return question


def hide_question(*, question_id: uuid.UUID, by: Person, reason: str) -> Question:
    """A moderator takes a question from the page; who asked reads why."""
    question = lock(Question, question_id)
    listing = listing_of(question.listing_id)
    if "moderator" not in people.staff_roles(by.id):
        raise Forbidden("not_moderator", lazy("Hanya moderator yang dapat menyembunyikan pertanyaan."))
    question.hidden_because = body(reason, field="reason", most=1000)
    question.hidden_by = by.id
    move(question, QuestionState.hidden, by=by.id)
    journal.record(
        "question.hidden",
        about=("listing", listing.id),
        by=by.id,
        data={"reason": question.hidden_because},
        visibility="parties",
    )
    tell(
        "question.hidden",
        [question.person_id],
        about=("question", question.id),
        listing=listing,
        path=path_of(listing),
        key=str(question.id),
        reason=question.hidden_because[:600],
    )
    return question
