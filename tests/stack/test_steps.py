from pathlib import Path

import pytest
from rich.console import Console

from ucc.stack.console import list_sources
from ucc.stack.runtime import STAMP, BuildRuntime
from ucc.stack.setup import run_steps
from ucc.stack.steps import Report, Step, StepFailed, hash_files, run_logged


class WriteFile(Step):
    title = "A file"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.runs = 0

    def is_done(self) -> bool:
        return self._path.exists()

    def run(self, report: Report) -> None:
        self.runs += 1
        report("writing")
        self._path.write_text("done")


def test_a_finished_step_is_not_repeated(tmp_path: Path) -> None:
    step = WriteFile(tmp_path / "file")
    for _ in range(2):
        run_steps([step], Console(quiet=True))
    assert step.runs == 1


def test_a_failing_program_says_why_and_where_its_output_is(tmp_path: Path) -> None:
    log = tmp_path / "log" / "step.log"
    with pytest.raises(StepFailed, match=r"ended with 7[\s\S]*no space left"):
        run_logged(["sh", "-c", "echo no space left; exit 7"], log, lambda line: None)
    assert "no space left" in log.read_text()


def test_a_missing_program_is_a_failed_step(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="cannot be started"):
        run_logged(["/does/not/exist"], tmp_path / "step.log", lambda line: None)


def test_the_fingerprint_changes_with_names_and_contents_only(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    files = [tmp_path / "a", tmp_path / "b"]
    first = hash_files(tmp_path, files)
    (tmp_path / "a").touch()
    assert hash_files(tmp_path, reversed(files)) == first
    (tmp_path / "a").write_text("2")
    assert hash_files(tmp_path, files) != first


def test_the_console_is_built_again_for_its_sources_only(tmp_path: Path) -> None:
    for name in ("src/App.vue", "index.html", "node_modules/vue/index.js", "dist/index.html"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert {str(path.relative_to(tmp_path)) for path in list_sources(tmp_path)} == {"src/App.vue", "index.html"}


def test_a_runtime_without_the_stamp_of_today_is_not_done(tmp_path: Path) -> None:
    step = BuildRuntime(tmp_path / "runtime", tmp_path / "log")
    assert not step.is_done()
    (tmp_path / "runtime").mkdir()
    (tmp_path / "runtime" / STAMP).write_text("of yesterday")
    assert not step.is_done()
