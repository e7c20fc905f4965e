"""Gifts of goods, time and facilities, up to where each came."""

from __future__ import annotations

import datetime as dt
import uuid

from coevolve.demo_world.giving import Gift
from coevolve.demo_world.telling import Teller
from coevolve.ledger.bulk import BulkLeg, BulkPosting
from coevolve.ledger.models import COMMITMENT


class Storekeeper(Teller):
    """Writes gifts that are not money."""

    def things(self, gift: Gift) -> None:
        """An offer of goods, time or a facility, up to where it came."""
        owner, day = gift.listing.body.owner, dt.timedelta(days=1)
        last = self.world.moment - dt.timedelta(minutes=10)
        answered, sent, kept = (min(gift.at + day * n, last) for n in (1, 3, 5))
        steps: list[tuple[str, dt.datetime, uuid.UUID | None]] = [("offered", gift.at, gift.person)]
        state = gift.outcome
        if state in {"accepted", "delivered", "confirmed"}:
            steps.append(("accepted", answered, owner))
        if state in {"delivered", "confirmed"}:
            steps.append(("delivered", sent, gift.person))
        if state == "confirmed":
            steps.append(("confirmed", kept, owner))
        if state in {"declined", "withdrawn"}:
            steps.append((state, answered, owner if state == "declined" else gift.person))
        pledge = self.pledge(gift, state, steps, answered=answered if state != "offered" else None)
        received = gift.accepted if state == "confirmed" else 0
        line = self.line(gift, pledge, accepted=gift.accepted or None, received=received)
        if gift.accepted:
            name = self.hold(gift, pledge, line, gift.accepted, owner=gift.line.id)
            self._fulfilment(gift, line, name, answered, sent, kept)

    def _fulfilment(
        self,
        gift: Gift,
        line: uuid.UUID,
        promise: str,
        answered: dt.datetime,
        sent: dt.datetime,
        kept: dt.datetime,
    ) -> None:
        """One hand-over, shift or booking of all that was accepted."""
        kind, owner, giver = gift.line.kind, gift.listing.body.owner, gift.person
        path = {
            "goods": ["scheduled", "handed_over", "received", "accepted"],
            "time": ["scheduled", "performed", "confirmed"],
            "facility": ["booked", "used", "confirmed"],
        }[kind]
        length = {"accepted": 1, "delivered": 2, "confirmed": len(path)}[gift.outcome]
        path = path[:length]
        key = self.world.key(answered)
        is_kept = gift.outcome == "confirmed"
        slot_begin = dt.datetime.combine(
            sent.date() + dt.timedelta(days=2 if length == 1 else 0), dt.time(1), dt.UTC
        )
        slot = (
            f"[{slot_begin.isoformat()},{(slot_begin + dt.timedelta(hours=8)).isoformat()})"
            if kind == "facility"
            else None
        )
        self.world.add(
            "pledge_fulfilment",
            id=key,
            pledge_line_id=line,
            kind=kind,
            state=path[-1],
            quantity_sent=gift.accepted,
            quantity_received=gift.accepted if is_kept else 0,
            slot=slot,
            facility_id=line if kind == "facility" else None,
            place="Balai warga setempat",
            evidence="Dihitung bersama dan difoto." if is_kept else "",
            happened_at=sent if length > 1 else None,
            created_at=answered,
        )
        moments = [answered, sent, kept, kept]
        people = [owner, giver, owner, owner]
        self.world.moved("pledge_fulfilment", key, list(zip(path, moments, people, strict=False)))
        if is_kept:
            posting = f"pledge:fulfilment:{key}:kept"
            self.books.fulfilment_keys[posting] = [key]
            debit, credit = self.ledger.promise(gift.line.id, gift.line.unit)
            self.books.postings.append(
                BulkPosting(
                    key=posting,
                    kind="pledge.kept",
                    source_kind="pledge_fulfilment",
                    source_id=key,
                    effective_at=kept,
                    legs=(
                        BulkLeg(
                            debit_id=debit,
                            credit_id=credit,
                            amount=gift.accepted,
                            unit=gift.line.unit,
                            book=COMMITMENT,
                            phase="fulfil",
                            promise=promise,
                        ),
                    ),
                )
            )
