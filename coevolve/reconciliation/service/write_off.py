"""Giving up a difference: one person of finance proposes, another agrees, and the books show it on its own account."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import get, lock, session
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.service import Transfer
from coevolve.payments.models import Payment
from coevolve.pledges import queries as pledges
from coevolve.reconciliation.models import CLOSED, Case, CaseState, Line, LineState
from coevolve.reconciliation.service.cases import add_note
from coevolve.reconciliation.service.cases import reopen as open_again

POSSIBLE = ("after_disbursement", "unidentified")
"""Kinds whose sum lies on an account of ours and that nobody else has a claim to but those who gave it up.

Differences of the provider are booked when they are explained; what a giver paid too much belongs to the giver.
"""


def propose_write_off(*, case_id: uuid.UUID, by: uuid.UUID, note: str) -> Case:
    """Say that a difference will not be found any more, and why. Another person decides."""
    case = lock(Case, case_id)
    if case.state in CLOSED:
        raise Invalid("case_closed", lazy("Kasus ini sudah ditutup. Buka lagi dulu bila perlu."))
    if case.organisation_id is not None or case.kind not in POSSIBLE or not case.amount or not case.unit:
        raise Conflict("not_to_write_off", lazy("Selisih macam ini tidak dapat dihapusbukukan."))
    add_note(case_id=case.id, by=by, body=note)
    moves.move(case, CaseState.proposed, by=by, cause="write-off proposed")
    case.write_off_by = by
    case.owner_id = case.owner_id or by
    _tell(case, by, "case.write_off_proposed")
    return case


def confirm_write_off(*, case_id: uuid.UUID, by: uuid.UUID) -> Case:
    """Another person agrees: the sum is posted to the account of write-offs."""
    case = lock(Case, case_id)
    if case.state != CaseState.proposed or case.write_off_by is None:
        raise Conflict("no_proposal", lazy("Usulan ini sudah tidak ada. Muat ulang halaman ini."))
    if case.write_off_by == by:
        raise Forbidden("second_person", lazy("Usulan Anda sendiri harus disetujui orang lain."))
    case.write_off_posting_id = give_up(case, actor=str(by))
    if case.subject_kind == "line":
        line = lock(Line, int(case.subject_id))
        line.state = LineState.matched if line.allocated == line.amount else line.state
        line.reason = "written_off"
    moves.move(case, CaseState.written_off, by=by, cause="write-off agreed")
    case.closed_at = clock.now()
    session().flush()
    _tell(case, by, "case.written_off")
    return case


def give_up(case: Case, *, actor: str = "system") -> int:
    """Post what giving this difference up means; the posting's id. (For a preview too: it is taken back then.)"""
    return ledger.post(
        key=_key(case),
        kind="case.written_off",
        transfers=[transfer_of(case)],
        source_kind="case",
        source_id=case.id,
        actor=actor,
    )


def decline_write_off(*, case_id: uuid.UUID, by: uuid.UUID) -> Case:
    """The proposal is taken back or refused: the case goes on."""
    case = lock(Case, case_id)
    if case.state != CaseState.proposed:
        raise Conflict("no_proposal", lazy("Usulan ini sudah tidak ada. Muat ulang halaman ini."))
    case.write_off_by = None
    moves.move(case, CaseState.assigned, by=by, cause="write-off declined")
    case.owner_id = case.owner_id or by
    session().flush()
    return case


def reopen(*, case_id: uuid.UUID, by: uuid.UUID, note: str) -> Case:
    """Open a closed case again, with a reason; what had been written off is there again."""
    case = open_again(case_id=case_id, by=by, note=note)
    if case.write_off_posting_id is not None:
        _undo(case, by=by)
    return case


def _undo(case: Case, *, by: uuid.UUID) -> None:
    if case.write_off_posting_id is None:
        return
    ledger.reverse(
        key=f"{_key(case)}:undone:{case.write_off_posting_id}",
        posting_id=case.write_off_posting_id,
        source_kind="case",
        source_id=case.id,
        actor=str(by),
    )
    case.write_off_posting_id = case.write_off_by = None
    if case.subject_kind == "line":
        line = lock(Line, int(case.subject_id))
        line.state, line.reason = LineState.review, None
    session().flush()


def transfer_of(case: Case) -> Transfer:
    """The row that giving up this difference would write."""
    unit, amount = case.unit or "IDR", case.amount or 0
    lost = accounts.write_off(unit)
    if case.kind == "unidentified":
        return Transfer(debit_id=accounts.unidentified(unit), credit_id=lost, amount=amount, unit=unit)
    if case.payment_id is None:
        raise Conflict("not_to_write_off", lazy("Selisih macam ini tidak dapat dihapusbukukan."))
    organisation_id = pledges.get(get(Payment, case.payment_id).reference_id).receiver_organisation_id
    owed = accounts.receivable(organisation_id, unit)
    return Transfer(debit_id=lost, credit_id=owed, amount=amount, unit=unit)


def _key(case: Case) -> str:
    """Names the case and the how-manieth time it is given up."""
    before = select(moves.MoveEvent.id).where(
        moves.MoveEvent.object_id == case.id, moves.MoveEvent.dst == CaseState.written_off
    )
    times = len(session().execute(before).all())
    return f"case:{case.id}:write_off" + (f":{times + 1}" if times else "")


def _tell(case: Case, by: uuid.UUID, kind: str) -> None:
    journal.record(
        kind,
        about=("case", case.id),
        by=by,
        data={"amount": str(case.amount), "unit": case.unit},
        visibility="staff",
    )
