"""Pages of monthly gifts: choosing, the card, pausing by link, who may see what, links that somebody made up."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from coevolve.listings import queries as listing_queries
from coevolve.people.models import Person
from coevolve.pledges.models import Pledge
from coevolve.pledges.service import Guest
from coevolve.recurring import links
from coevolve.recurring.models import MonthlyGift, MonthlyState
from tests.factories import listings, organisations, people
from tests.factories import recurring as factory
from tests.payment_sandbox.server import Sandbox

GUEST = {"name": "Tamu Baik", "email": "tamu@contoh.example"}


@pytest.fixture(autouse=True)
def _world(session: Session, sandbox: Sandbox) -> None:
    """Every test here has the database and the provider."""


def fields(html: str) -> dict[str, str]:
    """What a form brings along unseen."""
    return dict(re.findall(r'name="(client_token|csrf_token)" type="hidden" value="([^"]*)"', html))


def give(client: FlaskClient, slug: str, **typed: Any) -> Any:
    form = fields(client.get(f"/dukung/{slug}").text)
    return client.post(f"/dukung/{slug}", data=form | {"amount_choice": "100000"} | typed)


def test_monthly_is_chosen_never_ticked_and_once_stays_the_plain_path(
    client: FlaskClient, session: Session
) -> None:
    listing = listings.open_campaign()
    shown = client.get(f"/dukung/{listing.slug}").text
    assert "Setiap bulan" in shown
    assert "checked" not in shown.split("Seberapa sering?")[1].split("</fieldset>")[0]
    once = give(client, listing.slug, **GUEST)
    assert "/bayar" in once.location
    assert session.scalar(select(func.count()).select_from(MonthlyGift)) == 0
    assert "Setiap bulan" not in client.get(f"/dukung/{listings.open_need().slug}").text


def test_a_guest_begins_and_goes_to_the_card_page(
    client: FlaskClient, session: Session, sandbox: Sandbox
) -> None:
    listing = listings.open_campaign()
    answer = give(client, listing.slug, frequency="monthly", **GUEST)
    assert answer.status_code == 303
    page = client.get(answer.location)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert (
        sandbox.url.split("//")[1] in page.headers["Content-Security-Policy"]
        or "form-action" in (page.headers["Content-Security-Policy"])
    )
    form = fields(page.text)
    for wrong in ("0", "32", "abc", "²"):
        refused = client.post(answer.location, data=form | {"day": wrong})
        assert refused.status_code == 422
        assert "Isi tanggal antara 1 dan 31" in refused.text
    gone = client.post(answer.location, data=form | {"day": "31"})
    assert gone.location.startswith(sandbox.url)
    assert client.post(answer.location, data=form | {"day": "31"}).location == gone.location, "a double click"
    plan = session.execute(select(MonthlyGift)).scalar_one()
    assert (plan.state, plan.day, plan.is_guest) == (MonthlyState.pending, 31, True)
    assert client.get(f"/dukungan-bulanan/{plan.id}").status_code == 404
    pledge = session.execute(select(Pledge)).scalar_one()
    assert pledge.guest_name == GUEST["name"]


def test_monthly_is_money_now_and_alone(client: FlaskClient, session: Session, sign_in: Any) -> None:
    listing = listings.open_campaign(lines=(listings.money(9_000_000), listings.goods()))
    line = next(one for one in listing_queries.lines_of(listing.id) if one.kind == "goods")
    sign_in(client, people.person())
    refused = give(
        client, listing.slug, frequency="monthly", contact="0812", **{f"quantity_{line.id.hex}": "5"}
    )
    assert refused.status_code == 422
    assert "hanya berupa uang" in refused.text
    nothing = give(client, listing.slug, frequency="monthly", amount_choice="")
    assert nothing.status_code == 422
    assert session.scalar(select(func.count()).select_from(MonthlyGift)) == 0


def test_pause_and_stop_by_the_mailed_link_without_signing_in(
    client: FlaskClient, session: Session, sandbox: Sandbox
) -> None:
    plan = factory.running(sandbox)
    pause = links.path(plan.id, "/jeda")
    assert "Jeda sekarang" in client.get(pause).text
    session.refresh(plan)
    assert plan.state == MonthlyState.active, "a scanner that follows the link changes nothing"
    done = client.post(pause, follow_redirects=True)
    assert "Sedang dijeda" in done.text
    session.refresh(plan)
    assert (plan.state, plan.paused_because) == (MonthlyState.paused, "giver")
    assert "sudah dijeda" in client.get(pause).text
    assert client.post(pause).status_code == 303
    for tail in ("/lanjut", "/kartu"):
        assert client.get(links.path(plan.id, tail)).location.startswith("/masuk?"), "its giver signs in"
        assert client.post(links.path(plan.id, tail)).location.startswith("/masuk?")
    session.refresh(plan)
    assert plan.state == MonthlyState.paused
    assert "Hentikan sekarang" in client.get(links.path(plan.id, "/henti")).text
    client.post(links.path(plan.id, "/henti"))
    session.refresh(plan)
    assert plan.state == MonthlyState.stopped
    again = client.post(pause)
    assert again.status_code == 422
    assert "tidak sedang berjalan" in again.text


def test_a_guests_link_does_everything(client: FlaskClient, session: Session, sandbox: Sandbox) -> None:
    plan = factory.running(sandbox, guest=Guest(**GUEST))
    client.post(links.path(plan.id, "/jeda"))
    assert "Lanjutkan" in client.get(links.path(plan.id)).text
    client.post(links.path(plan.id, "/lanjut"))
    session.refresh(plan)
    assert plan.state == MonthlyState.active
    page = links.path(plan.id, "/kartu")
    away = client.post(page, data=fields(client.get(page).text))
    assert away.location.startswith(sandbox.url)


def test_links_that_somebody_made_up_open_nothing(client: FlaskClient, sandbox: Sandbox) -> None:
    plan, other = factory.running(sandbox), factory.pending()
    good = links.token(plan.id)
    forged = ["", "x", good[:-1], good + "A", links.token(other.id), "a" * 5000, "%00", "Ω", f"{plan.id}"]
    for key in forged:
        here = f"/dukungan-bulanan/{plan.id}"
        assert client.get(here, query_string={"kunci": key}).status_code == 404, key
        assert client.post(f"{here}/henti", query_string={"kunci": key}).status_code == 404, key
    for tail in ("/jeda", "/lanjut", "/kartu"):
        assert client.post(here + tail, query_string={"kunci": "x"}).status_code == 404, tail
    assert client.get(f"/dukungan-bulanan/{uuid.uuid4()}", query_string={"kunci": good}).status_code == 404
    assert client.get("/dukungan-bulanan/x").status_code == 404
    assert client.get(f"/dukungan-bulanan/{plan.id}/hapus", query_string={"kunci": good}).status_code == 404


def test_an_old_link_opens_nothing(client: FlaskClient, sandbox: Sandbox, monkeypatch: Any) -> None:
    from coevolve import config

    plan = factory.running(sandbox)
    with config.overridden(monthly_link_days=-1):
        assert client.get(links.path(plan.id)).status_code == 404


def test_my_list_is_mine(client: FlaskClient, session: Session, sandbox: Sandbox, sign_in: Any) -> None:
    plan = factory.running(sandbox)
    giver = session.get_one(Person, plan.giver_person_id)
    unproven = factory.running(sandbox, guest=Guest(email=str(giver.email), name="Orang Lain"))
    company = organisations.company()
    ours = factory.running(sandbox, by=organisations.owner_of(company), for_organisation_id=company.id)
    sign_in(client, giver)
    listed = client.get("/dasbor/dukungan-bulanan").text
    assert f"/dukungan-bulanan/{plan.id}" in listed
    assert f"/dukungan-bulanan/{unproven.id}" not in listed, "an address proves nothing"
    assert f"/dukungan-bulanan/{ours.id}" not in listed
    assert client.get(f"/dukungan-bulanan/{unproven.id}").status_code == 404
    assert client.get(f"/dukungan-bulanan/{ours.id}").status_code == 404
    for tail in ("jeda", "lanjut", "henti"):
        assert client.post(f"/dukungan-bulanan/{plan.id}/{tail}").status_code == 303
    session.refresh(plan)
    assert plan.state == MonthlyState.stopped
    stranger = people.person()
    sign_in(client, stranger)
    assert "Belum ada dukungan bulanan" in client.get("/dasbor/dukungan-bulanan").text
    member = people.person()
    sign_in(client, member)
    for tail in ("", "/jeda", "/kartu"):
        assert client.get(f"/dukungan-bulanan/{ours.id}{tail}").status_code == 404
    owner = organisations.owner_of(company)
    sign_in(client, owner, fresh=False)
    assert f"/dukungan-bulanan/{ours.id}" in client.get("/dasbor/dukungan-bulanan").text
    assert client.post(f"/dukungan-bulanan/{ours.id}/jeda").status_code == 303
    for tail in ("lanjut", "kartu"):
        assert client.post(f"/dukungan-bulanan/{ours.id}/{tail}").location.startswith("/akun/"), (
            "a code first"
        )
    session.refresh(ours)
    assert ours.state == MonthlyState.paused


def test_the_page_of_a_months_pledge_leads_to_its_plan(
    client: FlaskClient, session: Session, sandbox: Sandbox, sign_in: Any
) -> None:
    plan = factory.pending()
    sign_in(client, session.get_one(Person, plan.giver_person_id))
    pledge = session.execute(select(Pledge)).scalar_one()
    assert client.get(f"/dukungan/{pledge.id}/bayar").location == f"/dukungan-bulanan/{plan.id}"
    shown = client.get(f"/dukungan-bulanan/{plan.id}").text
    assert "Bayar dukungan pertama" in shown
