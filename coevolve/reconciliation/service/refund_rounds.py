"""Every gift of a listing goes back: rows made in one statement, approved by a second person, worked off one by one.

The rows are the duty. A worker that dies leaves the rest as they are; whoever comes next goes on where it stopped, and
a unique key keeps each payment to one refund per round. `work_rounds` commits after every refund; the rest never does.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from sqlalchemy import select, text

from coevolve.disbursements import service as disbursements
from coevolve.disbursements.models import Disbursement
from coevolve.disbursements.models import State as DisbursementState
from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import commit, get, lock, session, uuid7
from coevolve.kit.errors import Conflict, DomainError, Forbidden, Invalid
from coevolve.kit.faults import fault
from coevolve.kit.i18n import lazy
from coevolve.kit.jobs import after_commit
from coevolve.kit.money import Money
from coevolve.kit.text import clean_text
from coevolve.listings.models import Listing
from coevolve.listings.models import State as ListingState
from coevolve.payments import service as payments
from coevolve.payments.models import Refund, RefundRound, RefundState, RoundState
from coevolve.payments.references import new_reference
from coevolve.people.models import Person
from coevolve.reconciliation.service import refund_news
from coevolve.reconciliation.service.cases import open_case
from coevolve.reconciliation.service.refunding import let_go, locked

LISTING = "listing"
ENDED = (ListingState.closed, ListingState.expired, ListingState.rejected)
TURN = dt.timedelta(seconds=25)
SEVERAL = 1_000
OPEN_STATES = "('requested', 'approved', 'sending', 'pending', 'requires_action')"


def begin_round(*, listing_id: uuid.UUID, reason: str, by: uuid.UUID) -> RefundRound:
    """Ask that every gift of an ended listing goes back; finance approves. Asking again finds the same round."""
    words = clean_text(reason)[:1_000]
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="text")
    listing = lock(Listing, listing_id)
    if listing.state not in ENDED:
        raise Conflict(
            "listing_alive", lazy("Tutup tayangan ini dulu; selama tayang uangnya tidak dikembalikan semua.")
        )
    found = round_of(listing_id)
    if found is not None:
        return found
    made = RefundRound(
        about_kind=LISTING,
        about_id=listing_id,
        title=listing.title,
        reason=words,
        state=RoundState.asked,
        asked_by=by,
    )
    moves.begin(made, by=by, cause="every gift goes back")
    make_rows(made)
    money = total_of(made.id)
    _record(made, "refund_round.asked", by, count=str(count_of(made.id)), amount=str(money.amount))
    return made


def round_of(listing_id: uuid.UUID) -> RefundRound | None:
    """The live round of a listing."""
    statement = select(RefundRound).where(
        RefundRound.about_kind == LISTING,
        RefundRound.about_id == listing_id,
        RefundRound.state != str(RoundState.cancelled),
    )
    return session().execute(statement).scalar_one_or_none()


_PAID = text(
    """
    SELECT y.id FROM payment y JOIN pledge g ON g.id = y.reference_id AND y.reference_kind = 'pledge'
     WHERE g.listing_id = :listing AND y.captured - y.refunded - y.refund_pending - y.disputed > 0
       AND NOT EXISTS (SELECT 1 FROM payment_refund r WHERE r.round_id = :round AND r.payment_id = y.id)
     ORDER BY y.id LIMIT :several FOR UPDATE OF y
    """
)
_MAKE = text(
    """
    WITH drawn AS (
      SELECT * FROM unnest(CAST(:payments AS uuid[]), CAST(:ids AS uuid[]), CAST(:refs AS text[]))
        AS d(payment_id, id, public_ref)
    ), made AS (
      INSERT INTO payment_refund (id, payment_id, public_ref, provider, account, unit, amount, state, origin, reason,
                                  requested_by, round_id)
      SELECT d.id, y.id, d.public_ref, y.provider, y.account, y.unit,
             y.captured - y.refunded - y.refund_pending - y.disputed, 'requested', 'round', :reason, :by, :round
        FROM drawn d JOIN payment y ON y.id = d.payment_id
       WHERE y.captured - y.refunded - y.refund_pending - y.disputed > 0
      ON CONFLICT DO NOTHING
      RETURNING id, payment_id, amount
    ), reserved AS (
      UPDATE payment y SET refund_pending = y.refund_pending + m.amount FROM made m WHERE y.id = m.payment_id
    ), moved AS (
      INSERT INTO move_event (machine, object_id, seq, src, dst, actor, cause)
      SELECT 'refund', id, 1, '(begin)', 'requested', :by, 'round' FROM made
    )
    SELECT count(*) FROM made
    """
)


def make_rows(made: RefundRound) -> int:
    """A refund for every paid gift of the listing that has none in this round, in sets; returns how many are new."""
    session().flush()
    total = 0
    while True:
        found = session().execute(_PAID, {"listing": made.about_id, "round": made.id, "several": SEVERAL})
        paid = [row.id for row in found]
        if not paid:
            break
        total += int(
            session()
            .execute(
                _MAKE,
                {
                    "payments": paid,
                    "ids": [uuid7() for _ in paid],
                    "refs": [new_reference() for _ in paid],
                    "reason": made.reason,
                    "by": made.asked_by,
                    "round": made.id,
                },
            )
            .scalar_one()
        )
    session().expire_all()
    return total


def approve_round(*, round_id: uuid.UUID, by: uuid.UUID) -> RefundRound:
    """The second person says yes: from now on a worker gives every gift back. The CSO hears of it once."""
    made = lock(RefundRound, round_id)
    if made.asked_by == by:
        raise Forbidden(
            "second_person", lazy("Yang meminta tidak dapat menyetujui. Orang lain yang memutuskan.")
        )
    moves.move(made, RoundState.approved, by=by)
    made.approved_by, made.approved_at = by, clock.now()
    _free_fund(made, by)
    _record(made, "refund_round.approved", by)
    organisation_id = get(Listing, made.about_id).organisation_id
    refund_news.tell_round(organisation_id, made, total_of(made.id))
    after_commit("payments.refund_rounds")
    return made


def _free_fund(made: RefundRound, by: uuid.UUID) -> None:
    """What was on its way to the CSO and not released stays here: the fund needs it for its givers."""
    waiting = (
        select(Disbursement.id)
        .where(
            Disbursement.listing_id == made.about_id,
            Disbursement.state.in_([str(DisbursementState.proposed), str(DisbursementState.approved)]),
        )
        .order_by(Disbursement.id)
    )
    for disbursement_id in session().execute(waiting).scalars().all():
        disbursements.reject(disbursement_id=disbursement_id, by=get(Person, by), reason=made.reason[:500])


def cancel_round(*, round_id: uuid.UUID, by: uuid.UUID, because: str) -> RefundRound:
    """Finance says no; everything reserved for the round is free again."""
    words = clean_text(because)[:500]
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    made = lock(RefundRound, round_id)
    moves.move(made, RoundState.cancelled, by=by, cause=words[:200])
    for refund_id in _asked(round_id):
        payments.cancel_refund(refund_id=refund_id, by=by, because=words)
    _record(made, "refund_round.cancelled", by, reason=words)
    return made


def work_rounds() -> int:
    """Go on with every approved round for a while; returns how many refunds were sent on their way.

    An edge of background work: each refund is its own transaction, so that a death in between repeats nothing.
    """
    began, sent = clock.now(), 0
    for round_id in _approved():
        commit()
        _catch_late(round_id)
        for refund_id in _asked(round_id):
            if clock.now() - began > TURN:
                after_commit("payments.refund_rounds")
                commit()
                return sent
            sent += _send_one(round_id, refund_id)
        _close(round_id)
    commit()
    return sent


def _catch_late(round_id: uuid.UUID) -> None:
    """Money that came after the round was asked goes back like the rest."""
    made = get(RefundRound, round_id)
    make_rows(made)
    commit()


def _send_one(round_id: uuid.UUID, refund_id: uuid.UUID) -> int:
    by = get(RefundRound, round_id).approved_by
    if by is None:
        raise ValueError("an approved round without who approved it")
    try:
        refund, payment, settlement = locked(refund_id)
        if refund.state == RefundState.requested:
            let_go(refund, payment, settlement, by=by)
        fault("payments.in_round")
        commit()
        return 1
    except DomainError as refusal:
        session().rollback()
        refund = payments.cancel_refund(refund_id=refund_id, by=None, because=str(refusal.message))
        open_case(
            kind="refund_overtaken",
            subject=("refund", str(refund_id)),
            payment_id=refund.payment_id,
            difference=Money(refund.amount, refund.unit),
            data={"refund": str(refund_id), "error": str(refusal.message)},
        )
        commit()
        return 0


def _close(round_id: uuid.UUID) -> None:
    """Done once nothing of it is under way; a refund that failed has its own case."""
    made = lock(RefundRound, round_id)
    progress = progress_of(round_id)
    if made.state == RoundState.approved and progress.under_way == 0:
        moves.move(made, RoundState.done, by=None, cause="every refund ended")
        made.done_at = clock.now()
        _record(made, "refund_round.done", None, done=str(progress.done), failed=str(progress.failed))
    commit()


_LATE = text(
    """
    SELECT o.id FROM payment_refund_round o
     WHERE o.state = 'done' AND EXISTS (
       SELECT 1 FROM pledge g JOIN payment y ON y.reference_id = g.id AND y.reference_kind = 'pledge'
        WHERE g.listing_id = o.about_id AND y.captured - y.refunded - y.refund_pending - y.disputed > 0
          AND NOT EXISTS (SELECT 1 FROM payment_refund r WHERE r.round_id = o.id AND r.payment_id = y.id))
    """
)


def reopen_late_rounds() -> int:
    """Money came for a listing whose givers are paid back already: the round goes on with it. How many went on."""
    late = list(session().execute(_LATE).scalars())
    for round_id in late:
        made = lock(RefundRound, round_id)
        if made.state == RoundState.done:
            moves.move(made, RoundState.approved, by=None, cause="money came late")
            after_commit("payments.refund_rounds")
    return len(late)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a round is, in refunds and in money."""

    asked: int
    waiting: int
    done: int
    failed: int
    money: int
    money_done: int

    @property
    def total(self) -> int:
        """All refunds of the round that were not taken back."""
        return self.asked + self.waiting + self.done + self.failed

    @property
    def under_way(self) -> int:
        """Those that have not ended."""
        return self.asked + self.waiting


