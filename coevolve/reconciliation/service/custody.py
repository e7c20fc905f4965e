"""Changing whose bank gifts by transfer go to: an organisation's owner asks, platform finance agrees.

Nothing under way may be orphaned: what the change would leave behind is said, and must be settled first. A gift always
stays where its own payment says: the change is for payments that begin after it.
"""

from __future__ import annotations

import uuid

from sqlalchemy import select, text

from coevolve.journal import service as journal
from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy, ngettext
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_text
from coevolve.ledger import accounts
from coevolve.notifications import service as notifications
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Custody, Organisation, State
from coevolve.payments import account_standing, custody
from coevolve.payments import service as payments
from coevolve.payments.account_standing import AccountStanding
from coevolve.payments.models import BankAccount, CustodyChange, CustodyState
from coevolve.people import queries as people
from coevolve.people.models import Person
from coevolve.reconciliation.policy import MONEY_ROLES

WORDS_MOST = 500

_LEFT_BEHIND = """
SELECT
  (SELECT count(*) FROM payment p JOIN payment_bank_account a ON a.id = p.bank_account_id
    WHERE a.organisation_id = :organisation AND p.state IN ('awaiting', 'grace')) AS transfers,
  (SELECT count(*) FROM recon_line l JOIN payment_bank_account a ON a.id = l.bank_account_id
    WHERE a.organisation_id = :organisation AND l.state IN ('unmatched', 'proposed', 'review', 'partly')) AS lines,
  (SELECT count(*) FROM recon_statement s JOIN payment_bank_account a ON a.id = s.bank_account_id
    WHERE a.organisation_id = :organisation AND s.state IN ('uploaded', 'parsed')) AS files,
  (SELECT count(*) FROM payment_refund r JOIN payment p ON p.id = r.payment_id
     JOIN payment_bank_account a ON a.id = p.bank_account_id
    WHERE a.organisation_id = :organisation
      AND r.state IN ('requested', 'approved', 'sending', 'pending', 'requires_action')) AS refunds,
  (SELECT count(*) FROM recon_case c
    WHERE c.organisation_id = :organisation AND c.state NOT IN ('resolved', 'written_off')) AS cases,
  (SELECT count(*) FROM disbursement d WHERE d.organisation_id = :organisation
    AND d.state IN ('proposed', 'approved', 'released', 'sending', 'sent', 'unknown')) AS disbursements
"""


def in_the_way(organisation_id: uuid.UUID, to: str) -> list[str]:
    """What would be orphaned by a change, in words; nothing: it may be agreed to."""
    row = session().execute(text(_LEFT_BEHIND), {"organisation": organisation_id}).one()
    if to == Custody.direct:
        out = row.disbursements
        words = ngettext("%(num)s penyaluran masih berjalan.", "%(num)s penyaluran masih berjalan.", out)
        return [words] if out else []
    counted = [
        (
            row.transfers,
            ngettext(
                "%(num)s transfer donatur masih ditunggu di rekening organisasi.",
                "%(num)s transfer donatur masih ditunggu di rekening organisasi.",
                row.transfers,
            ),
        ),
        (
            row.lines,
            ngettext(
                "%(num)s mutasi rekening organisasi belum selesai.",
                "%(num)s mutasi rekening organisasi belum selesai.",
                row.lines,
            ),
        ),
        (
            row.files,
            ngettext(
                "%(num)s rekening koran sedang dibaca.", "%(num)s rekening koran sedang dibaca.", row.files
            ),
        ),
        (
            row.refunds,
            ngettext(
                "%(num)s pengembalian kepada donatur belum selesai.",
                "%(num)s pengembalian kepada donatur belum selesai.",
                row.refunds,
            ),
        ),
        (row.cases, ngettext("%(num)s kasus masih terbuka.", "%(num)s kasus masih terbuka.", row.cases)),
    ]
    return [words for count, words in counted if count]


def ask(*, organisation_id: uuid.UUID, by: Person, to: str, reason: str = "") -> CustodyChange:
    """An owner wishes: gifts to the own account as it was checked last, or to the platform again."""
    organisation = db.lock(Organisation, organisation_id)
    if organisations.role_in(by.id, organisation.id) != "owner":
        raise Forbidden("may_not_ask", lazy("Hanya pemilik organisasi yang dapat meminta ini."))
    if organisation.state != State.checked:
        raise Conflict("organisation_frozen", lazy("Organisasi sedang dibekukan atau belum diperiksa."))
    if custody.asked_of(organisation.id) is not None:
        raise Conflict("asked_before", lazy("Permintaan sebelumnya masih menunggu petugas keuangan."))
    account = _account_for(organisation, to)
    made = CustodyChange(
        organisation_id=organisation.id,
        to=to,
        version_id=account.version_id if account else None,
        reason=clean_text(reason)[:WORDS_MOST],
        state=CustodyState.asked,
        asked_by=by.id,
    )
    begin(made, by=by.id)
    _note("custody.asked", made, by.id)
    notifications.queue(
        kind="custody.asked",
        person_ids=[one.id for one in people.staff_with("finance")],
        about=("organisation", organisation.id),
        data={"organisation": organisation.name, "path": "/keuangan/kustodi"},
        dedupe_key=f"custody.asked:{made.id}",
    )
    return made


