"""A giver's credit: late money, surplus, money given twice. The giver gives it on, or asks for it back.

A receipt says that a gift reached a listing. So money that waits as credit has none; giving it on writes a payment of
its own (provider `credit`), with its receipt. Taking it back is a refund to the payment it came by.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import text

from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.faults import skips_locks
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money, format_money
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger.errors import BelowFloor
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import Payment, Refund
from coevolve.people.models import Person
from coevolve.pledges import policy, queries
from coevolve.pledges import service as pledges
from coevolve.pledges.models import Pledge, PledgeState
from coevolve.pledges.service import Wish
from coevolve.reconciliation.models import CLOSED
from coevolve.reconciliation.service.booking import Arrival, book, credit_account, settlement_of
from coevolve.reconciliation.service.cases import resolve

UNIT = "IDR"
CREDIT_CASES = ("late", "over", "twice")


@dataclass(frozen=True, slots=True)
class Wallet:
    """The credit of a person or an organisation."""

    owner_kind: str
    owner_id: uuid.UUID
    account_id: int
    balance: int
    asked_back: int
    """Of it, what the giver has asked for and finance has not sent yet."""

    @property
    def free(self) -> int:
        """What may be given or asked for now."""
        return max(0, self.balance - self.asked_back)


@dataclass(frozen=True, slots=True)
class Source:
    """A payment whose money lies in a wallet, and how much of it."""

    payment_id: uuid.UUID
    public_ref: str
    provider: str
    amount: int


def wallet_of(owner_kind: str, owner_id: uuid.UUID, *, lock: bool = False) -> Wallet:
    """The credit of an owner; locked, nobody else gives or takes of it until the transaction ends."""
    account = ledger_queries.find_account(f"donor_credit:{owner_id}:{UNIT}")
    if account is None:
        return Wallet(owner_kind, owner_id, 0, 0, 0)
    if lock and not skips_locks():
        session().execute(
            text("SELECT 1 FROM ledger_balance WHERE account_id = :id FOR UPDATE"), {"id": account}
        )
    balance = ledger_queries.available([account]).get(account, 0)
    return Wallet(owner_kind, owner_id, account, balance, _asked_back(account))


_ASKED = """
SELECT coalesce(sum(r.amount), 0)::bigint FROM payment_refund r
 WHERE r.state = 'requested' AND r.origin = 'giver' AND r.payment_id IN (
   SELECT p.source_id FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id
    WHERE t.credit_id = :account AND p.source_kind = 'payment')
"""


def _asked_back(account_id: int) -> int:
    return int(session().execute(text(_ASKED), {"account": account_id}).scalar_one())


_SOURCES = """
SELECT y.id, y.public_ref, y.provider,
       least(sum(t.amount), y.captured - y.refunded - y.refund_pending - y.disputed)::bigint
  FROM ledger_transfer t JOIN ledger_posting p ON p.id = t.posting_id AND p.source_kind = 'payment'
  JOIN payment y ON y.id = p.source_id
 WHERE t.credit_id = :account AND t.phase IN ('single', 'fulfil')
 GROUP BY y.id ORDER BY max(t.id) DESC
"""


def sources_of(wallet: Wallet) -> list[Source]:
    """Where a wallet's free money came from, newest first: what was given on is taken to be the oldest."""
    left = wallet.free
    found = []
    for key, ref, provider, came in session().execute(text(_SOURCES), {"account": wallet.account_id}):
        amount = min(came, left)
        if amount > 0:
            found.append(Source(key, ref, provider, amount))
            left -= amount
    return found


def give_credit(
    *,
    owner_kind: str,
    owner_id: uuid.UUID,
    listing_id: uuid.UUID,
    amount: int,
    by: Person,
    client_token: uuid.UUID,
    is_name_public: bool = False,
    message: str = "",
) -> Pledge:
    """Give credit to an open need or campaign: a gift paid at once. The same token finds the same gift.

    An organisation's gift above its own limit waits for its second member; the credit is taken once approved.
    """
    _require_owner(owner_kind, owner_id, by)
    known = queries.find_by_token(client_token)
    if known is None:
        _require_free(wallet_of(owner_kind, owner_id, lock=True), amount)
    money_line = next((line for line in listings.lines_of(listing_id) if line.kind == "money"), None)
    if money_line is None:
        raise Invalid("no_money_line", lazy("Halaman ini tidak meminta uang."), field="listing")
    pledge = pledges.offer(
        listing_id=listing_id,
        by=by,
        for_organisation_id=owner_id if owner_kind == "organisation" else None,
        lines=[Wish(line_id=money_line.id, quantity=amount, field="amount")],
        client_token=client_token,
        is_name_public=is_name_public,
        message=message,
        is_rest=True,
    )
    if pledge.state != PledgeState.awaiting_approval:
        pay_by_credit(pledge_id=pledge.id, by=by, client_token=client_token, amount=amount)
    return pledge


