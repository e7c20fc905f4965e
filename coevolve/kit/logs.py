"""Structured logs: one JSON line per record, no secrets, to standard error."""

from __future__ import annotations

import json
import logging
import sys

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
}


class JsonLines(logging.Formatter):
    """A record as one line of JSON with the extra fields it was given."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        if record.name == "coevolve.requests":
            return record.getMessage()
        line: dict[str, object] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "says": record.getMessage(),
        }
        line.update({key: str(value) for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: int = logging.INFO) -> None:
    """Send all logs of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
