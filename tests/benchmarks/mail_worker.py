"""The worker of the mail benchmark: the application's own tasks, and beside them the naive way, one task a row.

celery --app tests.benchmarks.mail_worker worker --queues mail
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from coevolve.kit import clock, mail
from coevolve.kit.db import session
from coevolve.notifications import channels, letters, texting
from coevolve.notifications.models import Message, MessageState
from coevolve.people.models import Person
from workers.app import celery, run_in_transaction


@celery.task(name="notifications.one", queue="mail", shared=False)
def one(message_id: int) -> None:
    """Send one message: what each task would do if every message had its own."""
    run_in_transaction("notifications.one", _send, message_id)


def _send(message_id: int) -> None:
    row: Any = session().get(Message, message_id, with_for_update=True)
    if row.state != MessageState.queued:
        return
    person: Any = session().get(Person, row.person_id)
    if row.channel == "email":
        letter = letters.notice(
            key=f"message-{row.id}",
            kind=row.kind,
            data=row.data,
            person_id=uuid.UUID(str(person.id)),
            to=person.email,
            name=person.name,
            language=person.language,
            zone=person.zone,
        )
        mail.send(letter)
    else:
        words = texting.written(row.kind, json.dumps(row.data, sort_keys=True), person.language, person.zone)
        channels.channel(row.channel).send([channels.Text(person.phone, words, f"message-{row.id}")])
    row.state, row.sent_at = MessageState.sent, clock.now()
