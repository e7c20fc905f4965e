"""Monthly gifts: somebody gives the same sum to a campaign on the same day of every month, until they say stop.

Nouns: monthly gift (the plan: who, what for, how much, on which day, with which kept card), month (one charge of a
plan: a pledge and its payments of their own).
Verbs: begin, pay_first, change_card, pause, resume, stop; by the clock: charge_due, follow_open, pause_unlisted,
resume_listed, end_unbegun; called by reconciliation: hold, follow, keep_card.
Relies on: pledges (each month is a pay-now gift), payments (kept cards, charges without anybody at the keyboard),
listings (no charge while one takes no gifts), organisations (who may give for one), notifications, journal.
"""
