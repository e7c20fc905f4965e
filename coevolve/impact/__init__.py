"""What the platform amounts to, place by place: the home page, the pages of localities, the map, and words about it.

Nouns: place total (rolled up), near need, all public addresses (addresses.py). Verbs: roll_up.
`api.py` answers machines: share cards, cards for other people's pages, search engines, the service worker.
Relies on: localities, ledger, organisations, listings. Counts and sums are computed from rows by a job every half
minute; money and the declared value of other support stand in columns of their own and are never added up.
"""
