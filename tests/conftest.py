"""The test stack for every test that is marked `db`, `live` or `browser`: started once, when the first of them is
about to run. With `UCC_TEST_DATABASE` (a superuser's URL) set, tests marked `db` use that server and need no stack.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from ucc.stack.testing import running_stack, set_environment

set_environment()

pytest_plugins = ("database_fixtures", "api_fixtures")

LOGS = ("controller", "api", "worker")
LOG_ENDS = pytest.StashKey[dict[Path, int]]()
MOST_LOG = 20_000
"""Characters of each log that a failed test shows."""

NEEDS_STACK = ("live", "browser") if "UCC_TEST_DATABASE" in os.environ else ("db", "live", "browser")
LATE = ("db", "live", "browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Unit tests first: they are quick, and a mistake there explains the rest."""
    for item in items:
        if any(item.get_closest_marker(name) for name in NEEDS_STACK):
            item.fixturenames.insert(0, "stack")  # type: ignore[attr-defined]
    items.sort(key=lambda item: sum(1 << at for at, name in enumerate(LATE) if item.get_closest_marker(name)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    folder = Path(os.environ["UCC_HOME"]) / "log"
    item.stash[LOG_ENDS] = {path: path.stat().st_size for name in LOGS if (path := folder / f"{name}.log").exists()}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that failed on the stack shows what the services said meanwhile."""
    report = yield
    if report.failed and report.when != "teardown" and "stack" in getattr(item, "fixturenames", ()):
        for path, began in item.stash.get(LOG_ENDS, {}).items():
            said = path.read_bytes()[began:].decode(errors="replace")
            report.sections.append((f"log of the {path.stem}", said[-MOST_LOG:]))
    return report


@pytest.fixture(scope="session")
def stack() -> Iterator[object]:
    """The running test stack, as `ucc.stack.client.StackClient`: status, start, stop, restart, kill."""
    from ucc.config import get_settings

    with running_stack(get_settings()) as client:
        yield client
