"""Who lives in the world: people, organisations in all provinces, their members, checks and interests."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from coevolve.demo_world import words
from coevolve.demo_world.accounts import ACCOUNTS, HOME_REGENCY
from coevolve.demo_world.world import Listed, World
from coevolve.kit.text import slugify
from coevolve.listings.sectors import CODES as SECTORS
from coevolve.listings.sectors import label as sector_label
from coevolve.organisations import levels
from coevolve.organisations.models import Kind
from coevolve.organisations.names import skeleton as name_key

KIND_COUNTS = {
    "cso": 214,
    "community_group": 22,
    "company": 52,
    "business_association": 6,
    "philanthropy": 12,
    "digital_provider": 8,
}
DONORS = 1600
SUMMARIES = {
    "cso": "Bekerja bersama warga {place} dalam bidang {sector}.",
    "community_group": "Kelompok warga {place} yang bekerja tanpa kantor, dengan buku kas terbuka.",
    "company": "Perusahaan di {place} yang membuka barang, ruang, dan waktu karyawannya bagi warga.",
    "business_association": "Wadah pelaku usaha {place} untuk dukungan bersama.",
    "philanthropy": "Lembaga derma yang mendampingi organisasi warga sampai laporannya selesai.",
    "digital_provider": "Penyedia layanan digital bagi organisasi warga di {place}.",
    "government_agency": "Perangkat daerah {place} yang mencari kemitraan dengan organisasi warga.",
}
MORE_CLAIMS = {2: (), 3: ("visit",), 4: ("visit", "track_record")}
"""What stands behind a level beside the documents its kind requires."""


@dataclass
class Body:
    """An organisation with what the later chapters need to know of it."""

    id: uuid.UUID
    kind: str
    name: str
    regency: str
    sectors: list[str]
    founded_at: dt.datetime
    owner: uuid.UUID
    members: list[uuid.UUID] = field(default_factory=list)


@dataclass
class Giver:
    """A person who gives in their own name."""

    id: uuid.UUID
    name: str
    email: str


@dataclass
class Society:
    """The people and bodies of the world."""

    staff: dict[str, list[uuid.UUID]] = field(default_factory=dict)
    accounts: dict[str, uuid.UUID] = field(default_factory=dict)
    bodies: list[Body] = field(default_factory=list)
    givers: list[Giver] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Body]:
        """The bodies of some kinds."""
        return [body for body in self.bodies if body.kind in kinds]


@dataclass(frozen=True)
class Place:
    """A kabupaten or kota with its kecamatan."""

    code: str
    name: str
    province: str
    districts: list[tuple[str, str]]


def tell(world: World, places: list[Place]) -> Society:
    """People the world: staff and demo accounts first, then organisations province by province, then givers."""
    society = Society()
    _accounts(world, society)
    used: set[str] = set()
    homes = _homes(world, places)
    home = next(place for place in places if place.code == HOME_REGENCY)
    _demo_bodies(world, society, home, used)
    for kind, count in KIND_COUNTS.items():
        for _ in range(count - sum(body.kind == kind for body in society.bodies)):
            _body(world, society, kind, next(homes), used)
    provinces: dict[str, Place] = {}
    for place in places:
        provinces.setdefault(place.province, place)
    for place in provinces.values():
        _agency(world, society, place, used)
    _givers(world, society)
    _interests(world, society, places)
    return society


def person(world: World, *, name: str, email: str, at: dt.datetime, **extra: object) -> uuid.UUID:
    """One active person whose address is proven."""
    key = world.key(at)
    world.add(
        "person",
        **{
            "id": key, "email": email, "name": name, "language": "id", "zone": "Asia/Jakarta", "state": "active",
            "email_proven_at": at, "created_at": at, "password_hash": None, "password_changed_at": None, **extra,
        },
    )  # fmt: skip
    world.moved("person", key, [("invited", at, None), ("active", at, key)])
    return key


def invented_name(world: World) -> str:
    """A person's name; one in ten people has a single name."""
    given = world.dice.choice(words.GIVEN_WOMEN if world.dice.random() < 0.52 else words.GIVEN_MEN)
    return given if world.dice.random() < 0.1 else f"{given} {world.dice.choice(words.FAMILY)}"


def _accounts(world: World, society: Society) -> None:
    at = world.ago(420)
    for account in ACCOUNTS:
        key = person(world, name=account.name, email=account.email, at=at)
        society.accounts[account.email] = key
        if account.staff:
            world.add("staff_role", person_id=key, role=account.staff, granted_by=None, granted_at=at)
            society.staff.setdefault(account.staff, []).append(key)


