"""One step of the set-up: done when its stamp holds the fingerprint of its inputs. The stamp is written last, so an
interruption resumes.
"""

from __future__ import annotations

import hashlib
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

Report = Callable[[str], None]
"""Shows one line of progress."""


class StepFailed(Exception):
    """A step could not be done; the text says why and what to do."""


class Step(ABC):
    """A part of the set-up that can be repeated without harm."""

    title: str

    @abstractmethod
    def is_done(self) -> bool: ...

    @abstractmethod
    def run(self, report: Report) -> None:
        """Does the step. Raises StepFailed."""


def hash_files(root: Path, files: Iterable[Path]) -> str:
    """One fingerprint of names and contents, independent of order and times."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def has_stamp(path: Path, fingerprint: str) -> bool:
    return path.is_file() and path.read_text().strip() == fingerprint


def run_logged(
    argv: Sequence[str], log: Path, report: Report, *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> None:
    """Runs a program, its output into `log` and line by line to `report`. Raises StepFailed with the last lines of the
    output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(f"$ {' '.join(argv)}\n")
        try:
            started = subprocess.Popen(
                list(argv), cwd=cwd, env=dict(env) if env else None, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise StepFailed(f"{argv[0]} cannot be started: {error}") from error
        last: list[str] = []
        with started:
            assert started.stdout is not None
            for line in started.stdout:
                file.write(line)
                if text := line.rpartition("\r")[2].strip():
                    last = [*last[-29:], text]
                    report(text)
        if started.returncode != 0:
            tail = "\n    ".join(last)
            raise StepFailed(
                f"{argv[0]} ended with {started.returncode}. Its last lines (all of them in {log}):\n    {tail}"
            )
