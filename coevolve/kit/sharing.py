"""What a thing says of itself when its address is passed on: the picture, the words, the data for search engines.

A domain puts the words together (`<domain>/sharing.py`); here they are drawn, shortened and written down safely.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import textwrap
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import segno
from markupsafe import Markup
from PIL import Image, ImageOps

from coevolve.config import settings
from coevolve.kit import covers, drawn, i18n, paper, photos
from coevolve.kit.letters import breakable, drawable

VERSION = 1
"""Of the drawing itself: a new look gives every card a new address."""
SIZE = (1200, 630)
MOST_BYTES = 300_000
"""WhatsApp shows no larger picture."""
QUALITIES = (80, 70, 55)
SCENE = (560, 356)
"""The upper right of a card, where a photo goes if there is one."""
PHOTO_PART = "720.jpg"
TITLE_MOST = 65
TEXT_MOST = 200
LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="36" height="24" viewBox="0 0 36 24" fill="none" stroke-width="4">'
    '<circle cx="24.5" cy="12" r="8.5" stroke="#fff"/><circle cx="11.5" cy="12" r="8.5" stroke="#f2b233"/>'
    '<path d="M24.5 3.5a8.5 8.5 0 0 0-8.4 7.2" stroke="#fff"/></svg>'
)


class Figure(NamedTuple):
    """A number and what it counts."""

    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a share card shows; its address holds a hash of it. In Indonesian: chats fetch it without a language."""

    title: str
    place: str = ""
    kind: str = ""
    sector: str = ""
    """The sector's label."""
    state: str = ""
    """A word for whatever is not simply open."""
    by: str = ""
    scene: tuple[str, int] = ("housing", 0)
    """Sector and variant of the drawn cover."""
    photo: str = ""
    """Key of a photo (kit.photos); it takes the place of the scene."""
    has_meter: bool = False
    received: int = 0
    """In whole percent, rounded down."""
    promised: int = 0
    figures: tuple[Figure, ...] = ()

    def but(self, **words: Any) -> Picture:
        """The same in other words."""
        return dataclasses.replace(self, **words)

    @property
    def digest(self) -> str:
        """A short name for exactly this picture."""
        return drawn.digest("card", VERSION, settings().platform_name, *dataclasses.astuple(self))


@dataclass(frozen=True, slots=True)
class Shared:
    """What the head of a page and its part 'Bagikan' need."""

    path: str
    title: str
    description: str
    card: str
    """The card's address, without the host."""
    linked: Markup | None = None
    """Ready data for search engines."""
    feed: str = ""
    """Address of a feed of this page's news."""
    poster: str = ""
    embed: str = ""
    """The page with the code to embed it elsewhere."""

    @property
    def url(self) -> str:
        """The whole address."""
        return absolute(self.path)

    @property
    def card_url(self) -> str:
        """The whole address of the card."""
        return absolute(self.card)

    @property
    def og_title(self) -> str:
        """The title as chats show it."""
        return shortened(self.title, TITLE_MOST)

    @property
    def og_description(self) -> str:
        """The sentence under it."""
        return shortened(self.description, TEXT_MOST)

    @property
    def whatsapp(self) -> str:
        """Opens WhatsApp with a message to pass on: title and address, and nothing that tells who passed it."""
        return whatsapp(self.title, self.path)

    @property
    def spoken_address(self) -> str:
        """The address as people write it."""
        return self.url.partition("://")[2]

    @property
    def qr(self) -> Markup:
        """The address as squares, for paper."""
        return squares(self.url)


def whatsapp(title: str, path: str) -> str:
    """Opens WhatsApp with the title and the address of a page as a message; nothing in it tells who passed it on."""
    return "https://wa.me/?" + urllib.parse.urlencode({"text": f"{shortened(title, 120)}\n{absolute(path)}"})


def absolute(path: str) -> str:
    """An address of ours with its host."""
    return settings().public_url.rstrip("/") + path


