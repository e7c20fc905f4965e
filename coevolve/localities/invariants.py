"""What must always hold of places."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="L1",
        says="a place lies in the region and the country of its parent",
        sql="""
            SELECT child.code, child.region_code, parent.code AS parent_code, parent.region_code AS parent_region
            FROM locality child JOIN locality parent ON parent.code = child.parent_code
            WHERE child.country_code <> parent.country_code
            OR (parent.region_code IS NOT NULL AND child.region_code IS DISTINCT FROM parent.region_code)
        """,
    ),
    Invariant(
        code="L2",
        says="a place in use does not lie in one that is closed",
        sql="""
            SELECT child.code, parent.code AS parent_code
            FROM locality child JOIN locality parent ON parent.code = child.parent_code
            WHERE child.is_active AND NOT parent.is_active
        """,
    ),
]
