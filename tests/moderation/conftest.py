"""The tree of places is there before the first test."""

from __future__ import annotations

import pytest
from flask import Flask

from coevolve.kit import db
from coevolve.localities import service as localities


@pytest.fixture(scope="session", autouse=True)
def places(app: Flask) -> None:
    """Load it once for this process; a filled tree costs one statement."""
    with app.app_context():
        localities.ensure_loaded()
        db.commit()