def _homes(world: World, places: list[Place]) -> Iterator[Place]:
    """Places without end: two of five from each province in turn, the others wherever many kecamatan are."""
    provinces: dict[str, list[Place]] = {}
    for place in places:
        provinces.setdefault(place.province, []).append(place)
    order = sorted(provinces)
    while True:
        world.dice.shuffle(order)
        for code in order:
            inside = provinces[code]
            yield world.dice.choices(inside, [len(place.districts) for place in inside])[0]
            if world.dice.random() < 0.6:
                yield world.dice.choices(places, [len(place.districts) ** 1.3 for place in places])[0]


def _fresh_name(world: World, kind: str, used: set[str]) -> tuple[str, str]:
    while True:
        pick = world.dice.choice
        if kind in {"cso", "community_group"}:
            form = "Kelompok" if kind == "community_group" else pick(words.CSO_FORMS)
            name = f"{form} {pick(words.CSO_NOUNS)} {pick(words.CSO_QUALITIES)}"
        elif kind == "philanthropy":
            form = "Yayasan"
            name = f"{form} {pick(words.PHILANTHROPY_NOUNS)} {pick(words.PHILANTHROPY_QUALITIES)}"
        else:
            form = {"company": "PT", "digital_provider": "PT", "business_association": "Perhimpunan Usaha"}[
                kind
            ]
            name = f"{form} {pick(words.COMPANY_NOUNS)} {pick(words.COMPANY_QUALITIES)}"
        if name_key(name) not in used:
            return form, name


def _demo_bodies(world: World, society: Society, home: Place, used: set[str]) -> None:
    accounts = society.accounts
    cso = _write(
        world,
        society,
        "cso",
        "Yayasan",
        "Yayasan Mata Air Timor",
        home,
        used,
        accounts["oms@demo.example"],
        400,
        4,
    )
    _member(world, cso, accounts["bendahara@demo.example"], "finance", "Bendahara", cso.founded_at)
    company = _write(
        world,
        society,
        "company",
        "PT",
        "PT Sumba Lestari Pipa",
        home,
        used,
        accounts["perusahaan@demo.example"],
        380,
        3,
    )
    _write(
        world,
        society,
        "philanthropy",
        "Yayasan",
        "Yayasan Dana Sekar Timur",
        home,
        used,
        accounts["filantropi@demo.example"],
        390,
        3,
    )
    company.sectors = ["water", "housing", "livelihood"]


def _agency(world: World, society: Society, place: Place, used: set[str]) -> None:
    office, sector = words.AGENCIES[0] if place.code == HOME_REGENCY else world.dice.choice(words.AGENCIES)
    at = world.ago(world.some(200, 410))
    if place.province == HOME_REGENCY.split(".")[0]:
        owner, office, sector = society.accounts["pemda@demo.example"], *words.AGENCIES[0]
    else:
        owner = person(
            world, name=invented_name(world), email=f"opd{len(society.bodies)}@demo.example", at=at
        )
    code = HOME_REGENCY if owner == society.accounts["pemda@demo.example"] else place.code
    name = place.name if code == place.code else "Kabupaten Timor Tengah Selatan"
    agency = Place(code, name, place.province, place.districts)
    body = _write(
        world,
        society,
        "government_agency",
        "Perangkat daerah",
        f"{office} {name}",
        agency,
        used,
        owner,
        410,
        2,
    )
    body.sectors = [sector]


def _body(world: World, society: Society, kind: str, place: Place, used: set[str]) -> Body:
    form, name = _fresh_name(world, kind, used)
    days = world.some(60, 400)
    owner = person(
        world,
        name=invented_name(world),
        email=f"pengurus{len(society.bodies)}@demo.example",
        at=world.ago(days),
    )
    level = world.dice.choices((2, 3, 4), (55, 30, 15))[0]
    return _write(world, society, kind, form, name, place, used, owner, days, level)


