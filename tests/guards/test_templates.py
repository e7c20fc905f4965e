"""What templates and static files may hold, and how heavy they may be."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from coevolve.commands import i18n

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.*"))
PAGES = [path for path in TEMPLATES if path.suffix == ".html" and "mail" not in path.relative_to(ROOT).parts]
STATIC = ROOT / "coevolve" / "static"
HTMX_SHA256 = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"

FORBIDDEN = {
    "inline style": r"\sstyle\s*=",
    "style element": r"<style\b",
    "inline script": r"<script(?![^>]*\bsrc=)(?! type=\"application/ld\+json\">\{\{ shared\.linked \}\}</script>)",
    "inline handler": r"<[^>{]*\son[a-z]+\s*=",
    "hx-on": r"\bhx-on\b|\bhx-on:|\bhx-live\b",
    "evaluated value": r"[\"'=]\s*(?:js|javascript):",
    "filter in a trigger": r"hx-trigger\s*=\s*[\"'][^\"']*\[",
    "another site": r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"'](?:https?:)?//",
    "ticked in advance": r"<input[^>{]*\schecked[\s>]",
}
UNWANTED = re.compile(r"\b(submit|user|klik di sini)\b", re.IGNORECASE)


def _name(path: Path) -> str:
    return path.relative_to(ROOT / "templates").as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_template_compiles(app: Flask, path: Path) -> None:
    app.jinja_env.get_template(_name(path))


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_pages_hold_nothing_the_policy_forbids(path: Path) -> None:
    source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [what for what, pattern in FORBIDDEN.items() if re.search(pattern, source, re.IGNORECASE)]
    assert found == []


def test_fragments_bring_no_script() -> None:
    assert [
        _name(path) for path in PAGES if path.name.startswith("_") and "<script" in path.read_text()
    ] == []


def test_data_for_search_engines_stands_in_one_place_only() -> None:
    """The one script element without a file is data, made by kit.sharing.linked_data, in the head of all pages."""
    holders = [_name(path) for path in PAGES if "ld+json" in path.read_text(encoding="utf-8")]
    assert holders == ["base.html"]


def test_htmx_is_the_file_we_checked() -> None:
    assert hashlib.sha256((STATIC / "htmx-4.0.1.min.js").read_bytes()).hexdigest() == HTMX_SHA256


def test_no_sentence_uses_unwanted_words() -> None:
    assert [message for message in i18n.used() if UNWANTED.search(message)] == []


def test_style_script_and_font_stay_light() -> None:
    sizes = {
        name: len(brotli.compress((STATIC / name).read_bytes(), quality=4))
        for name in (
            "app.css",
            "desk.css",
            "print.css",
            "app.js",
            "htmx-4.0.1.min.js",
            "register.js",
            "sw.js",
        )
    }
    assert sizes["app.css"] <= 8 * 1024
    assert sizes["desk.css"] <= 4 * 1024, "only signed-in pages and a guest's own pages load it"
    assert sizes["print.css"] <= 1536, "fetched last, for it is for paper only"
    assert (STATIC / "app.js").stat().st_size <= 2 * 1024
    assert sizes["app.js"] + sizes["htmx-4.0.1.min.js"] + sizes["register.js"] + sizes["sw.js"] <= 20 * 1024
    assert (STATIC / "register.js").stat().st_size <= 200
    assert (STATIC / "fonts" / "plus-jakarta-sans.woff2").stat().st_size <= 20 * 1024
    assert (STATIC / "fonts" / "OFL.txt").exists()


def test_every_colour_named_is_defined() -> None:
    css = "".join(
        (STATIC / name).read_text(encoding="utf-8") for name in ("app.css", "desk.css", "print.css")
    )
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", css)) <= set(re.findall(r"(--[a-z0-9-]+):", css))


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _token(name: str) -> str:
    css = (STATIC / "app.css").read_text(encoding="utf-8")
    found = re.search(rf"--{name}: (#[0-9a-f]{{3,6}});", css)
    assert found, name
    value = found.group(1)
    return value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:])


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("nila", "mori", 4.5),
        ("biru", "mori", 4.5),
        ("tinta", "kunyit", 4.5),
        ("tinta", "kunyit-hover", 4.5),
        ("daun", "mori", 4.5),
        ("daun", "daun-bg", 4.5),
        ("mengkudu", "mori", 4.5),
        ("mengkudu", "merah-bg", 4.5),
        ("soga", "soga-bg", 4.5),
        ("soga", "kuning-bg", 4.5),
        ("nila", "ungu-bg", 4.5),
        ("tinta", "mori", 4.5),
        ("redup", "mori", 4.5),
        ("redup", "ungu-bg", 4.5),
        ("border", "kertas", 3),
        ("tinta", "map-2", 4.5),
        ("kertas", "map-3", 4.5),
        ("kertas", "map-4", 4.5),
    ],
)
def test_words_stand_out_from_their_ground(ink: str, ground: str, least: float) -> None:
    light, dark = sorted((_luminance(_token(ink)), _luminance(_token(ground))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


def test_every_door_of_the_shell_leads_to_a_room(app: Flask) -> None:
    """The bar and the foot, and the errors, name only addresses that exist."""
    adapter = app.url_map.bind("localhost")
    shell = [path for path in PAGES if path.parent.name in {"layouts", "errors"}]
    assert shell
    lost = []
    for path in shell:
        source = path.read_text(encoding="utf-8")
        for method, address in re.findall(r"(href|action)=\"(/[^\"{#?]*)", source):
            if address.startswith("/static/"):
                continue
            methods = ("GET",) if method == "href" else ("GET", "POST")
            if not any(_exists(adapter, address, one) for one in methods):
                lost.append((_name(path), address))
    assert lost == []


def _exists(adapter: object, address: str, method: str) -> bool:
    try:
        adapter.match(address, method=method)  # type: ignore[attr-defined]
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def test_every_class_in_pages_has_a_style() -> None:
    known = {
        name: set(re.findall(r"\.([a-zA-Z][\w-]*)", (STATIC / name).read_text(encoding="utf-8")))
        for name in ("app.css", "desk.css", "print.css", "console.css", "embed.css")
    }
    lost: dict[str, set[str]] = {}
    for path in PAGES:
        source = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        # Consoles of staff load a second sheet; parts that only they include stand in their folder.
        of_staff = "console.css" in source or _name(path).startswith("reconciliation/_")
        styled = (
            known["app.css"]
            | known["desk.css"]
            | known["print.css"]
            | (known["console.css"] if of_staff else set())
        )
        if "sharing/_embed.html" in source or "embed.css" in source:
            styled = known["embed.css"]
        for value in re.findall(
            r"\sclass=\"([^\"]*)\"", re.sub(r"\{[{%].*?[}%]\}", " ", source, flags=re.DOTALL)
        ):
            for name in value.split():
                if len(name) > 1 and name not in styled:
                    lost.setdefault(name, set()).add(_name(path))
    assert lost == {}
