"""The test cards of the hosted page (numbers as Stripe documents them) and what each does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    number: str
    label: str
    """Key of the words on the page (`words.py`)."""
    country: str = "ID"
    decline_code: str | None = None
    needs_3ds: bool = False
    later: str | None = None
    """What the bank says to later charges of the card, once it is saved; the first one goes well."""
    refund: str = "at_once"
    """`at_once`; `slow`: pending, then succeeded; `fails`: succeeded, then failed."""
    is_offered: bool = True
    """Shown as a choice; the others can be typed."""


CARDS = (
    Card("4242424242424242", "card_succeeds"),
    Card("4000000000000002", "card_declined", decline_code="generic_decline"),
    Card("4000000000009995", "card_no_funds", decline_code="insufficient_funds"),
    Card("4000002500003155", "card_3ds", needs_3ds=True),
    Card("4000007020000003", "card_foreign", country="SG"),
    Card(
        "4000008400001629",
        "card_3ds_declined",
        needs_3ds=True,
        decline_code="generic_decline",
        is_offered=False,
    ),
    Card("4000000000007726", "card_slow_refund", refund="slow", is_offered=False),
    Card("4000000000005126", "card_refund_fails", refund="fails", is_offered=False),
    Card("4000000000000341", "card_fails_later", later="insufficient_funds", is_offered=False),
    Card(
        "4000002760003184",
        "card_3ds_always",
        needs_3ds=True,
        later="authentication_required",
        is_offered=False,
    ),
    Card("4000000000000069", "card_expired", decline_code="expired_card", is_offered=False),
)


def find(typed: str) -> Card | None:
    """The card of that number, with or without spaces."""
    digits = "".join(sign for sign in typed if sign not in " -")
    return next((card for card in CARDS if card.number == digits), None)
