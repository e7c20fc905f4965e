"""What a bounce or a complaint does: the letter did not arrive, and its address may get no more."""

from __future__ import annotations

from sqlalchemy import select, update

from coevolve.kit.db import session
from coevolve.notifications.bounces import Report
from coevolve.notifications.models import Digest, Message, MessageState
from coevolve.notifications.service import standing, wishes
from coevolve.people.models import Person


def take(report: Report) -> str:
    """Note what came back; returns what became of it. Repeating it changes nothing but the count of full mailboxes."""
    model = Message if report.letter == "m" else Digest
    whose = select(Person).join(model, model.person_id == Person.id).where(model.id == report.number)
    person = session().execute(whose).scalar_one_or_none()
    if person is None or person.email is None:
        return "nobody"
    if not report.cause:
        return "ignored"
    is_stopped = standing.note(address=person.email, cause=report.cause, says=report.says)
    if report.letter == "m" and report.cause != "complaint":
        _did_not_arrive(report)
    if report.cause == "complaint":
        wishes.stop(person_id=person.id)
    if is_stopped:
        standing.tell_stopped(person_id=person.id, address=person.email)
    return "stopped" if is_stopped else "noted"


def _did_not_arrive(report: Report) -> None:
    """The letter counted as sent; now its last state is that it came back."""
    session().execute(
        update(Message)
        .where(Message.id == report.number, Message.channel == "email", Message.state == MessageState.sent)
        .values(state=MessageState.given_up, last_error=f"came back: {report.says}"[:2000])
        .execution_options(synchronize_session=False)
    )
