"""Names of the standard accounts. Each function gives the account's id and makes it on first use.

A balance is credits minus debits: what we own (banks, clearing) shows negative, what we owe positive.
"""

from __future__ import annotations

import uuid

from coevolve.ledger.models import CASH, COMMITMENT
from coevolve.ledger.service.opening import AccountSpec, ensure, ensure_account


def fund(listing_id: uuid.UUID, unit: str = "IDR", *, custodian_id: uuid.UUID | None = None) -> int:
    """The money given to one listing; never below zero."""
    return ensure(fund_spec(listing_id, unit, custodian_id))


def fund_spec(listing_id: uuid.UUID, unit: str = "IDR", custodian_id: uuid.UUID | None = None) -> AccountSpec:
    """How the fund of a listing looks (for opening many at once)."""
    return AccountSpec(
        f"fund:{listing_id}:{unit}", unit, CASH, "liability", 0, custodian_id, "listing", listing_id
    )


def provider_clearing(provider: str, account: str = "", unit: str = "IDR") -> int:
    """What a provider account holds for us."""
    return ensure_account(f"clearing:{provider}:{account}:{unit}", unit=unit, book=CASH, kind_class="asset")


def bank(bank_account_id: uuid.UUID, unit: str = "IDR") -> int:
    """A bank account."""
    return ensure_account(
        f"bank:{bank_account_id}:{unit}",
        unit=unit,
        book=CASH,
        kind_class="asset",
        owner_kind="payment_bank_account",
        owner_id=bank_account_id,
    )


def in_transit(provider: str, account: str = "", unit: str = "IDR") -> int:
    """A provider's payouts that left clearing and have not reached the bank."""
    return ensure_account(f"in_transit:{provider}:{account}:{unit}", unit=unit, book=CASH, kind_class="asset")