def shortened(text: str, most: int) -> str:
    """The text within `most` letters, cut between words where that is possible, on one line."""
    text = " ".join(text.split())
    if len(text) <= most:
        return text
    cut = textwrap.shorten(text, most, placeholder="…")
    return cut if len(cut) > most // 2 else text[: most - 1].rstrip() + "…"


def card_path(kind: str, name: str, picture: Picture) -> str:
    """Where the card of a thing lies: `/kartu/<kind>/<name>-<hash>.jpg`."""
    return f"/kartu/{kind}/{urllib.parse.quote(name)}-{picture.digest}.jpg"


def card(picture: Picture) -> bytes:
    """The card as JPEG, from disk or drawn now; ask the database for nothing while it is drawn."""
    return drawn.kept(f"card-{picture.digest}.jpg", lambda: draw(picture))


def draw(picture: Picture) -> bytes:
    """The card as JPEG, small enough for every chat."""
    with i18n.in_language(i18n.DEFAULT):
        made = paper.picture("card", _words(picture))
    image = Image.open(io.BytesIO(made)).convert("RGB")
    if picture.photo:
        _lay_photo(image, photos.path_of(picture.photo, PHOTO_PART))
    for quality in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= MOST_BYTES:
            break
    return out.getvalue()


def _words(picture: Picture) -> dict[str, Any]:
    """What the template is told."""
    return {
        "title": breakable(drawable(picture.title) or settings().platform_name),
        "place": breakable(drawable(picture.place)),
        "kind": picture.kind,
        "sector": picture.sector,
        "state": picture.state,
        "by": shortened(drawable(picture.by), 60),
        "cover": covers.file_of(*picture.scene),
        "has_meter": picture.has_meter,
        "received": picture.received,
        "promised": picture.promised,
        "figures": [list(one) for one in picture.figures],
        "platform": settings().platform_name,
        "logo": LOGO,
    }


def _lay_photo(image: Image.Image, path: Path) -> None:
    """Put the photo over the scene; the scene stays where the photo is not to be had."""
    try:
        with Image.open(path) as photo:
            photo.draft("RGB", (SCENE[0] * 2, SCENE[1] * 2))
            fitted = ImageOps.fit(photo.convert("RGB"), SCENE, Image.Resampling.LANCZOS)
    except (OSError, ValueError):
        return
    image.paste(fitted, (SIZE[0] - SCENE[0], 0))


def shares_of(received: int, promised: int, goal: int) -> tuple[int, int]:
    """Received and promised in whole percent of the goal, rounded down; the promised one beside the received one."""
    if goal <= 0:
        return 0, 0
    first = min(received * 100 // goal, 100)
    return first, min(promised * 100 // goal, 100 - first)


@functools.lru_cache(maxsize=1_024)
def squares(address: str, scale: int = 2) -> Markup:
    """An address as squares, inline and light."""
    code = segno.make(address, error="m", micro=False)
    return Markup(  # noqa: S704 - made by segno of squares only
        code.svg_inline(scale=scale, border=2, omitsize=False, lineclass=None, svgclass=None, dark="#000")
    )


_OUT_OF_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&'\u2028\u2029"}


def linked_data(*things: Mapping[str, Any]) -> Markup:
    """schema.org data as it may stand inside a script element: no sign in it can end the element or begin another."""
    graph: Sequence[Any] = [
        {key: value for key, value in one.items() if value not in (None, "", [])} for one in things
    ]
    data = {"@context": "https://schema.org", "@graph": graph}
    return Markup(json.dumps(data, ensure_ascii=False, separators=(",", ":")).translate(_OUT_OF_SCRIPT))  # noqa: S704


def crumbs(steps: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The way here, for search engines; each step a name and an address of ours."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": at, "name": name, "item": absolute(href)}
            for at, (name, href) in enumerate(steps, start=1)
        ],
    }


EMBED = Markup(
    '<iframe src="{src}" title="{title}" width="100%" height="{height}" style="border:0;max-width:600px"'
    ' loading="lazy"></iframe>'
)


def embed_code(path: str, title: str, height: int) -> str:
    """The line somebody copies into a page of their own."""
    return str(EMBED.format(src=absolute(path), title=shortened(title, TITLE_MOST), height=height))
