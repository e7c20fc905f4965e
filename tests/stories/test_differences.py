"""Money that nobody knows: it is booked as such, a case is opened, somebody takes it and writes down what was found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stories.cast import Cast, new_word
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("javascript", [True, False])
def test_money_nobody_knows_becomes_a_case_with_an_owner(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    cast.bank_account()
    finance = visitors(javascript=javascript, phone=not javascript)
    member = cast.staff("finance")
    finance.sign_in(member)
    finance.go("/keuangan/mutasi")
    finance.fill("Jumlah masuk", "1.234.500")
    finance.fill("Uraian", f"SETORAN TUNAI {new_word().upper()}")
    finance.press("Catat mutasi")
    finance.sees("Tidak ada dukungan menunggu yang jumlah atau nomor rujukannya serupa")
    finance.check_page("finance-unknown")
    finance.press("Catat sebagai dana belum dikenal")
    finance.sees("Kasusnya sudah dibuka")
    finance.go("/keuangan/kasus")
    finance.sees("Rp 1.234.500", "belum ada")
    finance.check_page("differences")
    finance.page.locator("tbody tr", has_text="1.234.500").locator("a").last.click()
    finance.press("Saya pegang kasus ini")
    finance.sees("Kasus ini sekarang Anda pegang", member.name)
    finance.press("Simpan catatan")
    finance.sees("Ada yang perlu diperbaiki", "Tulis catatannya dulu")
    finance.check_page("difference-refused")
    finance.fill("Catatan atau alasan", "Bank ditanya: slip setoran atas nama Desa Oelbubuk.")
    finance.press("Simpan catatan")
    finance.sees("Catatan disimpan", "slip setoran atas nama Desa Oelbubuk")
    finance.check_page("difference")
    finance.go("/keuangan/kasus?tab=saya")
    finance.sees("Rp 1.234.500", member.name)
    finance.go("/keuangan/penyedia")
    finance.check_page("provider")


def test_finance_is_closed_to_everybody_else(visitors: Callable[..., Visitor], cast: Cast) -> None:
    somebody = visitors()
    somebody.sign_in(cast.staff("moderator"))
    somebody.go("/keuangan", status=403)
    somebody.sees("hanya untuk petugas yang berwenang")
    somebody.check_page("forbidden")
    somebody.go("/halaman-yang-tidak-ada", status=404)
    somebody.check_page("not-found")
