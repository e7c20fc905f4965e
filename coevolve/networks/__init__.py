"""What ties places together beyond the tree: networks and links.

Nouns: a *network* has a name and a purpose and holds localities and organisations, each from a day until a day; a
*link* ties two localities: sister places, a shared need, or learning from each other. A link is proposed, then active,
then ended, or declined.

Verbs: `service.found`, `revise`, `dissolve` (networks), `put_locality`, `take_locality`, `put_organisation`,
`take_organisation`, `propose_link`, `activate_link`, `decline_link`, `end_link`.

Relies on localities, organisations (officers and their areas), journal and notifications. Matching reads the view
`locality_near`, to which networks and links are added.
"""
