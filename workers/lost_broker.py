"""A worker that outlives its broker. (No task here: loaded with the others, before the worker starts.)

Kombu 5.7 gives unacknowledged messages back when it closes a connection. If the broker vanished, the connection has
forgotten its address by then, the attempt raises AttributeError, and the whole worker ends. Such messages come back
by the visibility timeout anyway, and their rows by the sweeps, so the attempt is left out. The drill `broker` shows it.
"""

from __future__ import annotations

import logging
from typing import Any

from kombu.transport.redis import QoS

log = logging.getLogger(__name__)
_give_back: Any = QoS.restore_unacked


def restore_unacked(self: Any, client: Any = None) -> Any:
    """Give messages back, unless there is nobody to give them to."""
    virtual_connection = self.channel.connection
    if virtual_connection is None or virtual_connection.client is None:
        log.warning("the broker is gone; %s messages come back by their timeout", len(self._delivered))
        self._delivered.clear()
        return None
    return _give_back(self, client)


QoS.restore_unacked = restore_unacked  # type: ignore[method-assign]
