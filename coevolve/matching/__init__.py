"""Who suits what, and why.

Nouns: an *interest* is a place at any level, a sector or all, and kinds of support that a person or an organisation
follows; a *match* is an open listing suggested to a person because of an interest, with its score and reasons; a
*pairing* is a need and a standing offer that suit each other, told to both sides.

Verbs: `service.follow`, `unfollow`, `find_supporters` (a reaction to "listing.opened"), `dismiss`, `restore`,
`mark_seen`.

Relies on localities (what lies in what), organisations (members), listings and notifications. Matching is one
INSERT ... SELECT however many interests there are; running it again changes nothing.
"""
