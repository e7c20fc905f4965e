"""Use cases of notices: writing, readers' wishes, subscriptions, standing of addresses, switches."""

from coevolve.notifications.service import planning, standing
from coevolve.notifications.service.following import (
    is_subscribed,
    subscribe,
    tell_subscribers,
    unsubscribe,
)
from coevolve.notifications.service.queueing import (
    forget,
    mark_read,
    queue,
    queue_from_select,
    requeue,
    ways_to_tell,
)
from coevolve.notifications.service.switches import as_role, prove_address, share, stop_sharing, switch
from coevolve.notifications.service.wishes import (
    be_quiet,
    forget_reader,
    prefer,
    prefer_place,
    replan,
    resume,
    stop,
)

__all__ = [
    "as_role",
    "be_quiet",
    "forget",
    "forget_reader",
    "is_subscribed",
    "mark_read",
    "planning",
    "prefer",
    "prefer_place",
    "prove_address",
    "queue",
    "queue_from_select",
    "replan",
    "requeue",
    "resume",
    "share",
    "standing",
    "stop",
    "stop_sharing",
    "subscribe",
    "switch",
    "tell_subscribers",
    "unsubscribe",
    "ways_to_tell",
]
