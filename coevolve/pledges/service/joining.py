"""Gifts made without an account come to their giver once the address is proven; and are forgotten on erasure."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Forbidden, NotFound
from coevolve.kit.i18n import lazy
from coevolve.ledger import accounts
from coevolve.ledger import queries as ledger_queries
from coevolve.ledger import service as ledger
from coevolve.payments import queries as payment_queries
from coevolve.payments.models import Payment
from coevolve.people.models import Person
from coevolve.pledges import links, queries
from coevolve.pledges.models import Pledge
from coevolve.pledges.service import telling


def join(*, pledge_id: uuid.UUID, by: Person, key: str) -> Pledge:
    """The mailed link, opened by whoever is signed in with that very address: the gift is theirs."""
    pledge = db.lock(Pledge, pledge_id)
    if links.side_of(key, pledge_id) != "giver":
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    if pledge.giver_person_id != by.id:
        raise Forbidden(
            "other_address", lazy("Dukungan ini dibuat dengan alamat surel lain. Masuk dengan alamat itu.")
        )
    _join(pledge)
    return pledge


def join_all(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - reactions get both
    """Reaction: somebody proved their address by a link from the mail; the gifts waiting under it are theirs."""
    statement = (
        select(Pledge.id)
        .where(Pledge.giver_person_id == about_id, queries.unproven())
        .order_by(Pledge.created_at, Pledge.id)
    )
    found = list(session().execute(statement).scalars())
    for pledge_id in found:
        _join(db.lock(Pledge, pledge_id))
    return len(found)


def _join(pledge: Pledge) -> None:
    if not queries.is_unproven(pledge) or pledge.giver_person_id is None:
        return
    pledge.joined_at = clock.now()
    session().flush()
    _bring_credit(pledge, pledge.giver_person_id)
    telling.record(pledge, "joined", pledge.giver_person_id)


def _bring_credit(pledge: Pledge, person_id: uuid.UUID) -> None:
    """Credit that waited under the gift itself becomes the person's, payment by payment: each keeps its source."""
    waiting = ledger_queries.find_account(f"donor_credit:{pledge.id}:IDR")
    if waiting is None:
        return
    for payment in payment_queries.of("pledge", pledge.id):
        amount = ledger_queries.lying_of("payment", payment.id, waiting)
        if amount > 0:
            ledger.post(
                key=f"pledge:{pledge.id}:credit_joined:{payment.id}",
                kind="credit.joined",
                transfers=[
                    ledger.Transfer(
                        debit_id=waiting, credit_id=accounts.donor_credit(person_id), amount=amount
                    )
                ],
                source_kind="payment",
                source_id=payment.id,
            )


def forget_giver(*, about_id: uuid.UUID, journal_id: int) -> int:  # noqa: ARG001 - reactions get both
    """Reaction to an erasure: names and contacts on the person's gifts are emptied; sums and states stay."""
    session().flush()
    given = select(Pledge.id).where(Pledge.giver_person_id == about_id)
    session().execute(
        update(Payment)
        .where(Payment.reference_kind == "pledge", Payment.reference_id.in_(given))
        .values(payer_norm=None)
        .execution_options(synchronize_session="fetch")
    )
    own = select(Pledge.id).where(Pledge.giver_person_id == about_id, Pledge.giver_organisation_id.is_(None))
    telling.forget_names(given)
    session().execute(
        update(Pledge)
        .where(Pledge.giver_person_id == about_id)
        .values(contact="", guest_name="")
        .execution_options(synchronize_session="fetch")
    )
    done = session().execute(
        update(Pledge)
        .where(Pledge.id.in_(own))
        .values(public_name="", is_name_public=False, shares_identity=False, message="")
        .returning(Pledge.id)
        .execution_options(synchronize_session="fetch")
    )
    return len(done.all())
