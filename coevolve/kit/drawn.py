"""Pictures and papers made when somebody asks, kept on disk under what they were made from.

A thing is drawn once however many ask for it at the same moment, one at a time in a process, and only so many in a
minute; whoever comes when it is too much is asked to come again. The folder is bounded: what was asked for longest ago
goes first, for anything here can be drawn again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from coevolve.config import settings
from coevolve.kit.errors import TooMany
from coevolve.kit.i18n import lazy

WAITING_MOST = 6
"""So many requests of a process wait for a drawing at most; the next one is sent away."""
WAIT_SECONDS = 8
TOUCH_SECONDS = 6 * 3600

_one_at_a_time = threading.Lock()
_counts = threading.Lock()
_waiting = 0
_recent: deque[float] = deque()
_written = 0


def digest(*made_from: Any) -> str:
    """A short name for exactly these things."""
    words = json.dumps(made_from, ensure_ascii=True, default=str, sort_keys=True)
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def find(name: str) -> bytes | None:
    """What is kept under this name, if it is."""
    path = _path(name)
    if path is None:
        return None
    try:
        data = path.read_bytes()
        if time.time() - path.stat().st_mtime > TOUCH_SECONDS:
            os.utime(path)
    except OSError:
        return None
    return data


def kept(name: str, draw: Callable[[], bytes]) -> bytes:
    """What is kept under this name; drawn now if it is not. TooMany when too much is being drawn.

    No transaction may wait for a drawing: a page that only reads lets its connection go before (kit.reads.let_go).
    """
    found = find(name)
    if found is not None:
        return found
    with _turn():
        found = find(name)
        if found is None:
            _count_one()
            found = draw()
            put(name, found)
    return found


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Wait for the one drawing of this process to be done; refuse when many wait, or many were drawn just now."""
    global _waiting
    with _counts:
        if _waiting >= WAITING_MOST:
            raise _busy(2)
        _waiting += 1
    try:
        if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
            raise _busy(5)
        try:
            yield
        finally:
            _one_at_a_time.release()
    finally:
        with _counts:
            _waiting -= 1


def _busy(seconds: int) -> TooMany:
    return TooMany(
        "drawing",
        lazy("Gambar atau berkas ini sedang disiapkan. Coba lagi sebentar lagi."),
        retry_after_seconds=seconds,
    )


def _count_one() -> None:
    """Called with the turn: so many drawings in a minute, no more."""
    now = time.monotonic()
    while _recent and now - _recent[0] > 60:
        _recent.popleft()
    if len(_recent) >= settings().drawings_per_minute:
        raise _busy(20)
    _recent.append(now)


def put(name: str, data: bytes) -> None:
    """Write it beside and move it into place; now and then make room."""
    global _written
    path = _path(name)
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as beside:
        beside.write(data)
    Path(beside.name).replace(path)
    _written += len(data)
    if _written > settings().drawings_bytes // 10:
        _written = 0
        make_room()


def make_room() -> int:
    """Remove what was asked for longest ago until the folder is within its bound; how many files went."""
    folder = _folder()
    if folder is None:
        return 0
    files = []
    for path in folder.glob("*/*"):
        with contextlib.suppress(OSError):
            seen = path.stat()
            files.append((seen.st_mtime, seen.st_size, path))
    size, gone = sum(one[1] for one in files), 0
    for _, bytes_, path in sorted(files):
        if size <= settings().drawings_bytes:
            break
        with contextlib.suppress(OSError):
            path.unlink()
        size, gone = size - bytes_, gone + 1
    return gone


def _folder() -> Path | None:
    """Where drawings lie; nowhere when this process was given no folder, then each is drawn anew."""
    return Path(settings().data_dir) / "drawings" if settings().data_dir else None


def _path(name: str) -> Path | None:
    folder = _folder()
    return folder / hashlib.sha256(name.encode()).hexdigest()[:2] / name if folder is not None else None
