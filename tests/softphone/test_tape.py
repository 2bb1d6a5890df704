import wave
from pathlib import Path

from ucc.softphone.tape import Tape


def write_part(folder: Path, second: int, sound: bytes) -> None:
    """As baresip leaves it while the file is open: 44 bytes of header, lengths not filled in."""
    (folder / f"dump-2026-11-23-03-00-{second:02}-dec.wav").write_bytes(bytes(44) + sound)


def read(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return file.readframes(file.getnframes())


def test_joins_the_parts_of_its_own_call_only(tmp_path: Path) -> None:
    first = Tape(tmp_path, "heard-1.wav")
    write_part(tmp_path, 1, b"aa")
    write_part(tmp_path, 3, b"bb")
    first.close()
    write_part(tmp_path, 9, b"cc")
    second = Tape(tmp_path, "heard-2.wav", first)  # made after its audio began
    assert read(first.write()) == b"aabb"
    assert read(second.write()) == b"cc"


def test_grows_while_the_call_lasts(tmp_path: Path) -> None:
    tape = Tape(tmp_path, "heard-1.wav")
    assert read(tape.write()) == b""
    write_part(tmp_path, 1, b"aabbc")  # half a sample at the end
    assert read(tape.write()) == b"aabb"
