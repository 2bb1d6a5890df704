"""The MP3 file: length, sizes, sound, and what happens when it cannot be written."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from capture_writer import CUSTOMER, INSIDE, OUTSIDE, START, SWITCH, Stream, make_tone, write_capture
from sound import decode_mp3, measure_tone

from ucc.recording.capture import Capture, Tracks
from ucc.recording.encode import Channels, EncodeFailed, EncodeRequest, encode_captures, mix_channels
from ucc.recording.mp3 import encode_mp3
from ucc.recording.sides import Hints

HINTS = Hints(frozenset({CUSTOMER[0]}), SWITCH[0], range(20000, 30000))


def make_request(tmp_path: Path, seconds: float = 3.0, channels: Channels = "mono") -> EncodeRequest:
    customer = Stream(CUSTOMER, OUTSIDE, ssrc=1).talk(START, make_tone(425, seconds + 0.02))
    ours = Stream(SWITCH, INSIDE, ssrc=2).talk(START, make_tone(1004, seconds + 0.02))
    capture = Capture(write_capture(tmp_path / "a.pcap", customer, ours))
    return EncodeRequest((capture,), START, START + seconds, channels, tmp_path / "out" / "x.mp3", HINTS)


def test_both_tones_are_heard_in_the_mono_file(tmp_path: Path) -> None:
    request = make_request(tmp_path)
    encoded = encode_captures(request)
    content = request.target.read_bytes()
    sound = decode_mp3(content)
    assert sound.shape == (1, 24000)
    for frequency in (425, 1004):
        assert measure_tone(sound[0], frequency, 0.1, 2.9) == pytest.approx(8000 / 32768, rel=0.1)
    assert encoded.bytes == len(content)
    assert encoded.duration_ms == 3000
    assert encoded.sha256 == hashlib.sha256(content).hexdigest()


def test_the_customer_is_left_in_the_stereo_file(tmp_path: Path) -> None:
    request = make_request(tmp_path, channels="stereo")
    encode_captures(request)
    left, right = decode_mp3(request.target.read_bytes())
    assert measure_tone(left, 425, 0.1, 2.9) > 100 * measure_tone(left, 1004, 0.1, 2.9)
    assert measure_tone(right, 1004, 0.1, 2.9) > 100 * measure_tone(right, 425, 0.1, 2.9)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("samples", [1, 575, 4000, 8000, 8001, 15999, 16000, 16001, 80_000, 123_457])
def test_the_length_is_exact(channels: int, samples: int) -> None:
    noise = np.random.default_rng(1).normal(0, 2000, samples).astype(np.int16)
    assert decode_mp3(encode_mp3([noise] * channels)).shape == (channels, samples)


@pytest.mark.parametrize(
    ("seconds", "low", "high"), [(1, 0.98, 1.13), (10, 9.7, 10.0), (30, 29.3, 30.4), (60, 58.6, 58.9)]
)
def test_the_sizes_of_the_product_table_hold(seconds: int, low: float, high: float) -> None:
    rng = np.random.default_rng(2)
    speech = rng.normal(0, 3000, seconds * 8000) * (np.sin(np.arange(seconds * 8000) / 4000) > 0) + rng.normal(0, 10)
    assert low <= len(encode_mp3([speech.astype(np.int16)])) / 1024 <= high


@pytest.mark.parametrize("silence_s", [0, 0.02, 0.1, 0.3, 0.6, 1])
def test_a_second_that_begins_in_silence_is_no_larger(silence_s: float) -> None:
    track = np.concatenate([np.zeros(round(silence_s * 8000), np.int16), make_tone(425, 1 - silence_s)])
    content = encode_mp3([track])
    assert len(content) <= 1152
    assert decode_mp3(content).shape == (1, 8000)


def test_the_sound_starts_where_it_should() -> None:
    track = np.concatenate([np.zeros(8000, np.int16), make_tone(425, 2)])
    sound = decode_mp3(encode_mp3([track]))[0]
    rise = [measure_tone(sound, 425, at, at + 0.02) > 0.12 for at in (0.94, 0.96, 1.0, 1.02)]
    assert rise == [False, False, True, True]


def test_a_short_file_fades_in_within_a_moment() -> None:
    sound = decode_mp3(encode_mp3([make_tone(425, 1)]))[0]
    assert measure_tone(sound, 425, 0.09, 0.19) > 0.2


def test_loud_voices_together_are_held_at_full_scale() -> None:
    loud = np.array([30000, -30000, 30000, 5], np.int16)
    tracks = Tracks(loud, np.array([30000, -30000, -30000, 6], np.int16), 1, START, True)
    (mixed,) = mix_channels(tracks, "mono")
    assert mixed.tolist() == [32767, -32768, 0, 11]


def test_nonsense_is_refused() -> None:
    for channels in ([], [np.zeros(0, np.int16)], [np.zeros(2, np.int16), np.zeros(3, np.int16)]):
        with pytest.raises(ValueError, match=r"track|sample"):
            encode_mp3(channels)


def test_a_second_time_gives_the_same_file(tmp_path: Path) -> None:
    request = make_request(tmp_path)
    assert encode_captures(request) == encode_captures(request)
    assert [path.name for path in request.target.parent.iterdir()] == ["x.mp3"]


def test_a_full_disk_is_a_temporary_failure_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", no_space)
    request = make_request(tmp_path)
    with pytest.raises(EncodeFailed, match="the recording disk is full") as caught:
        encode_captures(request)
    assert caught.value.is_temporary
    assert list(request.target.parent.iterdir()) == []


def test_a_capture_that_is_gone_is_a_final_failure(tmp_path: Path) -> None:
    request = make_request(tmp_path)
    request.captures[0].pcap.unlink()
    with pytest.raises(EncodeFailed, match="the capture is gone") as caught:
        encode_captures(request)
    assert not caught.value.is_temporary


def test_a_recording_of_no_time_is_a_final_failure(tmp_path: Path) -> None:
    request = make_request(tmp_path, seconds=0)
    with pytest.raises(EncodeFailed) as caught:
        encode_captures(request)
    assert not caught.value.is_temporary
