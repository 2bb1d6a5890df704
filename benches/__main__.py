"""Runs the named benchmarks, or all. A benchmark is a module of this package with `run() -> Result`.

Prints details and closes each with one line of JSON. Exit code 1: one could not run (an aim that is
not reached is a finding, not an error).
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback

import benches
from benches.result import Result, keep


def list_benches() -> list[str]:
    """Names of the modules that have a `run`."""
    names = [module.name for module in pkgutil.iter_modules(benches.__path__) if not module.name.startswith("_")]
    return [name for name in names if hasattr(importlib.import_module(f"benches.{name}"), "run")]


def main(names: list[str]) -> int:
    known = list_benches()
    unknown = sorted(set(names) - set(known))
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    is_broken = False
    for name in names or known:
        print(f"== {name}", flush=True)
        try:
            result: Result = importlib.import_module(f"benches.{name}").run()
        except Exception:
            traceback.print_exc()
            is_broken = True
            continue
        keep(result)
        print(result.to_json(), flush=True)
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
