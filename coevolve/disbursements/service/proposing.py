"""Three people let money go: finance of the organisation proposes, an owner approves, platform finance releases."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from coevolve.disbursements import policy, queries
from coevolve.disbursements.models import Disbursement, DisbursementLine, State
from coevolve.disbursements.queries import Hold
from coevolve.disbursements.service import telling
from coevolve.kit import clock, db
from coevolve.kit.db import session
from coevolve.kit.errors import Conflict, Forbidden, Invalid, NotFound
from coevolve.kit.i18n import lazy
from coevolve.kit.money import format_rupiah
from coevolve.kit.moves import begin, move
from coevolve.kit.text import clean_text
from coevolve.ledger import accounts
from coevolve.ledger import service as ledger
from coevolve.ledger.errors import BelowFloor
from coevolve.ledger.models import CASH
from coevolve.listings import queries as listings
from coevolve.listings.models import Listing
from coevolve.organisations import queries as organisations
from coevolve.organisations.models import Organisation, Role
from coevolve.payments import account_standing
from coevolve.payments import queries as payments
from coevolve.payments.references import new_reference
from coevolve.people.models import Person

UNIT = "IDR"


def propose(
    *,
    listing_id: uuid.UUID,
    by: Person,
    amounts: Mapping[uuid.UUID, int],
    purpose: str,
    client_token: uuid.UUID,
) -> Disbursement:
    """Ask for money of a listing's fund: so much for each line of its budget. The books hold it from now on.

    The same token again is the same disbursement.
    """
    earlier = queries.find_by_token(client_token)
    listing = listings.get(listing_id)
    organisation = organisations.get(listing.organisation_id)
    who = queries.who(by, organisation)
    if not policy.may_propose(who):
        raise _stranger(
            who, lazy("Hanya pemilik atau bendahara organisasi yang dapat mengajukan penyaluran.")
        )
    if earlier is not None:
        if earlier.listing_id != listing_id:
            raise Conflict("token_reused", lazy("Formulir ini sudah dipakai. Muat ulang halamannya."))
        return earlier
    words = clean_text(purpose)
    wanted = _wanted(listing, amounts, words)
    refuse_held(listing, organisation)
    account = account_standing.account_of(organisation.id)
    ours = payments.bank_accounts()
    if account is None or not ours:
        raise Invalid("no_bank_account", lazy("Platform belum punya rekening bank untuk membayar."))
    made = Disbursement(
        reference=new_reference(),
        listing_id=listing.id,
        organisation_id=organisation.id,
        account_version_id=account.version_id,
        from_account_id=ours[0].id,
        unit=UNIT,
        amount=sum(wanted.values()),
        purpose=words,
        state=State.draft,
        client_token=client_token,
        proposed_by=by.id,
        proposed_at=clock.now(),
    )
    try:
        with session().begin_nested():
            begin(made, by=by.id)
    except IntegrityError as twice:
        # The other click of the same form was a moment faster.
        first = queries.find_by_token(client_token)
        if first is None:
            raise Conflict(
                "proposed_twice", lazy("Pengajuan ini sedang disimpan. Muat ulang halaman ini.")
            ) from twice
        return first
    for line_id, amount in wanted.items():
        session().add(DisbursementLine(disbursement_id=made.id, line_id=line_id, unit=UNIT, amount=amount))
    hold_money(made, actor=str(by.id))
    move(made, State.proposed, by=by.id)
    telling.note("disbursement.proposed", made, by.id, listing=str(listing.id))
    _ask_for_approval(made, organisation, by)
    return made


def _wanted(listing: Listing, amounts: Mapping[uuid.UUID, int], purpose: str) -> dict[uuid.UUID, int]:
    budget = {line.id for line in queries.budget_of(listing.id)}
    wanted = {line_id: amount for line_id, amount in amounts.items() if amount}
    if set(wanted) - budget:
        raise Invalid("line_unknown", lazy("Baris anggaran ini tidak ada pada tayangan ini."))
    if not wanted:
        raise Invalid("nothing_asked", lazy("Isi jumlah untuk paling sedikit satu baris anggaran."))
    if any(amount < 0 or amount % 100 for amount in wanted.values()):
        raise Invalid("amount_shape", lazy("Jumlahnya harus rupiah bulat yang lebih dari nol."))
    if not 5 <= len(purpose) <= 500:
        raise Invalid(
            "purpose", lazy("Tulis untuk apa uang ini dipakai, 5 sampai 500 karakter."), field="purpose"
        )
    return wanted


def hold_money(disbursement: Disbursement, *, actor: str) -> None:
    """Let the books hold the money: two proposals cannot count on the same rupiah."""
    try:
        disbursement.hold_id = ledger.hold(
            key=f"disbursement:{disbursement.id}:{disbursement.round}:hold",
            kind="disbursement.proposed",
            debit_id=accounts.fund(disbursement.listing_id, disbursement.unit),
            credit_id=accounts.bank(disbursement.from_account_id, disbursement.unit),
            amount=disbursement.amount,
            unit=disbursement.unit,
            book=CASH,
            is_spending=True,
            source_kind="disbursement",
            source_id=disbursement.id,
            actor=actor,
        )
    except BelowFloor as short:
        message = lazy(
            "Dana yang tersedia tinggal %(left)s. Kurangi jumlahnya.",
            left=format_rupiah(max(0, disbursement.amount - short.missing)),
        )
        raise Conflict("fund_short", message, field="total") from short
    session().flush()


def free_money(disbursement: Disbursement, *, actor: str) -> None:
    """Give the held money back to the fund."""
    if disbursement.hold_id is None:
        return
    ledger.void(
        key=f"disbursement:{disbursement.id}:{disbursement.round}:void",
        kind="disbursement.freed",
        pending_id=disbursement.hold_id,
        source_kind="disbursement",
        source_id=disbursement.id,
        actor=actor,
    )


def refuse_held(
    listing: Listing, organisation: Organisation, *, pinned: uuid.UUID | None = None, is_leaving: bool = False
) -> None:
    """Refuse a step while something holds the money, with all the reasons. `is_leaving`: books and news are asked."""
    holds: list[Hold] = queries.holds_on(listing, organisation, pinned=pinned)
    holds += queries.update_hold(listing.id) + queries.books_hold() if is_leaving else []
    if holds:
        raise Conflict(f"held_{holds[0].code}", " ".join(hold.words for hold in holds))


def _ask_for_approval(disbursement: Disbursement, organisation: Organisation, by: Person) -> None:
    owners = [one for one in telling.members(organisation.id, "owner") if one != by.id]
    if owners:
        path = telling.desk_path(organisation, disbursement)
        telling.tell("disbursement.proposed", disbursement, owners, path=path)
    else:
        telling.tell_finance("disbursement.proposed", disbursement)


# --- the second and the third person ----------------------------------------------------------------------


def approve(*, disbursement_id: uuid.UUID, by: Person) -> Disbursement:
    """The second of the three: an owner, or platform finance where the organisation has nobody else."""
    disbursement, listing, organisation = _locked(disbursement_id)
    who = queries.who(by, organisation, proposed_by=disbursement.proposed_by)
    if not policy.may_approve(who, disbursement.proposed_by):
        if by.id == disbursement.proposed_by:
            raise Forbidden(
                "own_proposal", lazy("Yang mengajukan tidak dapat menyetujui sendiri. Minta pemilik lain.")
            )
        raise _stranger(who, lazy("Hanya pemilik organisasi yang dapat menyetujui penyaluran ini."))
    if disbursement.state == State.approved and disbursement.approved_by == by.id:
        return disbursement
    refuse_held(listing, organisation, pinned=disbursement.account_version_id)
    disbursement.approved_by, disbursement.approved_at = by.id, clock.now()
    disbursement.is_approved_by_platform = policy.is_platform_approval(who)
    move(disbursement, State.approved, by=by.id)
    telling.note("disbursement.approved", disbursement, by.id)
    telling.tell_finance("disbursement.approved", disbursement)
    return disbursement


def release(*, disbursement_id: uuid.UUID, by: Person) -> Disbursement:
    """The third: platform finance lets it go to the payout list."""
    disbursement, listing, organisation = _locked(disbursement_id)
    who = queries.who(by, organisation, proposed_by=disbursement.proposed_by)
    if not policy.may_release(who, disbursement.proposed_by, disbursement.approved_by):
        if by.id in {disbursement.proposed_by, disbursement.approved_by}:
            raise Forbidden(
                "same_person", lazy("Anda sudah menyetujui yang ini. Petugas lain yang melepasnya.")
            )
        raise _stranger(who, lazy("Hanya petugas keuangan di luar organisasi ini yang dapat melepas dana."))
    if disbursement.state == State.released and disbursement.released_by == by.id:
        return disbursement
    refuse_held(listing, organisation, pinned=disbursement.account_version_id, is_leaving=True)
    disbursement.released_by, disbursement.released_at = by.id, clock.now()
    move(disbursement, State.released, by=by.id)
    telling.note("disbursement.released", disbursement, by.id)
    return disbursement


def reject(*, disbursement_id: uuid.UUID, by: Person, reason: str) -> Disbursement:
    """An owner or platform finance says no before it is released; the fund has its money back."""
    disbursement, _listing, organisation = _locked(disbursement_id)
    who = queries.who(by, organisation, proposed_by=disbursement.proposed_by)
    may = who.role == Role.owner or policy.may_pay(who)
    if not may or by.id == disbursement.proposed_by:
        raise _stranger(who, lazy("Langkah ini untuk pemilik organisasi atau petugas keuangan."))
    return _end(disbursement, State.rejected, by, reason)


def cancel(*, disbursement_id: uuid.UUID, by: Person, reason: str) -> Disbursement:
    """The organisation takes it back before it is released; finance, as long as nothing was paid."""
    disbursement, _listing, organisation = _locked(disbursement_id)
    who = queries.who(by, organisation, proposed_by=disbursement.proposed_by)
    if disbursement.state == State.released:
        if not policy.may_pay(who):
            raise _stranger(who, lazy("Sesudah dilepas hanya petugas keuangan yang dapat membatalkannya."))
    elif who.role not in policy.MONEY:
        raise _stranger(who, lazy("Hanya pemilik atau bendahara organisasi yang dapat membatalkannya."))
    return _end(disbursement, State.cancelled, by, reason)


def _end(disbursement: Disbursement, to: State, by: Person, reason: str) -> Disbursement:
    words = clean_text(reason)
    if not 3 <= len(words) <= 500:
        raise Invalid("reason_missing", lazy("Tulis alasannya."), field="reason")
    if disbursement.state == to and disbursement.ended_because == words:
        return disbursement
    disbursement.ended_because = words
    move(disbursement, to, by=by.id, cause=words)
    free_money(disbursement, actor=str(by.id))
    telling.note(f"disbursement.{to}", disbursement, by.id)
    organisation = organisations.get(disbursement.organisation_id)
    people = [one for one in telling.members(organisation.id, "owner", "finance") if one != by.id]
    telling.tell(
        "disbursement.ended",
        disbursement,
        people,
        path=telling.desk_path(organisation, disbursement),
        reason=words,
    )
    return disbursement


def _locked(disbursement_id: uuid.UUID) -> tuple[Disbursement, Listing, Organisation]:
    """The disbursement, locked, with its listing and organisation read afresh."""
    disbursement = db.lock(Disbursement, disbursement_id)
    listing = session().execute(
        select(Listing).where(Listing.id == disbursement.listing_id).execution_options(populate_existing=True)
    )
    organisation = session().execute(
        select(Organisation)
        .where(Organisation.id == disbursement.organisation_id)
        .execution_options(populate_existing=True)
    )
    return disbursement, listing.scalar_one(), organisation.scalar_one()


def _stranger(who: policy.Who, words: object) -> Exception:
    """Whoever may not even see it hears that it is not there."""
    if not policy.may_see(who):
        return NotFound("no_disbursement", lazy("Halaman atau data ini tidak ada."))
    return Forbidden("may_not", words)
