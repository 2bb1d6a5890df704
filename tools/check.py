#!/usr/bin/env python3
"""`make check`: format, lint, types, layers and drift of the generated client, side by side; prints the output of what
failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BIN = CHECKOUT / ".venv" / "bin"
CODE = [name for name in ("src", "tests", "tools", "migrations", "benches") if (CHECKOUT / name).exists()]

CONSOLE = CHECKOUT / "console"
CHECKS: dict[str, list[str]] = {
    "format": [str(BIN / "ruff"), "format", "--check", *CODE],
    "lint": [str(BIN / "ruff"), "check", *CODE],
    "types": [str(BIN / "mypy")],
    "layers": [str(BIN / "lint-imports")],
    "rules": [str(BIN / "python"), "tools/rules.py"],
    "client": [str(BIN / "python"), "tools/client.py", "--check"],
    "console": ["npm", "run", "--silent", "check"],
}


def run(name: str) -> tuple[str, int, float, str]:
    started = time.monotonic()
    node = CHECKOUT / "var" / "node" / "node_modules" / "node" / "bin"  # there when the machine's own is too old
    environment = {**os.environ, "NO_COLOR": "1", "PATH": f"{node}:{os.environ['PATH']}"}
    folder = CONSOLE if name == "console" else CHECKOUT
    done = subprocess.run(CHECKS[name], cwd=folder, capture_output=True, text=True, env=environment)
    return name, done.returncode, time.monotonic() - started, done.stdout + done.stderr


def main() -> int:
    failed = 0
    with ThreadPoolExecutor(max_workers=2) as pool:
        for name, code, seconds, output in pool.map(run, CHECKS):
            print(f"{'ok' if code == 0 else 'FAILED':6} {name}  {seconds:.1f} s", flush=True)
            if code != 0:
                failed += 1
                print(output.rstrip(), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
