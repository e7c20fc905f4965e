"""Places: one tree from the country to the village, with codes as text.

Nouns: a *locality* has the Kemendagri code ('53', '53.01', '53.01.02', '53.01.02.2001'), a level, an official name
that says its type, and a time zone; the tree goes country > island region > province > kabupaten/kota > kecamatan >
village, and foreign first-level subdivisions hang below their country by ISO code. A *succession* says which code
followed which when a province was split (pemekaran). *Neighbours* are imported; without them the nearest points count.

Verbs: `service.load` fills the tree from the packages it comes from, `service.load_villages` adds villages on demand,
`queries.find`, `ancestors`, `children`, `search`, `zone_of`, `path_label` answer from memory.

Relies on kit only; persons and organisations are unknown here.
"""
