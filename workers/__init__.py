"""Background work: the Celery app, its schedule, the reactions to what happened, and one file of tasks per domain."""
