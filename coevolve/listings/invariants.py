"""What must always hold of listings."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="listing.shelf",
        says="Every open listing that no late report hides stands once on the shelf of browse and search, no other.",
        sql="""
        SELECT l.id AS listing_id, l.state, count(p.listing_id) AS places, count(s.listing_id) AS words
          FROM listing l LEFT JOIN listing_place p ON p.listing_id = l.id
          LEFT JOIN listing_search s ON s.listing_id = l.id
         GROUP BY l.id, l.state
        HAVING count(p.listing_id) <> (l.state = 'open' AND l.hidden_since IS NULL)::int
            OR count(s.listing_id) <> (l.state = 'open' AND l.hidden_since IS NULL)::int
        """,
    ),
    Invariant(
        code="listing.place",
        says="The codes on a listing are those of its locality, and its kinds those of its lines.",
        sql="""
        SELECT l.id AS listing_id, l.locality_code, l.province_code, l.regency_code, l.kinds
          FROM listing l JOIN locality p ON p.code = l.locality_code
         WHERE (l.country_code, l.region_code, l.province_code, l.regency_code)
               IS DISTINCT FROM (p.country_code, p.region_code, p.province_code, p.regency_code)
            OR l.kinds <> coalesce((SELECT bit_or(CASE n.kind WHEN 'money' THEN 1 WHEN 'goods' THEN 2
                                                              WHEN 'time' THEN 4 ELSE 8 END)
                                      FROM listing_line n WHERE n.listing_id = l.id), 0)
        """,
    ),
    Invariant(
        code="listing.counts",
        says="The counts of the browse page, folded and unfolded, are those of the open listings.",
        sql="""
        SELECT coalesce(f.place_code, c.place_code) AS place_code, coalesce(f.sector, c.sector) AS sector,
               f.number AS shown, c.number AS true_number
          FROM (SELECT place_code, sector, sum(count) AS number FROM listing_facet_now
                 WHERE kind = '' AND support = 0 GROUP BY 1, 2 HAVING sum(count) <> 0) f
          FULL JOIN (SELECT place_code, s.sector, count(*) AS number FROM listing l
                       CROSS JOIN LATERAL unnest(listing_facet_places(l)) place_code
                       CROSS JOIN LATERAL (VALUES (''), (l.sector)) s(sector)
                      WHERE l.state = 'open' AND l.hidden_since IS NULL GROUP BY 1, 2) c
            ON (c.place_code, c.sector) = (f.place_code, f.sector)
         WHERE f.number IS DISTINCT FROM c.number
        """,
    ),
    Invariant(
        code="listing.two_moderators",
        says="An organisation whose campaigns were ever open has one that two moderators approved.",
        sql="""
        SELECT organisation_id FROM listing WHERE kind = 'campaign' AND opened_at IS NOT NULL
         GROUP BY organisation_id HAVING count(seconded_by) = 0
        """,
    ),
    Invariant(
        code="listing.organisation",
        says="A listing is open only for an organisation that was checked.",
        sql="""
        SELECT l.id AS listing_id, o.state FROM listing l JOIN organisation o ON o.id = l.organisation_id
         WHERE l.state = 'open' AND o.state NOT IN ('checked', 'frozen')
        """,
    ),
]
