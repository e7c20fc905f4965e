"""Passwords: how they are kept, and which are refused.

No rules of composition: length, a list of leaked passwords (common_passwords.NOTICE says whose), and no pattern or word
that an attacker tries first. Nothing is cut: what was typed, as UTF-8, is what is hashed.
"""

from __future__ import annotations

import gzip
import re
import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from coevolve.config import settings
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import refuse_nul

HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
AT_ONCE = threading.BoundedSemaphore(2)
"""Two hashes at a time per process: a flood of sign-ins must not take all memory and all threads."""
LEAKED = Path(__file__).with_name("common_passwords.txt.gz")
OWN_WORDS = (
    "coevolve",
    "co-evolve",
    "indonesia",
    "bismillah",
    "merdeka",
    "pancasila",
    "rahasia",
    "katasandi",
)
_LEET = str.maketrans("013457@$!", "oieastasi")


def hash_(password: str) -> str:
    """Argon2id of a password, with its own salt."""
    with AT_ONCE:
        return HASHER.hash(password)


@cache
def _nobody() -> str:
    return hash_("the password of nobody, so that an unknown address costs as much time as a known one")


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; takes the same time when there is no such person."""
    stored = password_hash or _nobody()
    try:
        with AT_ONCE:
            return HASHER.verify(stored, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def warm_up() -> None:
    """Make the stand-in hash now, so that the first unknown address is not slower than a known one."""
    _nobody()


@cache
def leaked() -> frozenset[str]:
    """The leaked passwords we refuse, in lower case."""
    with gzip.open(LEAKED, "rt", encoding="utf-8") as lines:
        return frozenset(line.rstrip("\n") for line in lines)


def refuse_weak(
    password: str, *, is_staff: bool = False, own: tuple[str, ...] = (), field: str = "password"
) -> None:
    """Raise Invalid, saying what to do, for a password that is too short, too long or among the first to be tried."""
    limits = settings()
    least = limits.staff_password_min_length if is_staff else limits.password_min_length
    refuse_nul(password)
    if len(password) < least:
        message = lazy(
            "Kata sandi paling sedikit %(least)s karakter. Beberapa kata yang digabung mudah diingat.",
            least=least,
        )
        raise Invalid("password_short", message, field=field)
    if len(password) > limits.password_max_length:
        message = lazy("Kata sandi paling banyak %(most)s karakter.", most=limits.password_max_length)
        raise Invalid("password_long", message, field=field)
    if is_guessable(password, own):
        message = lazy("Kata sandi ini mudah ditebak atau pernah bocor di tempat lain. Pilih yang lain.")
        raise Invalid("password_guessable", message, field=field)


def is_guessable(password: str, own: tuple[str, ...] = ()) -> bool:
    """Whether it is leaked, leaked with trimmings, repeated, a run of keys, or built from one's own name."""
    low = password.lower()
    if low in leaked() or len(set(low)) < 4 or _is_run(low):
        return True
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", low)
    piece = _repeated(low)
    for candidate in {core, core.translate(_LEET), low.translate(_LEET), piece}:
        if len(candidate) < 4 or candidate in leaked() or _is_run(candidate):
            return True
    words = {
        word
        for text in (*own, *OWN_WORDS)
        for word in re.split(r"[^a-z0-9]+", text.lower())
        if len(word) >= 4
    }
    rest = low
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return sum(ch.isalnum() for ch in rest) < 6


def _repeated(text: str) -> str:
    """The piece a text repeats ("abcabcabc" gives "abc"), or the text itself."""
    where = (text + text).find(text, 1)
    return text[:where] if where < len(text) else text


def _is_run(text: str) -> bool:
    """Letters, digits or keys in a row, forwards or backwards."""
    rows = (
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890123456789",
        "qwertyuiopasdfghjklzxcvbnm",
        "1q2w3e4r5t6y7u8i9o0p",
    )
    return any(text in row * 2 or text in row[::-1] * 2 for row in rows)
