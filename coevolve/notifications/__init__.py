"""Notices to persons: on the site and by mail.

Nouns: a *message* is one notice of one kind to one person by one channel, about one thing; a *preference* says how
often a person wants a group of kinds by a channel (now, daily, weekly, off).

Verbs: `service.queue` and the set-based `service.queue_from_select` write messages in the caller's transaction, each
once per person, channel and dedupe key; `delivery.deliver`, `digests.deliver` and `texting.deliver` send what is due;
`service.prefer`, `prefer_place`, `be_quiet`, `stop` and `mark_read` are the reader's own doings; `subscribe` and
`tell_subscribers` keep those up to date who follow a thing or asked about it; `switch` and `share` are an
organisation's. What comes back (`bounces`, `reports`) stops the mail to its address until that is proven anew.

Relies on people (who, which language) and organisations. What a kind says stands in `kinds.py`; a longer letter has
its own template in templates/mail. Mails about an account itself belong to people.
"""
