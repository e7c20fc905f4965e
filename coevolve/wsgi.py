"""The door for web servers: `granian --interface wsgi coevolve.wsgi:app`."""

from __future__ import annotations

from coevolve.app import create_app
from coevolve.kit.logs import configure

configure()
app = create_app()
