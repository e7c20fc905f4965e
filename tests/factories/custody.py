"""Direct custody for tests, made by the real use cases."""

from __future__ import annotations

import uuid

from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.money import Money, rupiah
from coevolve.organisations.models import Organisation
from coevolve.payments import custody as queries
from coevolve.payments.models import BankAccount, Payment
from coevolve.people.models import Person
from coevolve.reconciliation import service
from coevolve.reconciliation.models import Line
from coevolve.reconciliation.service import custody
from tests.factories import disbursements
from tests.factories import payments as payment_factory
from tests.factories.disbursements import Ground


def direct(at: Ground | None = None) -> Ground:
    """An organisation whose gifts by transfer go to its own account; nothing has come yet."""
    at = at or disbursements.ground(whole=0)
    change = custody.ask(organisation_id=at.organisation.id, by=at.owner, to="direct")
    custody.agree(change_id=change.id, by=at.finance)
    return at


def account(at: Ground) -> BankAccount:
    """Its own account that is open to donors."""
    found = queries.own_account(at.organisation.id)
    assert found is not None
    return found


def transfer(at: Ground, whole: int = 500_000, *, by: Person | None = None) -> Payment:
    """A gift by transfer, awaited in the organisation's own account."""
    return payment_factory.transfer(listing=at.listing, money=rupiah(whole), by=by)


def line(
    at: Ground, amount: int, words: str, *, by: uuid.UUID | None = None, bank: uuid.UUID | None = None
) -> Line:
    """A line of its own statement, typed by its treasurer; negative: money out."""
    return service.enter_bank_line(
        bank_account_id=bank or account(at).id,
        booked_on=clock.today(),
        money=Money(abs(amount), "IDR"),
        words=words,
        bank_ref=None,
        by=by or at.treasurer.id,
        is_outgoing=amount < 0,
        is_second=True,
    )


def match(at: Ground) -> None:
    """What a worker does after an import."""
    service.match([account(at).id], typed=True, seconds=None)


def received(at: Ground, whole: int = 500_000, *, by: Person | None = None) -> Payment:
    """A gift that came and was matched by its reference."""
    payment = transfer(at, whole, by=by)
    line(at, payment.amount, f"TRSF {payment.public_ref} ANI")
    match(at)
    session().refresh(payment)
    return payment


def fresh(thing: Organisation) -> Organisation:
    """The organisation as it is now."""
    return db.get(Organisation, thing.id)
