"""Whole journeys, in a browser, against a whole platform: web, worker, beat, payment sandbox, mails."""
