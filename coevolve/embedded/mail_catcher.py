"""A mail server that delivers nothing: it keeps every message as a file, for the demo's reader and for tests."""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import signal
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import click

from coevolve.kit.db import uuid7


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One message as it was sent, and to whom the sending side said it goes."""

    key: str
    to: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        """Its subject line, decoded."""
        return str(self.message.get("Subject", ""))

    def body(self, kind: str) -> str:
        """Its text of one kind, `plain` or `html`; empty when it has none."""
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""

    @property
    def text(self) -> str:
        """What a reader without HTML sees."""
        return self.body("plain")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The folder of caught mails; names sort by time of arrival."""

    folder: Path

    def keep(self, to: list[str], content: bytes) -> None:
        """Write one message; a reader never sees half of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        whole = b"X-Caught-For: " + ", ".join(to).encode() + b"\r\n" + content
        path = self.folder / f"{uuid7()}.eml"
        half = path.with_suffix(".half")
        half.write_bytes(whole)
        half.rename(path)

    def keys(self) -> list[str]:
        """All keys, newest first."""
        return sorted((path.stem for path in self.folder.glob("*.eml")), reverse=True)

    def read(self, key: str) -> CaughtMail | None:
        """One message; None for a key that is not there (or is no key at all)."""
        path = self.folder / f"{key}.eml"
        if path.parent != self.folder or not path.is_file():
            return None
        message: Any = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        to = tuple(str(message["X-Caught-For"] or "").split(", "))
        return CaughtMail(key=key, to=to, message=message)

    def newest(self, limit: int = 100, *, to: str = "") -> list[CaughtMail]:
        """The newest messages, all or those for one address."""
        found: list[CaughtMail] = []
        for key in self.keys():
            mail = self.read(key)
            if mail is not None and (not to or to in mail.to):
                found.append(mail)
            if len(found) == limit:
                break
        return found

    def clear(self) -> None:
        """Forget all."""
        for path in self.folder.glob("*.eml"):
            path.unlink(missing_ok=True)


class MailCatcher:
    """The SMTP side, in a thread of its own."""

    def __init__(self, mailbox: Mailbox, *, port: int = 0) -> None:
        from aiosmtpd.controller import Controller

        self.mailbox = mailbox
        self._controller: Any = Controller(self, hostname="127.0.0.1", port=port or _free_port())

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def start(self) -> None:
        """Listen."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        """Keep one message."""
        self.mailbox.keep(list(envelope.rcpt_tos), bytes(envelope.content))
        return "250 kept"


def _free_port() -> int:
    import socket

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--folder", type=click.Path(path_type=Path), required=True)
def main(port: int, folder: Path) -> None:
    """Catch mails until told to stop."""
    catcher = MailCatcher(Mailbox(folder), port=port)
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    catcher.start()
    click.echo(f"catching mails on 127.0.0.1:{port} into {folder} (process {os.getpid()})")
    with contextlib.suppress(KeyboardInterrupt):
        ended.wait()
    catcher.stop()


if __name__ == "__main__":
    main()
