"""Pages for visitors, kept by what they are made from.

Putting the words of a page together costs more than asking for them. A page that signed-out people see is made from
the rows it shows, the address, the language and the day, and from nothing else; so it is kept under exactly these, and
made again as soon as any of them differs. Nothing can be out of date, for the rows are read at every request.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from flask import Response, current_app, g, render_template, request
from flask import session as browser_session

from coevolve.config import settings
from coevolve.kit import clock, i18n
from coevolve.kit.shared_pages import MARK

_pages: OrderedDict[Hashable, bytes] = OrderedDict()
_lock = threading.Lock()
_size = 0


def kept_page(template: str, made_from: Hashable, words: Callable[[], dict[str, Any]]) -> Response:
    """The page `template` with `words()`; for visitors the kept one, if it was made from equal things.

    `made_from` must hold everything that `words` looks at besides the address, the language and the day.
    """
    if g.get("signed_in") is not None or browser_session.get("_flashes"):
        return current_app.response_class(render_template(template, **words()))
    request.environ[MARK] = True
    key = (template, request.full_path, i18n.language(), clock.today(), made_from)
    body = _pages.get(key)
    if body is None:
        body = render_template(template, **words()).encode()
        _keep(key, body)
    return current_app.response_class(body)


def _keep(key: Hashable, body: bytes) -> None:
    """Keep one page more; the ones kept longest go when there is no room."""
    global _size
    with _lock:
        if key in _pages:
            return
        _pages[key] = body
        _size += len(body)
        while _size > settings().kept_pages_bytes:
            _, gone = _pages.popitem(last=False)
            _size -= len(gone)


def forget() -> None:
    """Drop all kept pages of this process."""
    global _size
    with _lock:
        _pages.clear()
        _size = 0
