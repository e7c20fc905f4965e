"""Files that people hand in: photos and PDFs, looked at by a child process, kept on disk under their own hash.

Photos are drawn anew, so that nothing but the picture is left of them (no place, no camera, no second file hidden
inside). PDFs are kept as they came when they can be read and hold nothing that runs. What a file is called and what
its sender says it is count for nothing. Nobody reads a stored file by address: a page asks for the right first.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from sqlalchemy import CheckConstraint, Index

from coevolve.config import settings
from coevolve.kit import photos
from coevolve.kit.db import Created, Mapped, Model, UuidKey, session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy

CHILD = Path(__file__).with_name("files_child.py")
CHILD_SECONDS = 25
SUFFIXES = {"image/jpeg": ".jpg", "application/pdf": ".pdf"}
ACCEPTED = "image/jpeg,image/png,image/webp,application/pdf"
ACCEPTED_PHOTOS = "image/jpeg,image/png,image/webp"
"""For the `accept` of a field: phones turn their own formats into one of these."""

F = TypeVar("F")


class StoredFile(UuidKey, Created, Model):
    """A file somebody handed in. Its bytes lie on disk under `sha256`; equal bytes lie there once."""

    __tablename__ = "stored_file"
    __table_args__ = (
        CheckConstraint("size > 0", name="size_positive"),
        CheckConstraint("media_type IN ('image/jpeg', 'application/pdf')", name="media_type_known"),
        Index("ix_stored_file_sha256", "sha256"),
        Index("ix_stored_file_source_sha256", "source_sha256"),
    )

    sha256: Mapped[bytes]
    """Of what we keep: two photos with the same picture have the same one."""
    source_sha256: Mapped[bytes]
    """Of what was handed in."""
    size: Mapped[int]
    media_type: Mapped[str]
    name: Mapped[str]
    """A harmless name to save it under, with the suffix of what it really is."""
    stored_by: Mapped[uuid.UUID | None]


def takes_files(view: F) -> F:
    """Mark a view whose form may carry a file: its requests may be larger than others."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def accept(stream: BinaryIO, *, name: str, by: uuid.UUID | None, field: str = "proof") -> StoredFile:
    """Look at a file, keep it and write its row; Invalid, with what to do, for whatever is not a photo or a PDF."""
    raw = _read(stream, field)
    seen, kept = _look(raw, field)
    return _keep(raw, kept, seen["media_type"], name, by)


@dataclass(frozen=True, slots=True)
class SeenPhoto:
    """A photo to be shown, as it was kept."""

    stored: StoredFile
    key: str
    """Begins its public addresses (kit.photos); equal pictures have the same one."""
    width: int
    height: int
    fingerprint: int
    """Much the same for much the same picture (64 bits, signed)."""


def accept_photo(stream: BinaryIO, *, name: str, by: uuid.UUID | None, field: str = "photo") -> SeenPhoto:
    """Look at a photo that is to be shown, keep it in all its sizes and write its row; Invalid for anything else."""
    raw = _read(stream, field)
    seen, kept = _look(raw, field, "shown")
    return keep_photo(raw, seen, kept, name=name, by=by)


def keep_photo(
    raw: bytes, seen: dict[str, Any], kept: bytes, *, name: str, by: uuid.UUID | None
) -> SeenPhoto:
    """Write what was found of a photo: the picture itself, then its sizes in their order."""
    whole = kept[: seen["size"]]
    key = photos.key_of(hashlib.sha256(whole).digest())
    at = seen["size"]
    for part, size in seen["parts"]:
        _put(photos.path_of(key, part), kept[at : at + size], mode=0o644)
        at += size
    stored = _keep(raw, whole, "image/jpeg", name, by)
    return SeenPhoto(stored, key, seen["width"], seen["height"], seen["fingerprint"])


