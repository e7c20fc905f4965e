"""Words that are not any domain's alone: rows, money, moves, jobs, pages. Imports no domain."""
