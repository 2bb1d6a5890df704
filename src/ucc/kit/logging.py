"""Logs of every process: one line a record, time first, then how bad, who and what, then the facts as `name=value`.

    2026-11-23 02:40:12.123 INFO  worker     recording ready  recording=0198… bytes=60264 seconds=60.2

Times are UTC. What the libraries log comes out in the same form; their chatter below WARNING is left out.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog

Record = MutableMapping[str, Any]

_QUIET = (
    "uvicorn.access",
    "asyncio",
    "procrastinate",
    "sqlalchemy",
    "psycopg",
    "psycopg.pool",
    "websockets",
    "aiohttp.access",
)


def configure_logging(service: str, *, level: str | None = None, stream: TextIO | None = None) -> None:
    """Set up logging of this process. `level` is a name such as "debug"; default `UCC_LOG_LEVEL`, else "info"."""
    lowest = logging.getLevelNamesMapping()[(level or os.environ.get("UCC_LOG_LEVEL", "info")).upper()]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[_Line(service)],
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _take_exception],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(lowest)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(lowest, logging.WARNING) if lowest > logging.DEBUG else lowest)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            _take_exception,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def get_logger(name: str = "ucc") -> structlog.stdlib.BoundLogger:
    """A logger: `log.info("recording ready", recording=id, bytes=n)`. `log.exception` adds where it happened."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def describe_error(error: BaseException) -> str:
    """An error in one line: its kind and its first line, or its kind alone."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _take_exception(logger: Any, method: str, record: Record) -> Record:
    """Turn `exc_info` into an `error` on the line and a traceback below it."""
    found = record.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    if isinstance(found, BaseException):
        found = (type(found), found, found.__traceback__)
    if isinstance(found, tuple) and found[1] is not None:
        record.setdefault("error", describe_error(found[1]))
        record["_traceback"] = "".join(traceback.format_exception(*found)).rstrip()
    return record


class _Line:
    """Renders a record; the traceback of an unexpected error follows its line, indented."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, logger: Any, method: str, record: Record) -> str:
        facts = dict(record)
        source: logging.LogRecord | None = facts.pop("_record", None)
        facts.pop("_from_structlog", None)
        trace = facts.pop("_traceback", None)
        created = source.created if source else datetime.now(UTC).timestamp()
        moment = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        level = str(facts.pop("level", "info")).upper()
        name = facts.pop("logger", None)
        text = " ".join(str(facts.pop("event", "")).split())
        if name:
            text = f"{name}: {text}"
        pairs = "".join(f" {key}={_quote(value)}" for key, value in facts.items())
        line = f"{moment} {level:<7} {self._service:<10} {text}{' ' if pairs else ''}{pairs}"
        return line + ("\n    " + trace.replace("\n", "\n    ") if trace else "")


def _quote(value: Any) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    text = " ".join(text.split())
    return f'"{text}"' if " " in text or not text else text
