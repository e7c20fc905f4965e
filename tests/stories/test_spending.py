"""Journey C3: money goes out through three hands, its receipts come back, donors hear; a late report leaves search."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from PIL import Image, ImageDraw
from sqlalchemy import text, update

from coevolve.disbursements import queries, service
from coevolve.disbursements.models import DisbursementReport
from coevolve.kit import clock
from coevolve.kit.db import get, session
from coevolve.listings import queries as listing_queries
from coevolve.organisations import queries as organisation_queries
from coevolve.people import queries as people_queries
from tests.factories import disbursements, listings, organisations
from tests.stories.cast import Body, Cast, Member, new_email, new_word
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories-money"), pytest.mark.timeout(300)]


@dataclass
class Scene:
    """A campaign with money, its organisation, and whoever is needed."""

    body: Body
    treasurer: Member
    finance: Member
    path: str
    title: str
    donor_email: str
    ids: dict[str, uuid.UUID]


def scene_of(cast: Cast, name: str, *, gives: int = 3_000_000, **account: str) -> Scene:
    """Rp 3.000.000 for a campaign of two lines, and an account that was checked a week ago."""
    cast.bank_account()
    place = cast.place()
    body = cast.organisation("cso", f"Perkumpulan {name}", place=place.code)
    title = f"{name} untuk dusun {new_word().title()}"
    lines = (
        listings.money(2_000_000, label="Pipa dan sambungan"),
        listings.money(3_000_000, label="Upah tukang"),
    )
    path = cast.open_listing(body, "campaign", title, place=place.code, lines=lines)
    finance = cast.staff("finance")
    moderator, admin = cast.staff("moderator"), cast.staff("admin")
    donor_email = new_email("rosalina")
    with cast.platform.inside():
        organisation = organisation_queries.get(body.id)
        treasurer = organisations.member(
            organisation, role="finance", name="Markus Tefa", email=new_email("markus")
        )
        organisations.people.service.enrol_totp(person=treasurer)
        listing = listing_queries.find_by_slug(path.rsplit("/", 1)[1])
        assert listing is not None
        donor = organisations.people.person(name="Rosalina", email=donor_email)
        at = ground_of(cast, body, treasurer, listing, finance)
        if gives:
            disbursements.give(listing, gives, by=donor)
        disbursements.usable_account(
            at,
            moderator=people_queries.get(moderator.id),
            admin=people_queries.get(admin.id),
            **account,
        )
        member = Member(treasurer.id, str(treasurer.email), treasurer.name, has_app=True)
        ids = {"listing": listing.id, "organisation": organisation.id}
    return Scene(body, member, finance, path, title, donor_email, ids)


def ground_of(cast: Cast, body: Body, treasurer: Any, listing: Any, finance: Member) -> disbursements.Ground:
    """The same scene as the factories of money out know it."""
    return disbursements.Ground(
        organisation=organisation_queries.get(body.id),
        owner=people_queries.get(body.owner.id),
        treasurer=treasurer,
        listing=listing,
        lines=[line for line in listing_queries.lines_of(listing.id) if line.kind == "money"],
        finance=people_queries.get(finance.id),
        finance2=people_queries.get(finance.id),
    )


def test_money_out_and_its_receipts(visitors: Callable[..., Visitor], cast: Cast) -> None:
    scene = scene_of(cast, "Pipa air")
    treasurer = visitors(phone=True)
    treasurer.sign_in(scene.treasurer)
    own = _propose(treasurer, scene)
    _approve_and_release(visitors, cast, scene, own)
    with cast.platform.inside():
        disbursements.settle(queries.get(own))
    _report(treasurer, scene)
    _judge(visitors, cast, scene)

    visitor = visitors()
    visitor.go(scene.path)
    visitor.sees("Terpakai", "Rp 1.150.000", "Lihat setiap nota")
    visitor.check_page("campaign-spent")
    visitor.follow("Lihat setiap nota")
    visitor.sees("Pipa HDPE 100 meter", "Upah dua tukang", "Bak sudah terisi")
    visitor.sees_not("Toko Besi Soe")
    visitor.check_page("spending-public")
    mail = visitor.reads_mail(scene.donor_email, f"Dana untuk {scene.title}: Rp 1.150.000 sudah terpakai")
    assert "2 nota" in mail


def _propose(treasurer: Visitor, scene: Scene) -> uuid.UUID:
    treasurer.go(f"/dasbor/{scene.body.slug}/penyaluran")
    treasurer.sees("Dapat dipakai", "Ajukan penyaluran")
    treasurer.check_page("desk-disbursements")
    treasurer.follow("Ajukan penyaluran")
    treasurer.fill("Pipa dan sambungan", "700 rb")
    treasurer.fill("Upah tukang", "450.000")
    treasurer.fill("Untuk apa uang ini dipakai sekarang?", "Pipa tahap pertama dan upah dua tukang.")
    treasurer.press("Ajukan")
    treasurer.sees("Maksud Anda 700.000")
    treasurer.check_page("propose-refused")
    treasurer.fill("Pipa dan sambungan", "700.000")
    treasurer.press("Ajukan")
    treasurer.sees("Diajukan", "Menunggu persetujuan pemilik organisasi yang lain")
    treasurer.check_page("disbursement-proposed")
    return uuid.UUID(treasurer.page.url.rsplit("/", 1)[1])


def _approve_and_release(visitors: Callable[..., Visitor], cast: Cast, scene: Scene, own: uuid.UUID) -> None:
    owner = visitors(javascript=False)
    owner.sign_in(scene.body.owner)
    owner.go("/dasbor")
    owner.sees("Setujui 1 penyaluran dana")
    owner.go(f"/dasbor/{scene.body.slug}/penyaluran/{own}")
    owner.press("Setujui")
    owner.sees("Disetujui. Petugas keuangan kami")
    finance = visitors()
    finance.sign_in(scene.finance)
    finance.go("/keuangan/penyaluran")
    finance.sees(scene.title)
    finance.check_page("finance-disbursements")
    finance.go(f"/keuangan/penyaluran/{own}")
    finance.check_page("finance-disbursement")
    finance.press("Lepas dana")
    finance.sees("Dilepas. Penyaluran ini menunggu")
    finance.follow("Buka daftar bayar")
    finance.page.locator(f"input[value='{own}']").check(force=True)
    finance.check_page("finance-payout-list")
    finance.press("Masukkan ke daftar bayar")
    finance.sees("Masuk daftar bayar", "Sedang dibayar di bank")
    with finance.page.expect_download() as started:
        finance.page.get_by_role("link", name="Unduh daftar bayar").click()
    lines = started.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert any("Bank Contoh Timor" in line and ",1150000," in line for line in lines), lines
    finance.go(f"/keuangan/penyaluran/{own}")
    finance.press("Tandai terkirim")
    finance.sees("Terkirim, menunggu mutasi bank")
    finance.check_page("finance-disbursement-sent")


def _report(treasurer: Visitor, scene: Scene) -> None:
    treasurer.go("/dasbor")
    treasurer.follow(f"Laporkan pemakaian dana: {scene.title}")
    treasurer.sees("Belum ada nota")
    treasurer.check_page("report-empty")
    treasurer.press("Simpan nota")
    treasurer.sees("Ada yang perlu diperbaiki")
    receipt(treasurer, "Pipa dan sambungan", "Pipa HDPE 100 meter", "500.000")
    treasurer.sees("Nota tersimpan", "Pipa HDPE 100 meter")
    receipt(treasurer, "Upah tukang", "Upah dua tukang", "650.000")
    treasurer.sees("lebih Rp 200.000")
    treasurer.fill("Apa yang sudah dikerjakan?", "Pipa terpasang 100 meter. Bak sudah terisi tiap pagi.")
    treasurer.press("Kirim laporan")
    treasurer.sees("memakai Rp 200.000 lebih banyak")
    treasurer.check_page("report-over")
    treasurer.fill("Mengapa “Upah tukang” lebih mahal?", "Medannya berbatu, penggalian dua hari lebih lama.")
    treasurer.press("Kirim laporan")
    treasurer.sees("Laporan terkirim", "Sedang kami periksa")
    treasurer.check_page("report-sent")


def receipt(treasurer: Visitor, line: str, what: str, amount: str) -> None:
    """One receipt with its photo, as a phone sends it."""
    treasurer.page.locator("#proof").set_input_files(
        {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": _photo(what, amount)}
    )
    treasurer.fill("Jumlah", amount)
    treasurer.fill("Tanggal nota", clock.today().isoformat())
    treasurer.fill("Toko atau penerima", "Toko Besi Soe")
    treasurer.fill("Untuk membayar apa", what)
    treasurer.choose("Baris anggaran", line)
    treasurer.press("Simpan nota")


def _photo(what: str, amount: str) -> bytes:
    picture = Image.effect_noise((1600, 2200), 18).convert("RGB")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((200, 200, 1400, 2000), fill=(250, 248, 240))
    pen.text((260, 300), f"TOKO BESI SOE\n\n{what}\n\nRp {amount}", fill=(20, 20, 40), font_size=64)
    sink = io.BytesIO()
    picture.save(sink, "JPEG", quality=92)
    return sink.getvalue()


def _judge(visitors: Callable[..., Visitor], cast: Cast, scene: Scene) -> None:
    checker = visitors()
    checker.sign_in(cast.staff("moderator"))
    checker.go("/keuangan/laporan")
    checker.follow(scene.title)
    checker.sees("Upah dua tukang", "Medannya berbatu", "Toko Besi Soe")
    checker.page.wait_for_load_state("networkidle")
    checker.check_page("report-judge")
    checker.press("Terima laporan")
    checker.sees("Laporan diterima. Halaman publik")


def test_a_late_report_leaves_search_and_comes_back(visitors: Callable[..., Visitor], cast: Cast) -> None:
    scene = scene_of(cast, "Sumur tua")
    with cast.platform.inside():
        at = ground_of(
            cast,
            scene.body,
            people_queries.get(scene.treasurer.id),
            listing_queries.get(scene.ids["listing"]),
            scene.finance,
        )
        made = disbursements.settled(at, whole=1_000_000)
        disbursements.expense(at, disbursements.report_of(made), whole=1_000_000)
        report_id = disbursements.report_of(made).id
    word = scene.title.rsplit(maxsplit=1)[1]
    reader = visitors(javascript=False)
    reader.waits_for(scene.title, path=f"/jelajah?kata={word}")
    with cast.platform.inside():
        yesterday = clock.today() - dt.timedelta(days=1)
        session().execute(
            update(DisbursementReport)
            .where(DisbursementReport.listing_id == scene.ids["listing"])
            .values(due_on=yesterday)
        )
        service.refresh_late()
    reader.waits_until(
        "gone from search", lambda: scene.title not in reader._read(), path=f"/jelajah?kata={word}"
    )
    reader.go(scene.path)
    reader.sees("Tidak tampil di pencarian", "Laporan pemakaian dananya lewat tenggat")
    reader.check_page("campaign-hidden")
    treasurer = visitors(phone=True)
    treasurer.sign_in(scene.treasurer)
    treasurer.reads_mail(scene.treasurer.email, f"Tidak tampil di pencarian: {scene.title}")
    treasurer.go(f"/dasbor/{scene.body.slug}/penyaluran")
    treasurer.sees("Laporan pemakaian dana lewat tenggat")
    treasurer.check_page("desk-late")
    treasurer.follow(scene.title, inside=treasurer.page.locator(".tasks"))
    treasurer.sees("Tidak tampil di pencarian")
    treasurer.check_page("report-late")
    treasurer.fill("Apa yang sudah dikerjakan?", "Sumur lama dibersihkan dan dipasangi pompa tangan.")
    treasurer.press("Kirim laporan")
    treasurer.sees("Laporan terkirim")
    reader.waits_for(scene.title, path=f"/jelajah?kata={word}")
    with cast.platform.inside():
        row = session().execute(
            text("SELECT hidden_since FROM listing WHERE id = :id"), {"id": scene.ids["listing"]}
        )
        assert row.scalar_one() is None
        assert get(DisbursementReport, report_id).was_late
