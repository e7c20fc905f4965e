"""Words about processes of this machine: start one that dies with us, see it live, stop it, read its log."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def start(
    command: Iterable[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    die_with_parent: bool = True,
    sign: str = "TERM",
    inside: tuple[str, ...] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in its own session (Ctrl-C in the terminal is ours alone), its words appended to `log`.

    `inside` is what stands in front of everything (a user namespace); `sign` is what the kernel sends the child
    when we are killed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    prefix = die_with(sign, inside) if die_with_parent else ()
    with log.open("ab") as words:
        return subprocess.Popen(
            [*inside, *prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=words,
            cwd=folder,
            env=None if environment is None else dict(environment),
            start_new_session=True,
        )


@functools.cache
def die_with(sign: str, inside: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The words that make the kernel signal a child when its parent dies; none where `setpriv` is missing.

    (Set by `setpriv` and not by ourselves, because entering a user namespace clears what we would set.)
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return ()
    prefix = (setpriv, "--pdeathsig", sign, "--")
    probe = subprocess.run([*inside, *prefix, "true"], capture_output=True, check=False, timeout=20)
    return prefix if probe.returncode == 0 else ()


def stop(
    process: subprocess.Popen[bytes], *signs: signal.Signals, patience: float = 15, group: bool = False
) -> bool:
    """Send the signs one after the other, each with its patience, then SIGKILL. True when it ended by itself."""
    for sign in signs:
        if process.poll() is not None:
            return True
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(sign)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    by_itself = process.poll() is not None
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        elif not by_itself:
            process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    return by_itself


def lives(pid: int) -> bool:
    """Whether a process of this id runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        pass
    if Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def working_in(folder: Path, name: str) -> Iterator[int]:
    """Processes called `name` whose working folder is `folder`."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").resolve() == folder and (entry / "comm").read_text().strip() == name:
                yield int(entry.name)
        except (OSError, ValueError):
            continue


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log file, for a message."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"


def socket_folder(key: Path) -> Path:
    """A folder for the sockets of what lives in `key`: short (a socket's path may have about 100 characters), always
    the same, and ours alone."""
    parent = tempfile.gettempdir()
    if len(parent) > 60:
        parent = "/tmp"  # noqa: S108 - the folder made in it is checked to be ours and private
    name = hashlib.sha256(str(key.resolve()).encode()).hexdigest()[:12]
    folder = Path(parent) / f"ce-{os.geteuid()}-{name}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if (
        not stat.S_ISDIR(found.st_mode)
        or found.st_uid != os.geteuid()
        or stat.S_IMODE(found.st_mode) != 0o700
    ):
        raise RuntimeError(f"{folder} exists and is not a private folder of ours: remove it")
    return folder
