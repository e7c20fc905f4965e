"""Organisations, who acts for them, and what was checked about them.

Nouns: organisation, membership, invitation, verification claim, level, trust card.
Verbs: register, submit, approve, return_, reject, freeze, unfreeze, invite, join, add_member, end_membership,
file_claim, check_claim, revoke_claim.
Relies on: kit, journal, localities, people. A right hangs from a live membership and is asked at every use; a level is
never set by hand, it follows from the claims that are accepted and not expired.
"""