def pay_by_credit(
    *, pledge_id: uuid.UUID, by: Person, client_token: uuid.UUID, amount: int | None = None
) -> Payment:
    """Pay an own pledge out of one's credit, as far as it reaches. The same token pays once."""
    pledge = db.lock(Pledge, pledge_id)
    party = policy.party_of(by, pledge)
    if not policy.allows(party, "change", pledge):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    known = payment_queries.find_by_token("pledge", pledge.id, client_token)
    if known is not None:
        return known
    owner_kind, owner_id = owner_of(pledge)
    money = pledges.payable(pledge, db.get(Listing, pledge.listing_id), amount)
    wallet = wallet_of(owner_kind, owner_id, lock=True)
    if amount is None:
        money = Money(min(money.amount, wallet.free - wallet.free % 100), money.unit)
    _require_free(wallet, money.amount)
    payment = payments.start_credit(
        reference_kind="pledge", reference_id=pledge.id, money=money, client_token=client_token
    )
    settlement = settlement_of(payment)
    payment = db.lock(Payment, payment.id)
    arrival = Arrival(
        key=f"credit:{payment.id}",
        from_account=credit_account(settlement, money.unit),
        money=money,
        at=clock.now(),
        actor=str(by.id),
    )
    try:
        book(payment, settlement, arrival)
    except BelowFloor as short:
        raise _too_little(Money(0)) from short
    _close_cases(owner_kind, owner_id)
    return payment


def take_back(
    *,
    owner_kind: str,
    owner_id: uuid.UUID,
    amount: int,
    by: Person,
    client_token: uuid.UUID,
    reason: str = "",
) -> list[Refund]:
    """Ask for credit back, to the payments it came by; finance sends it. The same token asks once."""
    _require_owner(owner_kind, owner_id, by)
    wallet = wallet_of(owner_kind, owner_id, lock=True)
    tokens = [uuid.uuid5(client_token, str(number)) for number in range(len(_all_sources(wallet)) or 1)]
    if _asked_before(tokens[0]):
        return []
    _require_free(wallet, amount)
    asked = []
    left = amount
    for source, token in zip(sources_of(wallet), tokens, strict=False):
        part = min(left, source.amount)
        if part <= 0:
            break
        asked.append(
            payments.ask_refund(
                payment_id=source.payment_id,
                money=Money(part, UNIT),
                reason=reason or str(lazy("Diminta kembali oleh pemberi dari saldonya.")),
                by=by.id,
                origin="giver",
                client_token=token,
            )
        )
        left -= part
    if left:
        raise _too_little(Money(amount - left))
    return asked


def owner_of(pledge: Pledge) -> tuple[str, uuid.UUID]:
    """Whose credit may pay a pledge: its giver's."""
    if pledge.giver_organisation_id is not None:
        return "organisation", pledge.giver_organisation_id
    if pledge.giver_person_id is None or queries.is_unproven(pledge):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    return "person", pledge.giver_person_id


def may_use(owner_kind: str, owner_id: uuid.UUID, person: Person) -> bool:
    """Whether somebody moves this credit: its person, or an owner or finance member of its organisation."""
    if owner_kind == "person":
        return owner_id == person.id
    return organisation_policy.may(person, "give", organisations.get(owner_id))


def _require_owner(owner_kind: str, owner_id: uuid.UUID, by: Person) -> None:
    if not may_use(owner_kind, owner_id, by):
        raise Forbidden("not_your_credit", lazy("Saldo ini bukan milik Anda."))


def _require_free(wallet: Wallet, amount: int) -> None:
    if amount <= 0:
        raise Invalid("amount_missing", lazy("Isi jumlahnya."), field="amount")
    if amount > wallet.free:
        raise _too_little(Money(wallet.free))


def _too_little(free: Money) -> Conflict:
    return Conflict(
        "credit_short",
        lazy("Saldo yang dapat dipakai %(free)s.", free=format_money(free)),
        field="amount",
    )


def _asked_before(token: uuid.UUID) -> bool:
    found = session().execute(
        text("SELECT 1 FROM payment_refund WHERE client_token = :token"), {"token": token}
    )
    return found.first() is not None


def _all_sources(wallet: Wallet) -> list[object]:
    return list(session().execute(text(_SOURCES), {"account": wallet.account_id}).all())


_CASES = """
SELECT c.id FROM recon_case c JOIN payment y ON y.id = c.payment_id
  JOIN ledger_posting p ON p.source_kind = 'payment' AND p.source_id = y.id
  JOIN ledger_transfer t ON t.posting_id = p.id AND t.credit_id = :account
 WHERE c.kind = ANY(:kinds) AND c.state <> ALL(:closed)
 GROUP BY c.id
"""


def _close_cases(owner_kind: str, owner_id: uuid.UUID) -> None:
    """Once a wallet is empty, nobody need ask its owner any more."""
    wallet = wallet_of(owner_kind, owner_id)
    if wallet.balance:
        return
    values = {
        "account": wallet.account_id,
        "kinds": list(CREDIT_CASES),
        "closed": [str(state) for state in CLOSED],
    }
    for (case_id,) in session().execute(text(_CASES), values).all():
        resolve(case_id=case_id, by=None, note="Pemberi sudah memakai saldonya.")
