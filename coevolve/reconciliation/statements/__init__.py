"""Bank statements as files: reading them strictly, proving that they add up, joining them to what we have.

Nouns: profile (how one bank writes its file), entry (a line as read), reason (why a file is refused, by line and
column), chain (the bank's own lines of an account in their order, each running balance following from the last).
Pure reading: amounts, dates, profiles, files, sheets, tables, swift, camt, proving. With the database: joining, shown.
One unsure cell refuses the whole file. The use cases stand in `service.statements`.
"""
