"""The real payment sandbox behind the real SDK, and a monthly gift made by the real use cases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coevolve import config
from coevolve.payments import gateways
from tests.payment_sandbox.server import Sandbox, start_sandbox


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = start_sandbox(tmp_path_factory.mktemp("payment_sandbox"))
    yield sandbox
    sandbox.stop()


@pytest.fixture
def sandbox(sandbox_process: Sandbox, settings: config.Settings) -> Iterator[Sandbox]:
    """An empty sandbox that the app's gateway talks to."""
    sandbox_process.reset()
    with config.overridden(
        stripe_secret_key=sandbox_process.secret_key,
        stripe_webhook_secret=sandbox_process.webhook_secret,
        stripe_api_base=sandbox_process.url,
    ):
        gateways.forget()
        yield sandbox_process
        gateways.forget()
    sandbox_process.reset()
