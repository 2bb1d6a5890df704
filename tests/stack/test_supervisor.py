"""The supervisor with small shell programs as services: order, readiness, restart, stop, survivors."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ucc.config import Settings
from ucc.stack.client import StackClient, StackError, find_running
from ucc.stack.processes import ProcessRecord, RunRecord, find_started_ticks, list_survivors, stop_survivors
from ucc.stack.service import Service
from ucc.stack.services import choose
from ucc.stack.supervisor import AlreadyRunning, StartFailed, Supervisor, hold_home, rotate


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    made.run_dir.mkdir()
    return made


def file_service(home: Path, name: str, *, script: str = "exec sleep 60", needs: tuple[str, ...] = ()) -> Service:
    """Ready when its own file exists, which it writes at start."""
    path = home / f"{name}.ready"

    async def find_trouble() -> str | None:
        return None if path.exists() else "its file is not there yet"

    command = f"echo {name} >> {home}/order; touch {path}; {script}"
    return Service(name=name, prepare=lambda: ["sh", "-c", command], find_trouble=find_trouble, needs=needs)


async def request(settings: Settings, command: str, service: str) -> None:
    await asyncio.to_thread(getattr(StackClient(settings), command), service)


async def test_those_that_need_another_wait_for_it(settings: Settings) -> None:
    later = file_service(settings.home, "later", needs=("first",))
    first = file_service(settings.home, "first", script="sleep 0.3; exec sleep 60")
    supervisor = Supervisor(settings, [later, first])
    async with supervisor.run():
        assert await supervisor.wait_ready(10)
        status = await asyncio.to_thread(StackClient(settings).status)
        assert {entry.state for entry in status.values()} == {"ready"}
    assert (settings.home / "order").read_text().split() == ["first", "later"]
    assert not (settings.run_dir / "processes.json").exists()


async def test_a_killed_service_comes_back(settings: Settings) -> None:
    supervisor = Supervisor(settings, [file_service(settings.home, "one")])
    async with supervisor.run():
        await supervisor.wait_ready(10)
        client = StackClient(settings)
        before = (await asyncio.to_thread(client.status))["one"].pid
        await request(settings, "kill", "one")
        await asyncio.sleep(0.1)
        await asyncio.to_thread(client.wait_ready, "one", 5)
        after = (await asyncio.to_thread(client.status))["one"]
        assert after.pid != before
        assert after.restarts == 1


async def test_a_stopped_service_stays_stopped_until_it_is_started(settings: Settings) -> None:
    supervisor = Supervisor(settings, [file_service(settings.home, "one")])
    async with supervisor.run():
        await supervisor.wait_ready(10)
        client = StackClient(settings)
        await request(settings, "stop", "one")
        await asyncio.sleep(0.6)
        assert (await asyncio.to_thread(client.status))["one"].state == "stopped"
        await request(settings, "start", "one")
        await asyncio.to_thread(client.wait_ready, "one", 5)


async def test_a_deaf_service_and_its_children_are_killed_within_the_grace(settings: Settings) -> None:
    deaf = file_service(settings.home, "deaf", script="trap '' TERM; sleep 61 & echo $! > child; wait; wait")
    supervisor = Supervisor(settings, [Service(**{**vars(deaf), "cwd": settings.home})])
    async with supervisor.run():
        await supervisor.wait_ready(10)
        await asyncio.sleep(0.1)
        child = int((settings.home / "child").read_text())
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert find_started_ticks(child) is None


async def test_one_that_cannot_start_is_named_with_its_reason(settings: Settings) -> None:
    broken = Service(name="broken", prepare=lambda: ["sh", "-c", "echo port taken; exit 4"], find_trouble=_never_ready)
    supervisor = Supervisor(settings, [broken])
    async with supervisor.run():
        with pytest.raises(StartFailed, match=r"ended with code 4; its log says: .*port taken"):
            await supervisor.wait_ready(0.5)


async def _never_ready() -> str | None:
    return "not yet"


async def test_an_unknown_service_is_refused(settings: Settings) -> None:
    supervisor = Supervisor(settings, [])
    async with supervisor.run():
        with pytest.raises(StackError, match="no service 'nothing'"):
            await request(settings, "stop", "nothing")


def test_a_second_supervisor_of_one_home_is_told_of_the_first(settings: Settings) -> None:
    assert find_running(settings) is None
    with hold_home(settings):
        assert (find_running(settings) or {})["pid"] == os.getpid()
        with pytest.raises(AlreadyRunning, match=str(os.getpid())), hold_home(settings):
            pass
    assert find_running(settings) is None


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def record_of(process: subprocess.Popen[bytes], shift: int = 0) -> RunRecord:
    ticks = find_started_ticks(process.pid)
    assert ticks is not None
    return RunRecord("run", [ProcessRecord("one", process.pid, ticks + shift)])


def test_survivors_of_a_dead_supervisor_are_stopped(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    path = tmp_path / "processes.json"
    record_of(sleeper).save(path)
    assert stop_survivors(path, grace_s=1) == [sleeper.pid]
    assert sleeper.wait(2) == -signal.SIGTERM
    assert not path.exists()


def test_another_process_with_a_reused_id_is_left_alone(sleeper: subprocess.Popen[bytes]) -> None:
    assert list_survivors(record_of(sleeper, shift=1)) == []


def test_a_child_is_found_by_the_run_id_in_its_environment(tmp_path: Path) -> None:
    environment = {**os.environ, "UCC_RUN_ID": "of-a-dead-run"}
    with subprocess.Popen(["sleep", "60"], env=environment, start_new_session=True) as child:
        assert list_survivors(RunRecord("of-a-dead-run", [])) == [child.pid]
        child.kill()


def test_a_broken_record_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "processes.json"
    path.write_text('{"run_id": 1, "processes": [{"nonsense": 2}]}')
    assert stop_survivors(path) == []


def test_a_full_log_is_copied_and_emptied_in_place(tmp_path: Path) -> None:
    path = tmp_path / "one.log"
    with path.open("a") as writer:
        for number in range(5):
            writer.write(f"{number}\n")
            writer.flush()
            rotate(path, keep=3)
        writer.write("5\n")
    assert path.read_text() == "5\n"
    kept = {entry.name: entry.read_text() for entry in tmp_path.glob("one.log.*")}
    assert kept == {"one.log.1": "4\n", "one.log.2": "3\n", "one.log.3": "2\n"}


def test_choosing_services_takes_what_they_need(tmp_path: Path) -> None:
    services = [
        file_service(tmp_path, "a"), file_service(tmp_path, "b", needs=("a", "elsewhere")), file_service(tmp_path, "c")
    ]  # fmt: skip
    assert [service.name for service in choose(services, {"b"})] == ["a", "b"]
    with pytest.raises(LookupError, match="no service 'x'"):
        choose(services, {"x"})
