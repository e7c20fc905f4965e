"""Photos painted for the demo, and updates from the field: nobody's face, nothing fetched, quickly done."""

from __future__ import annotations

import datetime as dt
import io
import math
import random
import uuid
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy import text

from coevolve.config import settings
from coevolve.kit import clock, files, files_child
from coevolve.kit.db import session
from coevolve.kit.files import SeenPhoto
from coevolve.listings import queries, service
from coevolve.listings.models import Listing
from coevolve.listings.news_models import ListingPhoto
from coevolve.organisations import queries as organisations
from coevolve.people import queries as people
from coevolve.people.models import Person

WIDE, TALL = 1280, 854
LIGHTS = (
    ((246, 223, 176), (217, 160, 91)),
    ((219, 229, 244), (169, 191, 146)),
    ((244, 207, 174), (201, 133, 86)),
)
COVERED = 5
"""So many campaigns have photos; the demo's own organisation among them."""
NEWS = (
    (
        "Pipa terpasang sampai bak penampung",
        (
            "Enam hari kami menggali bersama: **empat puluh batang pipa** sekarang tersambung dari mata air ke bak.\n\n"
            "Minggu depan keran umum dipasang di tiga titik. Terima kasih; nota belanjanya kami kirim bersama laporan."
        ),
    ),
    (
        "Bahan sudah di lokasi dan dihitung warga",
        (
            "Truk datang Selasa pagi. Semua bahan dihitung bersama ketua RT dan dicatat di papan balai dusun.\n\n"
            "Pemasangan mulai sesudah panen, kira-kira dua minggu lagi."
        ),
    ),
    (
        "Musyawarah memilih tim pengelola",
        (
            "Dua puluh tujuh warga hadir, separuhnya perempuan. Lima orang dipilih menjadi tim pengelola, dengan iuran "
            "yang disepakati bersama setiap bulan."
        ),
    ),
)

Scene = Callable[[ImageDraw.ImageDraw, random.Random], None]


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """Photos for some campaigns, a few updates; told in the past by the real use cases."""
    if not settings().data_dir:
        return
    own = organisations.memberships_of(accounts["oms@demo.example"])
    ours = [seat.organisation.id for seat in own if seat.role == "owner"]
    moderator = people.get(accounts["moderator1@demo.example"])
    for number, listing in enumerate(_campaigns(ours)):
        seen = paint(listing.sector or "housing", number, by=moderator.id)
        _hang(listing, seen, ALTS.get(listing.sector or "", ALTS["housing"]), by=moderator.id)
        if number < len(NEWS):
            _report(listing, number, moderator)


def _campaigns(ours: list[uuid.UUID]) -> list[Listing]:
    """Open campaigns with money: our own first, then others, each of another sector."""
    rows = session().execute(
        text(
            "SELECT id, sector FROM listing WHERE state = 'open' AND kind = 'campaign' AND opened_at IS NOT NULL "
            "ORDER BY organisation_id = ANY(:ours) DESC, opened_at DESC, id LIMIT 60"
        ),
        {"ours": ours},
    )
    found: dict[str, uuid.UUID] = {}
    for listing_id, sector in rows:
        found.setdefault(sector, listing_id)
    return [queries.get(listing_id) for listing_id in list(found.values())[:COVERED]]


def _hang(listing: Listing, seen: SeenPhoto, alt: str, *, by: uuid.UUID) -> None:
    """As if it had been there when the moderator looked."""
    session().add(_photo(listing, seen, alt, by))
    listing.cover = seen.key
    session().flush()


def _photo(listing: Listing, seen: SeenPhoto, alt: str, by: uuid.UUID) -> ListingPhoto:
    return ListingPhoto(
        listing_id=listing.id,
        file_id=seen.stored.id,
        position=1,
        key=seen.key,
        alt=alt,
        width=seen.width,
        height=seen.height,
        fingerprint=seen.fingerprint,
        bands=queries.bands_of(seen.fingerprint),
        added_by=by,
    )


