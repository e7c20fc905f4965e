"""What every API call passes: who asks, which version, faults to play, its parameters, its idempotency key."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

from coevolve.payment_sandbox import chaos, description, forms
from coevolve.payment_sandbox.calls import Call
from coevolve.payment_sandbox.errors import Declined, StripeError
from coevolve.payment_sandbox.resources import CALLS, match
from coevolve.payment_sandbox.store import Row, Store, new_id

LONGEST_BODY = 1_000_000


@dataclass(frozen=True)
class Asked:
    """A request, before anything is believed of it."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    request_id: str = field(default_factory=lambda: new_id("req", 14))

    @property
    def key(self) -> str | None:
        return self.headers.get("Idempotency-Key") if self.method == "POST" else None


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    """The connection breaks in the middle of the answer."""


def answer(store: Store, asked: Asked) -> Answer:
    """The whole way of one call."""
    found = match(asked.method, asked.path)
    try:
        _authenticate(store, asked)
        if found is None:
            raise StripeError(f"Unrecognized request URL ({asked.method}: {asked.path}).", status=404)
        _check_version(asked)
    except StripeError as error:
        return _finish(asked, error.status, error.envelope())
    with store.change():
        fault = chaos.strike(store, chaos.CALLS, f"{asked.method} {asked.path}")
    if fault is not None and fault["mode"] not in chaos.ACTING:
        return _without_acting(store, asked, fault)
    name, identifier = found
    try:
        given = _act(store, asked, name, identifier)
    except StripeError as error:
        given = _finish(asked, error.status, error.envelope())
        _say(store, asked, given.status, fault, replayed=False)
    return given if fault is None else _after_acting(store, asked, fault, given)


