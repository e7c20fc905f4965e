"""Which gateway speaks for a provider. Tests install a fake; everything else gets the real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from coevolve.payments.provider import Gateway

_installed: dict[str, Gateway] = {}


def gateway(provider: str = "stripe") -> Gateway:
    """The gateway of a provider."""
    if provider not in _installed:
        if provider != "stripe":
            raise KeyError(f"no gateway for {provider!r}")
        from coevolve.payments.stripe_gateway import StripeGateway

        _installed[provider] = StripeGateway()
    return _installed[provider]


def forget() -> None:
    """Drop the gateways, so that the next use reads the settings anew (after a fork, in tests)."""
    _installed.clear()


@contextmanager
def installed(fake: Gateway) -> Iterator[Gateway]:
    """Another gateway within a block (tests)."""
    before = dict(_installed)
    _installed[fake.name] = fake
    try:
        yield fake
    finally:
        _installed.clear()
        _installed.update(before)
