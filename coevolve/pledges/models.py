"""Tables of pledges. Quantities count units of the line; for money minor units (IDR: hundredths of a rupiah)."""

from __future__ import annotations

import datetime as dt
import uuid
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Created, Model, UuidKey
from coevolve.kit.i18n import lazy
from coevolve.kit.moves import Machine


class PledgeState(StrEnum):
    """Where a promise stands."""

    awaiting_approval = "awaiting_approval"
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
OPEN = frozenset({S.awaiting_approval, S.requested, S.offered, S.accepted, S.partly_delivered})
"""States in which something is still to come."""
AGREED = frozenset({S.accepted, S.partly_delivered, S.delivered, S.confirmed})
"""States in which both sides have said yes."""

PLEDGE = Machine(
    "pledge",
    {
        S.awaiting_approval: {S.offered, S.lapsed, S.withdrawn, S.cancelled},
        S.requested: {S.accepted, S.declined, S.lapsed, S.withdrawn, S.cancelled},
        S.offered: {S.accepted, S.declined, S.lapsed, S.withdrawn, S.cancelled},
        S.accepted: {S.partly_delivered, S.delivered, S.confirmed, S.lapsed, S.withdrawn, S.cancelled},
        S.partly_delivered: {
            S.offered,
            S.accepted,
            S.delivered,
            S.confirmed,
            S.lapsed,
            S.withdrawn,
            S.cancelled,
        },
        S.delivered: {S.partly_delivered, S.confirmed, S.cancelled},
        S.confirmed: {S.offered, S.accepted, S.partly_delivered, S.cancelled},
        S.declined: set(),
        S.lapsed: set(),
        S.withdrawn: set(),
        S.cancelled: {S.partly_delivered},
    },
    initial={S.awaiting_approval, S.requested, S.offered},
)
"""A second member of the giving organisation approves what is above its own limit. Giver: offer, withdraw; answers a
request. Receiver: accept, decline; withdraws its request. Clock: lapse. Closing of the listing: cancel. The rest
follows from fulfilments (goods, time, facilities) or from payments."""

