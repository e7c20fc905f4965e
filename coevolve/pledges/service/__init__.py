"""What people do with pledges; read the file of the use case you look for."""

from __future__ import annotations

from coevolve.pledges.service.answering import accept, decline
from coevolve.pledges.service.delivering import confirm, contest, hand_over, no_show, receive, schedule
from coevolve.pledges.service.ending import cancel_for_listing, cancel_of_closed, lapse_due, withdraw
from coevolve.pledges.service.money import pay, return_money, settle_money
from coevolve.pledges.service.offering import Guest, Wish, offer, request

__all__ = [
    "Guest",
    "Wish",
    "accept",
    "cancel_for_listing",
    "cancel_of_closed",
    "confirm",
    "contest",
    "decline",
    "hand_over",
    "lapse_due",
    "no_show",
    "offer",
    "pay",
    "receive",
    "request",
    "return_money",
    "schedule",
    "settle_money",
    "withdraw",
]
