"""How fast, as ratios measured side by side in one run. Nothing here gates on absolute times.

`python -m tests.benchmarks.pages` prints the pages' figures; the counts of SQL statements are tests
and run with the suite.
"""
