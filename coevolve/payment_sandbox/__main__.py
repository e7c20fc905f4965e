"""`python -m coevolve.payment_sandbox`: starts the payment sandbox; the package's docstring says how."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import socket
import sys
from pathlib import Path
from typing import IO

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from coevolve.payment_sandbox import chaos
from coevolve.payment_sandbox.settings import (
    VARIABLE,
    Refused,
    Settings,
    check,
    refuse_production,
    to_environment,
)
from coevolve.payment_sandbox.store import refuse_another_version


def _faults(text: str) -> list[dict[str, object]]:
    try:
        given = json.loads(text)
        if not isinstance(given, list):
            raise ValueError("a list of faults is needed")  # noqa: TRY004 - argparse wants it so
        for row in given:
            chaos.rule(row)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return given


def settings_from(arguments: list[str]) -> Settings:
    """The settings that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m coevolve.payment_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", required=True, help="folder of the state and of truth.jsonl")
    parser.add_argument("--secret-key", required=True, help="sk_test_...")
    parser.add_argument("--webhook-secret", required=True, help="whsec_...")
    parser.add_argument("--webhook-url", default="", help="where events are sent")
    parser.add_argument("--public-base", default="", help="how a browser reaches this server")
    parser.add_argument("--chaos", type=_faults, default=[], help="JSON list of faults, see chaos.py")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--pay-later-after", type=int, default=20, help="seconds; 0: only by the admin's word"
    )
    parser.add_argument("--webhook-first-retry", type=float, default=1.0)
    parser.add_argument("--webhook-timeout", type=float, default=10.0)
    parser.add_argument("--available-after", type=int, default=3 * 86_400)
    given = vars(parser.parse_args(arguments))
    given["public_base"] = (given["public_base"] or f"http://127.0.0.1:{given['port']}").rstrip("/")
    return check(Settings(**given))


def _refuse_taken(settings: Settings) -> IO[str]:
    """The data folder's lock, to be kept; a taken port is refused (the server itself would quietly share it)."""
    lock = (Path(settings.data) / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Refused(f"payment sandbox: another one is at work in {settings.data}") from None
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", settings.port))
        except OSError as error:
            raise Refused(f"payment sandbox: port {settings.port} cannot be used: {error.strerror}") from None
    return lock


def main(arguments: list[str]) -> None:
    refuse_production(os.environ)
    settings = settings_from(arguments)
    refuse_another_version(Path(settings.data))
    lock = _refuse_taken(settings)
    os.environ[VARIABLE] = to_environment(settings)
    Server(
        "coevolve.payment_sandbox.web:create",
        factory=True,
        address="127.0.0.1",
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=32,
        backpressure=64,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        log_level=LogLevels.error,
    ).serve()
    lock.close()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        sys.exit(2)
