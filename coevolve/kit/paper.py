"""Papers: a typst template and data become a PDF. Data travel as JSON only, so no typed word is ever run as markup."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import segno
import typst

from coevolve.kit import i18n

PAPERS = Path(__file__).resolve().parents[2] / "templates" / "papers"
FONTS = Path(__file__).resolve().parents[1] / "static" / "fonts"
"""Typst reads TTF, not WOFF2, and falls back silently: a test looks for the font's name in the file."""


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of templates/papers/<template>.typ, in the language of now; `data` holds words, never markup."""
    given = {**data, "language": i18n.language()}
    return bytes(
        typst.compile(
            str(PAPERS / f"{template}.typ"),
            root=str(PAPERS),
            font_paths=[str(FONTS)],
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(given, ensure_ascii=False, default=str)},
        )
    )


def qr(address: str) -> str:
    """An address as squares, an SVG for the paper."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=4, border=0, xmldecl=False)
    return drawn.getvalue().decode()
