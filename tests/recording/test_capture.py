"""From packets to two tracks: sides, alignment, gaps, jumps, everything that a network and a switch do to a stream."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from capture_writer import CUSTOMER, INSIDE, OUTSIDE, START, SWITCH, Stream, make_tone, write_capture
from sound import find_onset

from ucc.recording.capture import Capture, NoAudio, Tracks, read_tracks
from ucc.recording.sides import Hints

REAL = Path(__file__).parent / "fixtures" / "real-g729.pcap"
HINTS = Hints(frozenset({CUSTOMER[0]}), SWITCH[0], range(20000, 30000))

DIRECT_MEDIA = """/capture/pcaps/a.pcap


Timestamp started ms: 1795403538787.536
SDP mode: offer
SDP before RTP packet: 1

v=0
m=audio {customer} RTP/AVP 8 101
c=IN IP4 127.0.0.1

Timestamp started ms: 1795403539791.034
SDP mode: answer
SDP before RTP packet: 3

v=0
m=audio {ours} RTP/AVP 8 101
"""
"""What rtpengine writes of the re-INVITE by which Asterisk leaves the media path, shortened."""


def read(tmp_path: Path, *streams: Stream, seconds: float = 2.0, hints: Hints = HINTS) -> Tracks:
    return read_tracks([Capture(write_capture(tmp_path / "a.pcap", *streams))], START, START + seconds, hints)


def customer(**options: int) -> Stream:
    return Stream(CUSTOMER, OUTSIDE, ssrc=options.pop("ssrc", 1), **options)


def ours(**options: int) -> Stream:
    return Stream(SWITCH, INSIDE, ssrc=options.pop("ssrc", 2), **options)


def loudness(track: np.ndarray, begin_s: float, end_s: float) -> float:
    part = track[round(begin_s * 8000) : round(end_s * 8000)].astype(float)
    return float(np.sqrt((part**2).mean()))


def test_each_direction_lands_in_its_track_at_its_time(tmp_path: Path) -> None:
    tracks = read(
        tmp_path, customer().talk(START + 0.2, make_tone(425, 1)), ours().talk(START + 0.5, make_tone(1004, 1))
    )
    assert len(tracks.customer) == len(tracks.ours) == 16000
    assert find_onset(tracks.customer) == pytest.approx(0.2, abs=0.002)
    assert find_onset(tracks.ours) == pytest.approx(0.5, abs=0.002)
    assert loudness(tracks.customer, 1.25, 2) == 0
    assert tracks.is_side_sure


def test_sound_outside_the_stretch_is_cut(tmp_path: Path) -> None:
    tracks = read(tmp_path, customer().talk(START - 1, make_tone(425, 5)), seconds=1.5)
    assert len(tracks.customer) == 12000
    assert loudness(tracks.customer, 0, 0.1) > 5000
    assert loudness(tracks.customer, 1.4, 1.5) > 5000


def test_jitter_and_wrong_order_move_nothing(tmp_path: Path) -> None:
    clean = read(tmp_path, customer().talk(START, make_tone(425, 2)))
    shaken = customer().talk(START, make_tone(425, 2))
    chance = random.Random(4)
    shaken.packets = [
        (at + chance.uniform(0, 0.08) * (index > 3), one) for index, (at, one) in enumerate(shaken.packets)
    ]
    assert np.array_equal(read(tmp_path, shaken).customer, clean.customer)


def test_a_burst_of_late_packets_moves_nothing(tmp_path: Path) -> None:
    clean = read(tmp_path, customer().talk(START, make_tone(425, 2)))
    late = customer().talk(START, make_tone(425, 2))
    late.packets = [(max(at, START + 0.9) if 0.6 < at - START < 0.9 else at, one) for at, one in late.packets]
    assert np.array_equal(read(tmp_path, late).customer, clean.customer)


def test_duplicates_are_played_once(tmp_path: Path) -> None:
    clean = read(tmp_path, customer().talk(START, make_tone(425, 2)))
    twice = customer().talk(START, make_tone(425, 2))
    twice.packets += [(at + 0.001, one) for at, one in twice.packets[::3]]
    assert np.array_equal(read(tmp_path, twice).customer, clean.customer)


def test_lost_packets_leave_silence_and_shift_nothing(tmp_path: Path) -> None:
    clean = read(tmp_path, customer().talk(START, make_tone(425, 2)))
    lossy = customer().talk(START, make_tone(425, 2))
    del lossy.packets[40:50]
    tracks = read(tmp_path, lossy)
    assert not tracks.customer[6400:8000].any()
    assert np.array_equal(tracks.customer[8000:], clean.customer[8000:])


def test_a_jump_of_the_timestamps_is_anchored_to_the_arrival(tmp_path: Path) -> None:
    stream = customer().talk(START, make_tone(425, 0.5)).wait(3600)
    stream.talk(START + 0.8, make_tone(425, 0.5))
    tracks = read(tmp_path, stream)
    assert loudness(tracks.customer, 0.55, 0.79) == 0
    assert find_onset(tracks.customer[4400:]) + 0.55 == pytest.approx(0.8, abs=0.002)
    assert loudness(tracks.customer, 1.31, 2) == 0


def test_a_jump_back_of_the_timestamps_too(tmp_path: Path) -> None:
    stream = customer().talk(START, make_tone(425, 0.5)).wait(-20)
    stream.talk(START + 0.6, make_tone(425, 0.2))
    stream.wait(-5).talk(START + 0.9, make_tone(425, 0.5))
    tracks = read(tmp_path, stream)
    assert loudness(tracks.customer, 0.51, 0.59) == 0
    assert loudness(tracks.customer, 0.61, 0.79) > 5000
    assert loudness(tracks.customer, 0.81, 0.89) == 0
    assert loudness(tracks.customer, 0.91, 1.39) > 5000


def test_a_sender_whose_clock_drifts_stays_within_the_limit(tmp_path: Path) -> None:
    stream = customer().talk(START, make_tone(425, 60))
    stream.packets = [(START + (at - START) * 1.01, one) for at, one in stream.packets]
    tracks = read(tmp_path, stream, seconds=61)
    assert loudness(tracks.customer, 60.0, 60.4) > 3000
    assert loudness(tracks.customer, 60.75, 61) == 0


def test_a_gap_of_a_paused_recording_stays_silent(tmp_path: Path) -> None:
    stream = customer().talk(START, make_tone(425, 0.5)).wait(0.5).talk(START + 1, make_tone(425, 0.5))
    tracks = read(tmp_path, stream)
    assert loudness(tracks.customer, 0.5, 1) == 0
    assert find_onset(tracks.customer[4000:]) == pytest.approx(0.5, abs=0.002)


def test_a_new_source_in_direct_media_goes_on_in_the_same_track(tmp_path: Path) -> None:
    phone = Stream(("127.0.0.9", 40000), INSIDE, ssrc=99).talk(START + 1.03, make_tone(1004, 0.9))
    streams = [customer().talk(START, make_tone(425, 2)), ours().talk(START, make_tone(700, 1)), phone]
    tracks = read(tmp_path, *streams)
    assert loudness(tracks.ours, 1.04, 1.9) > 5000
    assert loudness(tracks.ours, 1.0, 1.03) == 0
    assert loudness(tracks.customer, 0, 2) > 5000


def test_a_source_that_comes_back_is_anchored_again(tmp_path: Path) -> None:
    first = ours(ssrc=7).talk(START, make_tone(425, 0.5))
    between = ours(ssrc=8).talk(START + 0.5, make_tone(1004, 0.5))
    first.talk(START + 1, make_tone(425, 0.5))  # its own clock stood still meanwhile
    tracks = read(tmp_path, first, between, customer().talk(START, make_tone(425, 2)))
    assert loudness(tracks.ours, 0.01, 1.49) > 5000
    assert loudness(tracks.ours, 1.51, 2) == 0


def test_telephone_events_and_comfort_noise_are_not_heard(tmp_path: Path) -> None:
    stream = customer().talk(START, make_tone(425, 0.5))
    for index in range(20):
        stream.send(START + 0.5 + index * 0.02, b"\x05\x0a\x03\x20", 0, payload_type=101)
    stream.send(START + 0.95, b"\x40", 160, payload_type=13)
    tracks = read(tmp_path, stream)
    assert loudness(tracks.customer, 0.5, 2) == 0


def test_mu_law_is_decoded(tmp_path: Path) -> None:
    stream = customer(payload_type=0)
    for index in range(50):
        stream.send(START + index * 0.02, b"\x80" * 160, 160)  # the loudest code
    tracks = read(tmp_path, stream)
    assert set(tracks.customer[:8000].tolist()) == {32124}


def test_stop_and_start_give_one_recording_of_two_files(tmp_path: Path) -> None:
    one = write_capture(tmp_path / "1.pcap", customer().talk(START, make_tone(425, 0.5)))
    two = write_capture(tmp_path / "2.pcap", customer().talk(START + 1, make_tone(425, 0.5)))
    tracks = read_tracks([Capture(one), Capture(two)], START, START + 2, HINTS)
    assert loudness(tracks.customer, 0.01, 0.49) > 5000
    assert loudness(tracks.customer, 0.51, 0.99) == 0
    assert loudness(tracks.customer, 1.01, 1.49) > 5000


class TestSides:
    """Which direction is the customer's."""

    def make(self) -> tuple[Stream, Stream]:
        return customer().talk(START + 0.1, make_tone(425, 1)), ours().talk(START, make_tone(1004, 1))

    def is_right(self, tracks: Tracks) -> bool:
        return find_onset(tracks.customer) > 0.09 > find_onset(tracks.ours)

    def test_the_trunk_address_alone_tells(self, tmp_path: Path) -> None:
        tracks = read(tmp_path, *self.make(), hints=Hints(frozenset({CUSTOMER[0]})))
        assert self.is_right(tracks)
        assert tracks.is_side_sure

    def test_the_switch_address_alone_tells(self, tmp_path: Path) -> None:
        tracks = read(tmp_path, *self.make(), hints=Hints(frozenset(), SWITCH[0], range(20000, 30000)))
        assert self.is_right(tracks)
        assert tracks.is_side_sure

    def test_a_trunk_name_that_is_no_address_says_nothing(self, tmp_path: Path) -> None:
        hints = Hints(frozenset({"sip.carrier.example"}), SWITCH[0], range(20000, 30000))
        assert self.is_right(read(tmp_path, *self.make(), hints=hints))

    def test_metadata_wins(self, tmp_path: Path) -> None:
        metadata = tmp_path / "meta.txt"
        metadata.write_text(f"/x/a.pcap\n\ncustomer-port:{INSIDE[1]}\n")
        capture = Capture(write_capture(tmp_path / "a.pcap", *self.make()), metadata)
        tracks = read_tracks([capture], START, START + 2, HINTS)
        assert not self.is_right(tracks)

    def test_the_offer_of_direct_media_tells(self, tmp_path: Path) -> None:
        """The carrier's media come from elsewhere, the phone's were never Asterisk's, and our side spoke first."""
        metadata = tmp_path / "meta.txt"
        metadata.write_text(DIRECT_MEDIA.format(customer=OUTSIDE[1], ours=INSIDE[1]))
        phone = Stream(("127.0.0.9", 40000), INSIDE, ssrc=2).talk(START, make_tone(1004, 1))
        capture = Capture(write_capture(tmp_path / "a.pcap", self.make()[0], phone), metadata)
        hints = Hints(frozenset({"192.0.2.99"}), SWITCH[0], range(20000, 30000))
        tracks = read_tracks([capture], START, START + 2, hints)
        assert self.is_right(tracks)
        assert tracks.is_side_sure

    def test_missing_metadata_is_no_error(self, tmp_path: Path) -> None:
        capture = Capture(write_capture(tmp_path / "a.pcap", *self.make()), tmp_path / "nowhere.txt")
        assert self.is_right(read_tracks([capture], START, START + 2, HINTS))

    def test_nothing_known_is_a_guess_that_says_so(self, tmp_path: Path) -> None:
        phone = Stream(("127.0.0.9", 40000), INSIDE, ssrc=99).talk(START + 1, make_tone(1004, 0.5))
        tracks = read(tmp_path, *self.make(), phone, hints=Hints())
        assert self.is_right(tracks)
        assert not tracks.is_side_sure

    def test_only_our_side_was_captured(self, tmp_path: Path) -> None:
        tracks = read(tmp_path, ours().talk(START, make_tone(1004, 1)))
        assert not tracks.customer.any()
        assert tracks.ours.any()

    def test_only_the_phone_was_captured_beside_the_customer(self, tmp_path: Path) -> None:
        phone = Stream(("127.0.0.9", 40000), INSIDE, ssrc=99).talk(START, make_tone(1004, 1))
        assert self.is_right(read(tmp_path, self.make()[0], phone))


