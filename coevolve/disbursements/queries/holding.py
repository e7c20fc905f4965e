"""Who may, and what holds money back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, or_, select

from coevolve.disbursements.models import (
    AWAITED,
    Disbursement,
    DisbursementReport,
    ReportState,
    State,
)
from coevolve.disbursements.policy import Who
from coevolve.kit import checks, clock, i18n
from coevolve.kit.db import session
from coevolve.kit.i18n import lazy
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.listings.models import State as ListingState
from coevolve.listings.news_models import ListingUpdate
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.organisations.models import State as OrganisationState
from coevolve.payments import account_standing
from coevolve.payments.account_standing import AccountStanding
from coevolve.people import queries as people
from coevolve.people.models import Person

LIVE_LISTINGS = frozenset(
    {
        ListingState.open,
        ListingState.paused,
        ListingState.fulfilled,
        ListingState.closed,
        ListingState.expired,
    }
)
"""States of a listing whose money may go out (a frozen one's may not)."""


def who(person: Person, organisation: Organisation, *, proposed_by: uuid.UUID | None = None) -> Who:
    """A person as the rules see them."""
    owners = {one.id for one in organisations.members_of(organisation.id, ["owner"])}
    return Who(
        person_id=person.id,
        role=organisations.role_in(person.id, organisation.id),
        staff=frozenset(people.staff_roles(person.id)),
        other_owners=owners - {person.id, proposed_by},
        organisation_state=organisation.state,
    )


@dataclass(frozen=True, slots=True)
class Hold:
    """Why money may not go out now, for the people who wait for it."""

    code: str
    words: str


def holds_on(listing: Listing, organisation: Organisation, *, pinned: uuid.UUID | None = None) -> list[Hold]:
    """Everything that holds the listing's money now: freeze, custody, account, reports. `pinned`: a version fixed
    before, which must still be the newest and usable."""
    found = []
    if organisation.state != OrganisationState.checked:
        found.append(
            Hold("organisation_frozen", str(lazy("Organisasi sedang dibekukan atau belum diperiksa.")))
        )
    if listing.state not in LIVE_LISTINGS:
        found.append(Hold("listing_frozen", str(lazy("Tayangan ini sedang dibekukan atau belum tayang."))))
    account = _account_hold(account_standing.account_of(organisation.id), pinned)
    if account is not None:
        found.append(account)
    return found + [_report_hold(report) for report in holding_reports(listing.id)]


def update_hold(listing_id: uuid.UUID) -> list[Hold]:
    """Nothing more leaves before the givers have read what became of what left before."""
    settled_at = untold_since(listing_id)
    if settled_at is None:
        return []
    words = lazy(
        "Dana yang masuk rekening pada %(day)s belum dikabarkan. Tulis kabar tentang pemakaiannya; "
        "penyaluran berikutnya dilepas sesudah kabar itu terbit.",
        day=i18n.date(settled_at),
    )
    return [Hold("update_missing", str(words))]


def untold_since(listing_id: uuid.UUID) -> dt.datetime | None:
    """When the newest disbursement of a listing settled, if its givers have read of nothing since; else None."""
    statement = select(func.max(Disbursement.settled_at)).where(
        Disbursement.listing_id == listing_id, Disbursement.state == State.settled
    )
    settled_at = session().execute(statement).scalar_one()
    if settled_at is None:
        return None
    told_at = listings.last_told_at(listing_id)
    return None if told_at is not None and told_at > settled_at else settled_at


def untold_listings(organisation_id: uuid.UUID) -> list[Listing]:
    """Listings of an organisation whose money settled since their last update: the next disbursement waits for one."""
    settled = (
        select(Disbursement.listing_id, func.max(Disbursement.settled_at).label("settled_at"))
        .where(Disbursement.organisation_id == organisation_id, Disbursement.state == State.settled)
        .group_by(Disbursement.listing_id)
        .subquery("settled")
    )
    statement = (
        select(Listing)
        .join(settled, settled.c.listing_id == Listing.id)
        .where(
            Listing.state.in_([str(state) for state in LIVE_LISTINGS]),
            ~exists().where(
                ListingUpdate.listing_id == Listing.id,
                ListingUpdate.published_at > settled.c.settled_at,
                ListingUpdate.hidden_at.is_(None),
            ),
        )
        .order_by(settled.c.settled_at)
        .limit(50)
    )
    return list(session().execute(statement).scalars())


def books_hold() -> list[Hold]:
    """Nothing leaves while the last look at all rules of the books found something."""
    check = checks.last()
    if check is None or not check.broken:
        return []
    words = lazy("Pemeriksaan buku terakhir menemukan selisih. Penyaluran menunggu sampai selisih itu jelas.")
    return [Hold("books", str(words))]


def _account_hold(account: AccountStanding | None, pinned: uuid.UUID | None) -> Hold | None:
    if account is None:
        return Hold("no_account", str(lazy("Organisasi belum menyatakan rekening bank.")))
    if pinned is not None and account.version_id != pinned:
        words = lazy(
            "Rekening diganti pada %(day)s, sesudah penyaluran ini diajukan. Batalkan, lalu ajukan lagi dengan "
            "rekening yang baru.",
            day=i18n.date(account.stated_at),
        )
        return Hold("account_changed", str(words))
    if account.is_usable:
        return None
    if account.standing == "waiting":
        words = lazy("Rekening baru dapat dipakai mulai %(moment)s.", moment=i18n.datetime(account.usable_at))
        return Hold("account_waiting", str(words))
    return Hold(
        "account_unchecked",
        str(
            lazy(
                "Rekening belum dapat dipakai: %(why)s.",
                why=_lower(account_standing.STANDINGS[account.standing]),
            )
        ),
    )


def _lower(label: Any) -> str:
    text = str(label)
    return text[:1].lower() + text[1:]


def _report_hold(report: DisbursementReport) -> Hold:
    if report.state in AWAITED:
        words = lazy("Laporan pemakaian dana lewat tenggat: %(day)s.", day=i18n.date(report.due_on))
    else:
        words = lazy(
            "Laporan yang terlambat (tenggat %(day)s) sedang diperiksa; penyaluran berikutnya menunggu hasilnya.",
            day=i18n.date(report.due_on),
        )
    return Hold("report_late", str(words))


def is_late(report: DisbursementReport) -> bool:
    """Whether the organisation is past its day with this report."""
    return report.state in AWAITED and report.due_on < clock.today()


def _late() -> Any:
    return and_(
        DisbursementReport.state.in_([str(state) for state in AWAITED]),
        DisbursementReport.due_on < clock.today(),
    )


def holding_reports(listing_id: uuid.UUID) -> list[DisbursementReport]:
    """Reports that keep the next disbursement waiting: late now, or handed in late and not accepted yet."""
    statement = (
        select(DisbursementReport)
        .where(
            DisbursementReport.listing_id == listing_id,
            or_(
                _late(),
                and_(
                    DisbursementReport.was_late,
                    DisbursementReport.state.in_([ReportState.submitted, ReportState.returned]),
                ),
            ),
        )
        .order_by(DisbursementReport.due_on)
    )
    return list(session().execute(statement).scalars())


def late_since(listing_id: uuid.UUID) -> dt.date | None:
    """Since when a report on this listing's money is late; None when none is."""
    statement = select(func.min(DisbursementReport.due_on)).where(
        DisbursementReport.listing_id == listing_id, _late()
    )
    due_on = session().execute(statement).scalar_one()
    return None if due_on is None else due_on + dt.timedelta(days=1)


def listings_to_refresh(limit: int) -> list[uuid.UUID]:
    """Listings whose mark does not say what their reports say."""
    late = select(DisbursementReport.listing_id).where(_late()).distinct().subquery("late")
    statement = (
        select(Listing.id)
        .outerjoin(late, late.c.listing_id == Listing.id)
        .where(
            or_(
                and_(late.c.listing_id.is_not(None), Listing.hidden_since.is_(None)),
                and_(late.c.listing_id.is_(None), Listing.hidden_since.is_not(None)),
            )
        )
        .order_by(Listing.id)
        .limit(limit)
    )
    return list(session().execute(statement).scalars())
