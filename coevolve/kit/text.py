"""Text of people: addresses of pages, comparable names, safe rich text."""

from __future__ import annotations

import re
import secrets
import unicodedata
from functools import cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy

_ALLOWED_TAGS = {
    "p",
    "br",
    "strong",
    "em",
    "ul",
    "ol",
    "li",
    "blockquote",
    "h3",
    "h4",
    "a",
    "hr",
    "code",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def slugify(text: str, *, limit: int = 60) -> str:
    """A readable piece of an address: lower-case ASCII words joined by hyphens."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", ascii_text.lower())
    slug = ""
    for word in words:
        if len(slug) + len(word) + 1 > limit:
            break
        slug = f"{slug}-{word}" if slug else word[:limit]
    return slug


def unique_slug(text: str) -> str:
    """A slug with five random symbols, so that two campaigns of one name do not meet."""
    tail = "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(5))
    slug = slugify(text)
    return f"{slug}-{tail}" if slug else tail


def normalise_name(text: str) -> str:
    """A name as bank statements write it: ASCII capitals, single spaces, titles and legal forms kept."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[A-Z0-9]+", ascii_text.upper()))


def clean_line(text: str | None) -> str:
    """One line of typed text: trimmed, single spaces, control and invisible direction marks gone."""
    kept = _CONTROL.sub(" ", strip_marks(text or ""))
    return " ".join(kept.split())


def clean_text(text: str | None) -> str:
    """Several lines of typed text: line ends made equal, control characters gone."""
    kept = _CONTROL.sub("", strip_marks(text or "").replace("\r\n", "\n").replace("\r", "\n"))
    return re.sub(r"\n{3,}", "\n\n", kept).strip()


def strip_marks(text: str) -> str:
    """Without characters that turn the reading direction or hide (they make names look like others)."""
    return "".join(
        ch
        for ch in text
        if not (
            "\u202a" <= ch <= "\u202e"
            or "\u2066" <= ch <= "\u2069"
            or "\ud800" <= ch <= "\udfff"
            or ch in "\ufeff\u200b\u2060"
        )
    )


def refuse_nul(value: str) -> str:
    """PostgreSQL stores no NUL and no lone surrogate: refuse them before they become a 500."""
    if "\x00" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
        raise Invalid("text_unreadable", lazy("Teks ini memuat tanda yang tidak dapat disimpan."))
    return value


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "linkify": False}).disable(
        ["image", "html_block", "html_inline"]
    )


def markdown(text: str | None) -> Markup:
    """Rich text of people as safe HTML: no images, no raw HTML, links marked as user content."""
    html = _markdown().render(text or "")
    html = re.sub(r"<(/?)h[12]>", r"<\1h3>", html)
    safe = nh3.clean(
        html,
        tags=_ALLOWED_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https"},
        link_rel="nofollow ugc noopener",
    )
    return Markup(safe)  # noqa: S704 - nh3 has cleaned it
