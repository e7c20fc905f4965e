"""The states of pledges and fulfilments in words."""

from __future__ import annotations

from coevolve.pledges.models import FULFILMENT_LABELS, PLEDGE_LABELS
from coevolve.pledges.models import PledgeState as S

CHAIN = (S.offered, S.accepted, S.delivered, S.confirmed)
"""What a pledge passes on its good way."""


def pledge(state: str) -> str:
    """A pledge's state in words."""
    return str(PLEDGE_LABELS[S(state)])


def fulfilment(state: str) -> str:
    """A fulfilment's state in words."""
    return str(FULFILMENT_LABELS[state])
