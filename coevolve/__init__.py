"""Co-Evolve: needs, pledges, payments and books of civil society in Indonesia.

Start reading at `coevolve/app.py`; the order of the domains stands in `coevolve/registry.py`.
"""
