"""The logo as icons for the screens of phones, drawn from one description; a test compares the files with it."""

from __future__ import annotations

import io
from pathlib import Path

import typst
from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "static"
RINGS = (
    '<g fill="none" stroke-width="6" transform="translate(32 32) scale({scale}) translate(-32 -32)">'
    '<circle cx="41" cy="32" r="14" stroke="#fff"/><circle cx="23" cy="32" r="14" stroke="#f2b233"/>'
    '<path d="M41 18a14 14 0 0 0-13.9 12" stroke="#fff"/></g>'
)
ICONS = {
    "icon-192.png": (192, 14, 1.0),
    "icon-512.png": (512, 14, 1.0),
    "icon-maskable-192.png": (192, 0, 0.82),
    "icon-maskable-512.png": (512, 0, 0.82),
}
"""Name -> side, radius of the corners, size of the rings. Phones cut a maskable one: the rings stay in its middle."""


def draw(side: int, radius: int, scale: float) -> bytes:
    """One icon as PNG."""
    shapes = f'<rect width="64" height="64" rx="{radius}" fill="#1d2350"/>{RINGS.format(scale=scale)}'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">{shapes}</svg>'
    page = f"#set page(width: {side}pt, height: {side}pt, margin: 0pt, fill: none)\n"
    page += f'#image(bytes(sys.inputs.svg), format: "svg", width: {side}pt)'
    made = typst.compile(
        page.encode(), format="png", ppi=72.0, sys_inputs={"svg": svg}, ignore_system_fonts=True
    )
    out = io.BytesIO()
    image = Image.open(io.BytesIO(bytes(made)))
    image.quantize(64, method=Image.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()


def write_files(folder: Path = FOLDER) -> None:
    """Write every icon."""
    for name, (side, radius, scale) in ICONS.items():
        (folder / name).write_bytes(draw(side, radius, scale))
