"""Who may do what with bank accounts."""

from __future__ import annotations

import uuid

from coevolve.organisations import queries as organisations
from coevolve.payments.models import BankAccount
from coevolve.people import queries as people

MONEY_ROLES = frozenset({"owner", "finance"})
"""Members who handle an organisation's money."""


def may_import(person_id: uuid.UUID, account: BankAccount) -> bool:
    """Whether a person may hand in statements of an account: finance for ours, an organisation's own for its own."""
    if account.organisation_id is None:
        return "finance" in people.staff_roles(person_id)
    return organisations.role_in(person_id, account.organisation_id) in MONEY_ROLES
