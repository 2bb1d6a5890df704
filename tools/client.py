#!/usr/bin/env python3
"""The console's client follows the API: writes `console/openapi.json` and its types; `--check` only compares."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CONSOLE = CHECKOUT / "console"
DOCUMENT = CONSOLE / "openapi.json"


def render_document() -> str:
    """The OpenAPI document of the API as it is now."""
    from ucc.app import create_app

    return json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when something would change")
    is_check = parser.parse_args().check
    document = render_document()
    if not is_check:
        DOCUMENT.write_text(document)
    elif not DOCUMENT.exists() or json.loads(DOCUMENT.read_text()) != json.loads(document):
        print("console/openapi.json is not what the API says now: `make client` writes it and the types")
        return 1
    if not (CONSOLE / "node_modules" / ".bin" / "openapi-typescript").exists():
        print("the packages of the console are not installed, so its types are not compared: `make setup`")
        return 1
    script = "generate:check" if is_check else "generate"
    done = subprocess.run(["npm", "run", "--silent", script], cwd=CONSOLE, check=False)
    if done.returncode != 0 and is_check:
        print("console/src/api/schema.d.ts is not what openapi.json says: `make client` writes it")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
