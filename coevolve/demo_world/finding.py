"""What finding shows: listings of several places and sectors, and a disaster that is in force."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping

from sqlalchemy import text

from coevolve.demo_world.accounts import HOME_REGENCY
from coevolve.kit import clock
from coevolve.kit.db import get, session
from coevolve.listings import service
from coevolve.people.models import Person

_SEVERAL = text(
    """
    UPDATE listing l SET
      more_localities = ARRAY(SELECT p.code FROM locality p
        WHERE p.level = 'regency' AND p.province_code = l.province_code AND p.is_active
          AND p.code NOT IN (l.regency_code, l.locality_code)
        ORDER BY hashtext(p.code || l.slug) LIMIT 1 + abs(hashtext('x' || l.slug)) % 3),
      more_sectors = CASE WHEN abs(hashtext('y' || l.slug)) % 2 = 0 AND l.sector <> 'livelihood'
                          THEN ARRAY['livelihood'] ELSE '{}'::text[] END
     WHERE l.state = 'open' AND abs(hashtext(l.slug)) % 20 = 0
    """
)
_FLOODED = text(
    """
    UPDATE listing SET more_sectors = ARRAY['disaster']
     WHERE sector <> 'disaster' AND id IN (
       SELECT listing_id FROM listing_place WHERE regency_code = :regency AND kind IN ('need', 'campaign')
        ORDER BY opened_at DESC LIMIT 3)
    """
)


def tell(accounts: Mapping[str, uuid.UUID]) -> None:
    """Some listings name several places; a flood is declared where the demo's own organisations live."""
    session().execute(_SEVERAL)
    session().execute(_FLOODED, {"regency": HOME_REGENCY})
    moderator = get(Person, accounts["moderator1@demo.example"])
    today = clock.today()
    service.declare(
        by=moderator,
        name="Banjir bandang Kabupaten Timor Tengah Selatan",
        status="emergency",
        decree_number="Keputusan Bupati Timor Tengah Selatan 300.2/114/2026",
        decree_on=today - dt.timedelta(days=4),
        issued_by="Bupati Timor Tengah Selatan",
        codes=[HOME_REGENCY],
        starts_on=today - dt.timedelta(days=4),
        ends_on=today + dt.timedelta(days=10),
    )
