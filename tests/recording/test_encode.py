"""The MP3 file: length, sizes, sound, and what happens when it cannot be written."""

from __future__ import annotations

import errno
import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from capture_writer import CUSTOMER, INSIDE, OUTSIDE, START, SWITCH, Stream, make_tone, write_capture
from sound import decode_mp3, measure_tone

from ucc.recording.capture import Capture, Tracks
from ucc.recording.encode import Channels, EncodeFailed, EncodeRequest, encode_captures, mix_channels
from ucc.recording.failure import Failure
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
    with pytest.raises(EncodeFailed, match="storage_full") as caught:
        encode_captures(request)
    assert caught.value.is_temporary
    assert list(request.target.parent.iterdir()) == []


def test_a_capture_that_is_gone_is_a_final_failure(tmp_path: Path) -> None:
    request = make_request(tmp_path)
    request.captures[0].pcap.unlink()
    with pytest.raises(EncodeFailed, match="capture_gone") as caught:
        encode_captures(request)
    assert not caught.value.is_temporary


def test_a_recording_of_no_time_is_a_final_failure(tmp_path: Path) -> None:
    request = make_request(tmp_path, seconds=0)
    with pytest.raises(EncodeFailed) as caught:
        encode_captures(request)
    assert not caught.value.is_temporary


def test_what_was_recorded_on_demand_is_joined(tmp_path: Path) -> None:
    """Recorded from 1 to 2 s and from 4 to 5.5 s: two captures, one file of 2.5 s."""
    first = Stream(CUSTOMER, OUTSIDE, ssrc=1).talk(START + 1, make_tone(425, 1))
    second = Stream(CUSTOMER, OUTSIDE, ssrc=1).talk(START + 4, make_tone(1004, 1.5))
    captures = tuple(Capture(write_capture(tmp_path / name, one)) for name, one in (("a", first), ("b", second)))
    stretches = ((START + 1, START + 2), (START + 4, START + 5.5))
    target = tmp_path / "x.mp3"
    encoded = encode_captures(
        EncodeRequest(captures, START + 1, START + 5.5, "mono", target, HINTS, stretches=stretches)
    )
    assert encoded.duration_ms == 2500
    sound = decode_mp3(target.read_bytes())[0]
    assert measure_tone(sound, 425, 0.1, 0.9) > 0.2 > 0.02 > measure_tone(sound, 425, 1.1, 2.4)
    assert measure_tone(sound, 1004, 1.1, 2.4) > 0.2 > 0.02 > measure_tone(sound, 1004, 0.1, 0.9)


def test_a_pause_is_silence_of_the_same_length(tmp_path: Path) -> None:
    """One capture in which nothing arrived for 2 s, and in the end more than the recording holds."""
    customer = Stream(CUSTOMER, OUTSIDE, ssrc=1)
    customer.talk(START, make_tone(425, 1)).wait(2).talk(START + 3, make_tone(425, 3))
    target = tmp_path / "x.mp3"
    capture = Capture(write_capture(tmp_path / "a.pcap", customer))
    encoded = encode_captures(EncodeRequest((capture,), START, START + 4, "mono", target, HINTS))
    assert encoded.duration_ms == 4000
    sound = decode_mp3(target.read_bytes())[0]
    assert np.abs(sound[9000:23000]).max() < 0.01
    assert measure_tone(sound, 425, 3.1, 3.9) > 0.2


def test_a_failure_survives_the_way_between_processes() -> None:
    failed = pickle.loads(pickle.dumps(EncodeFailed(Failure.NO_AUDIO, "nothing", is_temporary=True)))
    assert (failed.failure, failed.detail, failed.is_temporary) == (Failure.NO_AUDIO, "nothing", True)
