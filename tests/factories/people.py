"""Persons for tests. All share one password, hashed once."""

from __future__ import annotations

import itertools
from typing import Any

from flask.testing import FlaskClient

from coevolve.kit import clock, db
from coevolve.people import passwords, queries, service, web
from coevolve.people.models import Person, SecondFactor, Stage

PASSWORD = "tikar pandan biru 42"
STAFF_PASSWORD = PASSWORD
_count = itertools.count(1)
_hash: list[str] = []


def person(**over: Any) -> Person:
    """An active person; `email`, `name`, `language`, `zone`, `phone` as you like."""
    number = next(_count)
    made = service.create_active(
        email=over.pop("email", f"orang{number}@contoh.example"),
        name=over.pop("name", f"Orang Nomor {number}"),
        password=None,
        language=over.pop("language", "id"),
    )
    if not _hash:
        _hash.append(passwords.hash_(PASSWORD))
    made.password_hash, made.password_changed_at = _hash[0], clock.now()
    for name, value in over.items():
        setattr(made, name, value)
    db.session().flush()
    return made


def staff(*roles: str, **over: Any) -> Person:
    """An active member of staff with an authenticator app."""
    made = person(**over)
    for role in roles:
        service.grant_role(person_id=made.id, role=role, by=None)
    service.enrol_totp(person=made)
    return made


def moderator(**over: Any) -> Person:
    """A moderator."""
    return staff("moderator", **over)


def finance(**over: Any) -> Person:
    """A member of platform finance."""
    return staff("finance", **over)


def admin(**over: Any) -> Person:
    """An admin."""
    return staff("admin", **over)


def guest(**over: Any) -> Person:
    """Somebody who is known by an address only."""
    number = next(_count)
    values = {"email": f"tamu{number}@contoh.example", "name": f"Tamu {number}", **over}
    return service.guest(**values)


def sign_in(client: FlaskClient, who: Person, *, fresh: bool = True) -> str:
    """Give a browser the cookie of a complete sign-in; fresh: a code was proven just now (an app is given if none)."""
    if fresh and not queries.has_second_factor(who.id):
        service.enrol_totp(person=who)
    token = service.start_session(person_id=who.id, browser="test", stage=Stage.full, with_factor=fresh)
    db.commit()
    client.set_cookie(web.cookie_name(), token)
    return token


def next_code(who: Person) -> str:
    """A code the app shows now, as if none of this half minute had been used yet."""
    factor = db.get(SecondFactor, who.id)
    factor.last_step = 0
    db.session().flush()
    return service.current_code(person=who)
