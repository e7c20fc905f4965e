"""What kind of file this is, by its content, and its text in letters. Hostile files are refused by name."""

from __future__ import annotations

from coevolve.reconciliation.statements.reasons import refuse

_OTHERS = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf", "7z"),
    (b"Rar!", "RAR"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"{\\rtf", "RTF"),
)
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def kind_of(content: bytes) -> str:
    """csv, html, xls, xlsx, text (MT940) or xml (CAMT); another kind is refused by its name."""
    if not content.strip():
        raise refuse("file_empty")
    if content.startswith(ZIP):
        return "xlsx"
    if content.startswith(OLE):
        return "xls"
    for start, name in _OTHERS:
        if content.startswith(start):
            raise refuse("file_kind", kind=name)
    head = _peek(content).lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("<!doctype html", "<html", "<table", "<head", "<body", "<style", "<meta")):
        return "html"
    if head.startswith("<"):
        is_page = "<html" in head or "<table" in head
        return "html" if is_page and "camt.05" not in head else "xml"
    if head.startswith((":20:", "{1:", ":25:")) or "\n:60f:" in head or "\n:60m:" in head:
        return "text"
    return "csv"


def _peek(content: bytes) -> str:
    head = content[:4000]
    wide = _wide(content)
    return head.decode(wide or "latin-1", errors="replace")


def _wide(content: bytes) -> str | None:
    """The two-byte encoding of a text, by its mark or by where its zero bytes lie; None for one-byte texts."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = content[:2000]
    if len(head) < 4 or b"\x00" not in head:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > len(head) * 0.3 and even < len(head) * 0.05:
        return "utf-16-le"
    if even > len(head) * 0.3 and odd < len(head) * 0.05:
        return "utf-16-be"
    return None


def text_of(content: bytes, encodings: tuple[str, ...]) -> str:
    """The letters of a text file, read exactly in one of the declared encodings (or UTF-16, which says so itself)."""
    wide = _wide(content)
    if wide is not None:
        try:
            text = content.decode(wide)
        except UnicodeDecodeError as broken:
            raise refuse("encoding", encoding=wide) from broken
        return _clean(text)
    if b"\x00" in content:
        raise refuse("nul", row=content[: content.index(0)].count(b"\n") + 1)
    for encoding in encodings:
        try:
            return _clean(content.decode("utf-8-sig" if encoding == "utf-8" else encoding))
        except UnicodeDecodeError as broken:
            last = broken
    raise refuse(
        "encoding", row=content[: last.start].count(b"\n") + 1, encoding=", ".join(encodings)
    ) from last


def _clean(text: str) -> str:
    text = text.removeprefix("\ufeff")
    if "\x00" in text:
        raise refuse("nul", row=text[: text.index("\x00")].count("\n") + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n")
