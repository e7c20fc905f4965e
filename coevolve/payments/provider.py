"""The port to payment providers: what every adapter answers, in our words and units."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from coevolve.kit.money import Money


class ProviderError(Exception):
    """A call to a provider did not end well; the children say what is known about its effect."""


class ProviderUnknown(ProviderError):
    """No answer: the call may or may not have had its effect. Only the same key may be used again."""


class ProviderBusy(ProviderError):
    """The provider asks us to come later; nothing happened."""


class ProviderFault(ProviderError):
    """The provider answered with an error of its own, and may repeat that answer for the same key for ever."""


class ProviderRefuses(ProviderError):
    """The provider will never do this; trying again is pointless."""


class ProviderDeclined(ProviderError):
    """The giver's bank said no to a charge: the charge exists, is over, and took nothing."""

    def __init__(self, said: str, *, ref: str, code: str) -> None:
        super().__init__(said)
        self.ref = ref
        self.code = code


class BadEvent(Exception):
    """A body that did not come from the provider, or not for us. The reason goes to the log only."""


@dataclass(frozen=True, kw_only=True)
class CheckoutOrder:
    """What we ask a provider to collect."""

    payment_id: uuid.UUID
    public_ref: str
    money: Money
    description: str
    payer_email: str | None
    success_url: str
    cancel_url: str
    expires_at: dt.datetime
    language: str = "id"
    saves_card: bool = False
    """Whether the provider keeps the card, so that later gifts need nobody at the keyboard."""
    customer_ref: str | None = None
    """The provider's name for a giver whose card it kept before."""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A hosted checkout that exists."""

    ref: str
    url: str | None
    intent_ref: str | None
    expires_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class RefundOrder:
    """What we ask a provider to give back, to the card it came from."""

    refund_id: uuid.UUID
    payment_id: uuid.UUID
    intent_ref: str
    money: Money


@dataclass(frozen=True, kw_only=True)
class ChargeOrder:
    """What we ask a provider to take from a card it keeps, with nobody at the keyboard."""

    payment_id: uuid.UUID
    public_ref: str
    money: Money
    description: str
    customer_ref: str
    card_ref: str


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A charge that exists; how it ended is fetched like everything else."""

    ref: str
    decline_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class SetupOrder:
    """What we ask a provider to show: a page on which a known giver leaves another card, and pays nothing."""

    subject_id: uuid.UUID
    """Our name for what the card is for."""
    customer_ref: str
    success_url: str
    cancel_url: str
    expires_at: dt.datetime
    language: str = "id"


@dataclass(frozen=True, kw_only=True)
class SavedCard:
    """A card that the provider keeps: its names for card and giver, and what a person knows the card by."""

    customer_ref: str
    card_ref: str
    brand: str
    last4: str


@dataclass(frozen=True, kw_only=True)
class FoundRefund:
    """A refund as the provider has it now."""

    ref: str
    money: Money
    state: str
    reason: str | None
    created_at: dt.datetime
    refund_id: uuid.UUID | None = None
    """Our own id, if the object carries it; none: made in the provider's dashboard."""


@dataclass(frozen=True, kw_only=True)
class FoundDispute:
    """A dispute as the provider has it now."""

    ref: str
    money: Money
    state: str
    reason: str | None
    created_at: dt.datetime
    due_at: dt.datetime | None = None
    """Until when it takes our answer."""


