"""Running the reactions to what happened."""

from __future__ import annotations

from sqlalchemy import true

from coevolve.journal.models import JournalDue, JournalLine
from coevolve.kit import inbox
from coevolve.kit.db import commit, get, session
from workers.app import task
from workers.reactions import REACTIONS


@task("journal.react")
def react(journal_id: int) -> None:
    """Run the reactions of one line, if nobody is at it."""
    for claimed in inbox.claim(JournalDue, where=JournalDue.journal_id == journal_id, limit=1):
        commit()
        run(claimed)


@task("journal.sweep")
def sweep() -> None:
    """Take up lines whose message was lost."""
    claimed = inbox.claim(JournalDue, where=true(), limit=100)
    commit()
    for journal_id in claimed:
        run(journal_id)


def run(journal_id: int) -> None:
    """All reactions of one line and the removal of its due row, in one transaction; a failing line comes back."""
    due = session().get(JournalDue, journal_id)
    if due is None:
        return
    line = get(JournalLine, journal_id)
    try:
        with session().begin_nested():
            for reaction in REACTIONS.get(line.kind, []):
                reaction(about_id=line.about_id, journal_id=line.id)
            session().delete(due)
    except Exception as trouble:
        inbox.back_off(due, repr(trouble))
    commit()
