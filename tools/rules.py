#!/usr/bin/env python3
"""Our own rules that no linter knows. The engine imports the standard library and `kit` only, and reads no clock."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
ENGINE = CHECKOUT / "src" / "ucc" / "engine"
FORBIDDEN_IN_ENGINE = {"asyncio", "random", "secrets", "socket", "threading", "time"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic"}
PYTHON_LINES = 400
SCREEN_LINES = 250


def list_imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module


def judge_engine(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    for line, name in list_imports(tree):
        top = name.partition(".")[0]
        is_own = name == "ucc" or name.startswith(("ucc.engine", "ucc.kit"))
        if top in FORBIDDEN_IN_ENGINE or name == "ucc.kit.clock" or (not is_own and top not in sys.stdlib_module_names):
            yield f"{path.relative_to(CHECKOUT)}:{line}: the engine may not import {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            yield f"{path.relative_to(CHECKOUT)}:{node.lineno}: the engine reads no clock, events carry `at`"


def judge_length(path: Path, most: int) -> Iterator[str]:
    lines = path.read_text().count("\n")
    if lines > most:
        yield f"{path.relative_to(CHECKOUT)}: {lines} lines, {most} are enough: split it by verb"


def main() -> int:
    broken = [text for path in ENGINE.rglob("*.py") for text in judge_engine(path)]
    for path in (CHECKOUT / "src").rglob("*.py"):
        broken += judge_length(path, PYTHON_LINES)
    screens = CHECKOUT / "console" / "src"
    for pattern in ("*.vue", "*.ts"):
        for path in screens.rglob(pattern):
            if not path.name.endswith((".d.ts", ".gen.ts")) and path.name != "schema.ts":
                broken += judge_length(path, SCREEN_LINES)
    print("\n".join(broken) or "every rule is kept")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