def test_a_real_g729_call_is_aligned_and_told_apart() -> None:
    first, last = 1795400800.021, 1795400804.021
    tracks = read_tracks([Capture(REAL)], first, last)
    for track, frequency in ((tracks.customer, 425), (tracks.ours, 1004)):
        spectrum = np.abs(np.fft.rfft(track[8000:24000]))
        assert np.argmax(spectrum) * 8000 / 16000 == pytest.approx(frequency, abs=1)
    assert abs(find_onset(tracks.customer) - find_onset(tracks.ours)) < 0.02
    assert tracks.is_side_sure


def test_a_real_call_in_direct_media_is_told_apart_by_its_metadata_alone() -> None:
    """Cut off in a packet; the phone's media came from the same host as the switch's, on a port of its own."""
    capture = Capture(REAL.with_name("real-direct-media.pcap"), REAL.with_name("real-direct-media.txt"))
    first = 1795403539.797
    tracks = read_tracks([capture], first, first + 4)
    assert tracks.is_side_sure
    for track, frequency in ((tracks.customer, 425), (tracks.ours, 1004)):
        spectrum = np.abs(np.fft.rfft(track[8000:24000]))
        assert np.argmax(spectrum) * 8000 / 16000 == pytest.approx(frequency, abs=1)


def test_nothing_to_hear_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(NoAudio, match="no packets"):
        read(tmp_path)
    strange = customer(payload_type=96)
    strange.send(START, bytes(160), 160)
    with pytest.raises(NoAudio, match=r"payload types \[96\]"):
        read(tmp_path, strange)


def test_impossible_stretches_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        read(tmp_path, customer().talk(START, make_tone(425, 1)), seconds=-1)
    with pytest.raises(ValueError, match="cannot be"):
        read(tmp_path, customer().talk(START, make_tone(425, 1)), seconds=13 * 3600)
