"""What must always hold of listings."""

from __future__ import annotations

from coevolve.kit.invariants import Invariant

INVARIANTS = [
    Invariant(
        code="listing.shelf",
        says="Every open listing that no late report hides stands on the shelf, once per place and sector.",
        sql="""
        SELECT l.id AS listing_id, l.state, p.rows AS places, s.rows AS words
          FROM listing l
         CROSS JOIN LATERAL (SELECT CASE WHEN l.state = 'open' AND l.hidden_since IS NULL THEN 1 ELSE 0 END AS on) want
         CROSS JOIN LATERAL (SELECT count(*) AS rows FROM listing_place WHERE listing_id = l.id) p
         CROSS JOIN LATERAL (SELECT count(*) AS rows FROM listing_search WHERE listing_id = l.id) s
         WHERE p.rows <> want.on * (1 + cardinality(l.more_localities)) * (1 + cardinality(l.more_sectors))
            OR s.rows <> want.on
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
                       CROSS JOIN LATERAL unnest(ARRAY['', l.sector] || l.more_sectors) s(sector)
                      WHERE l.state = 'open' AND l.hidden_since IS NULL GROUP BY 1, 2) c
            ON (c.place_code, c.sector) = (f.place_code, f.sector)
         WHERE f.number IS DISTINCT FROM c.number
        """,
    ),
    Invariant(
        code="listing.several",
        says="The further places and sectors of a listing are known ones, each named once and not the main one again.",
        sql="""
        SELECT l.id AS listing_id, l.locality_code, l.more_localities, l.sector, l.more_sectors FROM listing l
         WHERE l.locality_code = ANY(l.more_localities) OR l.sector = ANY(l.more_sectors)
            OR cardinality(l.more_sectors) <> (SELECT count(DISTINCT s) FROM unnest(l.more_sectors) s)
            OR cardinality(l.more_localities) <> (SELECT count(*) FROM locality WHERE code = ANY(l.more_localities))
        """,
    ),
    Invariant(
        code="listing.urgent",
        says="A listing stands first only while the disaster it belongs to is in force (a day's grace for the clock).",
        sql="""
        SELECT l.id AS listing_id, d.id AS disaster_id, d.state, d.ends_on
          FROM listing l JOIN disaster d ON d.id = l.disaster_id
         WHERE l.is_urgent AND (d.state <> 'declared' OR d.ends_on < current_date - 2)
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
