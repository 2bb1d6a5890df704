"""The command line in a home where nothing runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ucc.cli import main
from ucc.config import get_settings


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("UCC_HOME", str(tmp_path))
    get_settings.cache_clear()
    yield CliRunner()
    get_settings.cache_clear()


def test_stopping_what_does_not_run_is_no_failure(runner: CliRunner) -> None:
    result = runner.invoke(main, ["stop"])
    assert result.exit_code == 0
    assert "does not run" in result.output


def test_status_of_what_does_not_run_fails(runner: CliRunner) -> None:
    assert runner.invoke(main, ["status"]).exit_code == 1


def test_the_doctor_names_what_is_missing(runner: CliRunner) -> None:
    result = runner.invoke(main, ["doctor", "--json"])
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert not report["is_healthy"]
    services = next(finding for finding in report["findings"] if finding["subject"] == "services")
    assert services["level"] == "unhealthy"
    assert "does not run" in services["text"]
