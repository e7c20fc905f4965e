"""What goes wrong at a giver's side: hasty fingers, a lost network, odd amounts, a card page that is late."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import func, select

from coevolve.kit.db import session
from coevolve.payments.models import Payment
from coevolve.people.models import Person
from coevolve.pledges.models import Pledge
from tests.factories import listings
from tests.stories.cast import Cast, new_email, new_word
from tests.stories.platform import Platform
from tests.stories.visitor import SETTLE_SECONDS, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def path(cast: Cast) -> str:
    """An open campaign that all stories of this file give to."""
    cast.bank_account()
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Jembatan Gantung", place=place.code)
    title = f"Jembatan untuk {new_word().title()}"
    return cast.open_listing(body, "campaign", title, place=place.code, lines=(listings.money(90_000_000),))


def _begin(donor: Visitor, path: str) -> str:
    """The form of a guest, filled in but for the amount; returns the address they give."""
    email = new_email("tamu")
    donor.go(path.replace("/kampanye/", "/dukung/"))
    donor.fill("Nama Anda", "Tamu yang Tergesa")
    donor.fill("Alamat surel", email)
    return email


def _made(platform: Platform, email: str) -> tuple[int, int]:
    """How many pledges and payments whoever has this address has made."""
    with platform.inside():
        pledges = (
            select(Pledge.id).join(Person, Person.id == Pledge.giver_person_id).where(Person.email == email)
        )
        payments = select(func.count()).select_from(Payment).where(Payment.reference_id.in_(pledges))
        counted = session().scalar(select(func.count()).select_from(pledges.subquery()))
        return int(counted or 0), int(session().scalar(payments) or 0)


@pytest.mark.parametrize("javascript", [True, False])
def test_odd_amounts_are_refused_beside_the_field_and_stay_there(
    visitors: Callable[..., Visitor], platform: Platform, path: str, javascript: bool
) -> None:
    donor = visitors(javascript=javascript, phone=True)
    email = _begin(donor, path)
    donor.tick("Jumlah lain")
    for typed in ("75.000,50", "-1", "1e5", "9223372036854775808", "75,000", "NaN", "٧٥٠٠٠", "9.999"):
        donor.page.locator("#amount").fill(typed)
        donor.press("Lanjutkan")
        expect(donor.page.locator("#amount-error")).to_be_visible()
        expect(donor.page.locator("#amount")).to_have_value(typed)
        expect(donor.page.locator("#amount")).to_have_attribute("aria-invalid", "true")
        expect(donor.labelled("Alamat surel")).to_have_value(email)
        if javascript:
            expect(donor.page.locator(".summary")).to_be_focused()
    donor.check_page("amount-refused")
    assert _made(platform, email) == (0, 0)
    donor.page.locator("#amount").fill("75.000")
    donor.press("Lanjutkan")
    donor.sees("Cara membayar", "Rp 75.000")
    assert _made(platform, email) == (1, 0)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_double_click_makes_one_pledge_and_one_payment(
    visitors: Callable[..., Visitor], platform: Platform, path: str, javascript: bool
) -> None:
    donor = visitors(javascript=javascript)
    email = _begin(donor, path)
    donor.tick("Rp 25 rb")
    donor.button("Lanjutkan").dblclick()
    donor.sees("Cara membayar", "Rp 25.000")
    assert _made(platform, email) == (1, 0)
    donor.tick("Kartu debit atau kredit")
    donor.button("Lanjut membayar").dblclick()
    expect(donor.page.locator("#amount")).to_contain_text("25.000")
    assert _made(platform, email) == (1, 1)


def test_without_network_nothing_is_lost_and_a_second_try_makes_one_pledge(
    visitors: Callable[..., Visitor], platform: Platform, path: str
) -> None:
    donor = visitors(phone=True)
    email = _begin(donor, path)
    donor.tick("Rp 100 rb")
    donor.context.set_offline(True)
    donor.button("Lanjutkan").click()
    donor.sees("Belum terkirim", "Periksa sambungan, lalu coba lagi")
    donor.check_page("offline")
    expect(donor.labelled("Alamat surel")).to_have_value(email)
    donor.context.set_offline(False)
    donor.press("Lanjutkan")
    donor.sees("Cara membayar", "Rp 100.000")
    assert _made(platform, email) == (1, 0)


def test_an_answer_lost_on_its_way_makes_no_second_pledge(
    visitors: Callable[..., Visitor], platform: Platform, path: str
) -> None:
    donor = visitors()
    email = _begin(donor, path)
    donor.tick("Rp 250 rb")
    form: dict[str, str | float | bool] = {
        str(one["name"]): str(one["value"])
        for one in donor.page.locator("form[method=post]").first.evaluate(
            "form => [...new FormData(form)].map(([name, value]) => ({name, value}))"
        )
    }

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort("connectionreset")

    donor.page.route("**/dukung/*", lose, times=1)
    donor.button("Lanjutkan").click()
    donor.page.wait_for_url(re.compile("chrome-error|/dukung/"))
    donor.waits_quietly(lambda: _made(platform, email) == (1, 0))
    again = donor.page.request.post(
        platform.url + path.replace("/kampanye/", "/dukung/"), form=form, headers={"Referer": platform.url}
    )
    assert "Cara membayar" in again.text()
    assert _made(platform, email) == (1, 0)
    donor.pardon("ERR_CONNECTION_RESET")


@pytest.mark.parametrize("javascript", [True, False])
def test_who_turns_back_at_the_card_page_can_go_there_again(
    visitors: Callable[..., Visitor], platform: Platform, path: str, javascript: bool
) -> None:
    donor = visitors(javascript=javascript, phone=not javascript)
    email = _begin(donor, path)
    donor.tick("Rp 25 rb")
    donor.press("Lanjutkan")
    donor.tick("Kartu debit atau kredit")
    donor.press("Lanjut membayar")
    donor.page.locator("#card-1").check()
    with donor.page.expect_navigation():
        donor.page.locator("#pay").click()
    expect(donor.page.locator("#problem")).to_be_visible()
    with donor.page.expect_navigation():
        donor.page.locator("#cancel").click()
    donor.sees("Belum dibayar", "Belum ada uang yang ditarik")
    donor.check_page("payment-turned-back")
    donor.follow("Lanjut ke halaman kartu")
    donor.page.locator("#card-0").check()
    with donor.page.expect_navigation():
        donor.page.locator("#pay").click()
    donor.waits_for("Rp 25.000 sudah kami terima")
    assert _made(platform, email) == (1, 1)


def test_a_card_page_that_is_late_comes_by_itself(
    visitors: Callable[..., Visitor], platform: Platform, path: str
) -> None:
    donor = visitors()
    _begin(donor, path)
    donor.tick("Rp 50 rb")
    donor.press("Lanjutkan")
    donor.tick("Kartu debit atau kredit")
    platform.ask_sandbox(
        "POST", "chaos", {"faults": [{"mode": "http_503", "on": "POST /v1/checkout/sessions", "count": 1}]}
    )
    donor.press("Lanjut membayar")
    donor.sees("Halaman kartu sedang disiapkan", "Belum ada uang yang ditarik")
    donor.check_page("payment-being-prepared")
    expect(donor.page.get_by_role("link", name="Lanjut ke halaman kartu")).to_be_visible(
        timeout=SETTLE_SECONDS * 1000
    )
    donor.follow("Lanjut ke halaman kartu")
    expect(donor.page.locator("#amount")).to_contain_text("50.000")
