"""Whoever dies while finding supporters: afterwards each match and notice stands once, and none is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select, text

from coevolve.journal.models import JournalDue
from coevolve.kit.db import commit, session
from coevolve.matching import service
from coevolve.matching.models import Match, Pairing, PairingLine
from coevolve.notifications.models import Message
from tests.conftest import Committed
from tests.factories import listings, people

ROOT = Path(__file__).resolve().parents[2]
SWEEP = "from workers.app import WORK, run_in_transaction; run_in_transaction('journal.sweep', WORK['journal.sweep'])"


def sweep(committed: Committed, fault: str = "") -> subprocess.Popen[bytes]:
    more = {"COEVOLVE_FAULT": fault} if fault else {}
    return subprocess.Popen(
        [sys.executable, "-c", SWEEP], cwd=ROOT, env=committed.environment | more, stdout=subprocess.DEVNULL
    )


def counts() -> dict[str, int]:
    found = {
        model.__tablename__: session().scalar(select(func.count()).select_from(model)) or 0
        for model in (Match, Pairing, PairingLine)
    }
    told = Message.kind.like("match.%") | Message.kind.like("listing.op%")
    found["message"] = session().scalar(select(func.count()).select_from(Message).where(told)) or 0
    session().rollback()
    return found


def test_killed_in_the_middle_and_swept_by_two_at_once(committed: Committed) -> None:
    for _ in range(3):
        service.follow(locality_code="53", person_id=people.person().id)
    listings.open_offer()
    listings.open_need()
    commit()
    assert counts() == {"match": 0, "pairing": 0, "pairing_line": 0, "message": 0}
    for fault in ("matching.written:1", "matching.paired:2"):
        assert sweep(committed, fault).wait() == 9
        session().execute(
            text("UPDATE journal_due SET leased_until = NULL, next_at = now() - interval '1 minute'")
        )
        commit()
    killed = counts()
    assert killed["pairing"] <= 1
    both = [sweep(committed), sweep(committed)]
    assert [one.wait() for one in both] == [0, 0]
    assert session().scalar(select(func.count()).select_from(JournalDue)) == 0
    done = counts()
    # Three followers hear of both listings; the two members of each side of the pair of the other.
    assert (done["match"], done["pairing"], done["pairing_line"]) == (6, 1, 1)
    told = session().execute(
        text(
            "SELECT person_id, channel, dedupe_key, count(*) FROM message GROUP BY 1, 2, 3 HAVING count(*) > 1"
        )
    )
    assert told.all() == []
    for listing_id in session().scalars(text("SELECT id FROM listing WHERE state = 'open'")).all():
        service.find_supporters(about_id=listing_id, journal_id=0)
    commit()
    assert counts() == done
