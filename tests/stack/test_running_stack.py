"""The running test stack: what the doctor says of it, and what happens when somebody starts it again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict

import pytest

from ucc.config import get_settings
from ucc.stack.client import StackClient
from ucc.stack.doctor import Finding, examine

pytestmark = pytest.mark.live


def find_unhealthy() -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(get_settings()) if finding.level == "unhealthy"}


def test_every_service_is_healthy(stack: StackClient) -> None:
    unhealthy = {name: asdict(finding) for name, finding in find_unhealthy().items() if name != "console"}
    assert unhealthy == {}


def test_a_second_start_says_so_and_changes_nothing(stack: StackClient) -> None:
    before = {name: status.pid for name, status in stack.status().items()}
    second = subprocess.run([sys.executable, "-m", "ucc.cli", "up"], capture_output=True, text=True, check=False)
    assert second.returncode == 3
    assert "already runs" in second.stdout
    assert {name: status.pid for name, status in stack.status().items()} == before


def test_the_doctor_says_what_follows_from_a_dead_media_relay(stack: StackClient) -> None:
    stack.stop("rtpengine")
    try:
        finding = find_unhealthy()["rtpengine"]
        assert "stopped" in finding.text
        assert "new calls get 503" in finding.advice
    finally:
        stack.start("rtpengine")
        stack.wait_ready("rtpengine")


def test_a_service_killed_with_9_is_back_within_five_seconds(stack: StackClient) -> None:
    for name in ("worker", "api"):
        before = stack.status()[name]
        stack.kill(name)
        stack.wait_restarted(name, before, timeout_s=5)