def _report(listing: Listing, number: int, moderator: Person) -> None:
    """One update of its members, one with the photo."""
    title, words = NEWS[number]
    writers = organisations.members_of(listing.organisation_id)
    if not writers:
        return
    with clock.travel(-dt.timedelta(days=2 + 5 * number, hours=number)):
        update = service.write_update(
            listing_id=listing.id, by=writers[0], client_token=uuid.uuid4(), title=title, text=words
        )
        if number == 0:
            photo = _photo(listing, paint("work", 40, by=moderator.id), ALTS["work"], writers[0].id)
            photo.update_id = update.id
            session().add(photo)
        service.publish_update(update_id=update.id, by=writers[0])


# --- painting ---------------------------------------------------------------------------------------------------------


def paint(sector: str, number: int, *, by: uuid.UUID) -> SeenPhoto:
    """A painted photo, kept as one that was handed in; drawn by ourselves, so no child need look at it first."""
    chance = random.Random(f"{sector}{number}")  # noqa: S311 - a painting
    image = _ground(chance)
    pen = ImageDraw.Draw(image)
    SCENES.get(sector, _houses)(pen, chance)
    soft = image.filter(ImageFilter.GaussianBlur(1.1))
    sink = io.BytesIO()
    soft.save(sink, "JPEG", quality=84)
    raw = sink.getvalue()
    seen, parts = files_child.sizes_of(raw)
    return files.keep_photo(raw, seen, raw + b"".join(parts), name=f"{sector}.jpg", by=by)


def _ground(chance: random.Random) -> Image.Image:
    """Sky, sun, two ranges of hills, earth."""
    sky, haze = chance.choice(LIGHTS)
    image = Image.new("RGB", (WIDE, TALL), sky)
    pen = ImageDraw.Draw(image)
    for y in range(0, 430, 6):
        mix = y / 430
        shade = tuple(round(a + (255 - a) * mix * 0.6) for a in sky)
        pen.rectangle((0, y, WIDE, y + 6), fill=shade)
    x = chance.randint(180, WIDE - 180)
    pen.ellipse((x - 58, 80, x + 58, 196), fill=(242, 178, 51))
    far = tuple(max(0, c - 30) for c in haze)
    for level, fill in ((400, haze), (500, far)):
        height, phase = chance.randint(50, 95), chance.random() * 6
        ridge = [
            (step, level - height * math.sin(step / 210 + phase) - 28 * math.sin(step / 67 + phase))
            for step in range(0, WIDE + 40, 20)
        ]
        pen.polygon([(0, TALL), *ridge, (WIDE, TALL)], fill=fill)
    pen.polygon([(0, 640), (420, 590), (900, 622), (WIDE, 584), (WIDE, TALL), (0, TALL)], fill=(92, 124, 72))
    for _ in range(150):
        a, b = chance.randint(0, WIDE), chance.randint(640, TALL)
        pen.line((a, b, a + chance.randint(-7, 7), b - chance.randint(8, 26)), fill=(69, 100, 58), width=3)
    return image


def _person(pen: ImageDraw.ImageDraw, x: int, y: int, cloth: tuple[int, int, int]) -> None:
    """Somebody at work, seen from behind."""
    pen.rounded_rectangle((x - 26, y - 96, x + 26, y), 24, fill=cloth)
    pen.ellipse((x - 20, y - 140, x + 20, y - 98), fill=(118, 78, 48))
    pen.polygon([(x - 34, y - 122), (x, y - 152), (x + 34, y - 122)], fill=(217, 178, 102))