def progress_of(round_id: uuid.UUID) -> Progress:
    """How far a round is."""
    row = (
        session()
        .execute(
            text(
                """
                SELECT count(*) FILTER (WHERE state = 'requested'),
                       count(*) FILTER (WHERE state IN ('approved', 'sending', 'pending', 'requires_action')),
                       count(*) FILTER (WHERE state = 'succeeded'), count(*) FILTER (WHERE state = 'failed'),
                       coalesce(sum(amount), 0)::bigint,
                       coalesce(sum(amount) FILTER (WHERE state = 'succeeded'), 0)::bigint
                  FROM payment_refund WHERE round_id = :round AND state <> 'canceled'
                """
            ),
            {"round": round_id},
        )
        .one()
    )
    return Progress(*(int(one) for one in row))


def total_of(round_id: uuid.UUID) -> Money:
    """All the money of a round."""
    return Money(progress_of(round_id).money)


def count_of(round_id: uuid.UUID) -> int:
    """How many refunds a round has."""
    return progress_of(round_id).total


def _approved() -> list[uuid.UUID]:
    statement = (
        select(RefundRound.id)
        .where(RefundRound.state == str(RoundState.approved))
        .order_by(RefundRound.approved_at)
    )
    return list(session().execute(statement).scalars())


def _asked(round_id: uuid.UUID) -> list[uuid.UUID]:
    statement = (
        select(Refund.id)
        .where(Refund.round_id == round_id, Refund.state == str(RefundState.requested))
        .order_by(Refund.id)
    )
    return list(session().execute(statement).scalars())


def _record(made: RefundRound, kind: str, by: uuid.UUID | None, **more: str) -> None:
    journal.record(
        kind,
        about=("listing", made.about_id),
        by=by,
        data={"round": str(made.id), "reason": made.reason} | more,
        visibility="staff",
    )
