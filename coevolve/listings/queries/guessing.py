"""When words find nothing: what was perhaps meant, by likeness of letters (pg_trgm)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coevolve.kit import reads

WORDS_LOOKED_AT = 6
ORGANISATIONS = 3
_LETTERS = re.compile(r"[^\W\d_]+")

_NEAREST = f"""
SELECT 'word', t.word, near.word, '' FROM unnest(CAST(%(words)s AS text[])) WITH ORDINALITY t(word, place)
 CROSS JOIN LATERAL (
   SELECT w.word FROM listing_word w WHERE w.word %% t.word AND abs(length(w.word) - length(t.word)) <= 3
    ORDER BY similarity(w.word, t.word) DESC, w.word LIMIT 1) near
 WHERE NOT EXISTS (SELECT FROM listing_word k WHERE k.word = t.word)
 UNION ALL
SELECT 'organisation', o.slug, o.name, '' FROM (
  SELECT slug, name, word_similarity(CAST(%(whole)s AS text), lower(name)) AS likeness FROM organisation
   WHERE state = 'checked' AND lower(name) %%> CAST(%(whole)s AS text)
   ORDER BY likeness DESC, name, slug LIMIT {ORGANISATIONS}) o
"""


@dataclass(frozen=True, slots=True)
class Guess:
    """What was perhaps meant."""

    words: str
    """The words with the misspelt ones put right; empty when there is nothing better to propose."""
    organisations: tuple[tuple[str, str], ...]
    """Slug and name of organisations whose name is like the words."""


def guess(words: str) -> Guess:
    """The nearest words that listings have used, and organisations of such a name; one statement."""
    typed = [word.lower() for word in _LETTERS.findall(words)][:WORDS_LOOKED_AT]
    if not typed:
        return Guess("", ())
    rows = reads.rows(
        _NEAREST, {"words": [word for word in typed if 4 <= len(word) <= 30], "whole": " ".join(typed)}
    )
    nearest = {row[1]: row[2] for row in rows if row[0] == "word"}
    mended = " ".join(nearest.get(word, word) for word in typed) if nearest else ""
    return Guess(mended, tuple((row[1], row[2]) for row in rows if row[0] == "organisation"))
