"""Pages of matching: what I follow, what suits me and why, and what I do with it."""

from coevolve.matching.views import interests, pairs, peers, suggestions, typing
from coevolve.matching.views.door import blueprint

__all__ = ["blueprint", "interests", "pairs", "peers", "suggestions", "typing"]
