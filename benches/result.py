"""What a benchmark finds, and the page that keeps the last results."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "bench.md"
_HEAD = """# Benchmarks

The last results of `make bench`. Each runs its peer in the same run, on the same machine; compare ratios, not machines.
"""


@dataclass(frozen=True, slots=True)
class Result:
    """`ratio` is how many times better ours is than the peer's when `more_is_better`, else ours divided by the peer's;
    `aim` bounds it from below or from above in the same way; None: the figures are the aim."""

    name: str
    ours: float
    peer: float
    unit: str
    aim: float | None
    more_is_better: bool = True
    notes: tuple[str, ...] = ()
    """Lines for people: conditions of the run, further figures."""
    details: dict[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return self.ours / self.peer if self.peer else 0.0

    @property
    def holds(self) -> bool | None:
        if self.aim is None:
            return None
        return self.ratio >= self.aim if self.more_is_better else 0 < self.ratio <= self.aim

    def to_json(self) -> str:
        facts = asdict(self)
        closing = {key: facts[key] for key in ("name", "ours", "peer", "unit")}
        closing |= {"ratio": round(self.ratio, 3), "aim": self.aim, "holds": self.holds} | self.details
        return json.dumps(
            {key: round(value, 3) if isinstance(value, float) else value for key, value in closing.items()}
        )


def keep(result: Result, page: Path = PAGE) -> None:
    """Write the result's section into the page; the other benchmarks' sections stay."""
    text = page.read_text() if page.exists() else _HEAD
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    where = f"{moment}, {os.cpu_count()} cores, {platform.machine()}"
    lines = [f"## {result.name}", "", where, "", *(f"    {note}".rstrip() for note in result.notes), ""]
    lines += ["```json", result.to_json(), "```", ""]
    section = "\n".join(lines)
    pattern = re.compile(rf"^## {re.escape(result.name)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    text = pattern.sub(lambda _: section + "\n", text) if pattern.search(text) else f"{text.rstrip()}\n\n{section}"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text.rstrip() + "\n")
