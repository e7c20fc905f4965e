"""Known senders: whose money came under a name on a bank line, learned from matches that a person agreed to."""

from __future__ import annotations

import uuid

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from coevolve.kit.db import session
from coevolve.payments.models import Payment
from coevolve.pledges import queries as pledges
from coevolve.reconciliation.models import Line, Sender

SHORTEST = 5
"""Names with fewer letters say nothing."""


def learn(line: Line, payment: Payment) -> None:
    """Remember under which name this giver pays."""
    name = line.payer_norm or ""
    if len(name) < SHORTEST or payment.reference_kind != "pledge":
        return
    pledge = pledges.get(payment.reference_id)
    if pledge.giver_organisation_id is not None:
        kind, giver = "organisation", pledge.giver_organisation_id
    elif pledge.giver_person_id is not None and not pledges.is_unproven(pledge):
        kind, giver = "person", pledge.giver_person_id
    else:
        return
    row = insert(Sender).values(name_norm=name, giver_kind=kind, giver_id=giver, last_on=line.booked_on)
    session().execute(
        row.on_conflict_do_update(
            index_elements=["name_norm", "giver_kind", "giver_id"],
            set_={"times": Sender.times + 1, "last_on": row.excluded.last_on},
        )
    )


def forget(giver_id: uuid.UUID) -> None:
    """Nothing is remembered of a giver any more (erasure)."""
    session().execute(delete(Sender).where(Sender.giver_id == giver_id))
