"""The truth file: one JSON line for each thing that really happened here, to hold the app's books against.

`what` is `call` (a POST of the API: route, key received, whether it acted), `fact` (money moved or a payment changed),
`delivery` (an attempt to hand over an event) or `admin` (a word from outside).
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any


class Truth:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8")

    def write(self, what: str, name: str, **more: Any) -> None:
        line = {"at": round(time.time(), 3), "what": what, "name": name, **more}
        with self._lock:
            self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
            self._file.flush()

    def reset(self) -> None:
        """An empty file again."""
        with self._lock:
            self._file.truncate(0)

    def close(self) -> None:
        with self._lock:
            self._file.close()
