"""Getting an account, getting in, getting out, forgetting the password."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.stories.cast import PASSWORD, Cast, new_email
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]
NEW_PASSWORD = "lumpang batu di tepi sungai 9"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_newcomer_signs_up_leaves_and_returns_with_a_new_password(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    somebody = visitors(javascript=javascript, phone=javascript)
    email = new_email("warga")

    somebody.go("/daftar")
    somebody.fill("Alamat surel", "bukan-alamat")
    somebody.press("Kirim tautan")
    somebody.sees("Ada yang perlu diperbaiki")
    assert somebody.labelled("Alamat surel").input_value() == "bukan-alamat"
    somebody.check_page("sign-up-refused")
    somebody.fill("Alamat surel", email)
    somebody.press("Kirim tautan")
    somebody.sees("Periksa surel Anda")

    somebody.go(_link(somebody, email, "/daftar/"))
    somebody.sees("Selesaikan akun Anda", email)
    somebody.fill("Nama Anda", "Melki Tanaem")
    somebody.fill("Kata sandi", "pendek")
    somebody.press("Buat akun")
    somebody.sees("Ada yang perlu diperbaiki")
    assert somebody.labelled("Nama Anda").input_value() == "Melki Tanaem"
    somebody.check_page()
    somebody.fill("Kata sandi", PASSWORD)
    somebody.tick("Saya setuju")
    somebody.press("Buat akun")
    somebody.sees("Selamat datang, Melki Tanaem", "Tidak ada yang menunggu Anda", "Belum ada dukungan")
    somebody.check_page("dashboard-empty")

    _leave(somebody)
    somebody.go("/masuk")
    somebody.fill("Alamat surel", email)
    somebody.fill("Kata sandi", "bukan sandi saya 123")
    somebody.press("Masuk", inside=somebody.page.locator("main"))
    somebody.sees("Ada yang perlu diperbaiki")
    assert somebody.labelled("Alamat surel").input_value() == email
    assert somebody.labelled("Kata sandi").input_value() == ""
    somebody.check_page("sign-in-refused")

    somebody.follow(re.compile("Lupa kata sandi"))
    somebody.fill("Alamat surel", email)
    somebody.press("Kirim tautan")
    somebody.sees("Periksa surel Anda")
    reset = _link(somebody, email, "/sandi-baru/")
    somebody.go(reset)
    somebody.fill("Kata sandi baru", NEW_PASSWORD)
    somebody.press("Simpan kata sandi")
    somebody.sees("Kata sandi Anda sudah diganti")
    somebody.fill("Alamat surel", email)
    somebody.fill("Kata sandi", NEW_PASSWORD)
    somebody.press("Masuk", inside=somebody.page.locator("main"))
    somebody.sees("Selamat datang, Melki Tanaem")

    somebody.go(reset, status=410)
    somebody.sees("Tautan tidak berlaku lagi")


def test_an_open_page_of_someone_who_left_shows_nothing_more(
    visitors: Callable[..., Visitor], cast: Cast
) -> None:
    somebody = visitors()
    somebody.sign_in(cast.person("Rambu Ana"))
    somebody.go("/dasbor")
    elsewhere = somebody.context.new_page()
    elsewhere.goto(somebody.page.url)
    _leave(somebody)
    elsewhere.reload()
    assert "/masuk" in elsewhere.url
    somebody.page.go_back()
    assert "Selamat datang, Rambu Ana" not in somebody.page.content()


def _leave(somebody: Visitor) -> None:
    somebody.go("/dasbor")
    somebody.page.locator("details.menu summary", has_text="Akun").click()
    somebody.press("Keluar")
    somebody.sees("Anda sudah keluar")


def _link(reader: Visitor, email: str, path: str) -> str:
    """The newest mailed link that begins with this path."""
    link = reader.page.locator("a", has_text=re.compile(re.escape(reader.platform.url + path)))
    mails = reader.page.locator(".tasks a[href^='/surat/']")

    def is_there() -> bool:
        for index in range(mails.count()):
            with reader.page.expect_navigation():
                mails.nth(index).click()
            if link.count():
                return True
            reader.go(f"/surat?ke={email}")
        return False

    reader.waits_until(f"a mail to {email} with a link to {path}", is_there, path=f"/surat?ke={email}")
    return str(link.first.get_attribute("href"))
