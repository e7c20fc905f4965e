"""Pages of calendars and requests: who sees what, wrong input beside its field, files for calendar programs."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.db import uuid7
from coevolve.listings import queries as listing_queries
from coevolve.listings import service as listing_service
from coevolve.listings.slots import Slot
from coevolve.pledges import calendar_file, queries
from coevolve.pledges.models import FulfilmentState as F
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.views.calendars import value_of
from tests.factories import listings, offers, organisations, people, pledges

Client = FlaskClient
SignIn = Callable[..., None]


def text_of(response: object) -> str:
    return html.unescape(response.get_data(as_text=True)).replace("\u00a0", " ")  # type: ignore[attr-defined]


def test_from_the_calendar_to_the_used_room(client: Client, session: Session, sign_in: SignIn) -> None:
    offer = offers.room(conditions="Ruang kembali bersih")
    line = pledges.line_of(offer, "facility")
    one, two, *_ = offers.slots(offer, days_ahead=8)
    shown = text_of(client.get(f"/penawaran/{offer.slug}"))
    assert "Tersedia setiap kali diminta" in shown
    assert "Ruang kembali bersih" in shown
    where = f"/penawaran/{offer.slug}/kalender/{line.id}"
    assert where in shown
    week = text_of(client.get(f"{where}?minggu={one.starts_at.date()}"))
    assert value_of(one) in week
    assert "08.00–10.00" in week
    assert "WITA" in week
    assert client.get(f"{where}?minggu=besok").status_code == 200
    assert client.get(f"{where}?minggu=9999-12-31").status_code == 200

    cso = organisations.organisation()
    asking = f"/minta/{offer.slug}?baris={line.id}&waktu={value_of(one)}&waktu={value_of(two)}&waktu=<b>"
    assert "Permintaan diajukan oleh organisasi" in text_of(client.get(asking))
    sign_in(client, organisations.owner_of(cso))
    form = text_of(client.get(asking))
    assert form.count(" checked ") + form.count(" checked>") >= 2
    field, need = f"slots_{line.id.hex}", f"need_{line.id.hex}"
    typed = {"client_token": str(uuid7()), "contact": "0812", "message": "Rapat", need: ""}
    for wrong in ([], ["kemarin"], [value_of(one), "20010101T0000Z"]):
        bad = client.post(asking, data=typed | {field: wrong})
        assert bad.status_code == 422
        assert "Rapat" in text_of(bad), "what was typed stays"
    assert f'id="{field}-error"' in text_of(client.post(asking, data=typed | {field: ["20010101T0000Z"]}))
    sent = client.post(asking, data=typed | {field: [value_of(one), value_of(two)]})
    assert sent.status_code == 303
    pledge = session.execute(select(Pledge)).scalar_one()
    page = f"/dukungan/{pledge.id}"
    mine = text_of(client.get(f"{where}?minggu={one.starts_at.date()}"))
    assert "diminta" in mine
    assert page in mine, "who asked finds the way to the request"

    _answered_used_and_kept(client, session, sign_in, pledge=pledge, slot=one)


def _answered_used_and_kept(
    client: Client, session: Session, sign_in: SignIn, *, pledge: Pledge, slot: Slot
) -> None:
    offer, page = listing_queries.get(pledge.listing_id), f"/dukungan/{pledge.id}"
    sign_in(client, listings.owner_of(offer))
    answer = text_of(client.get(page))
    assert "Sepakati waktu" in answer
    assert "08.00–10.00 WITA" in answer
    rows = queries.fulfilments_of([pledges.the_line(pledge).id])[pledges.the_line(pledge).id]
    name = f"terima-slots-{pledges.the_line(pledge).id}"
    assert client.post(f"{page}/terima", data={name: []}).status_code == 422
    assert client.post(f"{page}/terima", data={name: [str(rows[0].id), "x"]}).status_code == 303
    session.expire_all()
    assert [row.state for row in rows] == [F.booked, F.cancelled]
    ics = client.get(f"{page}/kalender.ics")
    assert ics.headers["Content-Type"].startswith("text/calendar")
    assert ics.get_data(as_text=True).count("BEGIN:VEVENT") == 1
    assert "STATUS:CONFIRMED" in ics.get_data(as_text=True)
    desk = client.get(f"/dasbor/{offer_slug(offer)}/dukungan/kalender.ics")
    assert desk.get_data(as_text=True).count("BEGIN:VEVENT") == 1
    with clock.travel(slot.ends_at):
        assert client.post(f"{page}/batal-pesan/{rows[0].id}", data={}).status_code == 422
        used = client.post(f"{page}/serahkan/{rows[0].id}", data={f"serahkan-{rows[0].id}-quantity": "2"})
        assert used.status_code == 303
        sign_in(client, offers.asker_of(pledge))
        kept = client.post(f"{page}/pastikan/{rows[0].id}", data={f"pastikan-{rows[0].id}-kept": "2"})
        assert kept.status_code == 303
    session.refresh(pledge)
    assert pledge.state == PledgeState.confirmed


def offer_slug(offer: object) -> str:
    from coevolve.organisations import queries as organisation_queries

    return organisation_queries.get(offer.organisation_id).slug  # type: ignore[attr-defined]


def test_strangers_find_nothing(client: Client, session: Session, sign_in: SignIn) -> None:
    offer = offers.room()
    line = pledges.line_of(offer, "facility")
    pledge = offers.agreed(offer, offers.slots(offer)[0])
    (booked,) = queries.fulfilments_of([pledges.the_line(pledge).id])[pledges.the_line(pledge).id]
    base = f"/dasbor/{offer_slug(offer)}/listing/{offer.id}/kebutuhan/{line.id}"
    private = [
        f"/dukungan/{pledge.id}/kalender.ics",
        f"/dasbor/{offer_slug(offer)}/dukungan/kalender.ics",
        f"{base}/jam",
    ]
    sign_in(client, people.person())
    assert [client.get(path).status_code for path in private] == [404, 404, 404]
    assert client.post(f"/dukungan/{pledge.id}/batal-pesan/{booked.id}").status_code == 404
    assert client.post(f"{base}/tutup").status_code == 404
    calendar = text_of(
        client.get(f"/penawaran/{offer.slug}/kalender/{line.id}?minggu={booked.slot.lower.date()}")
    )
    assert "terisi" in calendar
    assert str(pledge.id) not in calendar, "a stranger sees that it is taken, not by whom"
    assert client.get(f"/penawaran/{offer.slug}/kalender/{uuid7()}").status_code == 404
    assert client.get(f"/minta/{listings.open_need().slug}").status_code == 404
    assert (
        client.get(
            f"/minta/{listings.draft(kind='standing_offer', organisation=organisations.company()).slug}"
        ).status_code
        == 404
    )


def test_members_keep_the_hours(client: Client, session: Session, sign_in: SignIn) -> None:
    offer = offers.room()
    line = pledges.line_of(offer, "facility")
    base = f"/dasbor/{offer_slug(offer)}/listing/{offer.id}/kebutuhan/{line.id}"
    sign_in(client, listings.owner_of(offer))
    assert "Senin" in text_of(client.get(f"{base}/jam"))
    assert f"{base}/jam" in text_of(client.get(f"/dasbor/{offer_slug(offer)}/listing/{offer.id}")), (
        "a door leads there"
    )
    hours = {"jam-weekdays": ["6", "7"], "jam-opens": "19:00", "jam-closes": "21.30"}
    for field, wrong in (("opens", "pagi"), ("closes", "18.00"), ("opens", "9.00"), ("closes", "24.01")):
        bad = client.post(f"{base}/jam", data=hours | {f"jam-{field}": wrong})
        assert bad.status_code == 422
        assert f'value="{wrong}"' in text_of(bad), "what was typed stays"
    assert client.post(f"{base}/jam", data=hours | {"jam-weekdays": ["9"]}).status_code == 422
    assert client.post(f"{base}/jam", data=hours).status_code == 303
    assert "19.00–21.30" in text_of(client.get(f"{base}/jam"))
    today = clock.today()
    bad = client.post(f"{base}/tutup", data={"tutup-first_on": "2020-01-01", "tutup-note": "<b>Libur</b>"})
    assert bad.status_code == 422
    assert "Tanggal ini sudah lewat" in text_of(bad)
    assert client.post(f"{base}/tutup", data={"tutup-note": "Libur"}).status_code == 422
    day = today + dt.timedelta(days=9)
    assert (
        client.post(f"{base}/tutup", data={"tutup-first_on": str(day), "tutup-note": "Libur"}).status_code
        == 303
    )
    week = text_of(client.get(f"/penawaran/{offer.slug}/kalender/{line.id}?minggu={day}"))
    assert "Tutup: Libur" in week
    found = offers.calendar(offer)
    assert client.post(f"{base}/tutup/{found.closed[0].id}/hapus").status_code == 303
    assert client.post(f"{base}/jam/{found.hours[0].id}/hapus").status_code == 303
    assert len(offers.calendar(offer).hours) == len(found.hours) - 1


def test_the_editor_asks_what_suits_the_kind(client: Client, session: Session, sign_in: SignIn) -> None:
    company = organisations.company()
    draft = listings.draft(kind="standing_offer", organisation=company, lines=())
    base = f"/dasbor/{company.slug}/listing/{draft.id}/kebutuhan"
    sign_in(client, organisations.owner_of(company))
    assert 'name="slot"' in text_of(client.get(f"{base}/baru/facility"))
    assert 'name="slot"' not in text_of(client.get(f"{base}/baru/time"))
    room = {
        "label": "Ruang rapat", "category": "room", "quantity": "4", "unit": "X:ROOM_DAY",
        "supply": "month", "slot": "", "conditions": "Bersih", "valuation_source": "",
    }  # fmt: skip
    for field, wrong in (("supply", "year"), ("slot", "7"), ("quantity", "0"), ("radius_km", "9999")):
        assert client.post(f"{base}/baru/facility", data=room | {field: wrong}).status_code == 422
    saved = client.post(f"{base}/baru/facility", data=room)
    assert saved.status_code == 303
    assert saved.headers["Location"].endswith("/jam"), "the hours come next"
    (line,) = listings.lines_of(draft)
    assert (line.per, line.quantity, line.is_inexhaustible, line.conditions) == ("month", 4, False, "Bersih")
    assert client.post(f"{base}/{line.id}", data=room | {"supply": "always"}).status_code == 303
    session.refresh(line)
    assert (line.per, line.is_inexhaustible) == ("once", True)
    assert "4 hari ruangan setiap kali diminta" in text_of(client.get(base))


def test_the_page_says_what_is_free_now(client: Client, session: Session, sign_in: SignIn) -> None:
    offer = offers.monthly(10)
    offers.agreed(offer, quantity=10)
    shown = text_of(client.get(f"/penawaran/{offer.slug}"))
    assert "10 jam setiap bulan" in shown
    assert "sudah penuh" in shown
    assert "masih bebas 10 jam" in shown, "the month after"
    listing_service.pause(listing_id=offer.id, by=listings.owner_of(offer))
    assert "tidak menerima" in text_of(client.get(f"/minta/{offer.slug}"))


@given(st.text(max_size=200))
def test_nothing_escapes_a_line_of_a_calendar_file(typed: str) -> None:
    now = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    row = calendar_file.Row(
        uid=typed, starts_at=now, ends_at=now, title=typed, text=typed, place=typed, url=typed, is_firm=True
    )
    lines = calendar_file.written([row], now=now).split(b"\r\n")
    assert all(len(line) <= 75 for line in lines)
    whole = calendar_file.written([row], now=now).replace(b"\r\n ", b"").decode()
    names = [line.partition(":")[0] for line in whole.split("\r\n") if line]
    assert names.count("BEGIN") == 2
    assert set(names) <= {
        "BEGIN", "VERSION", "PRODID", "CALSCALE", "METHOD", "UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY",
        "DESCRIPTION", "LOCATION", "URL", "STATUS", "END",
    }  # fmt: skip
    assert "\n" not in whole.replace("\r\n", "")


pytestmark = pytest.mark.timeout(120)
