from datetime import UTC, datetime, timedelta
from pathlib import Path

from ucc.config import Settings
from ucc.emulator import list_heard
from ucc.emulator.conf import heard_dir
from ucc.emulator.heard import heard_name

AT = datetime(2026, 11, 23, 2, 50, 1, 500_000, UTC)


def test_finds_what_was_heard_by_number_and_time(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, runtime=None)
    heard_dir(settings).mkdir(parents=True)
    for at, caller, callee in [
        (AT, "+861088880001", "+8613900139000"),
        (AT + timedelta(seconds=5), "+8613800138000", "+861088880001"),
    ]:
        (heard_dir(settings) / f"{heard_name(at, caller, callee, '1795402491.1')}.alaw").touch()

    assert [heard.callee for heard in list_heard(settings)] == ["+8613900139000", "+861088880001"]
    (found,) = list_heard(settings, callee="13900139000", since=AT)
    assert (found.caller, found.channel_id, found.at) == ("+861088880001", "1795402491.1", AT.replace(microsecond=0))
    assert not list_heard(settings, callee="13900139000", since=AT + timedelta(seconds=1))
    assert not list_heard(settings, caller="+8613800138001")