PLEDGE_LABELS: dict[str, Any] = {
    S.awaiting_approval: lazy("Menunggu persetujuan organisasi"),
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
    asked = "asked"
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
        F.asked: {F.booked, F.cancelled},
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
    initial={F.scheduled, F.asked, F.booked, F.confirmed, F.returned},
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
    F.asked: lazy("Waktunya diminta"),
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
    "facility": ("asked", "booked", "used", "confirmed", "no_show", "cancelled"),
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
        CheckConstraint("state <> 'awaiting_approval' OR needs_approval", name="approval"),
        CheckConstraint(
            "NOT needs_approval OR approved_by IS NOT NULL"
            " OR state IN ('awaiting_approval','withdrawn','lapsed','cancelled')",
            name="approved_first",
        ),
        CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approved"),
        CheckConstraint("approved_by <> giver_person_id", name="two_people"),
        CheckConstraint("joined_at IS NULL OR is_guest", name="joined"),
        CheckConstraint(
            "length(message) <= 500 AND length(reason) <= 500 AND length(contact) <= 200"
            " AND length(public_name) <= 120 AND length(guest_name) <= 120 AND length(purchase_order) <= 60",
            name="texts",
        ),
        UniqueConstraint("client_token"),
        Index("ix_pledge_listing_id", "listing_id", "created_at", "id", postgresql_include=["state"]),
        Index("ix_pledge_giver_person_id", "giver_person_id", "created_at"),
        Index("ix_pledge_giver_organisation_id", "giver_organisation_id", "created_at"),
        Index("ix_pledge_receiver_organisation_id", "receiver_organisation_id", "created_at"),
        Index(
            "ix_pledge_lapses_at",
            "lapses_at",
            postgresql_where=text(
                "state IN ('awaiting_approval','requested','offered','accepted','partly_delivered')"
            ),
        ),
        Index(
            "ix_pledge_unjoined",
            "giver_person_id",
            postgresql_where=text("is_guest AND joined_at IS NULL"),
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
    """Given without signing in. The typed address names `giver_person_id`, and proves nothing yet."""
    joined_at: Mapped[dt.datetime | None]
    """When the owner of that address proved it and the gift came into their lists; until then it is nobody's."""
    guest_name: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """The name a guest typed, for the receipt."""
    needs_approval: Mapped[bool] = mapped_column(server_default=text("false"), default=False)
    """Above the giving organisation's own limit: the receiver hears of it only once a second member approved."""
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[dt.datetime | None]
    purchase_order: Mapped[str] = mapped_column(server_default=text("''"), default="")
    """The giver's own order number, printed on the invoice."""
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
        CheckConstraint("hold_from >= 0", name="hold_from"),
        CheckConstraint("kind = 'money' OR received_quantity <= coalesce(accepted_quantity, 0)", name="kept"),
        CheckConstraint("available_from <= available_until", name="period"),
        CheckConstraint("need_hold_id IS NULL OR need_line_id IS NOT NULL", name="need"),
        CheckConstraint("(unit_value IS NULL) = (valuation_source IS NULL)", name="valuation"),
        CheckConstraint("unit_value IS NULL OR (unit_value > 0 AND kind <> 'money')", name="unit_value"),
        CheckConstraint("length(note) <= 500", name="note"),
        UniqueConstraint("pledge_id", "line_id"),
        Index("ix_pledge_line_line_id", "line_id"),
        Index(
            "ix_pledge_line_period", "line_id", "period_on", postgresql_where=text("period_on IS NOT NULL")
        ),
        Index(
            "ix_pledge_line_need_line_id", "need_line_id", postgresql_where=text("need_line_id IS NOT NULL")
        ),
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
    hold_from: Mapped[int] = mapped_column(server_default=text("0"), default=0)
    """What had come already when that transfer was written: a changed promise is written anew for its rest."""
    period_on: Mapped[dt.date | None]
    """Requests on an offer by week or month: the first day of the period it is taken from."""
    need_line_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("listing_line.id"))
    """Requests: the asker's own need that this fulfils as well, in the same unit."""
    need_hold_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transfer.id"))
    """The pending transfer that says so in the need's books."""
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
            where=text("state IN ('asked','booked','used','confirmed') AND slot IS NOT NULL"),
        ),
        Index(
            "ix_pledge_fulfilment_soon",
            "happened_at",
            postgresql_where=text("state IN ('scheduled','booked')"),
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


class Instalment(UuidKey, Created, Model):
    """A part of promised money and its day. What is paid of it is never stored: money fills the oldest day first."""

    __tablename__ = "pledge_instalment"
    __table_args__ = (
        CheckConstraint("quantity > 0 AND quantity < 9000000000000000", name="quantity"),
        UniqueConstraint("pledge_line_id", "due_on"),
        Index("ix_pledge_instalment_due_on", "due_on"),
    )

    pledge_line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge_line.id"))
    due_on: Mapped[dt.date]
    quantity: Mapped[int]


class GivingRule(Model):
    """What an organisation's owner has laid down about its giving."""

    __tablename__ = "pledge_giving_rule"
    __table_args__ = (CheckConstraint("approval_above >= 0", name="approval_above"),)

    organisation_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    approval_above: Mapped[int | None]
    """Money above this sum (rupiah minor units) waits for a second member; empty: nothing does."""
    unit: Mapped[str] = mapped_column(
        ForeignKey("ledger_unit.code"), server_default=text("'IDR'"), default="IDR"
    )
    set_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[dt.datetime]


class Invoice(UuidKey, Created, Model):
    """A bill to a giving organisation for money it promised. Numbers have no gaps; its payment says where it stands."""

    __tablename__ = "pledge_invoice"
    __table_args__ = (
        UniqueConstraint("issuer", "year", "number"),
        UniqueConstraint("payment_id"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("due_on >= issued_on", name="days"),
        CheckConstraint("length(purchase_order) <= 60", name="purchase_order"),
        Index("ix_pledge_invoice_pledge_id", "pledge_id"),
    )

    pledge_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("pledge.id"))
    payment_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("payment.id"))
    """The transfer that pays it: its reference and account stand on the paper."""
    issuer: Mapped[str]
    year: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int]
    unit: Mapped[str] = mapped_column(ForeignKey("ledger_unit.code"))
    amount: Mapped[int]
    purchase_order: Mapped[str] = mapped_column(server_default=text("''"), default="")
    issued_on: Mapped[dt.date]
    due_on: Mapped[dt.date]
    issued_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"))


class InvoiceCounter(Model):
    """The last invoice number per issuer and year; issuing locks it, so a rolled back invoice leaves no gap."""

    __tablename__ = "pledge_invoice_counter"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    last: Mapped[int] = mapped_column(server_default=text("0"), default=0)
