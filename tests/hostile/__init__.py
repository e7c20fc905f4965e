"""What strangers and clumsy fingers send: every field of every form, and every address, as each kind of person."""
