"""Real servers without Docker, for the demo and the tests: PostgreSQL, Valkey, a mail catcher.

Nouns: a server (one process with a data folder), a plan of processes, a mailbox. Verbs: start, stop, watch.
It relies on the wheels of the dependency group `embedded`; production has none of it and imports nothing here.
"""
