"""A gift every month: paid by card, refused the second time, paused from the mail; and a transfer that never came.

Time is brought forward in the books (a month's row and its due moment), for every process has a clock of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from coevolve.kit import jobs
from coevolve.kit.db import session
from coevolve.recurring.models import MonthlyGift
from tests.factories import listings
from tests.stories.cast import Cast, new_email, new_word
from tests.stories.platform import Platform, wait_until
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories-money"), pytest.mark.timeout(300)]


def test_monthly_paused_from_the_mail_and_an_expired_transfer_renewed(
    visitors: Callable[..., Visitor], cast: Cast, platform: Platform
) -> None:
    cast.bank_account()
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Perahu Sekolah", place=place.code)
    title = f"Perahu sekolah {new_word().title()}"
    path = cast.open_listing(body, "campaign", title, place=place.code, lines=(listings.money(9_000_000),))
    email = new_email("yohana")

    donor = visitors(phone=True)
    _begin(donor, path, email)
    text_of_mail = donor.reads_mail(email, f"Rp 100.000 untuk {title}")
    assert "Jeda dukungan bulanan" in text_of_mail
    donor.go(path)
    donor.sees("Rp 100.000 diterima dari Rp 9.000.000")

    plan = _plan(platform, email)
    platform.ask_sandbox("POST", f"payment_methods/{plan.card_ref}/answer", {"decline": "insufficient_funds"})
    _next_month(platform)
    first = donor.reads_mail(email, f"Belum berhasil ditagih: Rp 100.000 untuk {title}")
    assert "Saldo atau batas kartunya tidak cukup." in first
    donor.picture("monthly-failed-mail")
    _soon(platform)
    wait_until("the second try", lambda: _plan(platform, email).failures == 2)
    donor.go(path)
    donor.sees("Rp 100.000 diterima dari Rp 9.000.000")

    donor.reads_mail(email, f"Belum berhasil ditagih: Rp 100.000 untuk {title}")
    pause = donor.page.locator(".mail-text a[href*='/jeda']").first.get_attribute("href")
    assert pause is not None
    plain = visitors(javascript=False)
    plain.go(pause)
    plain.sees(title, "Selama dijeda tidak ada yang ditagih")
    plain.picture("monthly-pause")
    plain.press("Jeda sekarang")
    plain.sees("Sedang dijeda", "Anda menjedanya.", "Bulan demi bulan")
    donor.go(plain.page.url)
    donor.check_page("monthly-paused")
    donor.reads_mail(email, f"Dukungan bulanan dijeda: {title}")
    _soon(platform)
    assert _plan(platform, email).state == "paused"

    _expire_and_renew(visitors(phone=True), platform, path)


def _begin(donor: Visitor, path: str, email: str) -> None:
    """Rp 100.000 every month by a card that is good once."""
    donor.go(path.replace("/kampanye/", "/dukung/"))
    donor.tick("Rp 100 rb")
    donor.tick("Setiap bulan")
    donor.fill("Nama Anda", "Yohana Bani")
    donor.fill("Alamat surel", email)
    donor.check_page("monthly-chosen")
    donor.press("Lanjutkan")
    donor.sees("Dukungan bulanan untuk", "Hari ini Anda membayar Rp 100.000", "tanpa masuk")
    donor.choose("Tanggal penagihan", "31")
    donor.check_page("monthly-card")
    with donor.page.expect_navigation():
        donor.button("Setuju dan lanjut ke halaman kartu").click()
    donor.page.locator("#keeps-card").wait_for()
    assert donor.page.locator("#pay-later").count() == 0
    with donor.page.expect_navigation():
        donor.page.locator("#pay").click()
    donor.waits_for("Rp 100.000 sudah kami terima")


def _plan(platform: Platform, email: str) -> MonthlyGift:
    with platform.inside():
        statement = text("SELECT p.id FROM person p WHERE p.email = :email").bindparams(email=email)
        person_id = session().execute(statement).scalar_one()
        found = session().execute(select(MonthlyGift).where(MonthlyGift.giver_person_id == person_id))
        plan = found.scalar_one()
        session().refresh(plan)
        session().expunge(plan)
        return plan


def _next_month(platform: Platform) -> None:
    """A month has gone by, and it is the day."""
    with platform.inside():
        session().execute(text("UPDATE monthly_charge SET month = month - interval '1 month'"))
        session().execute(text("UPDATE monthly_gift SET day = 1 WHERE due_at IS NOT NULL"))
    _soon(platform)


def _soon(platform: Platform) -> None:
    """The next try is due, and the clock looks."""
    with platform.inside():
        session().execute(
            text("UPDATE monthly_gift SET due_at = now() - interval '1 minute' WHERE due_at IS NOT NULL")
        )
        session().commit()
        jobs.send("recurring.charge", {})


def _expire_and_renew(donor: Visitor, platform: Platform, path: str) -> None:
    """A transfer nobody sent: it expires after its grace, is never in the meter, and is renewed with a new code."""
    email = new_email("agus")
    donor.go(path.replace("/kampanye/", "/dukung/"))
    donor.tick("Rp 50 rb")
    donor.fill("Nama Anda", "Agus Lomi")
    donor.fill("Alamat surel", email)
    donor.press("Lanjutkan")
    donor.tick("Transfer bank")
    donor.press("Lanjut membayar")
    donor.sees("Menunggu transfer Anda")
    old = donor.page.url
    first = _sum_and_reference(donor)
    donor.go(path)
    donor.sees("Rp 100.000 diterima dari Rp 9.000.000")
    with platform.inside():
        session().execute(
            text(
                "UPDATE payment SET expires_at = now() - interval '4 days', hold_until = now() - interval '1 day'"
                " WHERE public_ref = :ref"
            ).bindparams(ref=first[1])
        )
        session().commit()
        jobs.send("payments.sweep", {})
    donor.waits_for("Kedaluwarsa", path=old)
    donor.check_page("transfer-expired")
    donor.reads_mail(email, "Batas bayar lewat")
    with donor.page.expect_navigation():
        donor.page.locator(".mail-text a[href*='/bayar']").first.click()
    donor.sees("Cara membayar")
    donor.tick("Transfer bank")
    donor.press("Lanjut membayar")
    donor.sees("Menunggu transfer Anda")
    second = _sum_and_reference(donor)
    assert second[0] != first[0], "the old sum rests"
    assert second[1] != first[1]
    donor.go(path)
    donor.sees("Rp 100.000 diterima dari Rp 9.000.000")


def _sum_and_reference(donor: Visitor) -> tuple[str, str]:
    shown = donor.page.locator("#keadaan").inner_text().replace("\u00a0", " ")
    total = re.search(r"Rp (50\.\d{3})", shown)
    reference = re.search(r"\bCE[A-Z0-9]{9}\b", shown)
    assert total is not None, shown
    assert reference is not None, shown
    return total[1], reference[0]
