"""Tables of pledges. Quantities count units of the line; for money minor units (IDR: hundredths of a rupiah)."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class PledgeState(StrEnum):
    """Where a promise stands."""

    requested = "requested"
    offered = "offered"
    accepted = "accepted"
    declined = "declined"
    partly_delivered = "partly_delivered"
    delivered = "delivered"
    confirmed = "confirmed"
    lapsed = "lapsed"
    withdrawn = "withdrawn"
    cancelled = "cancelled"


S = PledgeState
OPEN = frozenset({S.requested, S.offered, S.accepted, S.partly_delivered})
"""States in which something is still to come."""
AGREED = frozenset({S.accepted, S.partly_delivered, S.delivered, S.confirmed})
"""States in which both sides have said yes."""

PLEDGE = Machine(
    "pledge",
    {
        S.requested: {S.accepted, S.declined, S.lapsed, S.withdrawn, S.cancelled},
        S.offered: {S.accepted, S.declined, S.lapsed, S.withdrawn, S.cancelled},
        S.accepted: {S.partly_delivered, S.delivered, S.confirmed, S.lapsed, S.withdrawn, S.cancelled},
        S.partly_delivered: {S.delivered, S.confirmed, S.lapsed, S.withdrawn, S.cancelled},
        S.delivered: {S.partly_delivered, S.confirmed, S.cancelled},
        S.confirmed: {S.partly_delivered, S.cancelled},
        S.declined: set(),
        S.lapsed: set(),
        S.withdrawn: set(),
        S.cancelled: set(),
    },
    initial={S.requested, S.offered},
)
"""Giver: offer, withdraw; answers a request. Receiver: accept, decline; withdraws its request. Clock: lapse. Closing
of the listing: cancel. The rest follows from fulfilments (goods, time, facilities) or from payments."""

PLEDGE_LABELS: dict[str, Any] = {
    S.requested: lazy("Diminta"),
    S.offered: lazy("Ditawarkan"),
    S.accepted: lazy("Disepakati"),
    S.declined: lazy("Tidak diterima"),
    S.partly_delivered: lazy("Diserahkan sebagian"),
    S.delivered: lazy("Diserahkan"),
    S.confirmed: lazy("Diterima"),
    S.lapsed: lazy("Lewat waktu"),
    S.withdrawn: lazy("Ditarik"),
    S.cancelled: lazy("Tidak dilanjutkan"),
}


class FulfilmentState(StrEnum):
    """Where one hand-over, shift, booking or payment stands."""

    scheduled = "scheduled"
    handed_over = "handed_over"
    received = "received"
    accepted = "accepted"
    partly_accepted = "partly_accepted"
    rejected = "rejected"
    performed = "performed"
    booked = "booked"
    used = "used"
    confirmed = "confirmed"
    contested = "contested"
    no_show = "no_show"
    returned = "returned"
    cancelled = "cancelled"


F = FulfilmentState
FULFILMENT = Machine(
    "pledge_fulfilment",
    {
        # goods
        F.scheduled: {F.handed_over, F.performed, F.cancelled},
        F.handed_over: {F.received},
        F.received: {F.accepted, F.partly_accepted, F.rejected},
        # time
        F.performed: {F.confirmed, F.contested},
        F.contested: {F.confirmed, F.cancelled},
        # facilities
        F.booked: {F.used, F.no_show, F.cancelled},
        F.used: {F.confirmed, F.no_show},
        F.accepted: set(),
        F.partly_accepted: set(),
        F.rejected: set(),
        F.confirmed: set(),
        F.no_show: set(),
        F.returned: set(),
        F.cancelled: set(),
    },
    initial={F.scheduled, F.booked, F.confirmed, F.returned},
)
"""Giver: handed_over, performed, used. Receiver: received and what follows. A payment begins as confirmed, money that
went back as returned."""

FULFILMENT_LABELS: dict[str, Any] = {
    F.scheduled: lazy("Dijadwalkan"),
    F.handed_over: lazy("Sudah diserahkan"),
    F.received: lazy("Sudah dihitung"),
    F.accepted: lazy("Diterima semua"),
    F.partly_accepted: lazy("Diterima sebagian"),
    F.rejected: lazy("Ditolak"),
    F.performed: lazy("Sudah dikerjakan"),
    F.booked: lazy("Dipesan"),
    F.used: lazy("Sudah dipakai"),
    F.confirmed: lazy("Dipastikan"),
    F.contested: lazy("Dibicarakan"),
    F.no_show: lazy("Tidak jadi dipakai"),
    F.returned: lazy("Dikembalikan"),
    F.cancelled: lazy("Dibatalkan"),
}

SENT = frozenset({F.handed_over, F.received, F.performed, F.used, F.contested})
"""The giver says it is done; the receiver has not counted it yet."""
KEPT = frozenset({F.accepted, F.partly_accepted, F.confirmed})
"""Counted and kept: posted to the ledger."""

STATES_BY_KIND = {
    "money": ("confirmed", "returned"),
    "goods": (
        "scheduled",
        "handed_over",
        "received",
        "accepted",
        "partly_accepted",
        "rejected",
        "returned",
        "cancelled",
    ),
    "time": ("scheduled", "performed", "confirmed", "contested", "cancelled"),
    "facility": ("booked", "used", "confirmed", "no_show", "cancelled"),
}


def _listed(values: Any) -> str:
    return ",".join(f"'{value}'" for value in values)


class Pledge(UuidKey, Created, Model):
    """One promise by one giver to one receiver, on one listing."""

    __tablename__ = "pledge"
    __table_args__ = (
        CheckConstraint(f"state IN ({_listed(PledgeState)})", name="state"),
        CheckConstraint(
            "giver_person_id IS NOT NULL OR giver_organisation_id IS NOT NULL", name="giver_known"
        ),
        CheckConstraint("giver_organisation_id <> receiver_organisation_id", name="two_parties"),
        CheckConstraint("state <> 'requested' OR is_request", name="requested"),
        CheckConstraint("state <> 'declined' OR reason <> ''", name="declined_with_reason"),
        CheckConstraint(
            "length(message) <= 500 AND length(reason) <= 500 AND length(contact) <= 200"
            " AND length(public_name) <= 120",
            name="texts",
        ),
        UniqueConstraint("client_token"),
        Index("ix_pledge_listing_id", "listing_id", "created_at"),
        Index("ix_pledge_giver_person_id", "giver_person_id", "created_at"),
        Index("ix_pledge_giver_organisation_id", "giver_organisation_id", "created_at"),
        Index("ix_pledge_receiver_organisation_id", "receiver_organisation_id", "created_at"),
        Index(
            "ix_pledge_lapses_at",
            "lapses_at",
            postgresql_where=text("state IN ('requested','offered','accepted','partly_delivered')"),
        ),
    )
    machine: ClassVar[Machine] = PLEDGE
    state_labels: ClassVar[dict[str, Any]] = PLEDGE_LABELS

    listing_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing.id"))
    giver_person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """Who gives, or acts for the organisation that gives; a guest's row stands in people too."""
    giver_organisation_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organisation.id"))
    """The organisation that gives, if one does."""
    receiver_organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"))
    """Who gets it: the listing's organisation, or the one that asks on a standing offer."""
    receiver_person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    """The member who asked or answered."""
    state: Mapped[str]
    is_request: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """A CSO asked on a standing offer; the giver answers."""
    is_pay_now: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Its money is paid at once: no answer is needed, nothing counts before the money is there."""
    is_guest: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Given without signing in, by an address that proves nothing yet."""
    is_name_public: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    shares_identity: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Whether the receiver may see name and contact of a giver of money."""
    public_name: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """The name shown when it is public."""
    message: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """A wish or prayer beside the gift, public with it."""
    contact: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """How the other party reaches the giver about the hand-over."""
    reason: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Why it was declined, withdrawn or cancelled."""
    client_token: Mapped[uuid.UUID]
    """Comes with the form: a double click finds the same pledge."""
    lapses_at: Mapped[dt.datetime | None]
    """When the clock ends it, if nothing happens."""
    answered_at: Mapped[dt.datetime | None]


