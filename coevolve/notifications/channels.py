"""Short texts to a phone behind one port: WhatsApp and SMS, once an operator connects a provider.

Nothing here is offered to anybody until `COEVOLVE_WHATSAPP_GATEWAY` or `COEVOLVE_SMS_GATEWAY` names a provider:
an https address that takes one JSON text a call (`to`, `text`, `key`), signed with `COEVOLVE_TEXT_SECRET`, or, outside
of production, `log`, which only writes what would have gone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from coevolve.config import settings
from coevolve.notifications.models import TEXT_CHANNELS

TIMEOUT_SECONDS = 10
LOG = "texts.jsonl"


class TextRefused(Exception):
    """The provider will never take this number or text."""


@dataclass(frozen=True, slots=True)
class Text:
    """One short text; the same key is the same text, however often it is handed over."""

    to: str
    text: str
    key: str


class Channel(Protocol):
    """What a provider can do."""

    @property
    def is_idempotent(self) -> bool:
        """Whether handing the same key over twice sends once; if not, what is in doubt is never repeated."""

    def send(self, texts: Sequence[Text]) -> list[Exception | None]:
        """Hand texts over; for each None or what was wrong with it. Raises OSError when the provider is away."""


@dataclass(frozen=True, slots=True)
class LogChannel:
    """Writes the texts to a file, for tests and the demo."""

    name: str
    is_idempotent: bool = False

    def send(self, texts: Sequence[Text]) -> list[Exception | None]:
        """Append them to the log, in one write."""
        lines = [
            json.dumps({"channel": self.name, "to": one.to, "text": one.text, "key": one.key})
            for one in texts
        ]
        with (Path(settings().data_dir) / LOG).open("a", encoding="utf-8") as log:
            log.write("".join(f"{line}\n" for line in lines))
        return [None] * len(texts)


@dataclass(frozen=True, slots=True)
class GatewayChannel:
    """Hands each text to an operator's own gateway, with its key, so that a repeat is known there."""

    name: str
    url: str
    is_idempotent: bool = True

    def send(self, texts: Sequence[Text]) -> list[Exception | None]:
        """One call each; a 4xx is a refusal, anything else that fails is for later."""
        return [self._call(one) for one in texts]

    def _call(self, one: Text) -> Exception | None:
        raw = json.dumps({"channel": self.name, "to": one.to, "text": one.text, "key": one.key}).encode()
        mark = hmac.new(settings().text_secret.encode(), raw, hashlib.sha256).hexdigest()
        request = urllib.request.Request(  # noqa: S310 - the operator's own https address, checked at start
            self.url,
            data=raw,
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": one.key,
                "Coevolve-Signature": mark,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310 - as above
                return None
        except urllib.error.HTTPError as answer:
            if 400 <= answer.code < 500 and answer.code not in (408, 429):
                return TextRefused(f"{answer.code}")
            return OSError(f"{answer.code}")
        except OSError as trouble:
            return trouble


def connected() -> tuple[str, ...]:
    """The text channels an operator connected."""
    current = settings()
    return tuple(name for name in TEXT_CHANNELS if getattr(current, f"{name}_gateway"))


def channel(name: str) -> Channel:
    """The provider of a connected channel."""
    told = getattr(settings(), f"{name}_gateway")
    if not told:
        raise LookupError(f"no provider is connected for {name}")
    return LogChannel(name) if told == "log" else GatewayChannel(name, told)