def _read(stream: BinaryIO, field: str) -> bytes:
    most = settings().upload_max_bytes
    raw = stream.read(most + 1)
    if len(raw) > most:
        raise Invalid(
            "file_large",
            lazy("Berkas ini lebih dari %(most)s MB. Kirim foto yang lebih kecil.", most=most // 1_000_000),
            field=field,
        )
    if not raw:
        raise Invalid("file_empty", lazy("Berkas ini kosong. Pilih lagi fotonya."), field=field)
    return raw


def _keep(raw: bytes, kept: bytes, media_type: str, name: str, by: uuid.UUID | None) -> StoredFile:
    """Bytes and row."""
    stored = StoredFile(
        sha256=hashlib.sha256(kept).digest(),
        source_sha256=hashlib.sha256(raw).digest(),
        size=len(kept),
        media_type=media_type,
        name=harmless_name(name, media_type),
        stored_by=by,
    )
    _put(path_of(stored.sha256), kept)
    session().add(stored)
    session().flush()
    return stored


def read(stored: StoredFile) -> bytes:
    """The bytes of a stored file."""
    return path_of(stored.sha256).read_bytes()


def path_of(sha256: bytes) -> Path:
    """Where the bytes of this hash lie."""
    digest = sha256.hex()
    return Path(settings().data_dir) / "files" / digest[:2] / digest


_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)$")


def harmless_name(name: str, media_type: str) -> str:
    """A name that any system can save: no folders, no signs that mean something, one true suffix."""
    last = re.split(r"[/\\]", name)[-1]
    stem = last.partition(".")[0] if last.strip(".") else ""
    words = re.sub(r"[^\w\- ]+", "-", stem, flags=re.UNICODE)[:60].strip(" -_")
    if not words or _RESERVED.fullmatch(words):
        words = f"berkas-{words}".strip("-").lower()
    return words + SUFFIXES[media_type]


# --- the child -------------------------------------------------------------------------------------------------------

REFUSALS: dict[str, Any] = {
    "unknown": lazy("Berkas ini bukan foto (JPG, PNG, WebP) atau PDF. Foto notanya, lalu kirim lagi."),
    "broken": lazy("Berkas ini rusak atau terpotong. Coba foto atau unduh lagi."),
    "pixels": lazy("Gambar ini terlalu besar untuk dibuka. Kirim foto biasa dari ponsel."),
    "encrypted": lazy("PDF ini terkunci sandi. Kirim salinan yang tidak terkunci."),
    "active": lazy("PDF ini berisi program atau lampiran. Cetak ulang ke PDF, atau foto notanya."),
    "pages": lazy("PDF ini terlalu panjang. Kirim hanya halaman notanya."),
    "no_photo": lazy("Berkas ini PDF, bukan foto. Kirim fotonya (JPG, PNG, atau WebP)."),
    "small": lazy("Foto ini terlalu kecil. Kirim foto asli dari ponsel, lebarnya paling sedikit 480 piksel."),
}


def _look(raw: bytes, field: str, *more: str) -> tuple[dict[str, Any], bytes]:
    """What the child found, and what is to be kept. The child has little memory and little time."""
    limits = settings()
    asked = [str(limits.upload_pixels_most), str(limits.upload_side_most), *more]
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD), *asked],
            input=raw,
            capture_output=True,
            timeout=CHILD_SECONDS,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "MALLOC_ARENA_MAX": "1"},
        )
    except subprocess.TimeoutExpired:
        raise Invalid("file_broken", REFUSALS["broken"], field=field) from None
    head, _, kept = done.stdout.partition(b"\n")
    try:
        seen = json.loads(head)
    except ValueError:
        # Out of memory or of time: it was no ordinary photo.
        raise Invalid("file_broken", REFUSALS["broken"], field=field) from None
    refused = seen.get("refused")
    if refused or not kept:
        code = refused if refused in REFUSALS else "broken"
        raise Invalid(f"file_{code}", REFUSALS[code], field=field)
    return seen, kept


def _put(target: Path, kept: bytes, *, mode: int = 0o640) -> None:
    """Put the bytes where they belong, whole or not at all. A row that never comes leaves only bytes nobody finds."""
    if not settings().data_dir:
        raise Invalid(
            "no_storage",
            lazy("Penyimpanan berkas belum diatur di server ini. Hubungi kami."),
            http_status=503,
        )
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, partly = tempfile.mkstemp(dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(kept)
            sink.flush()
            os.fsync(sink.fileno())
        Path(partly).chmod(mode)
        Path(partly).replace(target)
    except BaseException:
        Path(partly).unlink(missing_ok=True)
        raise
