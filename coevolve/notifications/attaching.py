"""Papers that go with a letter. Domains above give the function; this one only knows which kind has one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from coevolve.kit import i18n


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PDF and the name it is saved under."""

    name: str
    raw: bytes


Attach = Callable[[Mapping[str, Any]], Attachment | None]
_BY_KIND: dict[str, Attach] = {}


def give(kind: str, attach: Attach) -> None:
    """Letters of this kind carry what the function returns for the message's data; None: nothing this time."""
    _BY_KIND[kind] = attach


def add_to(letter: EmailMessage, *, kind: str, data: Mapping[str, Any], language: str) -> None:
    """Put the paper of this kind into the letter, if there is one."""
    attach = _BY_KIND.get(kind)
    if attach is None:
        return
    with i18n.in_language(language):
        paper = attach(data)
    if paper is not None:
        letter.add_attachment(paper.raw, maintype="application", subtype="pdf", filename=paper.name)
