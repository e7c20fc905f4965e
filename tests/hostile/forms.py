"""Reading the forms and links out of a page, as a browser would."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Field:
    """One field of a form, with the value it would send."""

    name: str
    kind: str
    value: str
    choices: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    fields: list[Field] = field(default_factory=list)

    def shape(self) -> tuple[str, tuple[str, ...]]:
        """What makes two forms the same kind: method and fields."""
        return self.method, tuple(sorted({one.name for one in self.fields}))

    def values(self) -> dict[str, str]:
        """What it would send as it stands, empty fields filled with something plausible."""
        sent: dict[str, str] = {}
        for one in self.fields:
            if one.kind in {"checkbox", "radio"} and one.name in sent:
                continue
            sent[one.name] = one.value or plausible(one)
        return sent


def plausible(one: Field) -> str:
    """A value a person might type."""
    if one.choices:
        return next((choice for choice in one.choices if choice), "")
    if one.kind == "email" or "email" in one.name:
        return "seseorang@contoh.example"
    if one.kind == "date":
        return "2026-12-24"
    if "amount" in one.name or "quantity" in one.name or one.kind == "number":
        return "120"
    if "token" in one.name:
        return str(uuid.uuid4())
    return "Tulisan biasa dari warga"


class Reader(HTMLParser):
    """Collects links and forms."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select: Field | None = None
        self._area: Field | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what matters."""
        told = {name: value or "" for name, value in attrs}
        if tag == "a" and told.get("href", "").startswith("/"):
            self.links.append(told["href"])
        elif tag == "form":
            self._form = Form(told.get("action", ""), told.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None and told.get("name"):
            self._field(tag, told)
        elif tag == "option" and self._select is not None:
            self._option(told)

    def _field(self, tag: str, told: dict[str, str]) -> None:
        assert self._form is not None
        one = Field(told["name"], told.get("type", "text") if tag == "input" else tag, told.get("value", ""))
        if tag in {"input", "textarea", "select", "button"}:
            self._form.fields.append(one)
        self._select = one if tag == "select" else self._select
        self._area = one if tag == "textarea" else self._area

    def _option(self, told: dict[str, str]) -> None:
        assert self._select is not None
        self._select.choices.append(told.get("value", ""))
        if "selected" in told:
            self._select.value = told.get("value", "")

    def handle_data(self, data: str) -> None:
        """The text of a textarea is its value."""
        if self._area is not None:
            self._area.value += data

    def handle_endtag(self, tag: str) -> None:
        """Leave what ends."""
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None
