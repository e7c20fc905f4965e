"""Posters for walls: an A4 sheet that says what, where, how far and how to give, with strips to tear off."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Response, current_app

from coevolve.config import settings
from coevolve.kit import covers, drawn, i18n, paper, sharing
from coevolve.kit.letters import breakable
from coevolve.kit.reads import let_go
from coevolve.kit.sharing import Picture, Shared

VERSION = 1


def poster(shared: Shared, picture: Picture, *, how: str, steps: Sequence[str], scan: str) -> bytes:
    """The sheet as PDF, in the language of now; drawn once for exactly these words."""
    told = {
        "title": breakable(picture.title),
        "kind": picture.state or picture.kind,
        "place": breakable(picture.place),
        "by": breakable(picture.by),
        "summary": breakable(sharing.shortened(shared.description, 280)),
        "cover": covers.file_of(*picture.scene),
        "has_meter": picture.has_meter,
        "received": picture.received,
        "promised": picture.promised,
        "figures": [list(one) for one in picture.figures],
        "how": how,
        "steps": list(steps),
        "scan": scan,
        "qr": paper.qr(shared.url),
        "address": shared.spoken_address,
        "softaddress": re.sub(r"([/.-])", "\\1\u200b", shared.spoken_address),
        "short": breakable(sharing.shortened(picture.title, 60), 12),
        "platform": settings().platform_name,
        "logo": sharing.LOGO,
    }
    name = f"poster-{drawn.digest(VERSION, i18n.language(), told)}.pdf"
    return drawn.kept(name, lambda: paper.pdf("poster", told))


def answer(
    shared: Shared, picture: Picture, *, how: str, steps: Sequence[str], scan: str, name: str
) -> Response:
    """The sheet as the answer of a page, saved under a name that says what it is."""
    let_go()
    body = poster(shared, picture, how=how, steps=steps, scan=scan)
    response = current_app.response_class(body, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename=f"poster-{name}.pdf")
    response.headers["Cache-Control"] = "private, max-age=300"
    return response
