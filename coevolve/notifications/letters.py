"""Letters: from a template and words to a mail with a plain and an HTML part, in the reader's language.

The templates in templates/mail are rendered by an environment of our own, so that workers need no web app.
"""

from __future__ import annotations

import functools
import re
import uuid
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from pathlib import Path
from typing import Any

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from coevolve.config import settings
from coevolve.kit import clock, i18n, money
from coevolve.notifications import kinds, links

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
SHOWN_IN_DIGEST = 30
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


def digest(
    *,
    key: str,
    messages: Sequence[tuple[str, Mapping[str, Any]]],
    person_id: uuid.UUID,
    to: str,
    name: str,
    language: str,
    zone: str,
) -> EmailMessage:
    """One letter for several messages: a line and a link each."""
    home = settings().public_url.rstrip("/")
    with i18n.in_language(language):
        lines = []
        for kind, data in messages[:SHOWN_IN_DIGEST]:
            filled = kinds.words(data, zone)
            lines.append(
                {
                    "sentence": kinds.sentence(kind, filled),
                    "button": str(kinds.KINDS[kind].button),
                    "link": home + kinds.path(kind, data),
                }
            )
        count = len(messages)
        line = i18n.ngettext("%(num)s kabar untuk Anda", "%(num)s kabar untuk Anda", count)
    groups = {kinds.KINDS[kind].group for kind, _ in messages}
    return compose(
        template="digest",
        to=to,
        name=name,
        language=language,
        context={"lines": lines, "more": count - len(lines), "home": home},
        subject=line,
        message_key=key,
        stop_link=links.stop_url(person_id, min(groups)),
    )


def _block(template: Template, block: str, values: Mapping[str, Any]) -> str:
    write = template.blocks.get(block)
    return "".join(write(template.new_context(dict(values)))) if write else ""


def _inlined(html: str) -> str:
    """Styles beside their elements, for mail programs that drop the head."""
    return css_inline.inline(html) if "<style" in html else html
