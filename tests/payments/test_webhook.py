"""The webhook keeps what is proven to come from the provider, once, and refuses the rest."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from stripe import WebhookSignature

from coevolve import config
from coevolve.payments import gateways
from coevolve.payments.models import Inbox
from tests.invariants import assert_books_balance

SECRET = "whsec_test_coevolve"


@pytest.fixture(autouse=True)
def _fresh_gateway() -> None:
    gateways.forget()


def event(**over: Any) -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
        **over,
    }


def signed(body: str, *, secret: str = SECRET, at: int | None = None) -> str:
    return WebhookSignature.generate_signature_header(body, secret, timestamp=at)


def post(client: FlaskClient, body: str | bytes, header: str | None) -> int:
    headers = {} if header is None else {"Stripe-Signature": header}
    return client.post("/webhook/stripe", data=body, headers=headers).status_code


def kept(session: Session) -> int:
    return session.execute(select(func.count()).select_from(Inbox)).scalar_one()


def test_kept_once_however_often_it_comes(client: FlaskClient, session: Session, jobs: list[Any]) -> None:
    body = json.dumps(event())
    for _ in range(5):
        assert post(client, body, signed(body)) == 200
    assert kept(session) == 1
    row = session.execute(select(Inbox)).scalar_one()
    assert (row.event_id, row.object_ref, row.state, row.via) == ("evt_1", "cs_test_1", "new", "push")
    assert bytes(row.raw) == body.encode()
    assert [job.name for job in jobs] == ["payments.settle"]
    assert jobs[0].ids == {"event_id": row.id}


@pytest.mark.case(16)
def test_an_event_about_something_else_is_kept_and_ignored(
    client: FlaskClient, session: Session, jobs: list[Any]
) -> None:
    body = json.dumps(event(type="customer.created", data={"object": {"id": "cus_1"}}))
    assert post(client, body, signed(body)) == 200
    unknown = json.dumps(event(id="evt_2", type="never.heard.of", data={"object": {"id": 7}}))
    assert post(client, unknown, signed(unknown)) == 200
    assert [row.state for row in session.execute(select(Inbox)).scalars()] == ["ignored", "ignored"]
    assert jobs == []
    assert_books_balance()


@pytest.mark.case(15)
def test_forged_old_future_and_altered_ones_are_refused(client: FlaskClient, session: Session) -> None:
    body = json.dumps(event())
    now = int(time.time())
    good = signed(body)
    digest = good.partition("v1=")[2]
    for header in (
        None,
        "",
        "nonsense",
        signed(body, secret="whsec_of_somebody_else"),
        signed(body, at=now - 301),
        signed(body, at=now - 365 * 86_400),
        signed(body, at=now + 360),  # a minute for this test itself
        f"t={now},v0={digest}",
        f"t={now}",
        f"v1={digest}",
        f"t=,v1={digest}",
        f"t={'9' * 30},v1={digest}",
        good.replace("v1=", "v1=0"),
    ):
        assert post(client, body, header) == 400, header
    assert post(client, body + " ", good) == 400
    assert post(client, body.replace("cs_test_1", "cs_test_2"), good) == 400
    assert kept(session) == 0
    assert_books_balance()


def test_two_signatures_are_fine_when_one_is_right(client: FlaskClient, session: Session) -> None:
    body = json.dumps(event())
    assert post(client, body, signed(body) + ",v1=" + "0" * 64) == 200
    assert kept(session) == 1


@pytest.mark.case(15)
@pytest.mark.parametrize(
    "body",
    [
        json.dumps(event(livemode=True)),
        json.dumps(event(livemode="false")),
        json.dumps(event(account="acct_of_somebody_else")),
        json.dumps({"id": "evt_1"}),
        json.dumps(event(id=7)),
        json.dumps([event()]),
        "null",
        "",
        "{",
        '"text"',
        "[" * 50_000,
    ],
)
def test_signed_but_not_for_us(client: FlaskClient, session: Session, body: str) -> None:
    assert post(client, body, signed(body)) == 400
    assert kept(session) == 0
    assert_books_balance()


def test_bytes_that_are_no_text(client: FlaskClient, session: Session) -> None:
    assert post(client, b"\xff\xfe\x00", "t=1,v1=abc") == 400
    assert kept(session) == 0


@pytest.mark.case(15)
def test_too_large(client: FlaskClient, session: Session) -> None:
    body = json.dumps(event(padding="x" * 300_000))
    assert post(client, body, signed(body)) == 413
    assert kept(session) == 0
    assert_books_balance()


def test_odd_times_do_no_harm(client: FlaskClient, session: Session) -> None:
    for number, created in enumerate((None, -5, 10**40, "yesterday", True, 1.5)):
        body = json.dumps(event(id=f"evt_{number}", created=created))
        assert post(client, body, signed(body)) == 200
    assert kept(session) == 6


def test_only_post(client: FlaskClient) -> None:
    assert client.get("/webhook/stripe").status_code == 405


def test_production_takes_no_other_address_for_stripe() -> None:
    good = {
        "COEVOLVE_ENV": "production",
        "DATABASE_URL": "postgresql://localhost/x",
        "REDIS_URL": "redis://localhost",
        "SECRET_KEY": "k" * 40,
        "COEVOLVE_PUBLIC_URL": "https://co-evolve.example",
        "SMTP_URL": "smtp://localhost",
        "STRIPE_SECRET_KEY": "sk_live_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
    }
    config.Settings.from_environment(good)
    for address in ("http://127.0.0.1:5560", "https://api.stripe.com.example.org", "https://api.stripe.com/"):
        with pytest.raises(config.SettingsError, match="STRIPE_API_BASE"):
            config.Settings.from_environment(good | {"STRIPE_API_BASE": address})
    with pytest.raises(config.SettingsError, match="STRIPE_CHECKOUT_ORIGIN"):
        config.Settings.from_environment(good | {"STRIPE_CHECKOUT_ORIGIN": "http://127.0.0.1:5560"})
