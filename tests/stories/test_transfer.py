"""A gift by bank transfer: the exact sum with its code, finance matches the bank's line, the receipt, the meter."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.factories import listings
from tests.stories.cast import ACCOUNT_NUMBER, HOLDER, Cast, new_email, new_word
from tests.stories.visitor import SETTLE_SECONDS, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("javascript", [True, False])
def test_a_transfer_is_found_by_its_sum_and_reference(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    cast.bank_account()
    place = cast.place()
    body = cast.organisation("cso", "Perkumpulan Tenun", place=place.code)
    title = f"Alat tenun untuk ibu-ibu {new_word().title()}"
    lines = (listings.money(2_000_000),)
    path = cast.open_listing(body, "campaign", title, place=place.code, lines=lines)
    email = new_email("magda")

    donor = visitors(javascript=javascript, phone=javascript)
    total, reference = _instructions(donor, path, email)
    finance = visitors(javascript=javascript)
    finance.sign_in(cast.staff("finance"))
    _match(finance, total, reference, title)

    received = f"{_rupiah(total)} sudah kami terima"
    if javascript:
        expect(donor.page.locator("#keadaan")).to_contain_text(received, timeout=SETTLE_SECONDS * 1000)
    else:
        donor.waits_for(received)
    donor.check_page("transfer-received")
    donor.reads_mail(email, f"{_rupiah(total)} untuk {title}")
    link = donor.page.locator(".mail-text a[href*='/kuitansi/']").first.get_attribute("href")
    donor.waits_for("Nomor CE", path=link)
    donor.sees(_rupiah(total), "Transfer bank", "Magda Nahak")
    donor.go(path)
    donor.sees(f"{_rupiah(total)} diterima dari Rp 2.000.000", "Magda N.")
    donor.check_page("listing-transfer")


def _instructions(donor: Visitor, path: str, email: str) -> tuple[int, str]:
    """Ask for Rp 75.000 by transfer; returns the exact sum and the reference."""
    donor.go(path)
    donor.press("Dukung sekarang")
    donor.tick("Jumlah lain")
    donor.page.locator("#amount").fill("75.000")
    donor.fill("Nama Anda", "Magda Nahak")
    donor.fill("Alamat surel", email)
    donor.tick("Nama saya tampil di halaman ini")
    donor.page.locator("summary", has_text="Ubah nama yang tampil").click()
    donor.fill("Nama yang tampil", "Magda N.")
    donor.press("Lanjutkan")
    donor.tick("Transfer bank")
    donor.press("Lanjut membayar")
    donor.sees("Transfer tepat sejumlah ini", "Menunggu transfer Anda", HOLDER)
    donor.check_page("transfer-instructions")
    shown = donor.page.locator("#keadaan").inner_text().replace("\u00a0", " ")
    assert ACCOUNT_NUMBER in re.sub(r"\s", "", shown)
    found = re.search(r"Rp (75\.\d{3})", shown)
    reference = re.search(r"\bCE[A-Z0-9]{9}\b", shown)
    assert found is not None, shown
    assert reference is not None, shown
    total = int(found[1].replace(".", ""))
    assert 75_001 <= total <= 75_999
    donor.page.reload()
    assert f"Rp {found[1]}" in donor.page.locator("#keadaan").inner_text().replace("\u00a0", " ")
    text = donor.reads_mail(email, f"Transfer tepat {_rupiah(total)}")
    assert reference[0] in text, text
    donor.go(f"/bayar/{reference[0]}")
    return total, reference[0]


def _match(finance: Visitor, total: int, reference: str, title: str) -> None:
    finance.go("/keuangan")
    finance.check_page("finance-day")
    finance.follow("Catat mutasi bank")
    finance.fill("Jumlah masuk", f"{total},00")
    finance.fill("Uraian", f"TRSF E-BANKING CR {reference} MAGDA NAHAK")
    finance.press("Catat mutasi")
    finance.sees("Ada yang perlu diperbaiki", "Tulis jumlah dengan angka saja")
    assert finance.labelled("Jumlah masuk").input_value() == f"{total},00"
    finance.check_page("finance-line-refused")
    finance.fill("Jumlah masuk", f"{total}")
    finance.press("Catat mutasi")
    finance.sees("Mutasi dicatat", title, _rupiah(total))
    finance.check_page("finance-line")
    finance.press("Cocokkan")
    finance.sees("Cocok dan sudah dibukukan", reference)
    finance.go("/keuangan")
    finance.sees("Cocok")
    finance.check_page("finance-matched")


def _rupiah(whole: int) -> str:
    return f"Rp {whole:,}".replace(",", ".")
