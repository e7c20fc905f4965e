"""Persons and how they show who they are.

Nouns: person, staff role, login session, second factor, recovery code, account mail, consent.
Verbs: sign_up, confirm_email, sign_in, prove_factor, sign_out, ask_reset, reset_password, change_password,
start_totp, confirm_totp, grant_role, block, erase.
Relies on: kit, journal. A session is a row, so whatever ends it ends it everywhere at the next request; what goes out
by mail is a row first, and the secret of a link is made only when the mail is sent.
"""
