"""Share cards, papers and the data for search engines: whatever a title holds, they come out right, light and safe."""

from __future__ import annotations

import io
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from PIL import Image

from coevolve import config
from coevolve.kit import drawn, icons, paper, photos, sharing
from coevolve.kit.errors import TooMany
from coevolve.kit.letters import breakable, covered, drawable, in_letters_we_have
from coevolve.kit.sharing import Figure, Picture

HOSTILE = {
    "quotes": "“Air” \"bersih\" 'untuk' semua & <b>segera</b>",
    "markup": "</script><script>alert(1)</script><!-- #import sys",
    "typst": '#panic("x") $ \\ * _ ` @ #{ read("/etc/passwd") }',
    "emoji": "🎉👨‍👩‍👧 Ayo bantu 🇮🇩 sekarang",
    "rtl": "صباح الخير \u202e معهد نور العلوم",
    "wide": "W" * 120,
    "words": "Pembangunan ruang belajar dan perpustakaan anak di Kepulauan Talaud serta pulau di dekatnya",
    "script": "王小明 สวัสดี ꦗꦮ ᬩᬮᬶ Nguyễn",
    "nothing": "🎉",
    "marks": "a\x00b\ud800c\u200b\u2028d",
}
BUSIEST = Picture(
    title=HOSTILE["words"],
    place="Kab. Kepulauan Siau Tagulandang Biaro, Sulawesi Utara",
    kind="Peluang kemitraan",
    sector="Air bersih dan sanitasi",
    by="Perkumpulan Masyarakat Peduli Lingkungan dan Air Bersih Nusa Tenggara",
    scene=("governance", 3),
    has_meter=True,
    received=61,
    promised=22,
    figures=(Figure("Rp 999,9 juta", "diterima dari Rp 1,2 miliar"), Figure("Rp 200 juta", "dijanjikan")),
)


@pytest.fixture(autouse=True)
def plain() -> Iterator[None]:
    """Settings without a database."""
    before = config._installed
    config.install(config.Settings(env="test", public_url="http://localhost"))
    yield
    config._installed = before


@pytest.fixture
def folder(tmp_path: Path) -> Any:
    """Drawings of this test alone, none counted before."""
    drawn._recent.clear()
    with config.overridden(data_dir=str(tmp_path)):
        yield tmp_path
    drawn._recent.clear()


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_a_card_is_a_jpeg_that_every_chat_shows(title: str) -> None:
    made = sharing.draw(BUSIEST.but(title=title, place=title, by=title))
    image = Image.open(io.BytesIO(made))
    assert (image.format, image.size) == ("JPEG", (1200, 630))
    assert len(made) <= sharing.MOST_BYTES
    assert not image.getexif()


def test_the_busiest_photo_fits_too(folder: Path) -> None:
    """Noise is what JPEG presses worst: no real photo is larger."""
    key = "0" * 32
    path = photos.path_of(key, sharing.PHOTO_PART)
    path.parent.mkdir(parents=True)
    Image.frombytes("RGB", (720, 540), os.urandom(720 * 540 * 3)).save(path, "JPEG", quality=95)
    made = sharing.draw(BUSIEST.but(photo=key))
    assert 100_000 < len(made) <= sharing.MOST_BYTES
    scene = Image.open(io.BytesIO(sharing.draw(BUSIEST)))
    assert Image.open(io.BytesIO(made)).getpixel((900, 200)) != scene.getpixel((900, 200))


def test_a_lost_photo_leaves_the_scene(folder: Path) -> None:
    assert sharing.draw(BUSIEST.but(photo="f" * 32)) == sharing.draw(BUSIEST)


