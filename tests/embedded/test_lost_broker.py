"""When the broker vanishes with messages out, the worker lives on. (The long version is the drill `broker`.)"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from kombu.transport.redis import QoS

from coevolve import config


def _orphaned() -> QoS:
    """The bookkeeping of a channel whose connection has let go of its address."""
    channel = SimpleNamespace(connection=SimpleNamespace(client=None), do_restore=True)
    qos = QoS.__new__(QoS)
    qos.channel = channel
    qos._delivered = {"tag": "message"}
    return qos


def test_messages_are_left_to_their_timeout(settings: config.Settings) -> None:
    import workers.lost_broker  # noqa: F401

    qos = _orphaned()
    qos.restore_unacked()
    assert not qos._delivered


def test_without_us_the_worker_would_end(settings: config.Settings) -> None:
    from workers import lost_broker

    with pytest.raises(AttributeError):
        lost_broker._give_back(_orphaned())
