"""People look at what others submit or report, decide, and say why.

Nouns: a *review* (one round of looking at a submitted listing or organisation), its *decisions* (approve, return,
reject; kept for good), a *report* (somebody says that a listing is not right).

Verbs: assign, approve, return_, reject (a submission); report, dismiss, freeze, unfreeze (something public). An
organisation's first campaign is opened by the second of two different moderators; nobody decides about an organisation
they belong to; the author always gets the reason.

Relies on listings and organisations (their own use cases move the states), notifications and journal. The queue is
read from what is in review; a review row begins when the first moderator takes or decides it.
"""
