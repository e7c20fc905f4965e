"""Notices to persons: on the site and by mail.

Nouns: a *message* is one notice of one kind to one person by one channel, about one thing; a *preference* says how
often a person wants a group of kinds by a channel (now, daily, weekly, off).

Verbs: `service.queue` and the set-based `service.queue_from_select` write messages in the caller's transaction, each
once per person, channel and dedupe key; `delivery.deliver` and `delivery.deliver_digests` send what is due;
`service.prefer`, `service.stop` and `service.mark_read` are the reader's own doings.

Relies on people (who, which language) and organisations. What a kind says stands in `kinds.py`; a longer letter has
its own template in templates/mail. Mails about an account itself belong to people.
"""