def _write(
    world: World, society: Society, kind: str, form: str, name: str, place: Place, used: set[str], owner: uuid.UUID,
    days: float, level: int,
) -> Body:  # fmt: skip
    at, checked = world.ago(days), world.ago(days - 3)
    moderator = world.dice.choice(society.staff["moderator"])
    key = world.key(at)
    sectors = world.dice.sample(sorted(SECTORS), k=world.dice.choice((1, 2, 2, 3)))
    summary = SUMMARIES[kind].format(place=place.name, sector=sector_label(sectors[0]).lower())
    world.add(
        "organisation", id=key, slug=f"{slugify(name)}-{len(society.bodies):03d}", kind=kind, name=name, name_key=name_key(name),
        legal_form=form, country="ID", state="checked", level=level, custody="platform", home_locality_code=place.code,
        sectors=Listed(sectors), summary=summary, about="", registered_by=owner, submitted_at=at + dt.timedelta(days=1),
        decided_at=checked, created_at=at,
    )  # fmt: skip
    used.add(name_key(name))
    world.moved(
        "organisation",
        key,
        [
            ("draft", at, owner),
            ("in_review", at + dt.timedelta(days=1), owner),
            ("checked", checked, moderator),
        ],
    )
    body = Body(key, kind, name, place.code, sectors, checked, owner)
    _member(world, body, owner, "owner", "Ketua", at)
    for role, office in (("finance", "Bendahara"), ("member", "Staf program"))[
        : world.dice.choice((0, 1, 2))
    ]:
        if kind != "government_agency" and not name.startswith(("Yayasan Mata Air Timor",)):
            extra = person(
                world, name=invented_name(world), email=f"anggota{world.count}@demo.example", at=checked
            )
            _member(world, body, extra, role, office, checked)
    for subject in (*levels.REQUIRED[Kind(kind)], *MORE_CLAIMS[level]):
        _claim(world, body, subject, owner, moderator, checked)
    society.bodies.append(body)
    return body


def _member(world: World, body: Body, who: uuid.UUID, role: str, office: str, at: dt.datetime) -> None:
    world.add(
        "membership", id=world.key(at), person_id=who, organisation_id=body.id, role=role, office=office,
        is_leader=role == "owner", since=at, created_at=at,
    )  # fmt: skip
    body.members.append(who)


def _claim(
    world: World, body: Body, subject: str, owner: uuid.UUID, checker: uuid.UUID, at: dt.datetime
) -> None:
    method = {"visit": "visit", "track_record": "official"}.get(subject, "document")
    key = world.key(at)
    by_staff = subject in {"visit", "track_record"}
    submitted = at - dt.timedelta(days=1)
    world.add(
        "verification_claim", id=key, organisation_id=body.id, subject=subject, state="accepted",
        document_number="" if by_staff else f"{subject[:3].upper()}-{world.dice.randint(1000, 9999)}/{at.year}",
        document_date=None if by_staff else (at - dt.timedelta(days=700)).date(), note="", submitted_by=None if by_staff else owner,
        submitted_at=submitted, checked_by=checker, method=method, checked_on=at.date(),
        expires_on=(world.moment + dt.timedelta(days=world.dice.randint(60, 700))).date(), remark="", created_at=submitted,
    )  # fmt: skip
    world.moved(
        "verification_claim",
        key,
        [("draft", submitted, owner), ("submitted", submitted, owner), ("accepted", at, checker)],
    )


def _givers(world: World, society: Society) -> None:
    society.givers.append(
        Giver(society.accounts["donatur@demo.example"], "Ratna Wibowo", "donatur@demo.example")
    )
    for number in range(DONORS):
        name, email = invented_name(world), f"warga{number}@demo.example"
        society.givers.append(
            Giver(person(world, name=name, email=email, at=world.ago(world.some(5, 410))), name, email)
        )


def _interests(world: World, society: Society, places: list[Place]) -> None:
    """Most givers follow a place, some a sector as well; companies and philanthropies follow wider ones."""
    seen: set[tuple[object, ...]] = set()
    for giver in society.givers:
        for _ in range(world.dice.choice((0, 1, 1, 2))):
            place = world.dice.choice(places)
            code = world.dice.choice((place.code, place.code, place.province))
            _interest(world, seen, giver.id, None, code, world.dice.choice((None, None, *sorted(SECTORS))))
    for body in society.of("company", "philanthropy", "business_association", "digital_provider"):
        for sector in body.sectors:
            _interest(world, seen, body.owner, body.id, body.regency.split(".")[0], sector)
    for email in ("donatur@demo.example", "perusahaan@demo.example"):
        _interest(world, seen, society.accounts[email], None, HOME_REGENCY, None)


def _interest(
    world: World,
    seen: set[tuple[object, ...]],
    who: uuid.UUID,
    body: uuid.UUID | None,
    code: str,
    sector: str | None,
) -> None:
    if (who, body, code, sector) in seen:
        return
    seen.add((who, body, code, sector))
    world.add(
        "interest", person_id=None if body else who, organisation_id=body, locality_code=code, sector=sector, kinds=15,
        created_at=world.ago(world.some(1, 200)),
    )  # fmt: skip
