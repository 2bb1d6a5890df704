"""The test stack for every test that is marked `db`, `live` or `browser`: started once, when the first of them is
about to run. With `UCC_TEST_DATABASE` (a superuser's URL) set, tests marked `db` use that server and need no stack.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ucc.stack.testing import running_stack, set_environment

set_environment()

pytest_plugins = ("database_fixtures", "api_fixtures")

NEEDS_STACK = ("live", "browser") if "UCC_TEST_DATABASE" in os.environ else ("db", "live", "browser")
LATE = ("db", "live", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests first: they are quick, and a mistake there explains the rest."""
    for item in items:
        if any(item.get_closest_marker(name) for name in NEEDS_STACK):
            item.fixturenames.insert(0, "stack")  # type: ignore[attr-defined]
    items.sort(key=lambda item: sum(1 << at for at, name in enumerate(LATE) if item.get_closest_marker(name)))


@pytest.fixture(scope="session")
def stack() -> Iterator[object]:
    """The running test stack, as `ucc.stack.client.StackClient`: status, start, stop, restart, kill."""
    from ucc.config import get_settings

    with running_stack(get_settings()) as client:
        yield client
