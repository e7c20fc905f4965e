"""A believable world from a fixed seed, for the demo and for benchmarks: invented people and organisations in real places.

`words` and `stories` hold the Indonesian text, `plan` decides what happened, `load` writes it with COPY so that the books
balance. It stands above all domains and is used by commands and tests only; production refuses to load it.
"""
