"""An organisation's own limit for its giving, and the second member who approves what is above it."""

from __future__ import annotations

import uuid

from coevolve.journal import service as journal
from coevolve.kit import clock, moves
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid
from coevolve.kit.i18n import lazy
from coevolve.kit.text import clean_text
from coevolve.notifications import service as notifications
from coevolve.organisations import policy as organisation_policy
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation, Role
from coevolve.people.models import Person
from coevolve.pledges import queries
from coevolve.pledges.models import GivingRule, Pledge, PledgeState
from coevolve.pledges.policy import Doer
from coevolve.pledges.service import asking, progress, telling

APPROVERS = ("owner", "finance")
REASON_MOST = 500


def set_rule(*, organisation_id: uuid.UUID, by: Person, approval_above: int | None) -> GivingRule:
    """The owner lays down above which sum a second member must approve; None: nothing needs it."""
    organisation = organisations.get(organisation_id)
    if organisations.role_in(by.id, organisation.id) != Role.owner:
        raise Forbidden("owner_only", lazy("Aturan ini ditetapkan oleh pemilik organisasi."))
    if approval_above is not None and approval_above < 0:
        raise Invalid("limit_shape", lazy("Isi batas dengan angka rupiah."), field="approval_above")
    rule = session().get(GivingRule, organisation.id, with_for_update=True)
    before = rule.approval_above if rule is not None else None
    if rule is None:
        rule = GivingRule(organisation_id=organisation.id, set_by=by.id, set_at=clock.now())
        session().add(rule)
    rule.approval_above, rule.set_by, rule.set_at = approval_above, by.id, clock.now()
    session().flush()
    journal.record(
        "giving_rule.changed",
        about=("organisation", organisation.id),
        by=by.id,
        for_organisation=organisation.id,
        data={"before": _said(before), "after": _said(approval_above)},
    )
    return rule


def needs_approval(organisation: Organisation | None, amount: int, by: Person) -> bool:
    """Whether a gift of so much waits for a second member; refuses when there is nobody else who could."""
    rule = queries.rule_of(organisation.id) if organisation is not None else None
    if organisation is None or rule is None or rule.approval_above is None or amount <= rule.approval_above:
        return False
    if not approver_ids(organisation.id, by.id):
        raise Conflict(
            "nobody_to_approve",
            lazy("Jumlah ini perlu disetujui anggota lain. Undang pemilik atau bendahara kedua dulu."),
        )
    return True


def approver_ids(organisation_id: uuid.UUID, except_id: uuid.UUID | None) -> set[uuid.UUID]:
    """Who may approve: owners and finance members, but never the one who offers."""
    members = organisations.members_of(organisation_id, roles=APPROVERS)
    return {person.id for person in members} - {except_id}


def ask_approval(pledge: Pledge) -> None:
    """Tell those who may approve."""
    if pledge.giver_organisation_id is None:
        return
    lines = asking.lines_to_change(pledge.id)
    notifications.queue(
        kind="pledge.awaiting_approval",
        person_ids=approver_ids(pledge.giver_organisation_id, pledge.giver_person_id),
        about=("pledge", pledge.id),
        data=telling.facts_of(pledge, lines) | {"path": f"/dukungan/{pledge.id}"},
        dedupe_key=f"pledge.awaiting_approval:{pledge.id}",
        for_organisation=pledge.giver_organisation_id,
    )


def approve(*, pledge_id: uuid.UUID, by: Person) -> Pledge:
    """A second member says yes: the pledge goes out."""
    pledge = _waiting(pledge_id, by)
    pledge.approved_by, pledge.approved_at = by.id, clock.now()
    moves.move(pledge, PledgeState.offered, by=by.id, cause="approved")
    telling.record(pledge, "approved", by.id)
    lines = asking.lines_to_change(pledge.id)
    answered = [line for line in lines if line.kind != "money" or not pledge.is_pay_now]
    if answered:
        telling.tell_receiver(pledge, "offered", answered)
    telling.tell_giver(pledge, "approved", lines)
    return pledge


def refuse(*, pledge_id: uuid.UUID, by: Person, reason: str) -> Pledge:
    """A second member says no, with a reason: the pledge never went out."""
    pledge = _waiting(pledge_id, by)
    said = clean_text(reason)
    if not said:
        raise Invalid("reason_missing", lazy("Tulis alasannya, agar rekan Anda mengerti."), field="reason")
    if len(said) > REASON_MOST:
        raise Invalid("too_long", lazy("Paling banyak %(most)s huruf.", most=REASON_MOST), field="reason")
    pledge.reason = said
    moves.move(pledge, PledgeState.withdrawn, by=by.id, cause=said[:200])
    progress.give_up_rest(pledge, by=by.id)
    telling.record(pledge, "not_approved", by.id, data={"reason": said})
    telling.tell_giver(pledge, "not_approved", asking.lines_to_change(pledge.id), reason=said)
    return pledge


def _waiting(pledge_id: uuid.UUID, by: Doer) -> Pledge:
    pledge, _party = asking.locked(pledge_id, by, "approve")
    if pledge.state != PledgeState.awaiting_approval:
        raise Conflict("already_answered", lazy("Dukungan ini sudah tidak menunggu persetujuan."))
    return pledge


def may_set_rule(role: str | None, state: str) -> bool:
    """Whether a member may change the limit."""
    return role == Role.owner and organisation_policy.allows(role, state, "give")


def _said(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
