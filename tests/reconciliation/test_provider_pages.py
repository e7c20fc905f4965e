"""The provider's side as finance sees it: balances and what lies between, payouts and what they are made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from coevolve.kit.money import rupiah
from coevolve.payments import gateways
from coevolve.payments.models import Payout
from coevolve.reconciliation import service as reconciliation
from tests.factories import listings, many, people
from tests.reconciliation.account import Account

SignIn = Callable[..., None]
GIFTS = 60


@pytest.fixture
def payout(session: Session) -> Payout:
    """A payout of sixty gifts, a refund and a fee, read and compared."""
    account = Account()
    listing = listings.open_campaign(lines=(listings.money(100_000_000),))
    gifts = many.captured([5_000_000] * GIFTS, listing=listing, by=people.person())
    [(back, ref)] = many.refunded(1, rupiah(75_000), listing=listing, by=people.person())
    for gift in [*gifts, back]:
        account.book("charge", gift.charge_ref, gift.amount, fee=345_000)
    account.book("refund", ref, -back.amount)
    account.book("stripe_fee", None, -200_000)
    account.pay_out("po_seen")
    session.commit()
    with gateways.installed(account):
        reconciliation.compare_provider_transactions()
    return session.execute(select(Payout)).scalar_one()


def test_a_payout_opens_to_its_rows(
    client: FlaskClient, session: Session, sign_in: SignIn, payout: Payout
) -> None:
    sign_in(client, people.finance())
    shown = client.get("/keuangan/penyedia").get_data(as_text=True)
    assert "po_seen" in shown
    assert "63 transaksi" in shown
    assert "Terakhir ditanyakan" in shown
    first = client.get(f"/keuangan/penyedia/pencairan/{payout.id}").get_data(as_text=True)
    assert "Sama dengan pencairan, sampai sen terakhir" in first
    assert "TRACEseen" in first
    assert "belum ada" in first, "no bank line yet"
    assert first.count("<code>ch_") == 50
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(following).get_data(as_text=True)
    assert second.count("<code>ch_") == 11
    assert 'rel="next"' not in second


@pytest.mark.parametrize("place", ["nonsense", "00000000-0000-7000-8000-000000000000", ""])
def test_a_place_that_is_none_begins_anew(
    client: FlaskClient, session: Session, sign_in: SignIn, payout: Payout, place: str
) -> None:
    sign_in(client, people.finance())
    for path in ("/keuangan/penyedia", f"/keuangan/penyedia/pencairan/{payout.id}"):
        answer = client.get(f"{path}?sesudah={place}")
        assert answer.status_code == 200
        assert "po_seen" in answer.get_data(as_text=True)


def test_strangers_see_no_payout(
    client: FlaskClient, session: Session, sign_in: SignIn, payout: Payout
) -> None:
    path = f"/keuangan/penyedia/pencairan/{payout.id}"
    assert client.get(path).status_code in {302, 303, 401, 404}
    sign_in(client, people.person())
    assert client.get(path).status_code in {403, 404}
    sign_in(client, people.finance())
    assert client.get("/keuangan/penyedia/pencairan/00000000-0000-7000-8000-000000000000").status_code == 404
