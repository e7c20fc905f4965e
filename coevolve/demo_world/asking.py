"""What the organisations ask for and offer: listings with their lines, in every state they can be found in."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field

from coevolve.demo_world.society import Body, Place, Society
from coevolve.demo_world.stories import CAMPAIGNS, NEEDS, OFFERS, OPPORTUNITIES, Line, Story
from coevolve.demo_world.world import World
from coevolve.kit.text import slugify

COUNTS = {"campaign": 720, "need": 520, "standing_offer": 170, "opportunity": 110}
STORIES = {"campaign": CAMPAIGNS, "need": NEEDS, "standing_offer": OFFERS, "opportunity": OPPORTUNITIES}
MAKERS = {
    "campaign": ("cso", "community_group"),
    "need": ("cso", "community_group"),
    "standing_offer": ("company", "business_association", "digital_provider", "philanthropy"),
    "opportunity": ("government_agency",),
}
DURATIONS = (30, 45, 60, 90, 90, 120, 180)
UNREVIEWED = {"draft": 10, "in_review": 9, "returned": 4}
PUBLIC = frozenset({"open", "paused", "fulfilled", "closed", "expired", "frozen"})


@dataclass
class Asked:
    """One line of a listing."""

    id: uuid.UUID
    kind: str
    unit: str
    quantity: int
    unit_value: int | None
    received: int = 0
    promised: int = 0


@dataclass
class Told:
    """A listing with what the giving chapter needs to know of it."""

    id: uuid.UUID
    kind: str
    state: str
    body: Body
    title: str
    opened_at: dt.datetime
    ended_at: dt.datetime
    """When it stopped taking pledges: now for an open one."""
    lines: list[Asked] = field(default_factory=list)

    def money_goal(self) -> int:
        """The sum of its money lines, in minor units."""
        return sum(line.quantity for line in self.lines if line.kind == "money")


def tell(world: World, society: Society, places: list[Place]) -> list[Told]:
    """Listings of all kinds; each organisation asks near its home, and no place is left out."""
    by_code = {place.code: place for place in places}
    told: list[Told] = []
    campaigns_of: set[uuid.UUID] = set()
    unreviewed = [state for state, count in UNREVIEWED.items() for _ in range(count)]
    for kind, count in COUNTS.items():
        makers = society.of(*MAKERS[kind])
        demo = [body for body in makers if body.owner in society.accounts.values()]
        for number in range(count):
            body = demo[0] if demo and number < 4 else makers[number % len(makers)]
            state = (
                unreviewed.pop() if kind in {"campaign", "need"} and number % 40 == 11 and unreviewed else ""
            )
            told.append(_listing(world, society, kind, body, by_code[body.regency], state, campaigns_of))
    return told


def _listing(
    world: World,
    society: Society,
    kind: str,
    body: Body,
    place: Place,
    state: str,
    campaigns_of: set[uuid.UUID],
) -> Told:
    story = _story_for(world, kind, body)
    code, district = (
        world.dice.choice(place.districts) if kind in {"campaign", "need"} else (place.code, place.name)
    )
    facts = {
        "tempat": district,
        "kab": place.name,
        "n": world.dice.randint(60, 420),
        "m": world.dice.randint(6, 40),
    }
    age = (world.moment - body.founded_at).days
    opened = world.ago(
        min(age - 2.0, world.some(0.05, 75) if world.dice.random() < 0.6 else world.some(75, 360))
    )
    if state:
        # What waits for its first day, or for its review, was written this week and closes in the future.
        opened = world.ago(world.some(0.1, 6))
    duration = world.dice.choice(DURATIONS) * (3 if kind == "standing_offer" else 1)
    closes_on = opened.date() + dt.timedelta(days=duration)
    state, ended = (state, world.moment) if state else _fate(world, kind, opened, closes_on)
    created = opened - dt.timedelta(days=world.some(1, 6))
    key = world.key(created)
    title = story.title.format(**facts)
    _row(
        world,
        society,
        key,
        kind,
        state,
        body,
        story,
        title,
        facts,
        code,
        opened,
        ended,
        closes_on,
        created,
        campaigns_of,
    )
    lines = [
        _line(world, key, kind, number, line, created, closes_on) for number, line in enumerate(story.lines)
    ]
    return Told(key, kind, state, body, title, opened, ended, lines)


def _story_for(world: World, kind: str, body: Body) -> Story:
    stories = STORIES[kind]
    fitting = [story for story in stories if story.sector in body.sectors]
    if kind == "opportunity":
        return world.dice.choice(stories)
    if not fitting:
        return world.dice.choice(stories)
    return world.dice.choice(fitting)


def _fate(world: World, kind: str, opened: dt.datetime, closes_on: dt.date) -> tuple[str, dt.datetime]:
    if closes_on >= world.moment.date():
        chance = world.dice.random()
        if chance > 0.97:
            return "paused", world.moment
        if chance > 0.965:
            return "frozen", world.moment
        return "open", world.moment
    last = dt.datetime.combine(closes_on, dt.time(16, 59), dt.UTC)
    if kind in {"campaign", "need"} and world.dice.random() < 0.5:
        return "fulfilled", opened + (last - opened) * world.some(0.5, 0.95)
    if world.dice.random() < 0.2:
        return "closed", opened + (last - opened) * world.some(0.6, 0.95)
    return "expired", last


def _row(
    world: World, society: Society, key: uuid.UUID, kind: str, state: str, body: Body, story: Story, title: str,
    facts: dict[str, object], code: str, opened: dt.datetime, ended: dt.datetime, closes_on: dt.date, created: dt.datetime,
    campaigns_of: set[uuid.UUID],
) -> None:  # fmt: skip
    moderators = society.staff["moderator"]
    is_public = state in PUBLIC
    first = kind == "campaign" and is_public and body.id not in campaigns_of
    if first:
        campaigns_of.add(body.id)
    opener, second = moderators if world.dice.random() < 0.5 else moderators[::-1]
    submitted = None if state == "draft" else created + dt.timedelta(hours=6)
    slug = f"{slugify(title, limit=50)}-{key.hex[-5:]}"
    has_ended = state in {"fulfilled", "closed", "expired", "rejected"}
    world.add(
        "listing", id=key, slug=slug, kind=kind, organisation_id=body.id, title=title[:120], summary=story.summary.format(**facts),
        story="\n\n".join(paragraph.format(**facts) for paragraph in story.paragraphs), state=state, locality_code=code,
        sector=story.sector, opens_on=opened.date() if is_public else None, closes_on=closes_on,
        reconfirm_by=(world.moment + dt.timedelta(days=world.dice.randint(5, 60))).date() if is_public else None,
        legal_basis="Perpres 12/2021, swakelola tipe III" if kind == "opportunity" else "",
        planning_event="RKPD 2027" if kind == "opportunity" else "",
        planning_on=dt.date(world.moment.year + 1, 3, 12) if kind == "opportunity" else None,
        remarks={"summary": "Sebutkan berapa keluarga yang terbantu."} if state == "returned" else {}, created_by=body.owner,
        submitted_at=submitted, submitted_by=body.owner if submitted else None, opened_at=opened if is_public else None,
        opened_by=opener if is_public else None, seconded_by=second if first else None, ended_at=ended if has_ended else None,
        revised_at=created, created_at=created,
    )  # fmt: skip
    world.add("listing_slug", slug=slug, listing_id=key)
    steps: list[tuple[str, dt.datetime, uuid.UUID | None]] = [("draft", created, body.owner)]
    if submitted:
        steps.append(("in_review", submitted, body.owner))
    if state == "returned":
        steps.append(("returned", submitted or created, opener))
    if is_public:
        steps.append(("open", opened, opener))
        if state != "open":
            steps.append((state, ended, opener if state == "frozen" else None))
    world.moved("listing", key, steps)


def _line(
    world: World, listing: uuid.UUID, kind: str, position: int, line: Line, at: dt.datetime, until: dt.date
) -> Asked:
    is_money = line.kind == "money"
    if is_money:
        quantity = world.dice.randint(line.least, line.most) // 5 * 5 * 1000 * 100
    else:
        quantity = world.dice.randint(line.least, line.most)
        quantity = max(1, quantity // 10 * 10 if quantity > 100 else quantity)
    key = world.key(at)
    value = line.unit_value * 100 or None
    world.add(
        "listing_line", id=key, listing_id=listing, position=position, kind=line.kind, category=line.category, label=line.label,
        unit=line.unit, quantity=quantity, min_useful_quantity=None if is_money else max(1, quantity // 20),
        is_required=position < 2, needed_from=None, needed_until=until, handover_place="" if is_money else "Balai warga setempat",
        people_reached=None, unit_value=value, valuation_source="price_list" if value else None, is_inexhaustible=False,
        radius_km=100 if kind == "standing_offer" else None, created_at=at,
    )  # fmt: skip
    return Asked(key, line.kind, line.unit, quantity, value)
