"""Writing an agreed quantity into the commitment book."""

from __future__ import annotations

import uuid

from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.pledges.models import Pledge, PledgeLine
from coevolve.pledges.policy import Party


def hold_of(pledge: Pledge, line: PledgeLine, amount: int, party: Party, *, change: int | None = None) -> int:
    """Write a promise into the commitment book; `change`: the journal line that says why it is written anew."""
    owner_id, owner_kind = owner_of(pledge, line)
    return ledger.hold(
        key=f"pledge_line:{line.id}:hold" + (f":{change}" if change is not None else ""),
        kind="pledge.accepted",
        debit_id=accounts.promises(owner_id, line.unit, owner_kind=owner_kind),
        credit_id=accounts.promised_to(owner_id, line.unit, owner_kind=owner_kind),
        amount=amount,
        unit=line.unit,
        source_kind="pledge",
        source_id=pledge.id,
        actor=str(party.person_id or "link"),
    )


def owner_of(pledge: Pledge, line: PledgeLine) -> tuple[uuid.UUID, str]:
    """Whose pair of accounts in the commitment book: one per line, for money one per listing."""
    return (pledge.listing_id, "listing") if line.kind == "money" else (line.line_id, "listing_line")
