"""Promises of money, goods, time and facilities to a listing, and how they are kept.

Nouns: a *pledge* belongs to one listing and has one *line* per thing given; a *fulfilment* is one hand-over, shift or
booking (for money: one payment that came). The *giver* promises, the *receiver* (a CSO) answers and counts.
Verbs: ``offer, request, accept, decline, withdraw, schedule, hand_over, receive, confirm, contest, pay, settle_money,
return_money, lapse_due, cancel_for_listing, cancel_booking, no_show, remind_soon``.

A giver offers on a need or campaign; a CSO requests on a standing offer: a quantity, a part of a week or month
(`queries.free_in`), or times of a facility's calendar. A time that is asked for is a fulfilment in state `asked`; one
exclusion constraint keeps asked, booked and used times of one facility apart. A request may name the asker's own need:
the same promise then stands in that need's books too (service/needs.py). Accepting writes a hold into the ledger's
commitment book, confirming fulfils it by what was counted and kept, lapse and withdrawal void the rest. Money paid at
once has no hold: its pledge stays offered, counted nowhere, until the money is there. Public totals read the ledger,
never these rows.

Relies on: listings (lines), payments (checkout, transfer), ledger, people, organisations, notifications, journal.
"""
