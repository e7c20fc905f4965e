"""What people do with pledges; read the file of the use case you look for."""

from __future__ import annotations

from coevolve.pledges.service.answering import accept, decline
from coevolve.pledges.service.approving import approve, may_set_rule, needs_approval, refuse, set_rule
from coevolve.pledges.service.bookings import cancel_booking, remind_soon
from coevolve.pledges.service.changing import change_amount
from coevolve.pledges.service.delivering import confirm, contest, hand_over, no_show, receive, schedule
from coevolve.pledges.service.ending import (
    cancel_for_listing,
    cancel_of_closed,
    cancel_of_expired,
    end_unpaid,
    lapse_due,
    withdraw,
)
from coevolve.pledges.service.invoicing import issue_invoice, number_of, set_order
from coevolve.pledges.service.joining import forget_giver, join, join_all
from coevolve.pledges.service.money import (
    CANCELLABLE,
    cancel_payment,
    pay,
    payable,
    return_money,
    settle_money,
)
from coevolve.pledges.service.news import tell_givers
from coevolve.pledges.service.offering import Guest, Wish, offer
from coevolve.pledges.service.planning import Plan, change_plan, remind_due, split
from coevolve.pledges.service.requesting import request
from coevolve.pledges.service.restoring import restore_money

__all__ = [
    "CANCELLABLE",
    "Guest",
    "Plan",
    "Wish",
    "accept",
    "approve",
    "cancel_booking",
    "cancel_for_listing",
    "cancel_of_closed",
    "cancel_of_expired",
    "cancel_payment",
    "change_amount",
    "change_plan",
    "confirm",
    "contest",
    "decline",
    "end_unpaid",
    "forget_giver",
    "hand_over",
    "issue_invoice",
    "join",
    "join_all",
    "lapse_due",
    "may_set_rule",
    "needs_approval",
    "no_show",
    "number_of",
    "offer",
    "pay",
    "payable",
    "receive",
    "refuse",
    "remind_due",
    "remind_soon",
    "request",
    "restore_money",
    "return_money",
    "schedule",
    "set_order",
    "set_rule",
    "settle_money",
    "split",
    "tell_givers",
    "withdraw",
]
