"""Tables of impact."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from coevolve.kit.db import Model

_ZERO = text("0")


class PlaceTotal(Model):
    """What there is in a place and everything below it, as last rolled up; '' is everywhere."""

    __tablename__ = "impact_place_total"
    __table_args__ = (
        CheckConstraint(
            "needs >= 0 AND offers >= 0 AND opportunities >= 0 AND fulfilled >= 0"
            " AND organisations >= 0 AND handed >= 0",
            name="counts",
        ),
    )

    place_code: Mapped[str] = mapped_column(primary_key=True)
    needs: Mapped[int] = mapped_column(server_default=_ZERO)
    """Open needs and campaigns."""
    offers: Mapped[int] = mapped_column(server_default=_ZERO)
    """Open standing offers."""
    opportunities: Mapped[int] = mapped_column(server_default=_ZERO)
    """Open partnership opportunities."""
    fulfilled: Mapped[int] = mapped_column(server_default=_ZERO)
    """Needs and campaigns that miss nothing any more."""
    organisations: Mapped[int] = mapped_column(server_default=_ZERO)
    """Organisations seated here that staff checked."""
    handed: Mapped[int] = mapped_column(server_default=_ZERO)
    """Lines of goods, time and facilities of which something was received."""
    money_received: Mapped[int] = mapped_column(server_default=_ZERO)
    """Rupiah received for listings here, refunds off, in minor units; from the cash book."""
    money_promised: Mapped[int] = mapped_column(server_default=_ZERO)
    """Rupiah promised and outstanding, in minor units; from the commitment book."""
    value_declared: Mapped[int] = mapped_column(server_default=_ZERO)
    """Declared value of goods, time and facilities received, in minor units; never added to money."""
    refreshed_at: Mapped[dt.datetime]
    """When these numbers last changed; on the row of everywhere: when they were last computed."""
