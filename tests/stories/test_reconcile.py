"""A day at the bank (A2): what matches is booked by itself, the rest has reasons, a second person agrees.

The bank's file: six exact, one 124 rupiah too many, two that pay one gift in parts, one after its deadline.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select, text

from coevolve.kit import clock
from coevolve.kit.db import session
from coevolve.kit.money import format_rupiah, rupiah
from coevolve.listings.models import Listing
from coevolve.payments import service as payment_service
from coevolve.payments.models import Payment
from coevolve.pledges import queries as pledges
from coevolve.reconciliation import queries, service
from coevolve.reconciliation.models import Allocation, Line
from tests.factories import listings, payments, people
from tests.reconciliation.statements.banks import Told, bca
from tests.stories.cast import Cast, new_email, new_word
from tests.stories.platform import Platform, wait_until
from tests.stories.visitor import SETTLE_SECONDS, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories-money"), pytest.mark.timeout(300)]

OFF = 124


class Awaited(NamedTuple):
    """A transfer somebody was asked for."""

    id: uuid.UUID
    ref: str
    amount: int


def test_a_bank_s_file_until_nothing_is_left(
    visitors: Callable[..., Visitor], cast: Cast, platform: Platform, tmp_path: Path
) -> None:
    cast.bank_account()
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Rumah Baca", place=place.code)
    title = f"Rumah baca {new_word().title()}"
    path = cast.open_listing(body, "campaign", title, place=place.code, lines=(listings.money(90_000_000),))
    account, number = _account(platform)
    exact, off, parts, late = _awaited(platform, title, account)
    file = _file(tmp_path, number, exact, off, parts, late)

    donor = _waiting_donor(visitors, exact[0], number)
    finance, second = visitors(), visitors()
    finance.sign_in(cast.staff("finance"))
    second.sign_in(cast.staff("finance"))
    _hand_in(finance, account, file)
    wait_until("six matched", lambda: _states(platform, account).get("matched") == 6)
    assert _states(platform, account) == {"matched": 6, "proposed": 2, "review": 2}
    # Nobody touched the donor's page: it tells by itself what the bank's file brought.
    received = format_rupiah(exact[0].amount).replace("\u00a0", " ")
    expect(donor.page.locator("#keadaan")).to_contain_text(
        re.compile(re.escape(received).replace("\\ ", r"\s") + r"\s+sudah kami terima"),
        timeout=SETTLE_SECONDS * 1000,
    )
    donor.check_page("transfer-received-by-file")
    open_sum = off.amount + rupiah(OFF).amount + parts.amount + late.amount
    with platform.inside():
        assert _mine(account).difference == open_sum

    _propose_the_rest(finance, platform, account, title, (off, late))
    _agree(second, platform, account)
    _settle_cases(second, platform, (off, late))

    before = _written(platform)
    _hand_in(finance, account, file, again=True)
    assert _written(platform) == before
    with platform.inside():
        service.match([account], seconds=None)
    assert _written(platform) == before

    with platform.inside():
        listing = session().execute(select(Listing).where(Listing.title == title)).scalar_one()
        received = pledges.totals_for([listing.id])[listing.id].received
        assert received == sum(one.amount for one in exact) + off.amount + parts.amount
    finance.go(path)
    finance.sees(f"{format_rupiah(received)} diterima".replace("\u00a0", " "))


def _waiting_donor(visitors: Callable[..., Visitor], awaited: Awaited, number: str) -> Visitor:
    """A donor with the instructions open: the exact sum with its code, ready to be copied, and the deadline."""
    donor = visitors(phone=True)
    donor.go(f"/bayar/{awaited.ref}")
    exact = format_rupiah(awaited.amount).replace("\u00a0", " ")
    donor.sees("Transfer tepat sejumlah ini", exact, "Paling lambat", "Menunggu transfer Anda", awaited.ref)
    assert number in re.sub(r"\s", "", donor.page.locator("#keadaan").inner_text())
    assert donor.page.get_by_role("button", name=re.compile("Salin")).count() >= 3
    donor.check_page("transfer-awaited")
    return donor


def _propose_the_rest(
    finance: Visitor, platform: Platform, account: uuid.UUID, title: str, odd: tuple[Awaited, ...]
) -> None:
    """The first person reads the reasons, sees the rows of the books, and proposes."""
    finance.go("/keuangan")
    finance.sees("Selisih bank dan buku")
    finance.check_page("reconcile-day")
    finance.go("/keuangan/tinjau")
    finance.sees(
        "Nomor rujukannya cocok, tetapi jumlahnya lebih",
        "Beberapa mutasi bersama-sama membayar satu dukungan",
        "batas bayarnya sudah lewat",
    )
    finance.check_page("reconcile-queue")
    for one, why in zip(odd, ("ditunggu", "uangnya menjadi saldo donatur"), strict=True):
        _open(finance, platform, account, one.ref)
        finance.sees(one.ref, why, title)
        finance.follow("Lihat baris bukunya")
        finance.sees("Baris buku yang akan ditulis", "Rekening bank")
        finance.check_page("reconcile-preview")
        finance.press("Usulkan")
        finance.sees("Petugas keuangan lain perlu menyetujuinya", "Usulan Anda sendiri harus disetujui")
    finance.check_page("reconcile-own-proposal")


def _agree(second: Visitor, platform: Platform, account: uuid.UUID) -> None:
    """Another person agrees to all of it at once: the bank and the books are equal."""
    second.go("/keuangan/tinjau")
    second.sees("diusulkan")
    for box in second.page.get_by_role("checkbox").all():
        box.check()
    second.check_page("reconcile-ticked")
    second.press("Setujui yang dicentang")
    second.sees("3 usulan disetujui dan dibukukan")
    assert _states(platform, account) == {"matched": 10}
    with platform.inside():
        assert _mine(account).difference == 0
        assert _mine(account).unexplained == 0
    second.go(f"/keuangan/mutasi?hari={clock.today().isoformat()}&rekening={account}&tampil=selisih")
    second.sees("Tidak ada mutasi di sini")
    second.go("/keuangan")
    second.sees("semua sudah di buku")
    second.check_page("reconcile-done")


def _account(platform: Platform) -> tuple[uuid.UUID, str]:
    """An account of this story's own: its statements begin here."""
    number = str(uuid.uuid4().int)[:12].replace("0", "1")
    with platform.inside():
        made = payment_service.add_bank_account(bank_name="BCA", account_number=number, holder="Co-Evolve")
        made.is_receiving = False
        return made.id, number


