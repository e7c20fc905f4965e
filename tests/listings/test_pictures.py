"""Photos and documents of listings: kept light and clean, seen by whom they are for, known again when copied."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.config import overridden
from coevolve.kit import clock, photos
from coevolve.kit.errors import Forbidden, Invalid, NotFound
from coevolve.kit.kept import forget
from coevolve.listings import queries, service
from coevolve.listings.models import Kind, Listing
from coevolve.listings.news_models import PHOTOS_MOST, ListingPhoto
from coevolve.organisations import queries as organisation_queries
from tests.factories import listings as factory
from tests.factories import organisations, people
from tests.kit.test_files import HOSTILE, pdf, png_claiming


def _campaign(**over: object) -> Listing:
    return factory.draft(kind=Kind.campaign, lines=(factory.money(),), **over)


def _slug(listing: Listing) -> str:
    return organisation_queries.get(listing.organisation_id).slug


def _opened(listing: Listing) -> Listing:
    owner = factory.owner_of(listing)
    service.submit(listing_id=listing.id, by=owner)
    first, second = people.moderator(), people.moderator()
    return service.open_(listing_id=listing.id, by=first, seconded_by=second.id)


# --- what is kept --------------------------------------------------------------------------------------------------


def test_a_phone_photo_becomes_light_pictures_of_every_size_without_its_place(session: Session) -> None:
    listing = _campaign()
    exif = Image.Exif()
    exif[0x0110] = "Kamera Rahasia"
    exif.get_ifd(0x8825)[1] = "S"
    raw = factory.picture(1, size=(4000, 3000), exif=exif, quality=95)
    made = factory.photo(listing, photo=raw)
    assert (made.width, made.height) == (1800, 1350)
    for width, most in ((360, 12_000), (720, 55_000), (1280, 160_000)):
        for kind in ("avif", "webp"):
            path = photos.path_of(made.key, f"{width}.{kind}")
            assert path.stat().st_size <= most
            with Image.open(path) as image:
                assert image.size == (width, width * 3 // 4)
                assert not image.getexif()
    whole = queries.cover_of(listing.id)
    assert whole is not None
    for path in (whole.path, photos.path_of(made.key, "720.jpg")):
        kept = path.read_bytes()
        assert b"Exif" not in kept
        assert b"Rahasia" not in kept
    assert photos.path_of(made.key, "720.jpg").stat().st_size <= 55_000
    assert listing.cover == made.key


def test_a_picture_of_nothing_but_grain_stays_within_its_weight(session: Session) -> None:
    sink = io.BytesIO()
    Image.effect_noise((1600, 1200), 120).convert("RGB").save(sink, "JPEG", quality=90)
    sink.seek(0)
    made = factory.photo(_campaign(), photo=sink)
    assert photos.path_of(made.key, "720.avif").stat().st_size <= 55_000
    assert photos.path_of(made.key, "360.webp").stat().st_size <= 12_000


def test_hostile_files_become_no_photo(session: Session) -> None:
    listing = _campaign()
    for _name, raw, _code in HOSTILE:
        with pytest.raises(Invalid):
            factory.photo(listing, photo=io.BytesIO(raw))
    assert queries.photos_of(listing.id) == []


def test_bombs_documents_and_tiny_pictures_are_no_photos(session: Session) -> None:
    listing = _campaign()
    wrong = {
        "file_pixels": png_claiming(20_000, 20_000),
        "file_no_photo": pdf(),
        "file_small": factory.picture(1, size=(300, 400)).getvalue(),
        "file_unknown": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    }
    for code, raw in wrong.items():
        with pytest.raises(Invalid) as refused:
            factory.photo(listing, photo=io.BytesIO(raw))
        assert refused.value.code == code
        assert refused.value.field == "photo"


def test_a_polyglot_is_drawn_anew_and_its_second_half_is_gone(session: Session) -> None:
    raw = factory.picture(2).getvalue() + b"<script>alert(document.domain)</script>"
    made = factory.photo(_campaign(), photo=io.BytesIO(raw))
    for part in ("720.jpg", "720.webp", "720.avif", "360.webp"):
        assert b"<script>" not in photos.path_of(made.key, part).read_bytes()


def test_what_is_seen_must_be_said_and_eight_are_enough(session: Session) -> None:
    listing = _campaign()
    for alt in ("", "abc", "a" * 201):
        with pytest.raises(Invalid) as refused:
            factory.photo(listing, alt=alt)
        assert refused.value.field == "alt"
    with pytest.raises(Invalid) as nothing:
        service.add_photo(
            listing_id=listing.id, by=factory.owner_of(listing), photo=None, name="", alt="Warga desa"
        )
    assert nothing.value.code == "photo_missing"
    first = factory.photo(listing)
    again = factory.photo(listing, alt="Kata lain untuk foto yang sama")
    assert again.id == first.id
    for number in range(1, PHOTOS_MOST):
        factory.photo(listing, number)
    with pytest.raises(Invalid) as full:
        factory.photo(listing, 99)
    assert full.value.code == "photos_full"


def test_the_first_photo_is_the_cover(session: Session) -> None:
    listing = _campaign()
    owner = factory.owner_of(listing)
    one, two, three = (factory.photo(listing, number) for number in range(3))
    assert listing.cover == one.key
    service.move_photo(listing_id=listing.id, photo_id=three.id, by=owner, to="first")
    assert [photo.id for photo in queries.photos_of(listing.id)] == [three.id, one.id, two.id]
    assert listing.cover == three.key
    service.move_photo(listing_id=listing.id, photo_id=one.id, by=owner, to="later")
    service.move_photo(listing_id=listing.id, photo_id=one.id, by=owner, to="later")
    assert [photo.id for photo in queries.photos_of(listing.id)] == [three.id, two.id, one.id]
    service.move_photo(listing_id=listing.id, photo_id=two.id, by=owner, to="earlier")
    assert listing.cover == two.key
    for photo in (one, two, three, three):
        service.remove_photo(listing_id=listing.id, photo_id=photo.id, by=owner)
    assert listing.cover is None


def test_photos_are_arranged_only_while_the_listing_is_written(session: Session) -> None:
    listing = _campaign()
    photo = factory.photo(listing)
    stranger = organisations.owner_of(organisations.organisation())
    with pytest.raises(NotFound):
        factory.photo(listing, 1, by=stranger)
    _opened(listing)
    with pytest.raises(Forbidden):
        factory.photo(listing, 1)
    with pytest.raises(Forbidden):
        service.remove_photo(listing_id=listing.id, photo_id=photo.id, by=factory.owner_of(listing))


# --- who sees them -------------------------------------------------------------------------------------------------


def test_a_photo_is_served_to_whom_its_page_is(
    session: Session, client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    listing = _campaign()
    photo = factory.photo(listing)
    path = photos.photo_path(photo.key, 720, "avif")
    assert client.get(path).status_code == 404
    sign_in(client, organisations.owner_of(organisations.organisation()))
    assert client.get(path).status_code == 404
    for reader in (factory.owner_of(listing), people.moderator()):
        sign_in(client, reader)
        shown = client.get(path)
        assert shown.status_code == 200
        assert shown.headers["Cache-Control"] == "private, no-store"
    client.post("/keluar")
    _opened(listing)
    shown = client.get(path)
    assert (shown.status_code, shown.mimetype) == (200, "image/avif")
    assert shown.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    for wrong in (
        f"/foto/{photo.key}-999.webp",
        f"/foto/{photo.key}-360.jpg",
        "/foto/..%2f..%2fetc",
        "/foto/x",
    ):
        assert client.get(wrong).status_code == 404
    with overridden(photo_accel="/_foto/"):
        sent = client.get(path)
    assert sent.data == b""
    assert sent.headers["X-Accel-Redirect"] == f"/_foto/{photo.key[:2]}/{photo.key}-720.avif"


def test_freezing_hides_photos_and_documents(session: Session, client: FlaskClient) -> None:
    listing = _campaign()
    photo = factory.photo(listing)
    factory.photo(listing, 1)
    document = service.add_document(
        listing_id=listing.id,
        by=factory.owner_of(listing),
        document=io.BytesIO(pdf()),
        name="rab.pdf",
        title="Rencana anggaran biaya",
        is_public=True,
    )
    _opened(listing)
    page = client.get(f"/kampanye/{listing.slug}")
    assert photo.key in page.text
    assert "Rencana anggaran biaya" in page.text
    assert client.get(f"/dokumen/{document.id}").status_code == 200
    service.freeze(listing_id=listing.id, by=people.moderator(), text="Sedang diperiksa")
    page = client.get(f"/kampanye/{listing.slug}")
    assert page.status_code == 200
    assert photo.key not in page.text
    assert "Rencana anggaran biaya" not in page.text
    assert client.get(photos.photo_path(photo.key, 720)).status_code == 404
    assert client.get(f"/dokumen/{document.id}").status_code == 404


def test_documents_are_for_the_moderator_until_they_are_opened(
    session: Session, client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    listing = _campaign()
    owner = factory.owner_of(listing)
    document = service.add_document(
        listing_id=listing.id,
        by=owner,
        document=io.BytesIO(pdf()),
        name="../surat.exe",
        title="Surat dukungan desa",
    )
    path = f"/dokumen/{document.id}"
    _opened(listing)
    assert client.get(path).status_code == 404
    sign_in(client, organisations.owner_of(organisations.organisation()))
    assert client.get(path).status_code == 404
    sign_in(client, people.moderator())
    shown = client.get(path)
    assert (shown.status_code, shown.mimetype) == (200, "application/pdf")
    assert shown.headers["Content-Disposition"].startswith("attachment")
    sign_in(client, owner)
    base = f"/dasbor/{_slug(listing)}/listing/{listing.id}/dokumen"
    assert "Hanya moderator" in client.get(base).text
    assert client.post(f"{base}/{document.id}/buka").status_code == 303
    client.post("/keluar")
    assert client.get(path).status_code == 200
    assert "Surat dukungan desa" in client.get(f"/kampanye/{listing.slug}").text
    with pytest.raises(Forbidden):
        service.add_document(
            listing_id=listing.id, by=owner, document=io.BytesIO(pdf()), name="a.pdf", title="Sesudah tayang"
        )
    draft = _campaign()
    with pytest.raises(Invalid) as refused:
        service.add_document(
            listing_id=draft.id,
            by=factory.owner_of(draft),
            document=io.BytesIO(pdf(script=True)),
            name="a.pdf",
            title="Rencana dengan program",
        )
    assert (refused.value.code, refused.value.field) == ("file_active", "document")


def test_the_editor_adds_a_photo_and_says_what_is_wrong_beside_its_field(
    session: Session, client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    listing = _campaign()
    owner = factory.owner_of(listing)
    sign_in(client, owner)
    base = f"/dasbor/{_slug(listing)}/listing/{listing.id}"
    assert "Boleh kosong" in client.get(base).text
    bare = client.post(f"{base}/foto", data={"alt": "Warga memasang pipa"})
    assert bare.status_code == 422
    assert "Pilih fotonya dahulu" in bare.text
    assert 'value="Warga memasang pipa"' in bare.text
    silent = client.post(f"{base}/foto", data={"photo": (factory.picture(), "IMG.jpg"), "alt": ""})
    assert silent.status_code == 422
    assert "Tulis apa yang terlihat" in silent.text
    wrong = client.post(f"{base}/foto", data={"photo": (io.BytesIO(b"<svg/>"), "a.svg"), "alt": "Warga desa"})
    assert "bukan foto" in wrong.text
    for number in range(2):
        data = {"photo": (factory.picture(number), "IMG.jpg"), "alt": f"Warga memasang pipa {number}"}
        assert client.post(f"{base}/foto", data=data).status_code == 303
    first, second = queries.photos_of(listing.id)
    page = client.get(f"{base}/foto").text
    assert "Sampul" in page
    assert 'alt="Warga memasang pipa 1"' in page
    client.post(f"{base}/foto/{second.id}/sampul")
    assert listing.cover == second.key
    client.post(f"{base}/foto/{first.id}", data={"alt": "Mata air di atas dusun"})
    assert first.alt == "Mata air di atas dusun"
    other = organisations.owner_of(organisations.organisation())
    sign_in(client, other)
    for path in (f"{base}/foto", f"{base}/foto/{first.id}", f"{base}/dokumen"):
        assert client.get(path).status_code == 404
    assert client.post(f"{base}/foto/{first.id}/hapus").status_code == 404


# --- the page ------------------------------------------------------------------------------------------------------


def test_the_page_stays_within_its_budget_with_photos(session: Session, client: FlaskClient) -> None:
    listing = _campaign()
    for number in range(PHOTOS_MOST):
        factory.photo(listing, number, photo=factory.picture(number, size=(2000, 1400)))
    _opened(listing)
    factory.told(listing)
    forget()
    page = client.get(f"/kampanye/{listing.slug}", headers={"Accept-Encoding": "br"})
    assert len(page.data) <= 20_000
    page = client.get(f"/kampanye/{listing.slug}")
    pictures = re.findall(r"<picture>.*?</picture>", page.text, re.DOTALL)
    assert len(pictures) == PHOTOS_MOST
    eager = [picture for picture in pictures if 'loading="lazy"' not in picture]
    assert eager == pictures[:1]
    above = re.findall(r"/foto/([0-9a-f]{32})-(720\.(?:avif|webp|jpg))", eager[0])
    assert above
    assert all(photos.path_of(key, part).stat().st_size <= 55_000 for key, part in above)
    assert all(re.search(r'alt="[^"]{5,}" width="\d+" height="\d+"', picture) for picture in pictures)
    assert "1280.avif 1280w" in eager[0]
    assert 'media="(min-width:60rem)"' in eager[0]


def test_without_photos_the_drawing_of_the_sector_stays(session: Session, client: FlaskClient) -> None:
    listing = _opened(_campaign())
    page = client.get(f"/kampanye/{listing.slug}")
    assert "<picture>" not in page.text
    assert 'class="cover"' in page.text


# --- copies --------------------------------------------------------------------------------------------------------


def test_a_photo_of_another_organisation_is_flagged_for_the_moderator(
    session: Session, client: FlaskClient, sign_in: Callable[..., None]
) -> None:
    first = _opened_with_photo()
    copy = _campaign(title="Jalur pipa baru untuk dusun timur")
    sink = io.BytesIO()
    with Image.open(factory.picture(5, size=(1600, 1066))) as image:
        image.resize((1100, 733)).save(sink, "WEBP", quality=55)
    sink.seek(0)
    factory.photo(copy, photo=sink, alt="Warga bekerja di lereng")
    factory.photo(copy, 17)
    service.submit(listing_id=copy.id, by=factory.owner_of(copy))
    [twin] = queries.photo_twins(copy)
    assert (twin.other.id, twin.is_same, twin.is_other_organisation) == (first.id, False, True)
    sign_in(client, people.moderator())
    page = client.get(f"/moderasi/tayangan/{copy.id}")
    assert "Foto yang sangat mirip:" in page.text
    assert first.title in page.text
    assert "organisasi lain" in page.text
    assert "Warga bekerja di lereng" in page.text


def _opened_with_photo() -> Listing:
    listing = _campaign()
    factory.photo(listing, 5, photo=factory.picture(5, size=(1600, 1066)))
    return _opened(listing)


def test_pictures_that_differ_are_not_taken_for_copies(session: Session) -> None:
    first = _opened_with_photo()
    other = _campaign()
    for number in (6, 8, 11):
        factory.photo(other, number)
    assert queries.photo_twins(other) == []
    assert queries.photo_twins(first) == []
    rows = session.execute(select(func.count()).select_from(ListingPhoto)).scalar_one()
    assert rows == 4
    assert clock.now() > first.created_at
