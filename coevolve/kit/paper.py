"""Papers: a typst template and data become a PDF. Data travel as JSON only, so no typed word is ever run as markup."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import segno
import typst

from coevolve.kit import i18n
from coevolve.kit.letters import FONTS, in_letters_we_have

PAPERS = Path(__file__).resolve().parents[2] / "templates" / "papers"
"""Typst reads TTF, not WOFF2, and falls back silently: a test looks for the font's name in the file."""


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of templates/papers/<template>.typ, in the language of now; `data` holds words, never markup."""
    return _made(template, data, "pdf")


def picture(template: str, data: Mapping[str, Any]) -> bytes:
    """The same as a PNG, a pixel for each point of the paper."""
    return _made(template, data, "png")


@functools.cache
def _fonts() -> typst.Fonts:
    """Ours alone, read once: papers look the same on every machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)])


def _made(template: str, data: Mapping[str, Any], form: Literal["pdf", "png"]) -> bytes:
    given = {**in_letters_we_have(data), "language": i18n.language()}
    return bytes(
        typst.compile(
            str(PAPERS / f"{template}.typ"),
            root=str(PAPERS),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format=form,
            ppi=72.0,
            sys_inputs={"data": json.dumps(given, ensure_ascii=False, default=str)},
        )
    )


def qr(address: str) -> str:
    """An address as squares, an SVG for the paper."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=4, border=0, xmldecl=False)
    return drawn.getvalue().decode()
