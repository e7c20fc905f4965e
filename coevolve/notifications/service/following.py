"""Subscriptions to one thing: who follows it, and the person who asked, hears what becomes of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.notifications.models import Subscription
from coevolve.notifications.service.queueing import queue_from_select


def subscribe(*, person_id: uuid.UUID, about: tuple[str, uuid.UUID], reason: str = "follow") -> None:
    """Let a person hear what becomes of a thing: `follow`, or because they asked, reported or commented.

    Repeating it changes nothing; only a person's own `follow` begins again what they ended.
    """
    statement = upsert(Subscription).values(
        person_id=person_id, about_kind=about[0], about_id=about[1], reason=reason
    )
    keys = ["person_id", "about_kind", "about_id"]
    session().execute(
        statement.on_conflict_do_update(index_elements=keys, set_={"ended_at": None})
        if reason == "follow"
        else statement.on_conflict_do_nothing()
    )


def unsubscribe(*, person_id: uuid.UUID, about: tuple[str, uuid.UUID]) -> None:
    """End it; repeating it changes nothing."""
    session().execute(
        update(Subscription)
        .where(
            Subscription.person_id == person_id,
            Subscription.about_kind == about[0],
            Subscription.about_id == about[1],
            Subscription.ended_at.is_(None),
        )
        .values(ended_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def tell_subscribers(
    *,
    kind: str,
    about: tuple[str, uuid.UUID],
    data: Mapping[str, Any],
    dedupe_key: str,
    but: uuid.UUID | None = None,
    reasons: tuple[str, ...] = (),
) -> int:
    """Tell everybody who follows or asked, in one statement; `but` not the one who did it, and only for `reasons`."""
    people = select(Subscription.person_id, literal(dict(data), JSONB()).label("data")).where(
        Subscription.about_kind == about[0],
        Subscription.about_id == about[1],
        Subscription.ended_at.is_(None),
    )
    if but is not None:
        people = people.where(Subscription.person_id != but)
    if reasons:
        people = people.where(Subscription.reason.in_(reasons))
    return queue_from_select(kind=kind, people=people, about=about, dedupe_key=dedupe_key)


def is_subscribed(*, person_id: uuid.UUID, about: tuple[str, uuid.UUID]) -> bool:
    """Whether the person hears of it."""
    statement = select(func.count()).where(
        Subscription.person_id == person_id,
        Subscription.about_kind == about[0],
        Subscription.about_id == about[1],
        Subscription.ended_at.is_(None),
    )
    return bool(session().execute(statement).scalar_one())
