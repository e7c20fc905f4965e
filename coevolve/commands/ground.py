"""The ground commands stand on: the database without any page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask


@contextmanager
def database_context(*, statement_timeout_ms: int = 600_000) -> Iterator[Flask]:
    """An app context that reaches the database; no route is loaded, and a statement may take its time."""
    from coevolve import registry
    from coevolve.app import flask_config
    from coevolve.config import settings
    from coevolve.kit.db import db

    app = Flask("coevolve")
    app.config.update(flask_config(settings(), statement_timeout_ms=statement_timeout_ms))
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] |= {"pool_size": 2}
    db.init_app(app)
    registry.import_models()
    with app.app_context():
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
