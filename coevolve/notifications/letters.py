"""Letters: from a template and words to a mail with a plain and an HTML part, in the reader's language.

The templates in templates/mail are rendered by an environment of our own, so that workers need no web app.
"""

from __future__ import annotations

import functools
import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from coevolve.config import settings
from coevolve.kit import clock, i18n, money
from coevolve.localities import queries as localities
from coevolve.notifications import kinds, links

log = logging.getLogger(__name__)
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
POLICY = SMTP.clone(max_line_length=400)
"""Wide enough that the address in List-Unsubscribe stays in one piece."""


@functools.cache
def environment() -> Environment:
    """The words and filters letters are written with; the same as on pages."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    env.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=False)  # type: ignore[attr-defined]
    env.globals.update(
        _=i18n.gettext,
        ngettext=i18n.ngettext,
        language=i18n.language,
        settings=settings,
    )
    env.filters.update(
        rupiah=money.format_rupiah,
        rupiah_short=money.short_rupiah,
        money=money.format_money,
        number=i18n.number,
        date=i18n.date,
        short_date=i18n.short_date,
        datetime=i18n.datetime,
    )
    return env


def compose(
    *,
    template: str,
    to: str,
    language: str,
    context: Mapping[str, Any],
    name: str = "",
    subject: str = "",
    message_key: str = "",
    stop_link: str = "",
) -> EmailMessage:
    """A mail from templates/mail/<template>.txt and .html. Its subject: the one given, or the text's block `subject`.

    `message_key` makes the Message-ID the same at every try, so that a reader's mail server can tell a repeat.
    """
    with i18n.in_language(language):
        values = {
            "name": name,
            "button_href": "",
            "button_text": "",
            **context,
            "subject": subject,
            "unsubscribe_href": stop_link,
        }
        text = environment().get_template(f"mail/{template}.txt")
        line = " ".join((subject or _block(text, "subject", values)).split())[:200]
        values["subject"] = line
        plain = re.sub(r"\n\s*\n", "\n\n", text.render(values)).strip() + "\n"
        html = _inlined(environment().get_template(f"mail/{template}.html").render(values))
    mail = EmailMessage(policy=POLICY)
    mail["Subject"] = line
    mail["From"] = settings().mail_from
    mail["To"] = formataddr((name.replace("\n", " ").replace("\r", " "), to)) if name else to
    mail["Date"] = format_datetime(clock.now())
    domain = settings().mail_from.rpartition("@")[2].rstrip("> ") or "localhost"
    mail["Message-ID"] = f"<{message_key or uuid.uuid4().hex}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    if stop_link:
        mail["List-Unsubscribe"] = f"<{stop_link}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(plain)
    mail.add_alternative(html, subtype="html")
    mail["Content-Language"] = language
    return mail


def notice(
    *,
    key: str,
    kind: str,
    data: Mapping[str, Any],
    person_id: uuid.UUID,
    to: str,
    name: str,
    language: str,
    zone: str,
) -> EmailMessage:
    """The letter of one message: its own template if there is one, else a sentence and a button."""
    told = kinds.KINDS[kind]
    own = kind.replace(".", "_")
    template = own if (TEMPLATES / "mail" / f"{own}.html").is_file() else "notice"
    home = settings().public_url.rstrip("/")
    with i18n.in_language(language):
        filled = kinds.words(data, zone)
        context = {
            "data": data,
            "words": filled,
            "sentence": kinds.sentence(kind, filled),
            "button_text": str(told.button),
            "button_href": home + kinds.path(kind, data),
            "group": str(kinds.GROUPS[told.group].label),
        }
        line = kinds.subject(kind, filled)
    return compose(
        template=template,
        to=to,
        name=name,
        language=language,
        context=context,
        subject=line,
        message_key=key,
        stop_link=links.stop_url(person_id, told.group),
    )


@dataclass(slots=True)
class PlaceNews:
    """What a digest tells of one followed place ('': of the reader's own affairs): all counted, the newest named."""

    code: str
    counts: dict[str, int] = field(default_factory=dict)
    """Kind -> how many there are, named or not."""
    named: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)


def digest(
    *,
    key: str,
    places: Sequence[PlaceNews],
    person_id: uuid.UUID,
    to: str,
    name: str,
    language: str,
    zone: str,
) -> EmailMessage:
    """One letter for all that waited: by place, near ones first, each with counts; the rest is a link away."""
    home = settings().public_url.rstrip("/")
    with i18n.in_language(language):
        parts = [_part(place, home, zone) for place in places]
        count = sum(sum(place.counts.values()) for place in places)
        named = [part["short"] for part in parts if part["short"]]
        button = i18n.gettext("Lihat semua kabar")
        line = i18n.ngettext("%(num)s kabar untuk Anda", "%(num)s kabar untuk Anda", count)
        if len(named) == 1:
            line = i18n.gettext(
                "%(count)s dari %(place)s", count=kinds.counted("news", count), place=named[0]
            )
        elif named:
            line = i18n.gettext(
                "%(count)s dari %(place)s dan %(others)s daerah lain",
                count=kinds.counted("news", count),
                place=named[0],
                others=len(named) - 1,
            )
    groups = sorted(
        {kinds.KINDS[kind].group for place in places for kind in place.counts if kind in kinds.KINDS}
    )
    return compose(
        template="digest",
        to=to,
        name=name,
        language=language,
        context={
            "places": parts,
            "home": home,
            "button_href": f"{home}/notifikasi",
            "button_text": button,
        },
        subject=line,
        message_key=key,
        stop_link=links.stop_url(person_id, *groups),
    )


def _part(place: PlaceNews, home: str, zone: str) -> dict[str, Any]:
    """The words of one place."""
    known = localities.find(place.code) if place.code else None
    counts: dict[str, int] = {}
    for kind, number in place.counts.items():
        noun = kinds.KINDS[kind].noun if kind in kinds.KINDS else "news"
        counts[noun] = counts.get(noun, 0) + number
    lines = [line for kind, data in place.named if (line := _line(kind, data, home, zone)) is not None]
    where = f"{home}/notifikasi"
    return {
        "code": place.code,
        "name": localities.path_label(known) if known else "",
        "short": known.name if known else "",
        "counts": ", ".join(kinds.counted(noun, number) for noun, number in counts.items()),
        "lines": lines,
        "more": sum(counts.values()) - len(lines),
        "more_href": f"{where}?tempat={place.code}" if known else where,
    }


def _line(kind: str, data: Mapping[str, Any], home: str, zone: str) -> dict[str, str] | None:
    """One of the news. One that cannot be written stops no other: it is counted, and stands on the site."""
    try:
        filled, told = kinds.words(data, zone), kinds.KINDS[kind]
        is_short = told.noun != "news" and bool(filled["title"])
        return {
            "title": filled["title"] if is_short else "",
            "note": " · ".join(part for part in (filled["organisation"], filled["reason"]) if part),
            "sentence": kinds.sentence(kind, filled),
            "button": str(told.button),
            "link": home + kinds.path(kind, data),
        }
    except Exception:
        log.exception("a line of a digest could not be written", extra={"kind": kind})
        return None


def _block(template: Template, block: str, values: Mapping[str, Any]) -> str:
    write = template.blocks.get(block)
    return "".join(write(template.new_context(dict(values)))) if write else ""


def _inlined(html: str) -> str:
    """Styles beside their elements, for mail programs that drop the head."""
    return css_inline.inline(html) if "<style" in html else html
