"""Who gives what to which listing, and how it went: decided here, written as rows by `books`."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from coevolve.demo_world import words
from coevolve.demo_world.asking import PUBLIC, Asked, Told
from coevolve.demo_world.society import Body, Giver, Society
from coevolve.demo_world.world import World

SMALL_GIFTS = (10, 20, 25, 25, 50, 50, 50, 75, 100, 100, 100, 150, 200, 250, 250, 300, 500, 750, 1000, 1500)
"""Thousands of rupiah that people give."""
MONEY_PLEDGES = 17_600
OPEN_DAYS = 6
"""Payments younger than this may still be on their way."""


@dataclass
class Gift:
    """One pledge of one line, and what became of it."""

    listing: Told
    line: Asked
    at: dt.datetime
    quantity: int
    outcome: str
    """Money: paid, waiting, expired, failed, promised. Others: offered, accepted, delivered, confirmed, declined,
    withdrawn."""
    method: str = ""
    """Money: stripe or bank_transfer."""
    person: uuid.UUID | None = None
    person_name: str = ""
    body: Body | None = None
    is_name_public: bool = True
    message: str = ""
    accepted: int = 0
    """Others: how much was accepted."""


def tell(world: World, society: Society, listings: list[Told]) -> list[Gift]:
    """All gifts, oldest first."""
    asked = [
        listing for listing in listings if listing.state in PUBLIC and listing.kind in {"campaign", "need"}
    ]
    campaigns = [listing for listing in asked if listing.money_goal() > 0]
    weights = [
        world.dice.lognormvariate(0, 0.8) * _ripeness(listing) * (1 if listing.state == "open" else 1.3)
        for listing in campaigns
    ]
    scale = MONEY_PLEDGES / sum(weights)
    gifts: list[Gift] = []
    for listing, weight in zip(campaigns, weights, strict=True):
        gifts += _money(world, society, listing, max(1, round(weight * scale)))
    givers = society.of("company", "business_association", "digital_provider", "philanthropy")
    for listing in asked:
        for line in listing.lines:
            if line.kind != "money":
                gifts += _things(world, society, givers, listing, line)
    return sorted(gifts, key=lambda gift: gift.at)


def _ripeness(listing: Told) -> float:
    """How much support a listing can have drawn by its age: little on its first day, its share after a month."""
    age = (listing.ended_at - listing.opened_at).total_seconds() / 86_400
    return min(1.0, 0.04 + age / 30)


def _money(world: World, society: Society, listing: Told, count: int) -> list[Gift]:
    """Small gifts of many people; what a met goal still lacks came from companies and foundations."""
    goal = listing.money_goal()
    line = next(line for line in listing.lines if line.kind == "money")
    gifts: list[Gift] = []
    paid = 0
    for _ in range(count):
        amount = world.dice.choice(SMALL_GIFTS) * 1000 * 100
        if paid + amount > goal and listing.state != "open":
            break
        gift = _of_person(world, world.dice.choice(society.givers), listing, line, amount)
        paid += amount if gift.outcome == "paid" else 0
        gifts.append(gift)
    share = 1.0 if listing.state == "fulfilled" else world.dice.betavariate(1.6, 2.2) * _ripeness(listing)
    gifts += _large(world, society, listing, line, max(0, int(goal * share) - paid))
    return gifts


def _of_person(world: World, giver: Giver, listing: Told, line: Asked, amount: int) -> Gift:
    at = _moment(world, listing)
    is_young = (world.moment - at).days < OPEN_DAYS
    method = "stripe" if world.dice.random() < 0.42 else "bank_transfer"
    chance = world.dice.random()
    outcome = "paid"
    if chance > 0.94:
        outcome = (
            "waiting" if is_young and method == "bank_transfer" and listing.state == "open" else "expired"
        )
    if is_young and method == "stripe":
        # The provider's sandbox starts empty: what is young and paid came by transfer, so that its balance agrees.
        method = "bank_transfer"
    return Gift(
        listing, line, at, amount, outcome, method, giver.id, giver.name, None, world.dice.random() < 0.72,
        world.dice.choice(words.MESSAGES) if world.dice.random() < 0.25 else "",
    )  # fmt: skip


def _large(world: World, society: Society, listing: Told, line: Asked, missing: int) -> list[Gift]:
    givers = society.of("company", "philanthropy", "business_association")
    gifts = []
    while missing > 0:
        body = world.dice.choice(givers)
        size = min(missing, int(world.some(0.15, 0.6) * listing.money_goal()))
        rest = -(-missing // 100_000) * 100_000
        amount = max(1_000_000, size // 10_000_000 * 10_000_000 if missing > 10_000_000 else rest)
        missing -= amount
        at = _moment(world, listing)
        is_promise = listing.state == "open" and amount >= 100_000_000 and world.dice.random() < 0.18
        gifts.append(
            Gift(
                listing,
                line,
                at,
                amount,
                "promised" if is_promise else "paid",
                "" if is_promise else "bank_transfer",
                body.owner,
                body.name,
                body,
                True,
                world.dice.choice(words.MESSAGES) if world.dice.random() < 0.5 else "",
            )
        )
    return gifts


def _things(world: World, society: Society, givers: list[Body], listing: Told, line: Asked) -> list[Gift]:
    """Goods, time and facilities: a few offers a line, never more accepted than is missing."""
    share = 1.0 if listing.state == "fulfilled" else world.dice.betavariate(1.4, 1.8) * _ripeness(listing)
    wanted = max(0, int(line.quantity * share))
    least = max(1, line.quantity // 20)
    gifts: list[Gift] = []
    while wanted >= least and len(gifts) < 5:
        quantity = min(wanted, max(least, int(line.quantity * world.some(0.15, 0.7))))
        if wanted - quantity < least:
            quantity = wanted
        outcome = _outcome(world, listing)
        accepted = quantity if outcome in {"accepted", "delivered", "confirmed"} else 0
        wanted -= quantity
        gifts.append(_thing(world, society, givers, listing, line, quantity, accepted, outcome))
    return gifts


def _outcome(world: World, listing: Told) -> str:
    if listing.state == "fulfilled":
        return "confirmed"
    names = ("confirmed", "accepted", "delivered", "offered", "declined", "withdrawn")
    shares = (52, 20, 8, 12, 5, 3) if listing.state == "open" else (78, 0, 0, 0, 14, 8)
    return world.dice.choices(names, shares)[0]


def _thing(
    world: World,
    society: Society,
    givers: list[Body],
    listing: Told,
    line: Asked,
    quantity: int,
    accepted: int,
    outcome: str,
) -> Gift:
    at = _moment(world, listing)
    note = world.dice.choice(words.MESSAGES) if world.dice.random() < 0.3 else ""
    if line.kind == "time" and world.dice.random() < 0.6:
        giver = world.dice.choice(society.givers)
        return Gift(
            listing, line, at, quantity, outcome, "", giver.id, giver.name, None, True, note, accepted
        )
    body = world.dice.choice(givers)
    return Gift(listing, line, at, quantity, outcome, "", body.owner, body.name, body, True, note, accepted)


def _moment(world: World, listing: Told) -> dt.datetime:
    """A moment while the listing was open, more likely early; never in the last hour."""
    begin, end = listing.opened_at, min(listing.ended_at, world.moment - dt.timedelta(hours=2))
    if end <= begin:
        return begin
    return begin + (end - begin) * world.dice.betavariate(1.1, 1.9)