def test_the_meter_is_drawn_in_two_layers() -> None:
    image = Image.open(io.BytesIO(sharing.draw(BUSIEST))).convert("RGB")

    def near(x: int, colour: str) -> bool:
        seen, meant = image.getpixel((x, 400)), tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert isinstance(seen, tuple)
        return all(abs(one - other) < 24 for one, other in zip(seen, meant, strict=True))

    width = 1200 - 112
    assert near(56 + width * 30 // 100, "#1c6b4a")
    assert any(near(56 + width * 75 // 100 + step, "#8fc4aa") for step in range(14))
    assert near(56 + width * 92 // 100, "#e8e1d5")


def test_a_card_has_the_address_of_what_it_shows() -> None:
    assert BUSIEST.digest == BUSIEST.but().digest
    others: tuple[dict[str, Any], ...] = (
        {"title": "Lain"},
        {"received": 62},
        {"state": "Dijeda"},
        {"photo": "a"},
    )
    changed = [BUSIEST.but(**words) for words in others]
    assert len({one.digest for one in [BUSIEST, *changed]}) == 5
    assert re.fullmatch(
        r"/kartu/tayangan/air-bersih-[0-9a-f]{16}\.jpg", sharing.card_path("tayangan", "air-bersih", BUSIEST)
    )


def test_shares_of_the_meter_round_down_and_stay_within() -> None:
    assert sharing.shares_of(999, 0, 1000) == (99, 0)
    assert sharing.shares_of(700, 700, 1000) == (70, 30)
    assert sharing.shares_of(5000, 100, 1000) == (100, 0)
    assert sharing.shares_of(1, 1, 0) == (0, 0)


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_titles_are_shortened_between_words(title: str) -> None:
    short = sharing.shortened(title, 65)
    assert len(short) <= 65
    assert "\n" not in short


def test_a_message_for_whatsapp_says_what_and_where_and_nothing_else() -> None:
    link = sharing.whatsapp("Air & tanah " + "x" * 300, "/kebutuhan/air")
    assert link.startswith("https://wa.me/?text=Air+%26+tanah")
    assert link.endswith("%2Fkebutuhan%2Fair")
    assert len(link) < 300
    assert link.count("=") == 1


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_data_for_search_engines_cannot_leave_its_element(title: str) -> None:
    made = str(sharing.linked_data({"@type": "NGO", "name": title, "empty": None}))
    assert not set(made) & set("<>&'\u2028\u2029")
    read = json.loads(made)
    assert read["@graph"] == [{"@type": "NGO", "name": title}]


@pytest.mark.parametrize("title", HOSTILE.values(), ids=HOSTILE)
def test_the_line_to_embed_is_one_element(title: str) -> None:
    code = sharing.embed_code("/sisip/kebutuhan/x", title, 300)
    assert code.count("<") == 2
    assert code.endswith("</iframe>")


# --- letters ------------------------------------------------------------------------------------------


def test_letters_we_have_are_kept_and_others_spelled_out() -> None:
    assert drawable("Nguyễn ꦗꦮ صباح Ёлка") == "Nguyễn ꦗꦮ صباح Ёлка"
    assert drawable("王小明") == "WangXiaoMing"
    assert drawable("สวัสดี").isascii()
    assert drawable("🎉 Ayo 👨‍👩‍👧 bantu") == "Ayo bantu"
    assert drawable("rusak\u202eteks\x00") == "rusakteks"
    assert in_letters_we_have({"a": ["王", {"b": ("é", 3)}], "qr": "<svg>王</svg>"}) == {
        "a": ["Wang", {"b": ["é", 3]}],
        "qr": "<svg>王</svg>",
    }
    assert ord("A") in covered()
    assert 0x4E00 not in covered()


def test_the_fonts_of_other_letters_are_of_reasonable_size() -> None:
    fonts = list(paper.FONTS.glob("wide-*.ttf"))
    assert len(fonts) >= 6
    assert sum(path.stat().st_size for path in fonts) < 900_000
    assert (paper.FONTS / "WIDE-LICENCES.txt").exists()


def test_long_words_may_break() -> None:
    assert breakable("W" * 40).count("\u200b") == 2
    assert breakable("kata biasa saja") == "kata biasa saja"


def test_a_receipt_names_people_beyond_latin() -> None:
    from tests.payments.test_papers import words_of

    names = (
        "title",
        "number",
        "note",
        "annulled",
        "received_label",
        "amount",
        "in_words",
        "verify_label",
        "address",
    )
    given = dict.fromkeys(names, "") | {
        "platform": "Co-Evolve", "facts": [["Nama", "王小明 ꦗꦮ Ёлка"]], "qr": paper.qr("x"),
    }  # fmt: skip
    made = paper.pdf("receipt", given)
    assert "WangXiaoMing" in words_of(made)
    names = {str(font) for font in _fonts_in(made)}
    assert any("Javanese" in name for name in names), names
    assert any("DejaVu" in name for name in names), names


def _fonts_in(made: bytes) -> set[str]:
    found: set[str] = set()
    for page in pypdf.PdfReader(io.BytesIO(made)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            found.add(font.get_object()["/BaseFont"])
    return found


# --- drawn once ---------------------------------------------------------------------------------------


def test_drawn_once_however_many_ask(folder: Path) -> None:
    calls, gate = [], threading.Event()

    def draw() -> bytes:
        calls.append(1)
        gate.wait(5)
        return b"x"

    asking = [threading.Thread(target=lambda: drawn.kept("one.jpg", draw)) for _ in range(4)]
    for one in asking:
        one.start()
    gate.set()
    for one in asking:
        one.join()
    assert len(calls) == 1
    assert drawn.find("one.jpg") == b"x"


def test_a_flood_is_sent_away_and_draws_no_more(folder: Path) -> None:
    with config.overridden(drawings_per_minute=3):
        for number in range(3):
            drawn.kept(f"{number}.jpg", lambda: b"x")
        with pytest.raises(TooMany) as refused:
            drawn.kept("4.jpg", lambda: b"x")
        assert drawn.kept("1.jpg", lambda: b"never") == b"x"
    assert refused.value.retry_after_seconds > 0


def test_too_many_waiting_are_sent_away(folder: Path) -> None:
    drawn._waiting = drawn.WAITING_MOST
    try:
        with pytest.raises(TooMany):
            drawn.kept("x.jpg", lambda: b"x")
    finally:
        drawn._waiting = 0


def test_the_folder_stays_within_its_bound_and_loses_the_oldest(folder: Path) -> None:
    with config.overridden(drawings_bytes=3_000):
        for number in range(6):
            name = f"{number}.jpg"
            drawn.put(name, b"x" * 1_000)
            path = drawn._path(name)
            if path is not None and path.exists():
                os.utime(path, (1_000 + number, 1_000 + number))
        drawn.make_room()
    left = sorted(path.name for path in folder.glob("drawings/*/*"))
    assert left == ["3.jpg", "4.jpg", "5.jpg"]


def test_icons_are_the_drawn_logo() -> None:
    for name, (side, radius, scale) in icons.ICONS.items():
        kept = Image.open(icons.FOLDER / name)
        assert kept.size == (side, side)
        made = Image.open(io.BytesIO(icons.draw(side, radius, scale)))
        assert made.convert("RGBA").getpixel((side // 2, side // 2)) == kept.convert("RGBA").getpixel(
            (side // 2, side // 2)
        )
    manifest = json.loads((icons.FOLDER / "manifest.webmanifest").read_text())
    assert manifest["id"] == manifest["start_url"] == manifest["scope"] == "/"
    assert {(one["sizes"], one["purpose"]) for one in manifest["icons"]} >= {
        ("192x192", "any"), ("512x512", "any"), ("192x192", "maskable"), ("512x512", "maskable"),
    }  # fmt: skip
    for one in [*manifest["icons"], *(icon for way in manifest["shortcuts"] for icon in way["icons"])]:
        assert (icons.FOLDER / one["src"].removeprefix("/static/")).exists()
