"""The door to the outside for mail: one SMTP conversation per batch."""

from __future__ import annotations

import smtplib
import ssl
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from coevolve.config import settings

TIMEOUT_SECONDS = 10


class MailRefused(Exception):
    """The server will never take this address, or this letter (a permanent refusal)."""


@contextmanager
def connection() -> Iterator[smtplib.SMTP]:
    """An open conversation with the mail server of the settings."""
    parts = urllib.parse.urlsplit(settings().smtp_url)
    host, port = (
        parts.hostname or "localhost",
        parts.port or (465 if parts.scheme == "smtps" else 25),
    )
    context = ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    with server:
        if parts.scheme == "smtp" and parts.username:
            server.starttls(context=context)
        if parts.username:
            server.login(
                urllib.parse.unquote(parts.username),
                urllib.parse.unquote(parts.password or ""),
            )
        yield server


def send(message: EmailMessage, server: smtplib.SMTP | None = None, *, sender: str | None = None) -> None:
    """Send one message; raises MailRefused when it is refused for good, OSError or SMTPException when to try again.

    `sender`: where the envelope says that bounces go; by default to the address in From.
    """
    if server is None:
        with connection() as opened:
            send(message, opened, sender=sender)
        return
    try:
        server.send_message(message, from_addr=sender)
    except smtplib.SMTPDataError as refusal:
        if refusal.smtp_code >= 500:
            raise MailRefused(f"5.7.0 {refusal.smtp_code} {refusal.smtp_error!r}") from refusal
        raise
    except smtplib.SMTPRecipientsRefused as refusal:
        code = max((answer[0] for answer in refusal.recipients.values()), default=500)
        if code >= 500:
            raise MailRefused(str(refusal.recipients)) from refusal
        raise
