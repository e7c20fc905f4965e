"""From whom an organisation takes nothing, and what it says of its own business."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as upsert

from coevolve.journal import service as journal
from coevolve.kit import db
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.organisations import policy
from coevolve.organisations.models import BUSINESSES, Kind, Organisation, Refusal
from coevolve.people.models import Person


def refuse(
    *, organisation_id: uuid.UUID, by: Person, givers: Iterable[str], business: Iterable[str]
) -> Organisation:
    """Set both lists: kinds of givers refused (lines of business, kinds of organisation), and the own business."""
    organisation = db.lock(Organisation, organisation_id)
    if not policy.may(by, "refuse", organisation):
        raise Forbidden("not_allowed", lazy("Hanya pemilik organisasi yang boleh mengubahnya."))
    wanted, own = sorted(set(givers)), sorted(set(business))
    if set(wanted) - {*BUSINESSES, *(str(kind) for kind in Kind)} or set(own) - set(BUSINESSES):
        raise Invalid("unknown_value", lazy("Pilih dari daftar."))
    db.session().execute(
        delete(Refusal).where(Refusal.organisation_id == organisation.id, Refusal.giver.not_in(wanted))
    )
    if wanted:
        db.session().execute(
            upsert(Refusal)
            .values(
                [
                    {"organisation_id": organisation.id, "giver": giver, "created_by": by.id}
                    for giver in wanted
                ]
            )
            .on_conflict_do_nothing()
        )
    organisation.business = own
    db.session().flush()
    journal.record(
        "organisation.refused",
        about=("organisation", organisation.id),
        by=by.id,
        for_organisation=organisation.id,
        data={"refuses": wanted, "business": own},
    )
    return organisation
