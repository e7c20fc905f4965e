"""Which line of the bank paid what: stages in sets (stages, running), and the ranking for a person (suggesting).

A stage is one SQL statement in a transaction of its own, whatever the number of lines. It says what it found in rows:
a line `found` (sure: its posting is due), `proposed` (a person agrees), or in `review` with a reason in `reason`.
Nothing here touches the books: money moves in `service.posting` and `service.bank`, through the one path of arrivals.
"""