class PledgeLine(UuidKey, Model):
    """One thing of a pledge, towards one line of the listing."""

    __tablename__ = "pledge_line"
    __table_args__ = (
        CheckConstraint("kind IN ('money','goods','time','facility')", name="kind"),
        CheckConstraint("(kind = 'money') = (unit !~ '^X:')", name="unit"),
        CheckConstraint("quantity > 0 AND quantity < 9000000000000000", name="quantity"),
        CheckConstraint("kind <> 'money' OR unit <> 'IDR' OR mod(quantity, 100) = 0", name="whole_rupiah"),
        CheckConstraint(
            "accepted_quantity >= 0 AND (kind = 'money' OR accepted_quantity <= quantity)", name="accepted"
        ),
        CheckConstraint("received_quantity >= 0", name="received"),
        CheckConstraint("kind = 'money' OR received_quantity <= coalesce(accepted_quantity, 0)", name="kept"),
        CheckConstraint("available_from <= available_until", name="period"),
        CheckConstraint("(unit_value IS NULL) = (valuation_source IS NULL)", name="valuation"),
        CheckConstraint("unit_value IS NULL OR (unit_value > 0 AND kind <> 'money')", name="unit_value"),
        CheckConstraint("length(note) <= 500", name="note"),
        UniqueConstraint("pledge_id", "line_id"),
        Index("ix_pledge_line_line_id", "line_id"),
        Index("ix_pledge_line_hold_id", "hold_id", postgresql_where=text("hold_id IS NOT NULL")),
    )

    pledge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge.id"))
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("listing_line.id"))
    """The line it goes to; gifts of money name the listing's first money line and count for all of them."""
    kind: Mapped[str]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    quantity: Mapped[int]
    """As offered."""
    accepted_quantity: Mapped[int | None]
    """As agreed; empty while nobody answered. For money paid at once: what came."""
    received_quantity: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """Counted and kept so far, as posted; recomputed by P2."""
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transfer.id"))
    """The pending transfer in the commitment book."""
    available_from: Mapped[dt.date | None]
    available_until: Mapped[dt.date | None]
    note: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """Size, condition, skills, place: in the giver's words."""
    unit_value: Mapped[int | None]
    """Declared value of one unit in rupiah minor units; never part of the money totals."""
    valuation_source: Mapped[str | None]