def _house(pen: ImageDraw.ImageDraw, x: int, y: int, size: int) -> None:
    pen.rectangle((x, y - size // 2, x + size, y), fill=(251, 247, 240))
    pen.polygon(
        [(x - size // 8, y - size // 2), (x + size // 2, y - size), (x + size + size // 8, y - size // 2)],
        fill=(165, 40, 27),
    )
    pen.rectangle((x + size * 2 // 5, y - size // 3, x + size * 3 // 5, y), fill=(111, 68, 32))


def _tree(pen: ImageDraw.ImageDraw, x: int, y: int, size: int) -> None:
    pen.rectangle((x - 9, y - size, x + 9, y), fill=(111, 68, 32))
    for dx, dy in ((-40, 0), (36, 6), (0, -44), (-6, 20)):
        pen.ellipse(
            (x + dx - size // 3, y - size + dy - size // 3, x + dx + size // 3, y - size + dy + size // 3),
            fill=(28, 107, 74),
        )


def _houses(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    for x, size in ((180, 240), (520, 190), (860, 260)):
        _house(pen, x, 690 + chance.randint(-14, 14), size)
    _tree(pen, 1160, 690, 210)
    _person(pen, 460, 760, (242, 178, 51))


def _pipes(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((170, 380, 420, 560), fill=(29, 35, 80))
    pen.rectangle((150, 356, 440, 388), fill=(44, 53, 118))
    for x in (196, 386):
        pen.rectangle((x, 560, x + 18, 680), fill=(111, 68, 32))
    pen.line((420, 520, 640, 660, 900, 700, WIDE, 742), fill=(47, 111, 192), width=26, joint="curve")
    _house(pen, 880, 620, 190)
    for x in (560, 700):
        _person(pen, x + chance.randint(-12, 12), 790, (165, 40, 27) if x == 560 else (44, 53, 118))


def _school(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.rectangle((260, 400, 1020, 660), fill=(251, 247, 240))
    pen.polygon([(210, 410), (330, 280), (950, 280), (1070, 410)], fill=(165, 40, 27))
    for x in (320, 440, 760, 880):
        pen.rectangle((x, 470, x + 80, 560), fill=(143, 176, 236))
    pen.rectangle((590, 480, 690, 660), fill=(111, 68, 32))
    for x in (240, 330, 1080):
        _person(pen, x + chance.randint(-8, 8), 780, (29, 35, 80))


def _fields(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    for row in range(7):
        y = 560 + row * 44
        tone = (127 + row * 8, 160 - row * 3, 80)
        pen.polygon([(0, y), (WIDE, y - 60), (WIDE, y), (0, y + 60)], fill=tone)
    for _ in range(260):
        x, y = chance.randint(0, WIDE), chance.randint(590, TALL)
        pen.line((x, y, x + 5, y - 30), fill=(201, 189, 85), width=4)
    _person(pen, 520, 730, (44, 53, 118))
    _person(pen, 780, 760, (165, 40, 27))


def _trees(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.polygon([(0, 700), (WIDE, 650), (WIDE, TALL), (0, TALL)], fill=(47, 111, 192))
    for x in (140, 330, 600, 880, 1120):
        _tree(pen, x, 680 + chance.randint(-20, 20), chance.randint(150, 230))
    for x in range(90, WIDE, 130):
        pen.line((x, 800, x, 752), fill=(28, 107, 74), width=8)
        pen.ellipse((x - 20, 730, x + 20, 760), fill=(79, 154, 104))


def _work(pen: ImageDraw.ImageDraw, chance: random.Random) -> None:
    pen.polygon([(100, 720), (1180, 660), (1180, 720), (100, 790)], fill=(111, 68, 32))
    pen.line((110, 742, 1180, 680), fill=(47, 111, 192), width=22)
    for number, x in enumerate((260, 480, 700, 930)):
        _person(
            pen,
            x + chance.randint(-14, 14),
            700 + 14 * (number % 2),
            (165 - 30 * number, 40 + 30 * number, 60),
        )


SCENES: dict[str, Scene] = {
    "water": _pipes,
    "education": _school,
    "food": _fields,
    "livelihood": _fields,
    "environment": _trees,
    "work": _work,
}
ALTS = {
    "water": "Dua warga di samping pipa biru yang turun dari bak air ke rumah-rumah",
    "education": "Bangunan sekolah beratap merah dengan tiga orang di halamannya",
    "food": "Dua petani di antara baris-baris sawah berundak",
    "livelihood": "Dua petani di antara baris-baris kebun di lereng bukit",
    "environment": "Bibit bakau baru di tepi air, pohon-pohon besar di belakangnya",
    "work": "Empat warga menanam pipa di parit sepanjang lereng",
    "housing": "Tiga rumah beratap merah di kaki bukit, seorang warga di depannya",
}
