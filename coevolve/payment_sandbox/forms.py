"""Bracket parameters (`line_items[0][price_data][currency]=idr`) as nested dictionaries and lists of strings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from coevolve.payment_sandbox.errors import StripeError

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
_PART = re.compile(r"\[([^\[\]]*)\]")
DEEPEST = 8
MOST = 1_000


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b]=1` -> {"a": {"b": "1"}}; `a[]=1` and `a[0]=1` -> {"a": ["1"]} or {"a": {"0": "1"}}."""
    found: dict[str, Any] = {}
    for count, (key, value) in enumerate(pairs):
        if count >= MOST:
            raise StripeError("Too many parameters")
        parts = _parts(key)
        _put(found, parts, value, key)
    return found


def _parts(key: str) -> list[str]:
    match = _KEY.match(key)
    if match is None:
        raise StripeError(f"Invalid parameter name: {key[:100]}")
    parts = [match.group(1), *_PART.findall(match.group(2))]
    if len(parts) > DEEPEST:
        raise StripeError("Parameters are nested too deeply")
    return parts


def _put(target: dict[str, Any], parts: list[str], value: str, key: str) -> None:
    here: Any = target
    for name, following in zip(parts, [*parts[1:], None], strict=True):
        fresh: Any = value if following is None else [] if following == "" else {}
        if isinstance(here, list):
            if name != "":
                raise StripeError(f"Invalid parameter: {key[:100]}")
            here.append(fresh)
            here = here[-1]
        elif isinstance(here, dict):
            if following is None and name in here:
                raise StripeError(f"Parameter given twice: {key[:100]}")
            here = here.setdefault(name, fresh)
        else:
            raise StripeError(f"Invalid parameter: {key[:100]}")
