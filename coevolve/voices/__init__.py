"""What others say about a listing, and who asks together.

Nouns: an *attestation* is an official's statement about a listing, given through a signed link mailed to them or, by an
officer of the place, at their own desk; a *question* is asked in public and answered by the listing's organisation; a
*partner* is another organisation that asks jointly with the listing's own (the money and the books stay with the one
that leads).

Verbs: `service.ask_attestation`, `give_attestation`, `attest`, `decline_attestation`, `withdraw_attestation`,
`revoke_attestation`, `lapse_due`; `ask`, `answer`, `hide_question`; `invite_partner`, `answer_invitation`,
`end_partnership`.

Relies on listings, organisations, people, notifications and journal.
"""
