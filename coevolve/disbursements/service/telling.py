"""Word to whoever's turn it is, a line in the journal for every step."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import literal, not_, select
from sqlalchemy.dialects.postgresql import JSONB

from coevolve.disbursements.models import Disbursement, DisbursementReport
from coevolve.journal import service as journal
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.listings.queries.cards import PATHS
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation
from coevolve.people import queries as people
from coevolve.pledges.models import Pledge, PledgeLine
from coevolve.pledges.queries import unproven


def desk_path(organisation: Organisation, disbursement: Disbursement) -> str:
    """Where the organisation sees it."""
    return f"/dasbor/{organisation.slug}/penyaluran/{disbursement.id}"


def report_path(organisation: Organisation, report: DisbursementReport) -> str:
    """Where the organisation writes the report."""
    return f"/dasbor/{organisation.slug}/laporan/{report.id}"


def public_path(listing: Listing) -> str:
    """The page everybody sees."""
    return f"/{PATHS[listing.kind]}/{listing.slug}"


def members(organisation_id: uuid.UUID, *roles: str) -> list[uuid.UUID]:
    """Persons who act for the organisation in these roles."""
    return [person.id for person in organisations.members_of(organisation_id, roles or None)]


def tell(
    kind: str, disbursement: Disbursement, person_ids: Iterable[uuid.UUID], *, path: str, **more: Any
) -> None:
    """One notice each about a step of a disbursement."""
    listing, organisation = (
        listings.get(disbursement.listing_id),
        organisations.get(disbursement.organisation_id),
    )
    notifications.queue(
        kind=kind,
        person_ids=person_ids,
        about=("disbursement", disbursement.id),
        data={
            "title": listing.title,
            "organisation": organisation.name,
            "amount_minor": disbursement.amount,
            "path": path,
            **more,
        },
        dedupe_key=f"{kind}:{disbursement.id}:{disbursement.round}",
        for_organisation=organisation.id,
    )


def tell_finance(kind: str, disbursement: Disbursement) -> None:
    """Platform finance hears that something waits there."""
    staff = [person.id for person in people.staff_with("finance")]
    tell(kind, disbursement, staff, path=f"/keuangan/penyaluran/{disbursement.id}")


def note(kind: str, disbursement: Disbursement, by: uuid.UUID | None, **data: Any) -> None:
    """The journal line of a step."""
    journal.record(
        kind,
        about=("disbursement", disbursement.id),
        by=by,
        for_organisation=disbursement.organisation_id,
        data={"amount": str(disbursement.amount), "unit": disbursement.unit, **data},
    )


def about(report: DisbursementReport) -> tuple[str, uuid.UUID]:
    """What a report is about: its disbursement, or the listing whose gifts lie in the own bank."""
    if report.disbursement_id is None:
        return ("listing", report.listing_id)
    return ("disbursement", report.disbursement_id)


def tell_donors(report: DisbursementReport, amount: int, receipts: int) -> int:
    """Everybody whose money is in the listing's fund hears once what a report says it became.

    A guest whose address nobody has proven hears by mail only: on the site it would be in somebody else's list.
    """
    listing, organisation = listings.get(report.listing_id), organisations.get(report.organisation_id)
    data = {
        "title": listing.title,
        "organisation": organisation.name,
        "amount_minor": amount,
        "receipts": receipts,
        "path": f"{public_path(listing)}/pemakaian",
    }
    gave = (
        select(
            Pledge.giver_person_id.label("person_id"),
            literal(data, JSONB()).label("data"),
        )
        .join(PledgeLine, PledgeLine.pledge_id == Pledge.id)
        .where(
            Pledge.listing_id == listing.id,
            Pledge.giver_person_id.is_not(None),
            PledgeLine.kind == "money",
            PledgeLine.received_quantity > 0,
        )
        .distinct()
    )
    told = 0
    for givers, channels in ((gave.where(not_(unproven())), None), (gave.where(unproven()), ("email",))):
        told += notifications.queue_from_select(
            kind="spending.reported",
            people=givers,
            about=("listing", listing.id),
            dedupe_key=f"spending.reported:{report.id}",
            channels=channels,
        )
    return told
