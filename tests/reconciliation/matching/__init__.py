"""Which bank line paid what."""
