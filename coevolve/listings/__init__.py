"""What is asked for and what is offered, where, by whom, and in which quantities.

Nouns: a *listing* (need, campaign, standing offer or partnership opportunity of one organisation, in one locality and
one sector) and its *lines* (money, goods, time or a facility, each with a quantity). The goal of a campaign is the sum
of its money lines; it is never typed. A line of a standing offer says how often its quantity is there (`per`, or
inexhaustible); a facility may have a *calendar*: openings and closures, which slots.py turns into times.

Beside the words stand *photos* (the first is the cover), *documents* (for moderators until members open them) and
*updates* (what became of it, told by members, read by every giver).

Verbs: create_draft, revise, put_line, remove_line, submit, add_hours, close_days (members of the organisation); open_,
return_, reject, freeze, unfreeze (moderators); pause, resume, reconfirm, close (members); expire_due,
pause_unconfirmed, fulfil_met (the clock).

Relies on localities (where), ledger (what has come, read only), journal (what happened), people and organisations (who
may), notifications (word to the members). The slim tables `listing_place`, `listing_search` and the roll-up
`listing_facet` are kept by triggers; no form and no service writes them.
"""