def _authenticate(store: Store, asked: Asked) -> None:
    kind, _, word = asked.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            word = base64.b64decode(word, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            word = ""
    if not word:
        raise StripeError("You did not provide an API key.", status=401)
    if not hmac.compare_digest(word.encode(), store.settings.secret_key.encode()):
        raise StripeError("Invalid API Key provided.", status=401)


def _check_version(asked: Asked) -> None:
    version = asked.headers.get("Stripe-Version", description.version())
    if version != description.version():
        raise StripeError(
            f"The payment sandbox only speaks {description.version()}, you asked for {version}."
        )


def _finish(asked: Asked, status: int, body: Any, **headers: str) -> Answer:
    shown = {
        "Content-Type": "application/json",
        "Request-Id": asked.request_id,
        "Stripe-Version": description.version(),
        "Cache-Control": "no-cache, no-store",
        **headers,
    }
    if asked.key is not None:
        shown["Idempotency-Key"] = asked.key
    return Answer(status, json.dumps(body, indent=2).encode() + b"\n", shown)


def _say(
    store: Store,
    asked: Asked,
    status: int,
    fault: Row | None,
    *,
    replayed: bool,
    acted: bool = False,
    of: Any = None,
) -> None:
    """A line of the truth file for each call that could change something."""
    if asked.method == "POST":
        store.truth.write(
            "call",
            f"POST {asked.path}",
            request=asked.request_id,
            idempotency_key=asked.key,
            status=status,
            acted=acted,
            replayed=replayed,
            fault=None if fault is None else fault["mode"],
            object=of,
        )


# --- acting, once per key ---


def _act(store: Store, asked: Asked, name: str, identifier: str) -> Answer:
    params = description.parameters(name, forms.nested(_pairs(asked)))
    print_of = hashlib.sha256(json.dumps([name, asked.path, params], sort_keys=True).encode()).hexdigest()
    if asked.key is not None and not 0 < len(asked.key) <= 255:
        raise StripeError("The idempotency key must have 1 to 255 characters.", param="idempotency_key")
    with store.alone():
        saved = _saved(store, asked, print_of)
        if saved is not None:
            _say(store, asked, saved.status, None, replayed=True)
            return saved
        status, body, acted = _run(store, asked, name, Call(store, identifier, params, asked.key, asked.path))
        given = _finish(asked, status, body)
        if asked.key is not None and (acted or status >= 500):
            with store.change():
                _save(store, asked, print_of, given)
        of = body.get("id") if isinstance(body, dict) else None
        _say(store, asked, status, None, replayed=False, acted=acted and status < 400, of=of)
    return given


def _run(store: Store, asked: Asked, name: str, call: Call) -> tuple[int, Any, bool]:
    """Status, body, and whether the call began to act (then its key is remembered)."""
    try:
        if asked.method == "GET":
            with store.alone():
                return 200, CALLS[name](call), False
        with store.change():
            store.request = {"id": asked.request_id, "idempotency_key": asked.key}
            try:
                return 200, CALLS[name](call), True
            except Declined as error:
                return error.status, error.envelope(), True
            finally:
                store.request = None
    except StripeError as error:
        return error.status, error.envelope(), error.started
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        text = f"The payment sandbox failed: {error}"
        return 500, StripeError(text, status=500, kind="api_error").envelope(), False


def _pairs(asked: Asked) -> list[tuple[str, str]]:
    if len(asked.body) > LONGEST_BODY:
        raise StripeError("The request is too large.", status=413)
    try:
        text = asked.query if asked.method == "GET" else asked.body.decode()
        return parse_qsl(text, keep_blank_values=True, strict_parsing=False, errors="strict")
    except UnicodeDecodeError:
        raise StripeError("The parameters are not UTF-8.") from None
    except ValueError as error:
        raise StripeError(f"The parameters cannot be read: {error}") from None


def _saved(store: Store, asked: Asked, print_of: str) -> Answer | None:
    if asked.key is None:
        return None
    row = store.find("key", asked.key)
    if row is None:
        return None
    if row["at"] + store.settings.idempotency_keeps <= store.now():
        return None
    if row["print"] not in (print_of, ""):
        raise StripeError(
            "Keys for idempotent requests can only be used with the same parameters they were first used with.",
            kind="idempotency_error",
        )
    headers = {"Idempotent-Replayed": "true", "Original-Request": row["request"]}
    return replace(_finish(asked, row["status"], None, **headers), body=row["body"].encode())


def _save(store: Store, asked: Asked, print_of: str, given: Answer) -> None:
    key = str(asked.key)
    store.remove("key", key)
    row = {"id": key, "at": store.now(), "print": print_of, "request": asked.request_id}
    store.add("key", row | {"status": given.status, "body": given.body.decode()})


# --- faults ---

_BROKEN = StripeError("An error occurred internally with the payment sandbox.", status=500, kind="api_error")
_GARBAGE = b"<!doctype html><title>Gateway</title><h1>It works!</h1>"


def _garbage(asked: Asked) -> Answer:
    return Answer(200, _GARBAGE, {"Content-Type": "text/html", "Request-Id": asked.request_id})


def _without_acting(store: Store, asked: Asked, fault: Row) -> Answer:
    mode = fault["mode"]
    if mode == "hang":
        _say(store, asked, 0, fault, replayed=False)
        time.sleep(fault["seconds"])
        unavailable = StripeError("The service is unavailable.", status=503, kind="api_error")
        return _finish(asked, 503, unavailable.envelope())
    if mode == "http_500":
        given = _finish(asked, 500, _BROKEN.envelope())
        if fault["remembered"] and asked.key is not None:
            _remember_failure(store, asked, given)
    elif mode == "http_503":
        unavailable = StripeError("The service is unavailable.", status=503, kind="api_error")
        given = _finish(asked, 503, unavailable.envelope())
    elif mode == "http_409":
        busy = StripeError(
            "There is currently another in-progress request using this idempotency key.",
            status=409,
            kind="idempotency_error",
            code="idempotency_key_in_use",
        )
        given = _finish(asked, 409, busy.envelope())
    elif mode == "http_429":
        limit = StripeError("Too many requests hit the API too quickly.", status=429, code="rate_limit")
        given = _finish(asked, 429, limit.envelope())
    elif mode == "garbage":
        given = _garbage(asked)
    else:
        given = replace(_finish(asked, 200, {}), is_cut=True)
    _say(store, asked, 0 if given.is_cut else given.status, fault, replayed=False)
    return given


def _after_acting(store: Store, asked: Asked, fault: Row, given: Answer) -> Answer:
    mode = fault["mode"]
    store.truth.write("admin", "fault_after_acting", mode=mode, request=asked.request_id, path=asked.path)
    if mode == "act_then_timeout":
        time.sleep(fault["seconds"])
        return given
    if mode == "garbage_after":
        return _garbage(asked)
    if mode == "act_then_cut":
        return replace(given, is_cut=True)
    broken = _finish(asked, 500, _BROKEN.envelope())
    if fault["remembered"] and asked.key is not None:
        _remember_failure(store, asked, broken)
    return broken


def _remember_failure(store: Store, asked: Asked, given: Answer) -> None:
    """The 500 stands under its key, as at Stripe: the same parameters get it again, others are an error."""
    with store.alone():
        name, _ = match(asked.method, asked.path) or ("", "")
        try:
            params = description.parameters(name, forms.nested(_pairs(asked)))
        except StripeError:
            return
        print_of = hashlib.sha256(json.dumps([name, asked.path, params], sort_keys=True).encode()).hexdigest()
        row = store.find("key", str(asked.key))
        if row is not None and row["request"] != asked.request_id:
            return
        with store.change():
            _save(store, asked, print_of, given)
