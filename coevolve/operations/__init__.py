"""The house watching itself: what waits, what failed, what an operator must know.

Nouns: a *duty* is a table whose due rows a worker takes up; a *dead letter* is such a row that was given up; a
*job failure* is a background job that ended in an error, counted, until it is tried again, set aside, or has not come
back for long; an *alarm* is a fault that lasts, with the runbook that mends it.

Verbs: `service.note_failure` (the workers' wrapper calls it), `watch` (opens and ends alarms, each minute),
`retry_failure`, `set_failure_aside`, `retry_letter`, `acknowledge`, `note_backup`.

Relies on every domain below that keeps duties; nothing relies on it but the workers and the app.
"""
