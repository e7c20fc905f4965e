"""The notices people got: thanks for gifts, offers that wait for an answer, and what the newest listings matched.

Written in sets, after the books. Thanks are a story of the past and count as sent; matches are found by the very
code that finds them every day, and the world begins with those mails already out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import text

from coevolve.kit.db import session
from coevolve.matching import service as matching
from coevolve.notifications import service as notifications

MATCHED_LISTINGS = 24
THANKS = """
INSERT INTO message (person_id, for_organisation, kind, about_kind, about_id, channel, cadence, state, data, dedupe_key,
                     sent_at, read_at, created_at)
SELECT p.giver_person_id, p.giver_organisation_id, 'payment.received', 'pledge', p.id, c.channel, 'now',
       CASE c.channel WHEN 'site' THEN 'delivered' ELSE 'sent' END,
       jsonb_build_object('amount_minor', y.captured, 'title', l.title, 'organisation', o.name, 'path', '/kuitansi/' || r.id),
       concat_ws(chr(58), 'demo', y.id, 'thanks'), CASE c.channel WHEN 'email' THEN y.captured_at END,
       CASE WHEN c.channel = 'site' AND y.captured_at < :read_before THEN y.captured_at END, y.captured_at
  FROM payment y JOIN pledge p ON p.id = y.reference_id JOIN listing l ON l.id = p.listing_id
  JOIN organisation o ON o.id = l.organisation_id JOIN payment_receipt r ON r.payment_id = y.id
 CROSS JOIN (VALUES ('site'), ('email')) AS c(channel)
 WHERE y.state = 'captured' AND y.captured_at > :since
"""
OFFERS = """
INSERT INTO message (person_id, for_organisation, kind, about_kind, about_id, channel, cadence, state, data, dedupe_key, created_at)
SELECT o.registered_by, o.id, 'pledge.offered', 'pledge', p.id, 'site', 'now', 'delivered',
       jsonb_build_object('giver', p.public_name, 'title', l.title, 'support', n.quantity || ' ' || n.label,
                          'path', '/dukungan/' || p.id),
       concat_ws(chr(58), 'demo', p.id, 'offered'), p.created_at
  FROM pledge p JOIN listing l ON l.id = p.listing_id JOIN organisation o ON o.id = l.organisation_id
  JOIN LATERAL (SELECT x.quantity, i.label FROM pledge_line x JOIN listing_line i ON i.id = x.line_id
                 WHERE x.pledge_id = p.id LIMIT 1) AS n ON true
 WHERE p.state = 'offered' AND NOT p.is_pay_now
"""
SENT = "UPDATE message SET state = 'sent', sent_at = clock_timestamp() WHERE state = 'queued' AND channel = 'email'"
NEWEST = "SELECT id FROM listing WHERE state = 'open' ORDER BY opened_at DESC LIMIT :limit"


def tell(*, since: object, read_before: object, eager: Iterable[uuid.UUID]) -> None:
    """Write the notices of the last months; the eager want mails of matches at once instead of once a day."""
    session().execute(text(THANKS), {"since": since, "read_before": read_before})
    session().execute(text(OFFERS))
    for listing_id in session().execute(text(NEWEST), {"limit": MATCHED_LISTINGS}).scalars().all():
        matching.find_supporters(about_id=listing_id, journal_id=0)
    session().execute(text(SENT))
    for person_id in eager:
        notifications.prefer(person_id=person_id, wishes={("matches", "email"): "now"})
