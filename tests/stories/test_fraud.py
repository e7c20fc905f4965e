"""A3: a visitor reports a campaign, a moderator freezes it, the CSO answers; it is closed and every gift goes back."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import text

from coevolve.kit.db import session
from tests.factories import listings
from tests.stories.cast import Cast, Member, new_email, new_word
from tests.stories.platform import Platform
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories-money"), pytest.mark.timeout(420)]

WHY = "Kepala desa menyatakan sumur itu tidak pernah digali."


def test_every_donor_of_a_false_campaign_gets_the_money_back(
    visitors: Callable[..., Visitor], cast: Cast, platform: Platform
) -> None:
    cast.bank_account()
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Sumur", place=place.code)
    title = f"Sumur bor untuk dusun {new_word().title()}"
    path = cast.open_listing(body, "campaign", title, place=place.code, lines=(listings.money(5_000_000),))

    by_card, by_transfer = new_email("mama"), new_email("opa")
    donor = visitors(phone=True)
    _give(donor, path, "25 rb", by_card, method="Kartu debit atau kredit")
    giver = visitors(phone=True)
    total, reference = _transfer(giver, path, by_transfer)
    finance, second = visitors(), visitors()
    hand, other = cast.staff("finance"), cast.staff("finance")
    finance.sign_in(hand)
    _match(finance, total, reference)

    _report(visitors(javascript=False), path)
    moderator = visitors()
    moderator.sign_in(cast.staff("moderator"))
    reports = _freeze(moderator, title)
    stranger = visitors(phone=True)
    stranger.go(path)
    stranger.sees("Sedang ditinjau")
    stranger.sees_not("Dukung sekarang", WHY)
    stranger.check_page("listing-frozen")
    _answer(visitors(), body.owner, path)

    moderator.go(reports)
    moderator.sees("Penjelasan organisasi", "kuitansi pengeboran")
    moderator.fill("Alasan yang dibaca organisasi", WHY)
    moderator.press("Tutup dan kembalikan semua uang")
    moderator.sees("Keputusan tercatat")
    moderator.go(reports)
    moderator.sees("Menunggu persetujuan keuangan")
    moderator.check_page("fraud-closed")

    second.sign_in(other)
    _approve(second, title)
    second.waits_for("1 dari 2 donatur sudah menerima uangnya kembali", path=second.page.url)
    second.check_page("refund-round")
    donor.reads_mail(by_card, "Rp 25.000 untuk")
    _state_account(giver, by_transfer)
    _pay_out(second, finance, total, title)
    second.go("/keuangan/pengembalian")
    second.follow(title)
    second.waits_for("2 dari 2 donatur sudah menerima uangnya kembali")
    second.waits_for("Semua sudah ditangani")
    second.check_page("refund-round-done")
    giver.reads_mail(by_transfer, f"{_rupiah(total)} untuk")
    donor.go(path)
    donor.sees("Rp 0 diterima dari Rp 5.000.000")
    _once(platform, title)


def _give(donor: Visitor, path: str, chip: str, email: str, *, method: str) -> None:
    _begin(donor, path, email)
    donor.tick(f"Rp {chip}")
    donor.press("Lanjutkan")
    donor.tick(method)
    donor.press("Lanjut membayar")
    donor.page.locator("#card-0").check()
    with donor.page.expect_navigation():
        donor.page.locator("#pay").click()
    donor.waits_for("Rp 25.000 sudah kami terima")


def _begin(donor: Visitor, path: str, email: str) -> None:
    donor.go(path)
    donor.press("Dukung sekarang")
    donor.fill("Nama Anda", "Maria Bria")
    donor.fill("Alamat surel", email)


def _transfer(donor: Visitor, path: str, email: str) -> tuple[int, str]:
    _begin(donor, path, email)
    donor.tick("Rp 50 rb")
    donor.press("Lanjutkan")
    donor.tick("Transfer bank")
    donor.press("Lanjut membayar")
    donor.sees("Transfer tepat sejumlah ini")
    shown = donor.page.locator("#keadaan").inner_text().replace("\u00a0", " ")
    found = re.search(r"Rp (50\.\d{3})", shown)
    reference = re.search(r"\bCE[A-Z0-9]{9}\b", shown)
    assert found is not None, shown
    assert reference is not None, shown
    return int(found[1].replace(".", "")), reference[0]


def _match(finance: Visitor, total: int, reference: str) -> None:
    finance.go("/keuangan/mutasi")
    finance.fill("Jumlah masuk", f"{total}")
    finance.fill("Uraian", f"TRSF E-BANKING CR {reference} MARIA BRIA")
    finance.press("Catat mutasi")
    finance.sees("Mutasi dicatat")
    if finance.page.get_by_role("button", name="Cocokkan", exact=True).count():
        finance.press("Cocokkan")
    finance.waits_for(reference)


def _report(visitor: Visitor, path: str) -> None:
    visitor.go(f"/laporkan/{path.rsplit('/', 1)[1]}")
    visitor.page.get_by_role("radio").first.check(force=True)
    visitor.fill(
        "Apa yang Anda ketahui?", "Saya tinggal di dusun itu. Tidak ada yang menggali sumur di sini."
    )
    visitor.press("Kirim laporan")
    visitor.sees("Laporan Anda sudah kami terima")


def _freeze(moderator: Visitor, title: str) -> str:
    moderator.go("/moderasi?tab=laporan")
    moderator.follow(title)
    reports = moderator.page.url
    moderator.sees("Tidak ada yang menggali sumur")
    moderator.fill(
        "Alasan yang dibaca organisasi", "Warga melaporkan bahwa sumurnya tidak ada. Mohon jelaskan."
    )
    moderator.press("Bekukan sementara")
    moderator.sees("Keputusan tercatat")
    moderator.go(reports)
    moderator.sees("Dibekukan")
    return reports


def _answer(member: Visitor, owner: Member, path: str) -> None:
    member.sign_in(owner)
    member.go(f"/tanggapan/{path.rsplit('/', 1)[1]}")
    member.press("Kirim penjelasan")
    member.sees("Tulis penjelasan Anda.")
    member.fill("Penjelasan Anda", "Kami punya kuitansi pengeboran dan mengirimkannya lewat surel.")
    member.check_page("fraud-answer")
    member.press("Kirim penjelasan")
    member.sees("Penjelasan Anda sampai pada moderator")


def _approve(finance: Visitor, title: str) -> None:
    finance.go("/keuangan/pengembalian")
    finance.sees(title)
    finance.check_page("refund-queue")
    finance.follow(title)
    finance.sees("0 dari 2 donatur sudah menerima uangnya kembali", WHY)
    finance.check_page("refund-round-asked")
    finance.press("Setujui, kembalikan semua")
    finance.sees("Disetujui. Semua donatur dikembalikan satu per satu")


def _state_account(giver: Visitor, email: str) -> None:
    giver.reads_mail(email, "Ke rekening mana")
    link = giver.page.locator(".mail-text a[href*='/rekening?kunci=']").first.get_attribute("href")
    assert link is not None
    giver.go(link)
    giver.fill("Nama bank", "Bank Contoh")
    giver.fill("Nomor rekening", "12-34")
    giver.fill("Nama pemilik rekening", "Maria Bria")
    giver.press("Kirim rekening saya")
    giver.sees("Ada yang perlu diperbaiki", "5 sampai 24 angka")
    assert giver.labelled("Nama bank").input_value() == "Bank Contoh"
    giver.check_page("refund-account-refused")
    giver.fill("Nomor rekening", "1234 5678 90")
    giver.press("Kirim rekening saya")
    giver.sees("Rekening Anda kami terima", "1234567890")
    giver.check_page("refund-account")


def _pay_out(second: Visitor, finance: Visitor, total: int, title: str) -> None:
    second.go("/keuangan/pengembalian?tab=bayar")
    second.sees("Rekening perlu diperiksa")
    second.check_page("refund-to-pay")
    second.page.locator("tbody tr", has_text=_rupiah(total)).locator("a").first.click()
    second.sees(title, "Maria Bria", "Jurnal")
    second.check_page("refund")
    second.press("Rekening ini milik donatur")
    second.sees("Rekening ini dinyatakan milik donatur")
    second.go("/keuangan/pengembalian?tab=bayar")
    second.press("Buat daftar bayar")
    second.sees("Daftar bayar dibuat", "1234567890", _rupiah(total))
    second.check_page("refund-list")
    reference = re.search(r"\bCE[A-Z0-9]{9}\b", second.page.locator("main").inner_text())
    assert reference is not None
    second.press("Semua sudah ditransfer")
    second.sees("ditandai sudah ditransfer")
    finance.go("/keuangan/mutasi")
    finance.fill("Jumlah masuk", f"{total}")
    finance.fill("Uraian", f"TRSF E-BANKING DB {reference[0]} MARIA BRIA")
    finance.tick("Uang keluar")
    finance.press("Catat mutasi")
    finance.sees("Mutasi dicatat")
    if finance.page.get_by_role("button", name="Cocokkan", exact=True).count():
        finance.press("Cocokkan")


def _once(platform: Platform, title: str) -> None:
    """Each donor was refunded exactly once, at the provider too, and the journal has every step."""
    with platform.inside():
        rows = (
            session()
            .execute(
                text(
                    "SELECT r.payment_id, r.state, r.amount, y.captured, y.refunded FROM payment_refund r"
                    " JOIN payment y ON y.id = r.payment_id JOIN pledge g ON g.id = y.reference_id"
                    " JOIN listing l ON l.id = g.listing_id WHERE l.title = :title"
                ),
                {"title": title},
            )
            .all()
        )
        kinds = (
            session()
            .execute(
                text(
                    "SELECT j.kind FROM journal_line j JOIN listing l ON j.about_id = l.id WHERE l.title = :title"
                    " ORDER BY j.id"
                ),
                {"title": title},
            )
            .scalars()
            .all()
        )
    assert len({row.payment_id for row in rows}) == len(rows) == 2
    assert all(row.state == "succeeded" and row.captured == row.refunded == row.amount for row in rows)
    steps = ["report.made", "listing.frozen", "listing.answered", "listing.closed"]
    steps += ["refund_round.asked", "refund_round.approved", "refund_round.done"]
    assert [kind for kind in kinds if kind in steps] == steps


def _rupiah(whole: int) -> str:
    return f"Rp {whole:,}".replace(",", ".")
