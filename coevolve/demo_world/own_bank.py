"""An organisation under direct custody: transfers come to its own account, and its treasurer has imported a statement."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from sqlalchemy import text

from coevolve.demo_world.statements import file_of, hand_in
from coevolve.kit import clock
from coevolve.kit.db import commit, session
from coevolve.kit.money import Money
from coevolve.listings import queries as listings
from coevolve.organisations import queries as organisations
from coevolve.organisations import service as organisation_service
from coevolve.organisations.models import Organisation
from coevolve.payments import custody as standing
from coevolve.payments import queries as payment_queries
from coevolve.payments import service as payments
from coevolve.payments.models import BankAccount, Payment
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.pledges import service as pledges
from coevolve.reconciliation import service as reconciliation
from coevolve.reconciliation.service import custody

NUMBER = "5540098761234"
GIFTS = (750_000_00, 250_000_00, 1_000_000_00, 100_000_00)
CAMPAIGN = (
    "SELECT l.id FROM listing l JOIN organisation o ON o.id = l.organisation_id"
    " WHERE l.state = 'open' AND l.hidden_since IS NULL AND o.kind = 'cso' AND o.state = 'checked'"
    " AND o.custody = 'platform' AND l.opened_at < :before AND coalesce(l.closes_on, :after) >= :after"
    " AND NOT EXISTS (SELECT 1 FROM payment_bank_account b WHERE b.organisation_id = o.id)"
    " AND NOT EXISTS (SELECT 1 FROM payment p JOIN pledge g ON g.id = p.reference_id WHERE g.listing_id = l.id"
    "   AND p.state IN ('awaiting', 'grace'))"
    " AND EXISTS (SELECT 1 FROM listing_line n WHERE n.listing_id = l.id AND n.kind = 'money'"
    "   AND n.quantity > 2000000000)"
    " ORDER BY l.opened_at DESC, l.id LIMIT 1"
)
DONORS = (
    "SELECT p.id FROM person p WHERE p.state = 'active' AND p.email LIKE '%@%' AND NOT EXISTS"
    " (SELECT 1 FROM membership m WHERE m.person_id = p.id) AND NOT EXISTS"
    " (SELECT 1 FROM staff_role s WHERE s.person_id = p.id) ORDER BY p.id LIMIT 4"
)


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """The account asked for and agreed to, four gifts, and the file that brought three of them. Commits."""
    values = {"before": clock.now() - dt.timedelta(days=9), "after": clock.today() + dt.timedelta(days=10)}
    found = session().execute(text(CAMPAIGN), values).scalar_one_or_none()
    donors = [people.get(one) for one in session().execute(text(DONORS)).scalars()]
    if found is None or len(donors) < len(GIFTS):
        return
    listing = listings.get(found)
    organisation = organisations.get(listing.organisation_id)
    treasurer = people.get(accounts["bendahara@demo.example"])
    organisation_service.add_member(
        organisation_id=organisation.id, person_id=treasurer.id, role="finance", office="Bendahara"
    )
    account = _direct(organisation, treasurer, accounts)
    line = next(one for one in listings.lines_of(listing.id) if one.kind == "money")
    asked = []
    for amount, donor in zip(GIFTS, donors, strict=True):
        with clock.travel(dt.timedelta(days=-1)):
            asked.append(_asked(listing.id, line.id, amount, donor))
    commit()
    today = clock.today()
    begin, end = today - dt.timedelta(days=6), today - dt.timedelta(days=1)
    rows = [
        (begin, -1_350_000_00, "TRSF KE TB SUMBER JAYA SEMEN"),
        (begin, -12_500_00, "BIAYA ADM"),
        *((end, one.amount, f"TRSF E-BANKING CR {one.public_ref}") for one in asked[:3]),
        (end, 400_000_00, "SETORAN TUNAI KCP SOE"),
    ]
    content, _closing = file_of(NUMBER, begin, end, 18_240_750_00, rows)
    hand_in(account.id, f"rekening-sendiri-{begin:%d%m}-{end:%d%m}.csv", content, treasurer.id)
    reconciliation.match([account.id], seconds=None)
    commit()


def _direct(organisation: Organisation, treasurer: Person, accounts: Mapping[str, uuid.UUID]) -> BankAccount:
    """Checked a month ago, asked for by an owner, agreed to by finance."""
    with clock.travel(dt.timedelta(days=-30)):
        version = payments.state_organisation_account(
            organisation_id=organisation.id,
            by=treasurer,
            bank_name="BCA",
            account_number=NUMBER,
            holder=organisation.name,
        )
        moderator, admin = (people.get(accounts[f"{one}@demo.example"]) for one in ("moderator1", "admin"))
        payments.check_organisation_account(version_id=version.id, by=moderator, to="accepted")
        payments.second_organisation_account(version_id=version.id, by=admin)
    with clock.travel(dt.timedelta(days=-8)):
        [owner] = organisations.members_of(organisation.id, ["owner"])[:1]
        change = custody.ask(organisation_id=organisation.id, by=owner, to="direct")
        custody.agree(change_id=change.id, by=people.get(accounts["keuangan1@demo.example"]))
    account = standing.own_account(organisation.id)
    if account is None:
        raise LookupError("no own account")
    return account


def _asked(listing_id: uuid.UUID, line_id: uuid.UUID, amount: int, donor: Person) -> Payment:
    pledge = pledges.offer(
        listing_id=listing_id,
        by=donor,
        lines=[pledges.Wish(line_id=line_id, quantity=Money(amount).amount)],
        client_token=uuid.uuid4(),
        method="bank_transfer",
    )
    [payment] = payment_queries.of("pledge", pledge.id)
    return payment
