"""rtpengine's folder: which captures belong to which call, and what may be deleted."""

from __future__ import annotations

import os
import time
from pathlib import Path

from ucc.recording.spool import QUIET_S, Spool

CALL = "a/b 1@192.0.2.7:5060"
ESCAPED = "a%2Fb%201%40192.0.2.7%3A5060"


def add(folder: Path, stem: str, *, metadata: str | None = "metadata", age_s: float = 0.0) -> Path:
    for name in ("pcaps", "metadata", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / "pcaps" / f"{stem}.pcap"
    path.write_bytes(b"x")
    written = [path]
    if metadata:
        written.append(folder / metadata / f"rtpengine-meta-{stem}.{'txt' if metadata == 'metadata' else 'tmp'}")
        written[-1].write_text("x")
    for one in written:
        os.utime(one, (time.time() - age_s,) * 2)
    return path


def test_a_call_finds_its_captures_oldest_first(tmp_path: Path) -> None:
    later = add(tmp_path, f"{ESCAPED}-00000000000000aa")
    first = add(tmp_path, f"{ESCAPED}-00000000000000bb", age_s=60)
    add(tmp_path, f"{ESCAPED}x-00000000000000cc")
    found = Spool(tmp_path).find_captures(CALL)
    assert [one.pcap for one in found] == [first, later]
    assert all(one.metadata for one in found)
    assert Spool(tmp_path).find_named([f"pcaps/{first.name}"])[0].pcap == first


def test_a_capture_is_complete_with_its_metadata_or_when_it_grows_no_more(tmp_path: Path) -> None:
    add(tmp_path, "done-00000000000000aa")
    add(tmp_path, "live-00000000000000bb", metadata="tmp")
    add(tmp_path, "dead-00000000000000cc", metadata="tmp", age_s=QUIET_S + 1)
    at = time.time()
    assert {one.sip_call_id: one.is_complete(at) for one in Spool(tmp_path).list_captures()} == {
        "done": True,
        "live": False,
        "dead": True,
    }


def test_no_folder_is_no_captures(tmp_path: Path) -> None:
    assert Spool(tmp_path / "nowhere").find_captures(CALL) == []


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    add(tmp_path, "notes")
    add(tmp_path, "short-aa")
    assert list(Spool(tmp_path).list_captures()) == []


def test_removing_takes_the_text_along_and_may_be_repeated(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    add(tmp_path, "a-00000000000000aa")
    add(tmp_path, "b-00000000000000bb", metadata="tmp")
    captures = list(spool.list_captures())
    for one in captures + captures:
        spool.remove(one)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_texts_of_a_killed_rtpengine_go_when_their_capture_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    add(tmp_path, "kept-00000000000000aa", metadata="tmp", age_s=7200)
    add(tmp_path, "gone-00000000000000bb", metadata="tmp", age_s=7200).unlink()
    add(tmp_path, "done-00000000000000cc", age_s=7200).unlink()
    add(tmp_path, "new-00000000000000dd", metadata="tmp").unlink()
    assert spool.sweep_metadata() == 2
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == [
        "rtpengine-meta-kept-00000000000000aa.tmp",
        "rtpengine-meta-new-00000000000000dd.tmp",
    ]
