"""Who suits what, and why.

Nouns: an *interest* is a place at any level (with those around it, if wished), a sector or all, and kinds of support
that a person or an organisation follows; a *match* is an open listing suggested to a person because of an interest; a
*pairing* is a need and a standing offer that suit each other, with the pairs of their lines (*pairing_line*), told to
each side in its own words. Both keep their score with its parts and go suggested -> seen -> contacted -> pledged, or
dismissed with a reason, or expired; *match_note* is what was written meanwhile. A *peer_invitation* asks a CSO with the
same need to talk. *shelf_line* is the slim row of every open line, kept by triggers: what pairing walks.

Verbs: `service.follow`, `unfollow`, `find_supporters` (a reaction to "listing.opened"), `note_pledge`, `expire_of`
(reactions), `expire_due` (the clock), `contact`, `note`, `dismiss`, `restore` (and the same for pairings),
`invite_peer`, `answer_peer`; `queries.candidates` for lines that are only being typed.

Relies on localities (what lies in what, what is near, what was called otherwise), organisations (members, refusals),
listings, pledges (what is left) and notifications. Finding followers is one INSERT ... SELECT and finding counterparts
one SELECT, however many there are; running them again changes nothing. When so much opens in a province at once that
nobody could read it all (settings.flood_*), each listing goes to the people it suits best.
"""
