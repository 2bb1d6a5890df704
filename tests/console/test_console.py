"""The console's own unit tests, which run under Node.js."""

from __future__ import annotations

import subprocess

import pytest

from ucc.config import CHECKOUT
from ucc.stack.node import InstallNode


@pytest.mark.timeout(180)
def test_the_unit_tests_of_the_console() -> None:
    environment = InstallNode(CHECKOUT / "var" / "node", CHECKOUT / "var" / "log").environment()
    done = subprocess.run(
        ["npm", "test", "--silent"],
        cwd=CHECKOUT / "console",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
