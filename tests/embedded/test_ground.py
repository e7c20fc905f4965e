"""The ground of the tests themselves: what one test writes, the next does not see."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from coevolve.kit.db import commit, db
from coevolve.kit.jobs import after_commit
from coevolve.kit.rate import hit


@pytest.mark.parametrize("time", ["first", "second"])
def test_commits_of_a_test_are_rolled_back(session: Session, time: str) -> None:
    hit("ground", limit=1, window_seconds=3600)
    commit()
    session.execute(sa.text("SELECT 1"))


def test_a_job_is_recorded_at_commit_and_forgotten_at_rollback(session: Session, jobs: list[Any]) -> None:
    session.execute(sa.text("SELECT 1"))
    after_commit("journal.sweep", about=1)
    session.rollback()
    commit()
    assert jobs == []
    session.execute(sa.text("SELECT 1"))
    after_commit("journal.sweep", about=2)
    session.execute(sa.text("SELECT 1"))
    commit()
    assert [(job.name, job.ids) for job in jobs] == [("journal.sweep", {"about": 2})]


def test_a_request_has_a_context_of_its_own(app: Flask, session: Session, client: Any) -> None:
    assert client.get("/healthz").status_code == 200
    assert db.session() is session


def test_work_off_does_a_job_in_the_same_transaction(
    session: Session, jobs: list[Any], work_off: Any
) -> None:
    after_commit("canary.reports")
    assert work_off() == ["canary.reports"]
    assert (
        session.execute(
            sa.text("SELECT count(*) FROM worker_beat WHERE name = 'canary.reports'")
        ).scalar_one()
        == 1
    )


def test_committed_writes_are_seen_by_another_connection(committed: Any) -> None:
    hit("ground", limit=5, window_seconds=3600)
    commit()
    engine = sa.create_engine(committed.settings.database_owner_url, poolclass=sa.NullPool)
    with engine.connect() as other:
        assert other.execute(sa.text("SELECT current_user")).scalar_one() == "coevolve_owner"
    assert committed.environment["DATABASE_URL"] == committed.settings.database_url
    assert committed.client().get("/healthz").status_code == 200
