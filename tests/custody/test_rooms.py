"""Rooms of an organisation's own account: its finance works there, platform finance looks, strangers find nothing."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from coevolve.kit import clock
from coevolve.kit.errors import Conflict, Forbidden, NotFound
from coevolve.kit.money import Money
from coevolve.organisations.models import Membership, Organisation
from coevolve.payments import custody as standing
from coevolve.payments import queries
from coevolve.payments import service as payments
from coevolve.payments.models import BankAccount, CustodyChange
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.models import BankStatement, Case, Line
from coevolve.reconciliation.service import custody, statements
from tests.factories import custody as factory
from tests.factories import disbursements as grounds
from tests.factories import organisations, people
from tests.factories import payments as payment_factory
from tests.factories.disbursements import Ground
from tests.invariants import assert_books_balance
from tests.reconciliation.statements import banks
from tests.reconciliation.statements.banks import Told

SignIn = Callable[..., None]


def text(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


def base(at: Ground) -> str:
    return f"/dasbor/{at.organisation.slug}/rekening"


def test_an_owner_asks_finance_agrees_and_nothing_under_way_is_orphaned(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    at = grounds.ground(whole=0)
    organisation = session.get_one(Organisation, at.organisation.id)
    with pytest.raises(Forbidden):
        custody.ask(organisation_id=organisation.id, by=at.treasurer, to="direct")
    with pytest.raises(Conflict):
        custody.ask(organisation_id=organisation.id, by=at.owner, to="platform")
    sign_in(client, at.owner)
    page = client.get(base(at)).text
    assert "Minta transfer masuk ke rekening ini" in text(page)
    assert client.get(f"{base(at)}/hari").status_code == 404
    assert (
        client.post(f"{base(at)}/kustodi", data={"to": "direct", "reason": "Ingin langsung"}).status_code
        == 303
    )
    [change] = session.execute(select(CustodyChange)).scalars()
    assert (change.state, change.to, change.reason) == ("asked", "direct", "Ingin langsung")
    with pytest.raises(Conflict):
        custody.ask(organisation_id=organisation.id, by=at.owner, to="direct")
    with pytest.raises(NotFound):
        custody.agree(change_id=change.id, by=at.owner)
    sign_in(client, at.finance)
    assert "Ingin langsung" in text(client.get("/keuangan/kustodi").text)
    assert client.post(f"/keuangan/kustodi/{change.id}/setujui").status_code == 303
    session.refresh(organisation)
    assert organisation.custody == "direct"
    waiting = factory.transfer(at)
    back = custody.ask(organisation_id=organisation.id, by=at.owner, to="platform")
    assert custody.in_the_way(organisation.id, "platform") == [
        "1 transfer donatur masih ditunggu di rekening organisasi."
    ]
    with pytest.raises(Conflict):
        custody.agree(change_id=back.id, by=at.finance)
    custody.decline(change_id=back.id, by=at.finance, remark="Tunggu transfer selesai")
    factory.line(at, waiting.amount, f"TRSF {waiting.public_ref}")
    factory.match(at)
    again = custody.ask(organisation_id=organisation.id, by=at.owner, to="platform")
    custody.withdraw(change_id=again.id, by=at.owner)
    last = custody.ask(organisation_id=organisation.id, by=at.owner, to="platform")
    custody.agree(change_id=last.id, by=at.finance)
    assert session.get_one(BankAccount, waiting.bank_account_id).is_receiving is False
    later = payment_factory.transfer(listing=at.listing)
    assert standing.custodian_of(later) is None
    assert standing.custodian_of(waiting) == organisation.id
    assert_books_balance()


def test_a_closed_or_unchecked_account_takes_no_transfers_and_a_newer_one_is_asked_for(
    session: Session,
) -> None:
    at = factory.direct()
    organisation = session.get_one(Organisation, at.organisation.id)
    first = factory.account(at)
    with clock.travel(dt.timedelta(hours=1)):
        version = grounds.stated_account(at, account_number="7766554433")
    assert queries.has_receiving_account(organisation_id=organisation.id)
    with pytest.raises(Conflict):
        custody.ask(organisation_id=organisation.id, by=at.owner, to="direct")
    payments.check_organisation_account(version_id=version.id, by=people.moderator(), to="accepted")
    payments.second_organisation_account(version_id=version.id, by=people.admin())
    # The first account's claim was retired by the newer one: donors go on with it while the newer waits.
    assert standing.receiving_account(organisation_id=organisation.id) is first
    with clock.travel(dt.timedelta(hours=74)):
        change = custody.ask(organisation_id=organisation.id, by=at.owner, to="direct")
        custody.agree(change_id=change.id, by=at.finance)
    second = factory.account(at)
    assert second.id != first.id and not first.is_receiving
    assert [one.account_number for one in queries.bank_accounts(organisation.id)] == [
        "0098123456",
        "7766554433",
    ]
    organisation.state = "frozen"
    session.flush()
    assert not queries.has_receiving_account(organisation_id=organisation.id)


def test_its_finance_imports_reviews_and_sees_only_its_own(  # noqa: PLR0915 - one journey through all rooms
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    at, other = factory.direct(), factory.direct()
    day = clock.today()
    known, unknown = factory.transfer(at), 1_234_567
    content = banks.bca(
        [
            Told(day, known.amount // 100, f"TRSF {known.public_ref} ANI"),
            Told(day, unknown, "SETORAN TUNAI"),
            Told(day, -75_000, "BELI PIPA"),
        ],
        number="0098123456",
    )
    sign_in(client, at.treasurer)
    address = f"{base(at)}/rekening-koran/unggah/{factory.account(at).id}"
    assert client.get(f"{base(at)}/rekening-koran").status_code == 200
    assert client.get(address).status_code == 200
    answer = client.post(
        address,
        data={"profile": "bca_csv", "file": (io.BytesIO(content.encode()), "mutasi.csv")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303, answer.text
    [statement] = session.execute(select(BankStatement)).scalars()
    assert answer.headers["Location"] == f"{base(at)}/rekening-koran/{statement.id}"
    statements.read_waiting()
    reconciliation.match([factory.account(at).id], seconds=None)
    session.refresh(known)
    session.refresh(statement)
    assert (statement.state, statement.reasons) == ("accepted", [])
    assert known.state == "captured", [
        (one.text_raw, one.state, one.reason) for one in session.query(Line).all()
    ]
    shown = text(client.get(f"{base(at)}/rekening-koran/{statement.id}").text)
    assert "Diterima" in shown and "ANI" in shown
    day_page = text(client.get(f"{base(at)}/hari").text)
    assert "Penyedia kartu" not in day_page and "Belum cocok" in day_page
    assert "SETORAN TUNAI" in text(client.get(f"{base(at)}/tinjau").text)
    lines = {one.text_raw: one for one in session.execute(select(Line)).scalars()}
    line = lines["SETORAN TUNAI"]
    assert lines["BELI PIPA"].reason == "own_spending"
    own = f"{base(at)}/mutasi/{line.id}"
    assert client.get(own).status_code == 200
    assert client.post(f"{own}/sisihkan").status_code == 303
    [case] = session.execute(select(Case)).scalars()
    assert case.organisation_id == at.organisation.id
    assert client.get(f"{base(at)}/kasus/{case.id}").status_code == 200
    assert client.get(f"{base(at)}/kasus").status_code == 200

    # Nothing of it is there for another organisation, in its own rooms or in these.
    sign_in(client, other.treasurer)
    for path in (
        base(at), f"{base(at)}/hari", f"{base(at)}/mutasi", own, f"{base(at)}/tinjau", f"{base(at)}/kasus",
        f"{base(at)}/rekening-koran", address, f"{base(at)}/pengembalian",
        f"{base(other)}/mutasi/{line.id}", f"{base(other)}/rekening-koran/{statement.id}",
        f"{base(other)}/kasus/{case.id}", f"{base(other)}/rekening-koran/unggah/{factory.account(at).id}",
    ):  # fmt: skip
        assert client.get(path).status_code == 404, path
    assert client.post(f"{base(other)}/mutasi/{line.id}/alasan", data={"note": "x"}).status_code == 404
    assert client.post(f"{base(other)}/kasus/{case.id}/ambil").status_code == 404
    assert client.post(f"{base(other)}/tinjau/setujui", data={"lines": [line.id]}).status_code in {303, 422}
    session.refresh(line)
    assert line.state == "review"

    # A member without money rights neither.
    sign_in(client, organisations.member(at.organisation, role="member"))
    assert client.get(f"{base(at)}/hari").status_code == 404
    assert client.get(own).status_code == 404

    # Platform finance looks, helps with the case, and touches no line; its own day is its own.
    sign_in(client, at.finance)
    assert "SETORAN TUNAI" in text(client.get(f"/keuangan/kustodi/{at.organisation.slug}").text)
    looked = client.get(f"/keuangan/mutasi/{line.id}")
    assert looked.status_code == 200 and "bendaharanya sendiri" in looked.text
    assert client.post(f"/keuangan/mutasi/{line.id}/alasan", data={"note": "x"}).status_code == 403
    assert client.post(f"/keuangan/mutasi/{line.id}/setujui").status_code == 403
    assert "SETORAN TUNAI" not in client.get("/keuangan").text
    assert "SETORAN TUNAI" not in client.get("/keuangan/mutasi").text
    assert client.get("/keuangan/rekening-koran/" + str(statement.id)).status_code == 404
    assert str(case.id) not in client.get("/keuangan/kasus").text
    assert str(case.id) in client.get("/keuangan/kasus?tab=organisasi").text
    assert client.post(f"/keuangan/kasus/{case.id}/ambil").status_code == 303
    assert_books_balance()


def test_a_giver_sees_the_organisation_as_receiver_and_a_refund_of_its_own(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    at = factory.direct()
    giver = people.person()
    payment = factory.transfer(at, by=giver)
    sign_in(client, giver)
    shown = text(client.get(f"/bayar/{payment.public_ref}").text)
    assert "0098 1234 56" in shown and at.organisation.name in shown
    assert "langsung ke rekening" in shown
    factory.line(at, payment.amount, f"TRSF {payment.public_ref}")
    factory.match(at)
    receipt = queries.receipt_of(payment.id)
    assert receipt is not None
    paper = text(client.get(f"/kuitansi/{receipt.id}").text)
    assert "Diterima oleh" in paper and "Disalurkan kepada" not in paper
    sign_in(client, at.treasurer)
    session.refresh(payment)
    refund = reconciliation.ask_by_giver(
        payment_id=payment.id, money=Money(payment.amount, "IDR"), reason="Salah kirim", by=giver.id
    )
    page = client.get(f"{base(at)}/pengembalian")
    assert "Salah kirim" in page.text
    assert client.post(f"{base(at)}/pengembalian/{refund.id}/tolak", data={}).status_code == 422
    assert client.post(f"{base(at)}/pengembalian/{refund.id}/setujui").status_code == 303
    session.refresh(refund)
    assert refund.state == "approved"
    assert client.post(f"{base(at)}/pengembalian/{refund.id}/terkirim").status_code == 303
    session.refresh(refund)
    assert refund.state == "approved"  # the giver has not said where to
    sign_in(client, giver)
    assert "organisasi" in text(client.get(f"/bayar/{payment.public_ref}").text).lower()
    sign_in(client, at.finance)
    assert "Salah kirim" not in client.get("/keuangan/pengembalian").text
    assert_books_balance()


def test_surplus_is_given_back_from_its_case(client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    at = factory.direct()
    payment = factory.transfer(at, 300_000)
    line = factory.line(at, payment.amount + 5_000_000, f"TRSF {payment.public_ref}")
    factory.match(at)
    reconciliation.propose_match(
        line_id=line.id, target_kind="payment", target_id=payment.id, by=at.treasurer.id
    )
    reconciliation.confirm_match(line_id=line.id, by=at.owner.id)
    [case] = session.execute(select(Case).where(Case.kind == "over")).scalars()
    sign_in(client, at.treasurer)
    own = f"{base(at)}/kasus/{case.id}"
    assert "Kembalikan kepada donatur" in client.get(own).text
    for _click in range(2):
        assert client.post(f"{own}/kembalikan").status_code == 303
    page = client.get(f"{base(at)}/pengembalian").text
    assert page.count("Rp 50.000") + page.count("Rp\u00a050.000") >= 1
    assert page.count('class="sheet stack" id="kembali-') == 1
    sign_in(client, at.finance)
    assert client.post(f"/keuangan/kasus/{case.id}/kembalikan").status_code == 404
    assert_books_balance()


def test_for_an_organisation_of_one_platform_finance_is_the_second_person(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    at = factory.direct()
    payment = factory.transfer(at)
    line = factory.line(at, payment.amount + 100_000, f"TRSF {payment.public_ref}", by=at.owner.id)
    factory.match(at)
    reconciliation.propose_match(line_id=line.id, target_kind="payment", target_id=payment.id, by=at.owner.id)
    session.execute(
        update(Membership)
        .where(Membership.person_id == at.treasurer.id, Membership.organisation_id == at.organisation.id)
        .values(until=Membership.since)
    )
    sign_in(client, at.finance)
    assert "Setujui dan bukukan" in client.get(f"/keuangan/mutasi/{line.id}").text
    assert client.post(f"/keuangan/mutasi/{line.id}/setujui").status_code == 303
    session.refresh(payment)
    assert payment.state == "captured"
