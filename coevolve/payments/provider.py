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


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A hosted checkout that exists."""

    ref: str
    url: str | None
    intent_ref: str | None
    expires_at: dt.datetime | None


@dataclass(frozen=True, kw_only=True)
class FoundRefund:
    """A refund as the provider has it now."""

    ref: str
    money: Money
    state: str
    reason: str | None
    created_at: dt.datetime


@dataclass(frozen=True, kw_only=True)
class FoundDispute:
    """A dispute as the provider has it now."""

    ref: str
    money: Money
    state: str
    reason: str | None
    created_at: dt.datetime


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


Found = FoundPayment | FoundPayout


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

    def fetch(self, object_ref: str) -> Found | None:
        """The whole picture around an object; None when the provider has no such object or it is none of ours."""

    def verify(self, raw: bytes, headers: Mapping[str, str]) -> EventHint:
        """Check who sent a webhook's body; raises BadEvent."""

    def list_events(self, *, since: dt.datetime) -> Iterator[EventHint]:
        """Events since a moment, oldest first."""

    def list_transactions(self, *, since: dt.datetime) -> Iterator[FoundTransaction]:
        """Lines of the provider's account since a moment."""

    def balance(self) -> dict[str, int]:
        """What the provider says it holds for us, per unit."""
