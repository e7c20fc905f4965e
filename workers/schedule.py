"""When scheduled jobs run: seconds between two turns. Each turn is a row, so a second beat does no harm."""

from __future__ import annotations

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR

SCHEDULE: dict[str, float] = {
    "canary.mail": MINUTE,
    "canary.match": MINUTE,
    "canary.money": MINUTE,
    "canary.reports": MINUTE,
    "disbursements.refresh_late": 10 * MINUTE,
    "disbursements.remind": HOUR,
    "house.clean": HOUR,
    "house.self_check": 5 * MINUTE,
    "impact.roll_up": 30.0,
    "journal.sweep": 15.0,
    "ledger.close_day": HOUR,
    "ledger.fold": 2.0,
    "listings.expire": 10 * MINUTE,
    "listings.fold_facets": 2.0,
    "listings.gauge_gaps": MINUTE,
    "listings.pause_unconfirmed": HOUR,
    "listings.turn_disasters": 10 * MINUTE,
    "matching.expire": HOUR,
    "notifications.deliver": 15.0,
    "notifications.digest": 5 * MINUTE,
    "operations.sweep": DAY,
    "operations.watch": MINUTE,
    "organisations.expire_claims": HOUR,
    "payments.poll_events": 10 * MINUTE,
    "payments.poll_open": 5 * MINUTE,
    "payments.refund_rounds": MINUTE,
    "payments.sweep": 15.0,
    "people.send_mails": 15.0,
    "people.sweep": HOUR,
    "pledges.lapse": 5 * MINUTE,
    "pledges.remind": HOUR,
    "pledges.remind_bookings": 10 * MINUTE,
    "reconciliation.compare": HOUR,
    "reconciliation.end_waiting": HOUR,
    "reconciliation.match": 5 * MINUTE,
    "reconciliation.post": MINUTE,
    "reconciliation.read_statements": 15.0,
    "reconciliation.set_aside": HOUR,
    "recurring.charge": 5 * MINUTE,
    "voices.lapse": HOUR,
}
"""Job name -> seconds. Keep it sorted."""
