"""Following, finding whom an opened listing concerns, and what becomes of a suggestion."""

from coevolve.matching.service.dealing import (
    contact,
    contact_pairing,
    dismiss,
    dismiss_pairing,
    mark_seen,
    note,
    note_pairing,
    own_match,
    own_pairing,
    restore,
    restore_pairing,
    see_pairings,
)
from coevolve.matching.service.ending import expire_due, expire_of, forget_person, note_pledge
from coevolve.matching.service.following import follow, unfollow
from coevolve.matching.service.pairs import pair, seeker_of
from coevolve.matching.service.peers import answer_peer, invite_peer, withdraw_peer
from coevolve.matching.service.supporters import find_supporters

__all__ = [
    "answer_peer",
    "contact",
    "contact_pairing",
    "dismiss",
    "dismiss_pairing",
    "expire_due",
    "expire_of",
    "find_supporters",
    "follow",
    "forget_person",
    "invite_peer",
    "mark_seen",
    "note",
    "note_pairing",
    "note_pledge",
    "own_match",
    "own_pairing",
    "pair",
    "restore",
    "restore_pairing",
    "see_pairings",
    "seeker_of",
    "unfollow",
    "withdraw_peer",
]