def _awaited(
    platform: Platform, title: str, account: uuid.UUID
) -> tuple[list[Awaited], Awaited, Awaited, Awaited]:
    """Nine givers who were asked for a transfer to that account; the last one's time is over."""
    with platform.inside():
        listing = session().execute(select(Listing).where(Listing.title == title)).scalar_one()
        found = []
        for number in range(9):
            giver = people.person(name=f"{new_word().title()} {new_word().title()}", email=new_email("g"))
            payment = payments.transfer(listing=listing, by=giver, money=rupiah(100_000 + number * 1_000))
            payment.bank_account_id = account
            found.append(payment)
        session().flush()
        expired: Payment = found[-1]
        expired.expires_at = clock.now() - dt.timedelta(days=4)
        expired.hold_until = clock.now() - dt.timedelta(hours=1)
        session().flush()
        service.expire_transfers()
        asked = [Awaited(one.id, one.public_ref, one.amount) for one in found]
    return asked[:6], asked[6], asked[7], asked[8]


def _file(
    folder: Path, number: str, exact: list[Awaited], off: Awaited, parts: Awaited, late: Awaited
) -> Path:
    """The bank's CSV of today."""
    today = clock.today()
    told = [Told(today, one.amount // 100, f"TRSF E-BANKING CR {one.ref}") for one in exact]
    told.append(Told(today, off.amount // 100 + OFF, f"TRSF E-BANKING CR {off.ref}"))
    told += [
        Told(today, part, f"TRSF E-BANKING CR {parts.ref} {place}")
        for place, part in enumerate((40_000, parts.amount // 100 - 40_000), start=1)
    ]
    told.append(Told(today, late.amount // 100, f"TRSF E-BANKING CR {late.ref}"))
    path = folder / "mutasi.csv"
    path.write_bytes(bca(told, number=number).encode("cp1252"))
    return path


def _hand_in(finance: Visitor, account: uuid.UUID, file: Path, *, again: bool = False) -> None:
    finance.go(f"/keuangan/rekening-koran/unggah/{account}")
    if not again:
        finance.choose("Bentuk berkas", "BCA (CSV)")
    finance.labelled("Berkas rekening koran").set_input_files(file)
    finance.press("Unggah dan baca")
    finance.check_page("reconcile-again" if again else "reconcile-file")


def _states(platform: Platform, account: uuid.UUID) -> dict[str, int]:
    with platform.inside():
        rows = session().execute(
            select(Line.state, func.count()).where(Line.bank_account_id == account).group_by(Line.state)
        )
        return {row[0]: int(row[1]) for row in rows}


def _mine(account: uuid.UUID) -> queries.AccountDay:
    found = queries.day(clock.today()).accounts
    return next(one for one in found if one.account_id == account)


def _open(finance: Visitor, platform: Platform, account: uuid.UUID, ref: str) -> None:
    with platform.inside():
        statement = select(Line.id).where(Line.bank_account_id == account, Line.ref == ref)
        line_id = session().execute(statement).scalar_one()
    finance.go(f"/keuangan/mutasi/{line_id}")


def _settle_cases(finance: Visitor, platform: Platform, about: tuple[Awaited, ...]) -> None:
    """What a person still has to ask the givers stands in cases, with a due day."""
    with platform.inside():
        ids = [
            session()
            .execute(
                text("SELECT id FROM recon_case WHERE payment_id = :id AND state = 'open'"), {"id": one.id}
            )
            .scalar_one()
            for one in about
        ]
    for case_id in ids:
        finance.go(f"/keuangan/kasus/{case_id}")
        finance.sees("Tenggat")
        finance.fill("Catatan atau alasan", "Donatur ditelepon: biar menjadi saldonya.")
        finance.press("Tutup kasus")
        finance.sees("Kasus ditutup")
    finance.check_page("reconcile-case")


def _written(platform: Platform) -> tuple[int, int, int]:
    with platform.inside():
        return (
            session().execute(select(func.count()).select_from(Line)).scalar_one(),
            session().execute(select(func.count()).select_from(Allocation)).scalar_one(),
            session().execute(text("SELECT count(*) FROM ledger_transfer")).scalar_one(),
        )
