"""What happened: who did what, about which thing, for which organisation, when.

Nouns: a *journal line* (never changed) and a *due reaction* (claimed and removed by a worker). Verbs: `record`. One
record serves the audit trail, the reactions and, later, open data. Ids of persons and organisations are kept without
foreign keys, for those domains stand above. Relies on: kit.
"""
