"""A short page cache for visitors: the same answer for everybody who is nobody in particular, for a second or two.

It stands before the application, so a page that many look at costs about nothing. Only pages that a view gave to
`kit.kept` for visitors are shared, only to requests that carry no cookie but the language's, and only for
`page_seconds`; what is in no cookie cannot be told apart, so nothing personal gets in or out. Browsers are told to ask
again each time (`no-cache`), with an ETag: an unchanged page is answered with 304. `page_seconds=0` switches it off.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from coevolve.config import settings

MARK = "coevolve.shared_page"
"""In the WSGI environment of a request whose answer is the same for all visitors."""
LANGUAGE_COOKIES = {"": "id", "lang=id": "id", "lang=en": "en"}
PERSONAL = ("HTTP_AUTHORIZATION", "HTTP_HX_REQUEST", "HTTP_RANGE")
"""Headers of requests that are never answered from here: fragments, parts, and whoever proves who they are."""

Key = tuple[str, ...]
Environ = dict[str, Any]
Start = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class SharedPage:
    """An answer as it is given again."""

    until: float
    etag: str
    headers: list[tuple[str, str]]
    body: bytes

    def answer(self, environ: Environ, start: Start) -> list[bytes]:
        """The page, or 304 for a browser that has it."""
        if self.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            start("304 NOT MODIFIED", [one for one in self.headers if one[0] in _OF_304])
            return []
        start("200 OK", self.headers)
        return [self.body]


_OF_304 = frozenset({"Cache-Control", "Content-Language", "ETag", "Vary"})
_OF_ONE_REQUEST = frozenset({"X-Request-Id", "ETag"})


class SharedPages:
    """WSGI middleware with the pages of this process; the oldest go when there is no room."""

    def __init__(self, app: Callable[[Environ, Start], Iterable[bytes]]) -> None:
        self.app = app
        self._pages: OrderedDict[Key, SharedPage] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Answer from here, or ask the application and remember what it says."""
        seconds = settings().page_seconds
        key = _key(environ) if seconds else None
        if key is None:
            return self.app(environ, start)
        page = self._pages.get(key)
        if page is not None and page.until > time.monotonic():
            return page.answer(environ, start)
        return self._asked(key, seconds, environ, start)

    def _asked(self, key: Key, seconds: int, environ: Environ, start: Start) -> Iterable[bytes]:
        told: list[Any] = []

        def listen(
            status: str, headers: list[tuple[str, str]], trouble: Any = None
        ) -> Callable[[bytes], Any]:
            told[:] = [status, headers, trouble]
            return _no_writing

        chunks = self.app(environ, listen)
        status, headers, trouble = told
        if trouble is not None or not (environ.get(MARK) and _may_be_shared(status, headers)):
            start(status, headers, trouble) if trouble is not None else start(status, headers)
            return chunks
        body = b"".join(chunks)
        close = getattr(chunks, "close", None)
        if close is not None:
            close()
        etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
        kept = [one for one in headers if one[0] not in _OF_ONE_REQUEST] + [("ETag", etag)]
        page = SharedPage(time.monotonic() + seconds, etag, kept, body)
        self._keep(key, page)
        return page.answer(environ, start)

    def forget(self) -> None:
        """Drop all pages of this process."""
        with self._lock:
            self._pages.clear()
            self._size = 0

    def __len__(self) -> int:
        """How many pages are kept."""
        return len(self._pages)

    def _keep(self, key: Key, page: SharedPage) -> None:
        with self._lock:
            gone = self._pages.pop(key, None)
            self._size += len(page.body) - (len(gone.body) if gone else 0)
            self._pages[key] = page
            while self._size > settings().kept_pages_bytes:
                _, oldest = self._pages.popitem(last=False)
                self._size -= len(oldest.body)


def _key(environ: Environ) -> Key | None:
    """What an answer to a visitor depends on; None for requests that are not shared."""
    language = LANGUAGE_COOKIES.get(environ.get("HTTP_COOKIE", ""))
    if language is None or environ["REQUEST_METHOD"] != "GET" or any(name in environ for name in PERSONAL):
        return None
    return (
        environ["PATH_INFO"],
        environ.get("QUERY_STRING", ""),
        language,
        environ.get("HTTP_HOST", ""),
        environ.get("HTTP_ACCEPT_ENCODING", ""),
    )


def _may_be_shared(status: str, headers: list[tuple[str, str]]) -> bool:
    """A whole page that sets nothing at the browser and that the application did not forbid to keep."""
    names = {name.lower(): value for name, value in headers}
    return (
        status.startswith("200")
        and "set-cookie" not in names
        and "no-store" not in names.get("cache-control", "")
    )


def _no_writing(_data: bytes) -> None:
    raise RuntimeError("answers are returned, not written")
