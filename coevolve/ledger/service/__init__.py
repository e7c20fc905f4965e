"""The verbs of the books. Each names its object by a key: the same key and content again is a no-op."""

from __future__ import annotations

from coevolve.ledger.service.closing import fold, seal_day, settled_up_to, verify_seals
from coevolve.ledger.service.opening import AccountSpec, ensure_account, ensure_unit, open_accounts
from coevolve.ledger.service.transfers import Transfer, balance, fulfil, hold, post, reverse, void

__all__ = [
    "AccountSpec",
    "Transfer",
    "balance",
    "ensure_account",
    "ensure_unit",
    "fold",
    "fulfil",
    "hold",
    "open_accounts",
    "post",
    "reverse",
    "seal_day",
    "settled_up_to",
    "verify_seals",
    "void",
]
