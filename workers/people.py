"""Account mails and what time does to sessions."""

from __future__ import annotations

import logging
import smtplib

from coevolve.kit import clock, db, inbox, mail
from coevolve.notifications import bounces, letters
from coevolve.notifications.service import standing
from coevolve.people import service as people
from coevolve.people.models import AccountMail
from workers.app import task

log = logging.getLogger(__name__)
AT_ONCE = 20


@task("people.send_mails")
def send_mails() -> None:
    """Send the account mails that wait; each is committed on its own."""
    due = people.claim_due(limit=AT_ONCE)
    db.commit()
    for mail_id in due:
        _send(db.get(AccountMail, mail_id))
        db.commit()


def _send(row: AccountMail) -> None:
    letter = people.letter(row)
    db.commit()
    try:
        if letter is not None:
            mail.send(
                letters.compose(
                    template=f"account_{letter.template}",
                    to=letter.to,
                    language=letter.language,
                    context=letter.context,
                    name=letter.context["name"],
                )
            )
        row.done_at = clock.now()
    except mail.MailRefused as refusal:
        log.warning("account mail refused", extra={"mail": str(row.id), "trouble": repr(refusal)})
        row.done_at, row.last_error = clock.now(), str(refusal)[:2000]
        if letter is not None and bounces.blames_the_address(str(refusal)):
            standing.note(address=letter.to, cause="refused", says=str(refusal))
    except (OSError, smtplib.SMTPException) as trouble:
        inbox.back_off(row, repr(trouble))


@task("people.sweep")
def sweep() -> None:
    """Remove sessions past their limits and old account mails."""
    people.sweep()
