"""The rows of what was given: pledges, payments, bank lines, receipts, and the postings that make the books balance."""

from __future__ import annotations

import uuid

from coevolve.demo_world.cash import Cashier
from coevolve.demo_world.giving import Gift
from coevolve.demo_world.society import Society
from coevolve.demo_world.stores import Storekeeper
from coevolve.demo_world.telling import Books, Ledger
from coevolve.demo_world.world import World


def write(world: World, society: Society, gifts: list[Gift]) -> Books:
    """Turn gifts into rows and postings."""
    books = Books(_bank_account(world, society))
    ledger = Ledger(gifts, books.bank_account)
    cashier = Cashier(world, society, books, ledger)
    storekeeper = Storekeeper(world, society, books, ledger)
    for number, gift in enumerate(gifts, start=1):
        if gift.line.kind == "money":
            cashier.money(number, gift)
        else:
            storekeeper.things(gift)
    cashier.payouts()
    books.postings.sort(key=lambda posting: posting.effective_at)
    return books


def _bank_account(world: World, society: Society) -> uuid.UUID:
    at = world.ago(430)
    key = world.key(at)
    world.add("payment_bank_account", id=key, unit="IDR", is_receiving=True, created_at=at)
    world.add(
        "payment_bank_account_version",
        id=world.key(at),
        bank_account_id=key,
        version=1,
        bank_name="Bank Contoh Nusantara",
        account_number="7012345678",
        holder="Co-Evolve (contoh)",
        added_by=society.staff["finance"][0],
        created_at=at,
    )
    return key
