"""Cases: a difference that a person settles. One open case per kind and subject, whoever finds it again."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.config import settings
from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.money import Money
from coevolve.kit.text import clean_text
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.payments import custody
from coevolve.payments.models import Payment
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.reconciliation.models import CLOSED, Case, CaseNote, CaseState, Line
from coevolve.reconciliation.policy import MONEY_ROLES
from coevolve.reconciliation.service import own_hands
from coevolve.reconciliation.words import KINDS, titles

NOTE_LIMIT = 2000
LATEST_DUE = 366


def open_case(
    *,
    kind: str,
    subject: tuple[str, str | int | uuid.UUID],
    payment_id: uuid.UUID | None = None,
    difference: Money | None = None,
    data: dict[str, Any] | None = None,
) -> Case:
    """The open case of this kind about this subject, made if there is none."""
    if kind not in KINDS:
        raise KeyError(f"no words for cases of kind {kind!r}")
    subject_kind, subject_id = subject[0], str(subject[1])
    found = _find_open(kind, subject_kind, subject_id)
    if found is not None:
        return found
    case = Case(
        kind=kind,
        subject_kind=subject_kind,
        subject_id=subject_id,
        payment_id=payment_id,
        organisation_id=_custodian(subject_kind, subject_id, payment_id),
        unit=difference.unit if difference else None,
        amount=difference.amount if difference else None,
        state=CaseState.open,
        data=data or {},
        due_on=clock.today() + dt.timedelta(days=settings().case_days),
    )
    try:
        with session().begin_nested():
            moves.begin(case, by=None, cause=kind)
    except IntegrityError:
        found = _find_open(kind, subject_kind, subject_id)
        if found is None:
            raise
        return found
    journal.record("case.opened", about=("case", case.id), by=None, data={"kind": kind}, visibility="staff")
    person_ids, desk = own_hands.finance_of(case.organisation_id)
    notifications.queue(
        kind="finance.case",
        person_ids=person_ids,
        about=("case", case.id),
        data={"title": titles(kind), "path": f"{desk}/kasus/{case.id}"},
        dedupe_key=f"finance.case:{case.id}",
    )
    return case


def _custodian(subject_kind: str, subject_id: str, payment_id: uuid.UUID | None) -> uuid.UUID | None:
    """Whose finance settles it: that of the organisation in whose own bank the money is, else ours."""
    if subject_kind == "line":
        return custody.custodian_of_account(get(Line, int(subject_id)).bank_account_id)
    return custody.custodian_of(get(Payment, payment_id)) if payment_id is not None else None


def possible_owners(case: Case) -> list[Person]:
    """Who may hold a case: the platform's finance, and for an own bank its organisation's owners and finance."""
    members = (
        organisations.members_of(case.organisation_id, roles=sorted(MONEY_ROLES))
        if case.organisation_id is not None
        else []
    )
    return members + [
        one for one in people.staff_with("finance") if one.id not in {two.id for two in members}
    ]


def take(*, case_id: uuid.UUID, by: uuid.UUID, owner_id: uuid.UUID | None = None) -> Case:
    """Make somebody of finance the owner of a case: oneself, or a colleague."""
    case = lock(Case, case_id)
    _refuse_closed(case)
    owner = owner_id or by
    if owner != by and owner not in {person.id for person in possible_owners(case)}:
        raise Invalid("owner_unknown", lazy("Pilih petugas keuangan."), field="owner")
    case.owner_id = owner
    if case.state == CaseState.open:
        moves.move(case, CaseState.assigned, by=by)
    session().flush()
    return case


def set_due(*, case_id: uuid.UUID, by: uuid.UUID, due_on: dt.date) -> Case:
    """Say by when a case should be settled."""
    case = lock(Case, case_id)
    _refuse_closed(case)
    if not clock.today() <= due_on <= clock.today() + dt.timedelta(days=LATEST_DUE):
        raise Invalid("due_unfit", lazy("Pilih tanggal dari hari ini sampai setahun lagi."), field="due_on")
    before, case.due_on = case.due_on, due_on
    journal.record(
        "case.due_set",
        about=("case", case.id),
        by=by,
        data={"from": before.isoformat() if before else None, "to": due_on.isoformat()},
        visibility="staff",
    )
    session().flush()
    return case


def add_note(*, case_id: uuid.UUID, by: uuid.UUID | None, body: str) -> CaseNote:
    """Write down what was found or done."""
    words = clean_text(body)
    if not words:
        raise Invalid("note_missing", lazy("Tulis catatannya dulu."), field="note")
    if len(words) > NOTE_LIMIT:
        raise Invalid("note_long", lazy("Catatan paling panjang 2.000 huruf."), field="note")
    note = CaseNote(case_id=case_id, by=by, body=words)
    session().add(note)
    session().flush()
    return note


def resolve(*, case_id: uuid.UUID, by: uuid.UUID | None, note: str) -> Case:
    """Close a case with a reason."""
    case = lock(Case, case_id)
    _refuse_closed(case)
    add_note(case_id=case_id, by=by, body=note)
    moves.move(case, CaseState.resolved, by=by)
    case.closed_at = clock.now()
    if case.owner_id is None:
        case.owner_id = by
    journal.record(
        "case.resolved", about=("case", case.id), by=by, data={"kind": case.kind}, visibility="staff"
    )
    return case


def reopen(*, case_id: uuid.UUID, by: uuid.UUID, note: str) -> Case:
    """Open a closed case again, with a reason."""
    case = lock(Case, case_id)
    add_note(case_id=case_id, by=by, body=note)
    moves.move(case, CaseState.open, by=by)
    case.closed_at = None
    case.due_on = max(case.due_on or clock.today(), clock.today() + dt.timedelta(days=1))
    journal.record(
        "case.reopened", about=("case", case.id), by=by, data={"kind": case.kind}, visibility="staff"
    )
    return case


def close_by_itself(*, kind: str, subject: tuple[str, str | int | uuid.UUID], note: str) -> None:
    """Resolve a case whose cause is gone; the note says by what."""
    found = _find_open(kind, subject[0], str(subject[1]))
    if found is not None:
        resolve(case_id=found.id, by=None, note=note)


def _find_open(kind: str, subject_kind: str, subject_id: str) -> Case | None:
    statement = select(Case).where(
        Case.kind == kind,
        Case.subject_kind == subject_kind,
        Case.subject_id == subject_id,
        Case.state.not_in([str(state) for state in CLOSED]),
    )
    return session().execute(statement).scalar_one_or_none()


def _refuse_closed(case: Case) -> None:
    if case.state in CLOSED:
        raise Invalid("case_closed", lazy("Kasus ini sudah ditutup. Buka lagi dulu bila perlu."))
