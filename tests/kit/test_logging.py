"""One readable line a record, from our code and from libraries alike."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from ucc.kit.logging import configure_logging, describe_error, get_logger


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("worker", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_has_time_level_service_text_and_facts(output: io.StringIO) -> None:
    get_logger().info("recording ready", recording="0198", seconds=1.23456, reason="two words")
    line = output.getvalue()
    assert line[4] == line[7] == "-"
    assert line.endswith('INFO    worker     recording ready  recording=0198 seconds=1.235 reason="two words"\n')


def test_line_breaks_never_break_a_line(output: io.StringIO) -> None:
    get_logger().warning("a\nb", fact="c\nd")
    assert output.getvalue().count("\n") == 1


def test_an_expected_error_is_one_line_and_an_unexpected_one_says_where(output: io.StringIO) -> None:
    try:
        raise ValueError("no such thing")
    except ValueError as error:
        get_logger().warning("refused", error=describe_error(error))
        get_logger().exception("broken")
    lines = output.getvalue().splitlines()
    assert lines[0].endswith('refused  error="ValueError: no such thing"')
    assert lines[1].endswith('broken  error="ValueError: no such thing"')
    assert any("test_logging.py" in line and line.startswith("    ") for line in lines[2:])


def test_libraries_come_out_in_the_same_form(output: io.StringIO) -> None:
    logging.getLogger("somebody").warning("hello %s", "you")
    logging.getLogger("uvicorn.access").info("GET /")
    assert output.getvalue().splitlines()[0].endswith("WARNING worker     somebody: hello you")
    assert "GET" not in output.getvalue()


def test_bound_facts_stay(output: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(call="c1"):
        get_logger().info("offered")
    assert output.getvalue().rstrip().endswith("offered  call=c1")
