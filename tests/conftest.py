"""The test stack for every test that is marked `db`, `live` or `browser`: started once, when the first of them is
about to run.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ucc.stack.testing import running_stack, set_environment

set_environment()

NEEDS_STACK = ("db", "live", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests first: they are quick, and a mistake there explains the rest."""
    for item in items:
        if any(item.get_closest_marker(name) for name in NEEDS_STACK):
            item.fixturenames.insert(0, "stack")  # type: ignore[attr-defined]
    items.sort(key=lambda item: any(item.get_closest_marker(name) for name in NEEDS_STACK))


@pytest.fixture(scope="session")
def stack() -> Iterator[object]:
    """The running test stack, as `ucc.stack.client.StackClient`: status, start, stop, restart, kill."""
    from ucc.config import get_settings

    with running_stack(get_settings()) as client:
        yield client
