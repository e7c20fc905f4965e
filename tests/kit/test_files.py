"""Files people hand in, the hostile ones among them: only pictures drawn anew and harmless PDFs are kept."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.config import overridden
from coevolve.kit import files
from coevolve.kit.errors import Invalid
from coevolve.kit.files import StoredFile

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def picture(kind: str = "JPEG", size: tuple[int, int] = (90, 120), mode: str = "RGB", **save: Any) -> bytes:
    sink = io.BytesIO()
    Image.new(mode, size, (120, 90, 30) if mode == "RGB" else (120, 90, 30, 40)).save(sink, kind, **save)
    return sink.getvalue()


def pdf(*, script: bool = False, attachment: bool = False, password: str = "", pages: int = 1) -> bytes:
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 300)
    if script:
        action = DictionaryObject(
            {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
        )
        writer.root_object[NameObject("/OpenAction")] = writer._add_object(action)
    if attachment:
        writer.add_attachment("lain.exe", b"MZ")
    if password:
        writer.encrypt(password)
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 5000))
        + chunk(b"IEND", b"")
    )


def with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "Kamera Rahasia"
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (9.0, 51.0, 0.0)
    exif[0x0112] = 6
    return picture(exif=exif.tobytes(), icc_profile=b"profile of a monitor")


def archive() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as made:
        made.writestr("word/document.xml", "<x/>" * 1000)
    return sink.getvalue()


def frames() -> bytes:
    sink = io.BytesIO()
    still = Image.new("P", (2, 2))
    still.save(sink, "GIF", save_all=True, append_images=[still] * 200)
    return sink.getvalue()


HOSTILE: list[tuple[str, bytes, str]] = [
    ("besar.png", png_claiming(20_000, 20_000), "file_pixels"),
    ("gerak.gif", frames(), "file_unknown"),
    (
        "gambar.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        "file_unknown",
    ),
    ("halaman.jpg", b"<!doctype html><script>alert(1)</script>", "file_unknown"),
    ("polyglot.gif", b"GIF89a/*" + b"\0" * 40 + b"*/=1;alert(1)", "file_unknown"),
    ("eicar.jpg", EICAR, "file_unknown"),
    ("surat.docx", archive(), "file_unknown"),
    ("potong.jpg", picture()[:200], "file_broken"),
    ("potong.png", picture("PNG")[:60], "file_broken"),
    ("kosong.jpg", b"", "file_empty"),
    ("program.pdf", pdf(script=True), "file_active"),
    ("lampiran.pdf", pdf(attachment=True), "file_active"),
    ("terkunci.pdf", pdf(password="rahasia"), "file_encrypted"),
    ("panjang.pdf", pdf(pages=61), "file_pages"),
    ("bohong.pdf", b"%PDF-1.7\n" + b"x" * 300, "file_broken"),
    ("postscript.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "file_unknown"),
]


@pytest.mark.parametrize(("name", "raw", "code"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_what_is_no_photo_and_no_harmless_pdf_is_refused(
    session: Session, name: str, raw: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        files.accept(io.BytesIO(raw), name=name, by=None)
    assert refused.value.code == code
    assert refused.value.field == "proof"
    assert session.execute(select(func.count()).select_from(StoredFile)).scalar_one() == 0


def test_too_many_bytes_are_refused_before_anybody_looks(session: Session) -> None:
    with overridden(upload_max_bytes=1000), pytest.raises(Invalid) as refused:
        files.accept(io.BytesIO(b"\xff\xd8" + b"0" * 1000), name="nota.jpg", by=None)
    assert refused.value.code == "file_large"


def test_a_photo_is_drawn_anew_upright_and_says_nothing_of_its_place(session: Session) -> None:
    stored = files.accept(io.BytesIO(with_place()), name="IMG 0001.HEIC.jpg", by=None)
    kept = files.read(stored)
    with Image.open(io.BytesIO(kept)) as image:
        assert image.format == "JPEG"
        assert image.size == (120, 90)
        assert dict(image.getexif()) == {}
        assert "icc_profile" not in image.info
    assert b"Kamera" not in kept
    assert (stored.media_type, stored.name) == ("image/jpeg", "IMG 0001.jpg")


def test_large_and_clear_pictures_become_plain_small_ones(session: Session) -> None:
    wide = files.accept(io.BytesIO(picture("JPEG", (4000, 3000))), name="a.jpg", by=None)
    clear = files.accept(io.BytesIO(picture("PNG", mode="RGBA")), name="b.png", by=None)
    web = files.accept(io.BytesIO(picture("WEBP")), name="c.webp", by=None)
    with Image.open(io.BytesIO(files.read(wide))) as image:
        assert image.size == (1800, 1350)
    assert {one.media_type for one in (wide, clear, web)} == {"image/jpeg"}


def test_a_plain_pdf_is_kept_as_it_came(session: Session) -> None:
    raw = pdf(pages=2)
    stored = files.accept(io.BytesIO(raw), name="Nota toko.PDF", by=None)
    assert files.read(stored) == raw
    assert (stored.media_type, stored.name) == ("application/pdf", "Nota toko.pdf")


def test_the_same_picture_is_known_again_even_with_other_words_around_it(session: Session) -> None:
    plain, marked = picture(quality=95), picture(quality=95, comment=b"diubah sedikit")
    first = files.accept(io.BytesIO(plain), name="a.jpg", by=None)
    second = files.accept(io.BytesIO(marked), name="b.jpg", by=None)
    assert first.source_sha256 != second.source_sha256
    assert first.sha256 == second.sha256
    assert files.path_of(first.sha256).read_bytes() == files.read(second)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("C:\\nota\\con.png", "berkas-con.jpg"),
        ("nota.pdf.exe", "nota.jpg"),
        ("x" * 300 + ".jpg", "x" * 60 + ".jpg"),
        ("…", "berkas.jpg"),
        ("", "berkas.jpg"),
        ('a"b\r\nSet-Cookie: x.jpg', "a-b-Set-Cookie- x.jpg"),
    ],
)
def test_names_are_made_harmless(given: str, kept: str) -> None:
    assert files.harmless_name(given, "image/jpeg") == kept


def test_without_a_folder_the_refusal_says_so(session: Session) -> None:
    with overridden(data_dir=""), pytest.raises(Invalid) as refused:
        files.accept(io.BytesIO(picture()), name="a.jpg", by=None)
    assert (refused.value.code, refused.value.http_status) == ("no_storage", 503)


def test_bytes_lie_outside_of_what_is_served(session: Session) -> None:
    stored = files.accept(io.BytesIO(picture()), name="a.jpg", by=None)
    static = Path("coevolve/static").resolve()
    assert static not in files.path_of(stored.sha256).resolve().parents
