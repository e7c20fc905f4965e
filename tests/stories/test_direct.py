"""Direct custody: a donor transfers to the organisation itself, whose treasurer imports the bank's file and reports."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from coevolve.disbursements import queries
from coevolve.kit import clock
from coevolve.listings import queries as listings
from coevolve.people import queries as people_queries
from coevolve.reconciliation.service import custody
from tests.factories import custody as direct
from tests.reconciliation.statements.banks import Told, bca
from tests.stories.cast import Cast, new_email
from tests.stories.test_spending import Scene, ground_of, receipt, scene_of
from tests.stories.visitor import SETTLE_SECONDS, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories-money"), pytest.mark.timeout(300)]


def test_a_transfer_straight_to_the_organisation_until_its_report(
    visitors: Callable[..., Visitor], cast: Cast, tmp_path: Path
) -> None:
    scene, number, account = _own_account(cast)
    donor = visitors(phone=True)
    total, reference = _instructions(donor, scene, number)

    treasurer = visitors(phone=True)
    treasurer.sign_in(scene.treasurer)
    base = f"/dasbor/{scene.body.slug}/rekening"
    treasurer.go(base)
    treasurer.sees("Transfer donatur masuk langsung ke rekening organisasi", "Buka pembukuan rekening")
    treasurer.check_page("own-account")
    treasurer.go(f"{base}/rekening-koran/unggah/{account}")
    treasurer.choose("Bentuk berkas", "BCA (CSV)")
    treasurer.labelled("Berkas rekening koran").set_input_files(_file(tmp_path, number, total, reference))
    treasurer.press("Unggah dan baca")
    treasurer.check_page("own-statement")

    expect(donor.page.locator("#keadaan")).to_contain_text(
        re.compile(rf"sudah diterima\s+{re.escape(scene.body.name)}"), timeout=SETTLE_SECONDS * 1000
    )
    donor.check_page("own-transfer-received")
    treasurer.go(f"{base}/hari")
    treasurer.sees("Cocok", "semua sudah di buku")
    treasurer.check_page("own-day")
    treasurer.go(f"{base}/tinjau")
    treasurer.check_page("own-review")

    treasurer.go(f"/dasbor/{scene.body.slug}/penyaluran")
    treasurer.sees("Laporan pemakaian dana", "Ditunggu sampai", "ada langsung di rekening organisasi sendiri")
    treasurer.follow(scene.title)
    treasurer.sees("dukungan di rekening organisasi sendiri", "Dana yang belum dibuktikan")
    _report(treasurer)
    with cast.platform.inside():
        report = queries.open_own_report(scene.ids["listing"])
        assert report is not None and report.state == "submitted"

    donor.go(scene.path)
    donor.sees(f"Rp {total:,}".replace(",", ".") + " diterima")


def _own_account(cast: Cast) -> tuple[Scene, str, uuid.UUID]:
    """A campaign of an organisation whose owner asked, with finance's yes, that transfers come to its own account."""
    number = str(uuid.uuid4().int)[:12].replace("0", "1")
    scene = scene_of(cast, "Sumur bor", account_number=number, gives=0)
    with cast.platform.inside():
        listing = listings.get(scene.ids["listing"])
        at = ground_of(cast, scene.body, people_queries.get(scene.treasurer.id), listing, scene.finance)
        change = custody.ask(organisation_id=at.organisation.id, by=at.owner, to="direct")
        custody.agree(change_id=change.id, by=at.finance)
        return scene, number, direct.account(at).id


def _instructions(donor: Visitor, scene: Scene, number: str) -> tuple[int, str]:
    """Ask for Rp 75.000 by transfer: the account and the receiver are the organisation's."""
    donor.go(scene.path)
    donor.press("Dukung sekarang")
    donor.tick("Jumlah lain")
    donor.page.locator("#amount").fill("75.000")
    donor.fill("Nama Anda", "Magda Nahak")
    donor.fill("Alamat surel", new_email("magda"))
    donor.press("Lanjutkan")
    donor.tick("Transfer bank")
    donor.press("Lanjut membayar")
    donor.sees("Transfer tepat sejumlah ini", "langsung ke rekening", scene.body.name)
    donor.check_page("own-instructions")
    shown = donor.page.locator("#keadaan").inner_text().replace("\u00a0", " ")
    assert number in re.sub(r"\s", "", shown)
    found, reference = re.search(r"Rp (75\.\d{3})", shown), re.search(r"\bCE[A-Z0-9]{9}\b", shown)
    assert found is not None, shown
    assert reference is not None, shown
    return int(found[1].replace(".", "")), reference[0]


def _file(folder: Path, number: str, total: int, reference: str) -> Path:
    """Today's statement: the gift, and something the organisation bought."""
    today = clock.today()
    told = [
        Told(today, total, f"TRSF E-BANKING CR {reference} MAGDA"),
        Told(today, -20_000, "BELI ATK TOKO MAJU"),
    ]
    path = folder / "mutasi.csv"
    path.write_bytes(bca(told, number=number).encode("cp1252"))
    return path


def _report(treasurer: Visitor) -> None:
    receipt(treasurer, "Pipa dan sambungan", "Semen satu sak", "50.000")
    treasurer.sees("Semen satu sak")
    treasurer.check_page("own-report")
    treasurer.fill("Apa yang sudah dikerjakan?", "Dasar sumur sudah dicor bersama warga dusun.")
    treasurer.press("Kirim laporan")
    treasurer.sees("Sedang kami periksa")