def payable(organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """What is owed to a CSO; never below zero."""
    return _owed("payable", "organisation", organisation_id, unit)


def donor_credit(owner_id: uuid.UUID, unit: str = "IDR", *, owner_kind: str = "person") -> int:
    """A giver's surplus or late money that it may give, move or take back; never below zero."""
    return _owed("donor_credit", owner_kind, owner_id, unit)


def unidentified(unit: str = "IDR") -> int:
    """Money that came and whose giver or purpose nobody knows yet; never below zero."""
    return ensure_account(f"unidentified:{unit}", unit=unit, book=CASH, kind_class="liability", floor=0)


def refunds_payable(unit: str = "IDR") -> int:
    """Refunds approved and not yet paid out."""
    return ensure_account(f"refunds_payable:{unit}", unit=unit, book=CASH, kind_class="liability")


def dispute_holdback(unit: str = "IDR") -> int:
    """Money a provider holds back while a dispute runs."""
    return ensure_account(f"dispute_holdback:{unit}", unit=unit, book=CASH, kind_class="liability")


def receivable(organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """What a CSO must give back (a refund or lost dispute after the money was disbursed)."""
    return ensure_account(
        f"receivable:{organisation_id}:{unit}",
        unit=unit,
        book=CASH,
        kind_class="asset",
        owner_kind="organisation",
        owner_id=organisation_id,
    )


def fee_expense(provider: str, unit: str = "IDR") -> int:
    """Fees a provider took from us."""
    return ensure_account(f"fee_expense:{provider}:{unit}", unit=unit, book=CASH, kind_class="expense")


def fee_income(unit: str = "IDR") -> int:
    """Fees of our own."""
    return ensure_account(f"fee_income:{unit}", unit=unit, book=CASH, kind_class="income")


def tip_income(unit: str = "IDR") -> int:
    """Voluntary contributions to the platform's costs."""
    return ensure_account(f"tip_income:{unit}", unit=unit, book=CASH, kind_class="income")


def write_off(unit: str = "IDR") -> int:
    """Differences that two persons gave up looking for."""
    return ensure_account(f"write_off:{unit}", unit=unit, book=CASH, kind_class="expense")


def bank_interest(unit: str = "IDR") -> int:
    """What a bank pays us for the money it keeps."""
    return ensure_account(f"bank_interest:{unit}", unit=unit, book=CASH, kind_class="income")


def exchange(unit: str) -> int:
    """Between two currencies: what one side gave and the other took."""
    return ensure_account(f"exchange:{unit}", unit=unit, book=CASH, kind_class="memo")


def exchange_result(unit: str) -> int:
    """What an exchange and its way back left over: a gain (positive) or a loss."""
    return ensure_account(f"exchange_result:{unit}", unit=unit, book=CASH, kind_class="income")


def spending_memo(disbursement_id: uuid.UUID, unit: str = "IDR") -> int:
    """An advance that accepted expenses clear: no report exceeds it, so never below zero."""
    return ensure_account(
        f"spending:{disbursement_id}:{unit}",
        unit=unit,
        book=CASH,
        kind_class="memo",
        floor=0,
        owner_kind="disbursement",
        owner_id=disbursement_id,
    )


def advances(unit: str = "IDR") -> int:
    """Where advances to organisations come from and where accepted expenses clear them to: a memo."""
    return ensure_account(f"advances:{unit}", unit=unit, book=CASH, kind_class="memo")


# --- money in an organisation's own bank (direct custody): each account carries its custodian, so it is never ours ---


def own_bank(bank_account_id: uuid.UUID, organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """A bank account of an organisation; the same account as `bank`, opened with its custodian."""
    code, owner = f"bank:{bank_account_id}:{unit}", ("payment_bank_account", bank_account_id)
    return ensure(AccountSpec(code, unit, CASH, "asset", None, organisation_id, *owner))


def in_hands(listing_id: uuid.UUID, organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """Gifts to a listing that lie in its organisation's own bank; never below zero."""
    return _own(f"in_hands:{listing_id}", "liability", organisation_id, unit)


def own_credit(owner_id: uuid.UUID, organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """A giver's surplus or late money in an organisation's own bank: it goes back, or becomes a gift there."""
    return _own(f"own_credit:{organisation_id}:{owner_id}", "liability", organisation_id, unit)


def own_unidentified(bank_account_id: uuid.UUID, organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """Money in an organisation's own bank whose giver nobody knows yet."""
    return _own(f"own_unidentified:{bank_account_id}", "liability", organisation_id, unit)


def owed_back(organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """Refunds that an organisation owes givers out of its own bank, until its statement shows them."""
    return _own(f"owed_back:{organisation_id}", "liability", organisation_id, unit)


def own_spending(listing_id: uuid.UUID, organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """What of the gifts in the organisation's hands no accepted report accounts for yet: a memo, never below zero."""
    return _own(f"own_spending:{listing_id}", "memo", organisation_id, unit)


def own_advances(organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """The other side of `own_spending`: a memo."""
    return _own(f"own_advances:{organisation_id}", "memo", organisation_id, unit, floor=None)


def own_fees(organisation_id: uuid.UUID, unit: str = "IDR") -> int:
    """What an organisation's own bank took, or paid as interest: its own matter, shown apart from ours."""
    return _own(f"own_fees:{organisation_id}", "expense", organisation_id, unit, floor=None)


def _own(name: str, kind_class: str, organisation_id: uuid.UUID, unit: str, floor: int | None = 0) -> int:
    return ensure(
        AccountSpec(
            f"{name}:{unit}",
            unit,
            CASH,
            kind_class,
            floor,
            organisation_id,
            "organisation",
            organisation_id,
        )
    )


def promises(owner_id: uuid.UUID, unit: str, *, owner_kind: str = "listing_line") -> int:
    """Where promises to a line (or, for money, a listing) come from."""
    return ensure(promises_spec(owner_id, unit, owner_kind))


def promises_spec(owner_id: uuid.UUID, unit: str, owner_kind: str = "listing_line") -> AccountSpec:
    """How the promising side of a line (for money: a listing) looks."""
    code = f"promises:{owner_id}:{unit}"
    return AccountSpec(code, unit, COMMITMENT, "memo", None, None, owner_kind, owner_id)


def promised_to(owner_id: uuid.UUID, unit: str, *, owner_kind: str = "listing_line") -> int:
    """What was promised to a line (or, for money, a listing): `expected` is outstanding, the balance came.

    Its floor of 0 says that no more can be returned than came; its balance row makes the meter one look-up.
    """
    return ensure(promised_to_spec(owner_id, unit, owner_kind))


def promised_to_spec(owner_id: uuid.UUID, unit: str, owner_kind: str = "listing_line") -> AccountSpec:
    """How the promised side of a line (for money: a listing) looks."""
    code = f"promised_to:{owner_id}:{unit}"
    return AccountSpec(code, unit, COMMITMENT, "memo", 0, None, owner_kind, owner_id)


def _owed(name: str, owner_kind: str, owner_id: uuid.UUID, unit: str) -> int:
    return ensure_account(
        f"{name}:{owner_id}:{unit}",
        unit=unit,
        book=CASH,
        kind_class="liability",
        floor=0,
        owner_kind=owner_kind,
        owner_id=owner_id,
    )
