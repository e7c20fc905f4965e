"""Paying by hand: finance takes a list to the bank and marks what it sent. The bank's own line settles it later."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence

from coevolve.disbursements import policy, queries
from coevolve.disbursements.models import Disbursement, State
from coevolve.disbursements.service import telling
from coevolve.disbursements.service.proposing import free_money, refuse_held
from coevolve.kit import clock, db
from coevolve.kit.errors import Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import move
from coevolve.kit.text import clean_text
from coevolve.listings import queries as listings
from coevolve.organisations import queries as organisations
from coevolve.people.models import Person

OLDEST_DAYS = 60


def list_for_payment(*, disbursement_ids: Sequence[uuid.UUID], by: Person) -> list[Disbursement]:
    """Put released disbursements on the list that goes to the bank; what is on it already stays on it.

    Everything that holds money is asked once more, so that a freeze or a changed account stops it here too.
    """
    if not disbursement_ids:
        raise Invalid("nothing_chosen", lazy("Pilih paling sedikit satu penyaluran."))
    listed = []
    for disbursement_id in sorted(set(disbursement_ids)):
        disbursement = _locked(disbursement_id, by)
        if disbursement.state == State.sending:
            listed.append(disbursement)
            continue
        refuse_held(
            listings.get(disbursement.listing_id),
            organisations.get(disbursement.organisation_id),
            pinned=disbursement.account_version_id,
            is_leaving=True,
        )
        move(disbursement, State.sending, by=by.id)
        telling.note("disbursement.listed", disbursement, by.id)
        listed.append(disbursement)
    return listed


def mark_sent(*, disbursement_id: uuid.UUID, by: Person, on: dt.date) -> Disbursement:
    """The bank took the order. Said twice it is said once."""
    disbursement = _locked(disbursement_id, by)
    if disbursement.state in {State.sent, State.settled}:
        return disbursement
    today = clock.today()
    if not today - dt.timedelta(days=OLDEST_DAYS) <= on <= today:
        raise Invalid("sent_on", lazy("Tanggal kirim harus dalam 60 hari terakhir."), field="on")
    disbursement.sent_by, disbursement.sent_on = by.id, on
    move(disbursement, State.sent, by=by.id)
    telling.note("disbursement.sent", disbursement, by.id, on=on.isoformat())
    organisation = organisations.get(disbursement.organisation_id)
    telling.tell(
        "disbursement.sent",
        disbursement,
        telling.members(organisation.id, "owner", "finance"),
        path=telling.desk_path(organisation, disbursement),
        reference=disbursement.reference,
    )
    return disbursement


def mark_unknown(*, disbursement_id: uuid.UUID, by: Person, reason: str) -> Disbursement:
    """Nobody knows whether the bank sent it: the money stays held until the bank's line or its answer says so."""
    disbursement = _locked(disbursement_id, by)
    words = _reason(reason)
    move(disbursement, State.unknown, by=by.id, cause=words)
    telling.note("disbursement.unknown", disbursement, by.id, reason=words)
    return disbursement


def mark_failed(*, disbursement_id: uuid.UUID, by: Person, reason: str) -> Disbursement:
    """The bank says that it did not send it: the fund has its money back, and the organisation asks anew."""
    disbursement = _locked(disbursement_id, by)
    words = _reason(reason)
    disbursement.ended_because = words
    move(disbursement, State.failed, by=by.id, cause=words)
    free_money(disbursement, actor=str(by.id))
    telling.note("disbursement.failed", disbursement, by.id, reason=words)
    organisation = organisations.get(disbursement.organisation_id)
    telling.tell(
        "disbursement.ended",
        disbursement,
        telling.members(organisation.id, "owner", "finance"),
        path=telling.desk_path(organisation, disbursement),
        reason=words,
    )
    return disbursement


def _reason(text: str) -> str:
    words = clean_text(text)
    if not 3 <= len(words) <= 500:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    return words


def _locked(disbursement_id: uuid.UUID, by: Person) -> Disbursement:
    disbursement = db.lock(Disbursement, disbursement_id)
    organisation = organisations.get(disbursement.organisation_id)
    if not policy.may_pay(queries.who(by, organisation)):
        raise Forbidden(
            "may_not", lazy("Hanya petugas keuangan di luar organisasi ini yang dapat membayarkan dana.")
        )
    return disbursement