class PledgeFulfilment(UuidKey, Created, Model):
    """One hand-over, shift, booking or payment of a pledge line, with what each side says about it."""

    __tablename__ = "pledge_fulfilment"
    __table_args__ = (
        CheckConstraint(
            " OR ".join(
                f"(kind = '{kind}' AND state IN ({_listed(s)}))" for kind, s in STATES_BY_KIND.items()
            ),
            name="state",
        ),
        CheckConstraint("quantity_sent > 0 AND quantity_received >= 0", name="quantities"),
        CheckConstraint("kind <> 'facility' OR state = 'cancelled' OR slot IS NOT NULL", name="slot"),
        CheckConstraint("(kind = 'money') = (payment_id IS NOT NULL)", name="payment"),
        CheckConstraint("length(evidence) <= 1000 AND length(place) <= 300", name="texts"),
        # Two bookings of one facility never overlap, whoever asks at the same moment.
        ExcludeConstraint(
            ("facility_id", "="),
            ("slot", "&&"),
            name="ex_pledge_fulfilment_slot",
            using="gist",
            where=text("state IN ('booked','used','confirmed') AND slot IS NOT NULL"),
        ),
        Index("ix_pledge_fulfilment_pledge_line_id", "pledge_line_id"),
        Index(
            "ix_pledge_fulfilment_payment_id",
            "payment_id",
            postgresql_where=text("payment_id IS NOT NULL"),
        ),
    )
    machine: ClassVar[Machine] = FULFILMENT
    state_labels: ClassVar[dict[str, Any]] = FULFILMENT_LABELS

    pledge_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge_line.id"))
    kind: Mapped[str]
    state: Mapped[str]
    quantity_sent: Mapped[int]
    """What the giver says: planned, later handed over."""
    quantity_received: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """What the receiver counted; once accepted or confirmed, what it keeps."""
    slot: Mapped[Any | None] = mapped_column(TSTZRANGE())
    """From when until when."""
    facility_id: Mapped[uuid.UUID | None]
    """What is booked: the line of a standing offer, else the giver's own pledge line."""
    place: Mapped[str] = mapped_column(server_default=text("''"), default="")
    evidence: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """What was seen, in the words of who moved it last."""
    payment_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("payment.id"))
    posting_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_posting.id"))
    """The posting in the commitment book that says it was kept."""
    happened_at: Mapped[dt.datetime | None]
    """When it was handed over, performed, used or paid."""
