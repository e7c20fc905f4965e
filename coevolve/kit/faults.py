"""Places where a test may end the process. Inert unless COEVOLVE_ENV=test and COEVOLVE_FAULT name one.

`COEVOLVE_FAULT=payments.after_call:2` ends the process the second time that point is passed;
`COEVOLVE_FAULT=skip-lock` leaves the named locks out, so that a race test can show it would fail without them.
"""

from __future__ import annotations

import os

from coevolve.config import settings

_passed: dict[str, int] = {}


def fault(name: str) -> None:
    """A point where a test may kill this process, as a crash would."""
    current = settings()
    if current.env != "test" or not current.fault:
        return
    wanted, _, count = current.fault.partition(":")
    if wanted != name:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(count or 1):
        os._exit(9)


def skips_locks() -> bool:
    """Whether a control test asked to leave locks out."""
    current = settings()
    return current.env == "test" and current.fault == "skip-lock"
