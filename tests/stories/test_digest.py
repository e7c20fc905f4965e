"""Somebody follows a kabupaten, reads the weekly digest, stops it from the mail without signing in; no further one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from coevolve.kit import clock
from tests.factories.listings import goods
from tests.stories.cast import Cast, new_word
from tests.stories.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]
SUBJECT = "kabar dari"


@pytest.mark.parametrize("javascript", [True, False])
def test_follow_read_and_stop_the_weekly_digest(
    visitors: Callable[..., Visitor], cast: Cast, javascript: bool
) -> None:
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Mata Air", place=place.code)
    neighbour = cast.person("Yohana Faot")
    follower = visitors(javascript=javascript, phone=javascript)
    follower.sign_in(neighbour)
    follower.go(f"/lokalitas/{place.code}")
    follower.press(f"Ikuti {place.name}")
    follower.go("/notifikasi/preferensi")
    follower.page.get_by_label(place.label).select_option(label="Mingguan")
    follower.press("Simpan")
    follower.sees("Pilihan kabar Anda tersimpan")
    follower.check_page("digest-preferences")

    first = f"Laptop untuk {new_word().title()}"
    path = cast.open_listing(body, "need", first, place=place.code, lines=(goods(),))
    follower.waits_for(first, path="/notifikasi")
    follower.sees("Surel menunggu ringkasan berikutnya")
    _monday_comes(follower, weeks=1)
    words = follower.reads_mail(neighbour.email, f"1 {SUBJECT}")
    assert "1 kebutuhan" in words
    assert first in words
    follower.go(_link(words, path))
    follower.sees(first)

    stranger = visitors(javascript=javascript, phone=not javascript)
    stranger.go(_link(words, "/berhenti/"))
    stranger.check_page("digest-stop")
    stranger.press("Hentikan kelompok ini")
    stranger.sees("dihentikan")

    second = f"Laptop untuk {new_word().title()}"
    cast.open_listing(body, "need", second, place=place.code, lines=(goods(),))
    follower.waits_for(second, path="/notifikasi")
    _monday_comes(follower, weeks=2)
    follower.go(f"/surat?ke={neighbour.email}")
    assert follower.page.get_by_role("link", name=re.compile(SUBJECT)).count() == 1


def _monday_comes(visitor: Visitor, *, weeks: int) -> None:
    """The morning of a coming Monday, for the digests alone."""
    jakarta = clock.now().astimezone(ZoneInfo("Asia/Jakarta")).replace(hour=8, minute=0)
    monday = jakarta + dt.timedelta(days=7 * weeks - jakarta.weekday())
    visitor.platform.command("notifications", "digest", "--as-of", monday.isoformat())


def _link(words: str, part: str) -> str:
    found = re.search(rf"https?://\S*{re.escape(part)}\S*", words)
    assert found is not None, words
    return found[0]
