"""Account mails: a row by the request, a letter by the worker.

The request never looks whether the address is known, so it takes the same time and writes the same row either way; the
link's secret exists only in the letter.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from coevolve.config import settings
from coevolve.kit import clock, db, inbox, rate
from coevolve.kit.jobs import after_commit
from coevolve.people import queries, tokens
from coevolve.people.models import LINKING, AccountMail, Person, PersonState, Purpose

MAILS_PER_ADDRESS = 5
WINDOW_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Letter:
    """What a worker renders and sends: template `mail/account_<template>`, its reader's language, its words."""

    to: str
    language: str
    template: str
    context: dict[str, Any]


def request_mail(
    *,
    purpose: Purpose,
    email: str,
    language: str = "id",
    person_id: uuid.UUID | None = None,
    about_id: uuid.UUID | None = None,
    data: dict[str, Any] | None = None,
    next_path: str = "",
) -> AccountMail:
    """Write the duty to send an account mail; a few per address and hour, so that nobody is flooded through us."""
    if purpose in LINKING:
        rate.hit(f"account_mail:{purpose}:{email}", limit=MAILS_PER_ADDRESS, window_seconds=WINDOW_SECONDS)
    mail = AccountMail(
        purpose=purpose,
        email=email,
        language=language,
        person_id=person_id,
        about_id=about_id,
        data=data or {},
        next_path=next_path,
    )
    db.session().add(mail)
    db.session().flush()
    after_commit("people.send_mails")
    return mail


def claim_due(*, limit: int = 20) -> list[uuid.UUID]:
    """Lease account mails that wait to be sent; the caller commits."""
    waiting = AccountMail.done_at.is_(None) & (AccountMail.attempts < settings().mail_tries)
    return inbox.claim(AccountMail, where=waiting, limit=limit)


def letter(mail: AccountMail) -> Letter | None:
    """The letter for a row, with a fresh link where it carries one; None when nobody should get one.

    Called again after a failed sending it makes another secret, and the older link stops working.
    """
    known = queries.find_by_email(mail.email)
    template = str(mail.purpose)
    person = db.session().get(Person, mail.person_id) if mail.person_id else known
    if mail.purpose == Purpose.sign_up and known is not None and known.state != PersonState.invited:
        if known.state != PersonState.active:
            return None
        template = "already_known"
    elif mail.purpose == Purpose.reset:
        if known is None or known.state in {PersonState.blocked, PersonState.erased}:
            return None
        if known.state == PersonState.invited:  # a guest has no password yet: the link begins the account
            mail.purpose, template = Purpose.sign_up, str(Purpose.sign_up)
    elif mail.purpose == Purpose.change_email and known is not None:
        return None
    context: dict[str, Any] = {
        "name": person.name if person is not None else "",
        "email": mail.email,
        "hours": settings().mail_link_hours,
        "home": settings().public_url.rstrip("/"),
        **mail.data,
    }
    if mail.purpose in LINKING and template == mail.purpose:
        plain, mail.token_hash = tokens.new()
        mail.expires_at = clock.now() + dt.timedelta(hours=settings().mail_link_hours)
        context["link"] = f"{settings().public_url.rstrip('/')}{PATH_OF[Purpose(mail.purpose)]}{plain}"
    return Letter(to=mail.email, language=mail.language, template=template, context=context)


PATH_OF = {
    Purpose.sign_up: "/daftar/",
    Purpose.reset: "/sandi-baru/",
    Purpose.change_email: "/surel-baru/",
    Purpose.invite: "/undangan/",
}
"""Where the link of each purpose leads; a test holds them against the routes."""