@dataclass(frozen=True, kw_only=True)
class FoundCharge:
    """Money the provider took for us, with what became of it."""

    ref: str
    captured: Money
    captured_at: dt.datetime
    refunds: tuple[FoundRefund, ...] = ()
    disputes: tuple[FoundDispute, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FoundPayment:
    """A payment as the provider has it now, with everything that hangs from it: one picture, not a change."""

    provider: str
    account: str
    payment_id: uuid.UUID | None
    """Our own id, if the object carries it."""
    checkout_ref: str | None
    intent_ref: str | None
    status: str
    """open, processing, authorised, paid, failed, expired or cancelled."""
    charges: tuple[FoundCharge, ...] = ()
    saved_card: SavedCard | None = None
    """The card that was kept with it, if one was asked for."""
    decline_code: str | None = None
    """Why the last try failed, in the provider's word."""

    @property
    def has_money(self) -> bool:
        """Whether the provider took anything."""
        return any(charge.captured for charge in self.charges)


@dataclass(frozen=True, kw_only=True)
class FoundPayout:
    """A transfer of the provider to our bank, as it is now."""

    provider: str
    account: str
    ref: str
    money: Money
    state: str
    arrives_on: dt.date | None
    created_at: dt.datetime
    is_final: bool = False
    """Whether the list of its transactions changes no more."""
    is_automatic: bool = True
    """Made by the provider itself; only then it says of which transactions."""
    trace_ref: str | None = None
    """The bank's own name for the transfer, as it may stand on our statement."""
    failure: str | None = None


@dataclass(frozen=True, kw_only=True)
class FoundCard:
    """A page on which a giver left a card, as it is now."""

    provider: str
    account: str
    checkout_ref: str
    subject_id: uuid.UUID | None
    card: SavedCard | None


Found = FoundPayment | FoundPayout | FoundCard


@dataclass(frozen=True, kw_only=True)
class EventHint:
    """An event, reduced to what we may rely on: that something about this object changed."""

    event_id: str
    event_type: str
    object_ref: str | None
    account: str
    livemode: bool
    created_at: dt.datetime | None
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class FoundTransaction:
    """A line of the provider's own account."""

    ref: str
    kind: str
    source_ref: str | None
    unit: str
    gross: int
    fee: int
    net: int
    occurred_at: dt.datetime
    available_at: dt.datetime | None
    exchange_rate: str | None = None
    """The rate the provider used, in its words, when it settled in another currency than it charged."""


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a provider can do, for pages and sweeps to ask instead of knowing names."""

    partial_refund: bool
    checkout_minutes_min: int
    checkout_minutes_max: int
    key_lifetime_hours: int
    units: frozenset[str] = field(default_factory=frozenset)


class Gateway(Protocol):
    """One provider. Implementations have timeouts, never retry by themselves and know nothing of our tables."""

    name: str

    def capabilities(self) -> Capabilities:
        """What it can do."""

    def create_checkout(self, order: CheckoutOrder, *, key: str) -> Checkout:
        """Open a hosted checkout; the same key gives the same checkout."""

    def find_checkout(self, payment_id: uuid.UUID, *, since: dt.datetime) -> Checkout | None:
        """The checkout made for a payment, looked up by our id; None: provably none since then."""

    def expire_checkout(self, ref: str, *, key: str) -> None:
        """Close a hosted checkout, so that nobody pays it any more."""

    def create_refund(self, order: RefundOrder, *, key: str) -> FoundRefund:
        """Give money back to where it came from; the same key gives the same refund."""

    def find_refund(self, order: RefundOrder) -> FoundRefund | None:
        """The refund made for ours, looked up by our id; None: provably none."""

    def create_charge(self, order: ChargeOrder, *, key: str) -> Charge:
        """Take money from a kept card; the same key gives the same charge. A bank's no is a charge too."""

    def find_charge(self, payment_id: uuid.UUID, *, since: dt.datetime) -> Charge | None:
        """The charge made for a payment, looked up by our id; None: provably none since then."""

    def create_setup(self, order: SetupOrder, *, key: str) -> Checkout:
        """Open a page on which a giver leaves a card; the same key gives the same page."""

    def forget_card(self, card_ref: str, *, key: str) -> None:
        """Drop a kept card; one that is gone already stays gone."""

    def fetch(self, object_ref: str) -> Found | None:
        """The whole picture around an object; None when the provider has no such object or it is none of ours."""

    def verify(self, raw: bytes, headers: Mapping[str, str]) -> EventHint:
        """Check who sent a webhook's body; raises BadEvent."""

    def list_events(self, *, since: dt.datetime) -> Iterator[EventHint]:
        """Events since a moment, oldest first."""

    def list_transactions(
        self, *, since: dt.datetime, until: dt.datetime | None = None
    ) -> Iterator[FoundTransaction]:
        """Lines of the provider's account from a moment until before another."""

    def list_payouts(self, *, since: dt.datetime) -> Iterator[FoundPayout]:
        """Payouts made since a moment."""

    def transactions_of_payout(self, ref: str) -> Iterator[FoundTransaction]:
        """The lines that a payout is made of, its own one among them."""

    def balance(self) -> dict[str, int]:
        """What the provider says it holds for us, per unit."""