def _account_for(organisation: Organisation, to: str) -> AccountStanding | None:
    if to == Custody.platform:
        if organisation.custody == Custody.platform:
            raise Conflict("custody_same", lazy("Dukungan sudah masuk ke rekening platform."))
        return None
    if to != Custody.direct:
        raise Invalid("custody_unknown", lazy("Pilih rekening yang menerima dukungan."), field="to")
    account = account_standing.account_of(organisation.id)
    if account is None or not account.is_usable:
        raise Conflict(
            "account_unusable",
            lazy("Rekening organisasi harus sudah diperiksa dua petugas dan selesai masa tunggunya."),
        )
    current = custody.own_account(organisation.id)
    if (
        organisation.custody == Custody.direct
        and current is not None
        and current.claim_id == account.claim_id
    ):
        raise Conflict("custody_same", lazy("Dukungan sudah masuk ke rekening ini."))
    return account


def withdraw(*, change_id: uuid.UUID, by: Person) -> CustodyChange:
    """An owner takes the wish back."""
    change = db.lock(CustodyChange, change_id)
    if organisations.role_in(by.id, change.organisation_id) != "owner":
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    _refuse_decided(change)
    move(change, CustodyState.withdrawn, by=by.id)
    _note("custody.withdrawn", change, by.id)
    return change


def agree(*, change_id: uuid.UUID, by: Person) -> CustodyChange:
    """Platform finance agrees: payments that begin from now on go there."""
    organisation = db.lock(Organisation, db.get(CustodyChange, change_id).organisation_id)
    change = _decidable(change_id, by)
    left = in_the_way(organisation.id, change.to)
    if left:
        raise Conflict("under_way", lazy("Selesaikan dulu: %(what)s", what=" ".join(left)))
    before = organisation.custody
    if change.to == Custody.direct:
        account = _account_for(organisation, Custody.direct)
        if account is None or account.version_id != change.version_id:
            raise Conflict("account_changed", lazy("Rekening ini sudah diganti. Periksa yang terbaru."))
        change.bank_account_id = _open_account(organisation, account).id
    else:
        _close_account(organisation.id)
    organisation.custody = change.to
    change.decided_by, change.decided_at = by.id, clock.now()
    move(change, CustodyState.agreed, by=by.id)
    _note("custody.changed", change, by.id, before=before)
    _tell(change, organisation)
    return change


def decline(*, change_id: uuid.UUID, by: Person, remark: str) -> CustodyChange:
    """Platform finance says no, and why."""
    change = _decidable(change_id, by)
    words = clean_text(remark)[:WORDS_MOST]
    if not words:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    change.remark, change.decided_by, change.decided_at = words, by.id, clock.now()
    move(change, CustodyState.declined, by=by.id, cause=words[:200])
    _note("custody.declined", change, by.id)
    _tell(change, organisations.get(change.organisation_id))
    return change


def _decidable(change_id: uuid.UUID, by: Person) -> CustodyChange:
    change = db.lock(CustodyChange, change_id)
    if "finance" not in people.staff_roles(by.id):
        raise NotFound("not_found", lazy("Halaman atau data ini tidak ada."))
    if organisations.role_in(by.id, change.organisation_id) is not None:
        raise Forbidden("own_custody", lazy("Anda anggota organisasi ini; petugas lain yang menyetujuinya."))
    _refuse_decided(change)
    return change


def _refuse_decided(change: CustodyChange) -> None:
    if change.state != CustodyState.asked:
        raise Conflict("custody_decided", lazy("Permintaan ini sudah diputuskan. Muat ulang halaman ini."))


def _open_account(organisation: Organisation, stated: AccountStanding) -> BankAccount:
    """The account as books and statements know it: one row per number; its ledger account carries the custodian."""
    _close_account(organisation.id)
    statement = select(BankAccount).where(BankAccount.claim_id == stated.claim_id).with_for_update()
    account = session().execute(statement).scalar_one_or_none()
    if account is None:
        account = BankAccount(
            organisation_id=organisation.id, unit="IDR", is_receiving=True, claim_id=stated.claim_id
        )
        session().add(account)
        session().flush()
        payments.change_bank_account(
            bank_account_id=account.id,
            bank_name=stated.bank_name,
            account_number=stated.account_number,
            holder=stated.holder,
            by=stated.stated_by,
        )
    account.is_receiving = True
    session().flush()
    accounts.own_bank(account.id, organisation.id, account.unit)
    return account


def _close_account(organisation_id: uuid.UUID) -> None:
    current = custody.own_account(organisation_id)
    if current is not None:
        current.is_receiving = False
        session().flush()


def _note(kind: str, change: CustodyChange, by: uuid.UUID, **more: str) -> None:
    journal.record(
        kind,
        about=("organisation", change.organisation_id),
        by=by,
        for_organisation=change.organisation_id,
        data={"change": str(change.id), "to": change.to} | more,
        visibility="parties",
    )


def _tell(change: CustodyChange, organisation: Organisation) -> None:
    kind = f"custody.{'changed' if change.state == CustodyState.agreed else 'declined'}"
    notifications.queue(
        kind=kind,
        person_ids=[one.id for one in organisations.members_of(organisation.id, roles=sorted(MONEY_ROLES))],
        about=("organisation", organisation.id),
        data={
            "organisation": organisation.name,
            "reason": change.remark,
            "path": f"/dasbor/{organisation.slug}/rekening",
        },
        dedupe_key=f"{kind}:{change.id}",
        for_organisation=organisation.id,
    )
