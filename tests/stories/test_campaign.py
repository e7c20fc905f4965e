"""The main job: a campaign is written, checked by two, heard of, supported by card, booked, thanked for, seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stories import writing
from tests.stories.cast import Cast, new_word
from tests.stories.visitor import Visitor
from tests.stories.writing import Line

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories"), pytest.mark.timeout(300)]


@pytest.mark.parametrize("javascript", [True, False])
def test_from_a_need_to_the_thanks(visitors: Callable[..., Visitor], cast: Cast, javascript: bool) -> None:
    place = cast.place()
    body = cast.organisation("cso", "Yayasan Mata Air", place=place.code)
    title = f"Air bersih untuk 312 keluarga di Desa {new_word().title()}"
    writer = visitors(javascript=javascript, phone=not javascript)
    writer.sign_in(body.owner)
    here = writing.begin(writer, body, "campaign", title)
    lines = [
        Line("money", "Pipa, sambungan, dan bak penampung", "68.450.000", "Bahan dan alat"),
        Line("money", "Upah tiga tukang", "6.000.000", "Upah dan honor"),
        Line("goods", "Pipa HDPE 2 inci, baru", "800", "Peralatan air", unit="meter"),
    ]
    writing.write(writer, here, place, lines, kind="campaign")
    writer.sees("Target: Rp 74.450.000")
    writer.check_page("editor-tasks")
    writing.submit(writer, here)
