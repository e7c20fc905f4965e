"""Following, finding whom an opened listing concerns, and what a person does with a suggestion."""

from coevolve.matching.service.dealing import dismiss, dismiss_pairing, mark_seen, restore
from coevolve.matching.service.following import follow, unfollow
from coevolve.matching.service.supporters import find_supporters

__all__ = ["dismiss", "dismiss_pairing", "find_supporters", "follow", "mark_seen", "restore", "unfollow"]
