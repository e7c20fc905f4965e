"""The way to the reader: quiet hours, phones, subscriptions, an organisation's switches."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from coevolve import config
from coevolve.kit import clock
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.notifications import channels, delivery, links, queries, service, texting
from coevolve.notifications.models import Message, MessageState
from coevolve.notifications.service import planning
from tests.factories import organisations, people

SECRET = "a secret between the mail server and us, long enough"
NIGHT = dt.datetime(2026, 11, 22, 15, 30, tzinfo=dt.UTC)  # 22.30 WIB, 23.30 WITA, 00.30 WIT
DATA = {"title": "Air bersih", "path": "/kebutuhan/air", "amount_minor": 7_500_000, "organisation": "Yayasan"}


def tell(*who: Any, kind: str = "pledge.accepted", key: str = "k", **more: Any) -> int:
    return service.queue(
        kind=kind,
        person_ids=[person.id for person in who],
        about=("listing", uuid.uuid4()),
        data=DATA,
        dedupe_key=key,
        **more,
    )


def rows(session: Session, channel: str = "email") -> list[Message]:
    session.expire_all()
    return list(session.scalars(select(Message).where(Message.channel == channel).order_by(Message.id)))


# --- quiet hours ---------------------------------------------------------------------------------------------------


@pytest.fixture
def evenings() -> Any:
    with config.overridden(quiet_from_hour=21, quiet_until_hour=6):
        yield


def test_mail_waits_for_the_readers_own_morning(session: Session, evenings: Any) -> None:
    zones = {"Asia/Jakarta": 7, "Asia/Makassar": 8, "Asia/Jayapura": 9, "UTC": None}
    who = {zone: people.person(zone=zone) for zone in zones}
    own = people.person()
    service.be_quiet(person_id=own.id, begins=1, ends=1)
    with clock.travel(NIGHT):
        tell(*who.values(), own)
        due = {row.person_id: row.next_at for row in rows(session)}
        for zone, offset in zones.items():
            if offset is not None:
                morning = dt.datetime(2026, 11, 23, 6, tzinfo=dt.UTC) - dt.timedelta(hours=offset)
                assert due[who[zone].id] == morning, zone
            else:
                assert due[who[zone].id] <= clock.now()
        sent: list[EmailMessage] = []
        delivery.deliver(post=sent.append)
        assert {letter["To"].addresses[0].addr_spec for letter in sent} == {who["UTC"].email, own.email}


def test_an_answer_to_what_one_does_now_does_not_wait(session: Session, evenings: Any) -> None:
    with clock.travel(NIGHT):
        tell(people.person(), kind="payment.received")
        assert delivery.deliver(post=lambda _letter: None).sent == 1


def test_what_was_put_off_into_the_night_waits_too(session: Session, evenings: Any) -> None:
    ratna = people.person()
    with clock.travel(NIGHT - dt.timedelta(hours=2)):
        tell(ratna)
    with clock.travel(NIGHT):
        assert delivery.deliver(post=lambda _letter: None).put_off == 1
        [row] = rows(session)
        assert (row.state, row.attempts) == (MessageState.queued, 0)
        assert row.next_at == dt.datetime(2026, 11, 22, 23, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("begins", "ends", "hour", "waits"),
    [
        (21, 6, 20, False),
        (21, 6, 21, True),
        (21, 6, 5, True),
        (21, 6, 6, False),
        (8, 17, 12, True),
        (8, 17, 17, False),
        (0, 0, 3, False),
    ],
)
def test_hours_on_the_clock(begins: int, ends: int, hour: int, waits: bool) -> None:
    moment = dt.datetime(2026, 11, 22, hour, 15, tzinfo=dt.UTC)
    until = planning.quiet_until(moment, zone_name="UTC", begins=begins, ends=ends)
    assert (until is not None) == waits
    assert until is None or (until.hour == ends and moment < until < moment + dt.timedelta(days=1))


def test_odd_hours_and_places_are_refused(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    ratna = people.person()
    sign_in(client, ratna)
    for odd in ("24", "-1", "x", "²", "9" * 9):
        data = {"tenang-dari": odd, "tenang-sampai": "6"}
        assert client.post("/notifikasi/preferensi", data=data).status_code == 422
    with pytest.raises(Invalid):
        service.prefer_place(person_id=ratna.id, locality_code="99.99", cadence="daily")


# --- phones --------------------------------------------------------------------------------------------------------


def test_no_phone_channel_is_offered_before_an_operator_connects_one(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    ratna = people.person(phone="+628123456789")
    sign_in(client, ratna)
    assert "WhatsApp" not in client.get("/notifikasi/preferensi").text
    service.prefer(person_id=ratna.id, wishes={("support", "whatsapp"): "now"})
    assert tell(ratna) == 2
    with pytest.raises(LookupError):
        channels.channel("whatsapp")


def test_a_connected_channel_takes_chunks_of_texts(
    client: FlaskClient, session: Session, sign_in: Callable[..., None], tmp_path: Path
) -> None:
    ratna, other, without = (
        people.person(phone="+628123456789"),
        people.person(phone="+62811"),
        people.person(),
    )
    with config.overridden(whatsapp_gateway="log", data_dir=str(tmp_path)):
        sign_in(client, ratna)
        assert "WhatsApp" in client.get("/notifikasi/preferensi").text
        for who in (ratna, without):
            service.prefer(person_id=who.id, wishes={("support", "whatsapp"): "now"})
        assert tell(ratna, other, without) == 7
        assert texting.deliver("whatsapp").sent == 1
        assert texting.deliver("whatsapp").sent == 0
        [line] = (tmp_path / channels.LOG).read_text().splitlines()
    told = json.loads(line)
    assert told["to"] == "+628123456789"
    assert told["text"].endswith("http://localhost/kebutuhan/air")
    [row] = rows(session, "whatsapp")
    assert row.state == MessageState.sent


def test_production_connects_only_a_signed_https_gateway() -> None:
    base = {
        "DATABASE_URL": "x", "REDIS_URL": "x", "SECRET_KEY": "k" * 40, "COEVOLVE_PUBLIC_URL": "https://x.example",
        "SMTP_URL": "smtp://x", "STRIPE_SECRET_KEY": "x", "STRIPE_WEBHOOK_SECRET": "x",
    }  # fmt: skip
    assert config.Settings.from_environment(base).sms_gateway == ""
    for wrong in ("log", "http://x.example", "https://x.example"):
        with pytest.raises(config.SettingsError):
            config.Settings.from_environment({**base, "COEVOLVE_SMS_GATEWAY": wrong})


def test_click_to_chat() -> None:
    assert links.chat_url("0812-3456", "Halo & salam") == "https://wa.me/628123456?text=Halo+%26+salam"
    assert links.chat_url("+62 812") == "https://wa.me/62812"
    assert links.chat_url("+60 12 345") == "https://wa.me/6012345"
    assert links.chat_url("0380 21234") == links.chat_url("") == ""


# --- subscriptions -------------------------------------------------------------------------------------------------


def test_who_asked_and_who_follows_is_told_once(session: Session) -> None:
    asker, follower, author = people.person(), people.person(), people.person()
    about = ("listing", uuid.uuid4())
    service.subscribe(person_id=asker.id, about=about, reason="asked")
    for _ in range(2):
        service.subscribe(person_id=follower.id, about=about)
    service.subscribe(person_id=author.id, about=about, reason="commented")

    def news(key: str, **more: Any) -> set[uuid.UUID]:
        service.tell_subscribers(
            kind="followed.fulfilled", about=about, data=DATA, dedupe_key=key, but=author.id, **more
        )
        return {row.person_id for row in rows(session, "site") if row.dedupe_key == key}

    assert news("1") == {asker.id, follower.id}
    assert news("2", reasons=("asked",)) == {asker.id}
    service.unsubscribe(person_id=follower.id, about=about)
    assert news("3") == {asker.id}
    service.subscribe(person_id=follower.id, about=about)
    assert news("4") == {asker.id, follower.id}
    assert not service.is_subscribed(person_id=people.person().id, about=about)


def test_who_is_erased_leaves_no_wishes(session: Session) -> None:
    ratna = people.person()
    service.prefer(person_id=ratna.id, wishes={("money", "email"): "weekly"})
    service.prefer_place(person_id=ratna.id, locality_code="53", cadence="off")
    service.be_quiet(person_id=ratna.id, begins=1, ends=2)
    service.subscribe(person_id=ratna.id, about=("listing", uuid.uuid4()))
    for _ in range(2):
        service.forget_reader(about_id=ratna.id, journal_id=1)
    assert queries.place_preferences_of(ratna.id) == {}
    assert queries.quiet_hours_of(ratna.id) == (0, 0)
    assert queries.followed_things(ratna.id, about_kind="listing") == []


# --- an organisation's switches ------------------------------------------------------------------------------------


def test_an_owner_decides_who_hears_what(session: Session) -> None:
    yayasan = organisations.organisation()
    owner, finance = organisations.owner_of(yayasan), organisations.member(yayasan, "finance")
    one, two = organisations.member(yayasan), organisations.member(yayasan)
    service.switch(
        organisation_id=yayasan.id,
        told={("support", "member"): False, ("support", two.id): True, ("support", "owner"): False},
        by=owner.id,
    )
    tell(owner, finance, one, two, for_organisation=yayasan.id)
    told = {(row.person_id, row.channel) for channel in ("site", "email") for row in rows(session, channel)}
    assert told == {
        (owner.id, "site"),
        (finance.id, "site"),
        (finance.id, "email"),
        (two.id, "site"),
        (two.id, "email"),
    }
    service.as_role(organisation_id=yayasan.id, person_id=two.id, by=owner.id)
    assert tell(two, key="again", for_organisation=yayasan.id) == 0
    assert tell(one, key="own") == 2, "what is one's own is nobody's switch"
    for stranger in (finance, one, people.person()):
        with pytest.raises(Forbidden):
            service.switch(organisation_id=yayasan.id, told={}, by=stranger.id)
    with pytest.raises(Invalid):
        service.switch(organisation_id=yayasan.id, told={("support", uuid.uuid4()): True}, by=owner.id)


def test_a_shared_address_hears_once_it_is_proven(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    yayasan = organisations.organisation()
    owner, member = organisations.owner_of(yayasan), organisations.member(yayasan)
    sign_in(client, owner)
    page = f"/dasbor/{yayasan.slug}/kabar"
    assert client.get(page).status_code == 200
    data = {"email": "Sekretariat@contoh.example", "jenis": ["support"]}
    assert client.post(f"{page}/alamat", data={"email": "x", "jenis": ["support"]}).status_code == 422
    assert client.post(f"{page}/alamat", data={**data, "jenis": []}).status_code == 422
    assert client.post(f"{page}/alamat", data=data).status_code == 303
    assert tell(owner, member, for_organisation=yayasan.id) == 4
    sent: list[EmailMessage] = []
    delivery.deliver(post=sent.append)
    proof = next(one for one in sent if "sekretariat@" in one["To"])
    body = proof.get_body(("plain",))
    assert body is not None
    path = next(word for word in body.get_content().split() if "/alamat/" in word)
    assert client.post(path.removeprefix("http://localhost")).status_code == 200
    assert tell(owner, member, key="2", for_organisation=yayasan.id) == 5
    assert tell(owner, key="3", kind="listing.shown", for_organisation=yayasan.id) == 2, "not of its groups"
    assert tell(people.person(), key="4", for_organisation=yayasan.id) == 2, "not what is a giver's own"
    assert "sekretariat@contoh.example" in client.get(page).text
    assert client.post(f"{page}/alamat", data={"hapus": "1"}).status_code == 303
    assert tell(owner, key="5", for_organisation=yayasan.id) == 2
    sign_in(client, member)
    assert client.get(page).status_code == 404


def test_the_switch_page_keeps_what_was_ticked(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    yayasan = organisations.organisation()
    owner, member = organisations.owner_of(yayasan), organisations.member(yayasan)
    sign_in(client, owner)
    data = {"money-owner": "ya", "money-finance": "ya", f"support-{member.id}": "tidak"}
    assert client.post(f"/dasbor/{yayasan.slug}/kabar", data=data).status_code == 303
    said = queries.switches_of(yayasan.id)
    assert (said["money", "owner"], said["money", "member"], said["support", member.id]) == (
        True,
        False,
        False,
    )
    assert ("money", member.id) not in said


# --- the reader's page ---------------------------------------------------------------------------------------------


def test_the_page_shows_what_became_of_the_mail(
    client: FlaskClient, session: Session, sign_in: Callable[..., None]
) -> None:
    ratna = people.person()
    sign_in(client, ratna)
    tell(ratna)
    assert "Surel sedang dikirim" in client.get("/notifikasi").text
    delivery.deliver(post=lambda _letter: None)
    assert "Surel terkirim" in client.get("/notifikasi").text
    session.execute(update(Message).where(Message.channel == "email").values(state="given_up"))
    assert "Surel tidak sampai" in client.get("/notifikasi").text


def test_the_reporter_hears_the_outcome(session: Session) -> None:
    from coevolve.moderation import service as moderation
    from tests.factories import listings

    listing, ratna = listings.open_need(), people.person()
    moderation.report(listing_id=listing.id, reason="fraud", text="Fotonya dari tempat lain.", by=ratna)
    moderation.report(listing_id=listing.id, reason="fraud", text="Rekeningnya milik pribadi.", by=None)
    moderation.dismiss(listing_id=listing.id, by=people.moderator(), text="Foto sudah kami periksa.")
    told = session.execute(
        text("select person_id, data ->> 'path' from message where kind = 'report.decided'")
    ).all()
    assert {row[0] for row in told} == {ratna.id}
    assert listing.slug in told[0][1]


def test_following_a_listing_from_its_page(client: FlaskClient, sign_in: Callable[..., None]) -> None:
    from tests.factories import listings

    listing, ratna = listings.open_need(), people.person()
    sign_in(client, ratna)
    path = f"/ikuti/tayangan/{listing.id}"
    assert client.post(path, data={"kembali": "//evil.example"}).location == "/notifikasi/preferensi"
    assert listing.title in client.get("/notifikasi/preferensi").text
    assert client.post(path, data={"berhenti": "1"}).status_code == 303
    assert "tidak Anda ikuti lagi" in client.get("/notifikasi").text
    assert listing.title not in client.get("/notifikasi/preferensi").text
    assert client.post(f"/ikuti/tayangan/{uuid.uuid4()}").status_code == 404
