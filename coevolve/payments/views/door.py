"""What these pages share: the blueprint, and who may read a payment."""

from __future__ import annotations

from flask import Blueprint

from coevolve.kit.pages import actor
from coevolve.organisations import queries as organisations
from coevolve.payments.models import Payment
from coevolve.people import queries as people
from coevolve.pledges import queries as pledges

blueprint = Blueprint("payments", __name__)


def may_read(payment: Payment) -> bool:
    """Whether the reader is its giver, a member of the giving organisation, or finance."""
    person = actor()
    if person is None:
        return False
    settlement = pledges.settlement_of(payment.reference_id)
    if person.id == settlement.owner_person_id:
        return True
    giver = settlement.giver_organisation_id
    if giver is not None and organisations.role_in(person.id, giver) is not None:
        return True
    return "finance" in people.staff_roles(person.id)
