"""Reading capture files: whole, cut off, growing, strange."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from capture_writer import CUSTOMER, INSIDE, OUTSIDE, START, SWITCH, Stream, make_tone, write_capture

from ucc.recording.pcap import CaptureUnreadable, endpoint_key, read_packets

REAL = Path(__file__).parent / "fixtures" / "real-g729.pcap"


def make_streams(seconds: float = 1.0) -> tuple[Stream, Stream]:
    customer = Stream(CUSTOMER, OUTSIDE, ssrc=1).talk(START, make_tone(425, seconds))
    ours = Stream(SWITCH, INSIDE, ssrc=2).talk(START + 0.005, make_tone(1004, seconds))
    return customer, ours


def test_every_packet_is_read_with_its_header(tmp_path: Path) -> None:
    packets = read_packets(write_capture(tmp_path / "a.pcap", *make_streams()))
    assert len(packets) == 100
    customer = packets.choose(packets.source == endpoint_key(*CUSTOMER))
    assert len(customer) == 50
    assert set(customer.target.tolist()) == {endpoint_key(*OUTSIDE)}
    assert customer.sequence[:8].tolist() == [65530, 65531, 65532, 65533, 65534, 65535, 0, 1]
    assert customer.arrival[0] == pytest.approx(START, abs=1e-5)
    assert set(customer.size.tolist()) == {160}
    assert set(customer.ssrc.tolist()) == {1}


@pytest.mark.parametrize("cut", [1, 100, 215, 216, 217])
def test_a_capture_cut_off_in_its_last_packet_gives_all_others(tmp_path: Path, cut: int) -> None:
    packets = read_packets(write_capture(tmp_path / "a.pcap", *make_streams(), cut=cut))
    assert len(packets) == 100 - (cut + 215) // 216


@pytest.mark.parametrize("length", [0, 10, 24, 30])
def test_a_capture_that_has_only_begun_is_empty(tmp_path: Path, length: int) -> None:
    path = write_capture(tmp_path / "a.pcap", *make_streams())
    path.write_bytes(path.read_bytes()[:length])
    assert len(read_packets(path)) == 0


def test_zeros_at_the_end_after_a_power_cut_are_ignored(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "a.pcap", *make_streams())
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert len(read_packets(path)) == 100


def test_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pcap"
    path.write_bytes(b"this is a letter, not a capture")
    with pytest.raises(CaptureUnreadable, match="not a pcap file"):
        read_packets(path)
    path.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 105))
    with pytest.raises(CaptureUnreadable, match="link type 105"):
        read_packets(path)


def test_rtcp_and_other_packets_are_left_out(tmp_path: Path) -> None:
    customer, ours = make_streams()
    customer.send(START + 0.5, bytes(40), 0, payload_type=200)  # RTCP sender report
    customer.send(START + 0.6, bytes(40), 0, first_byte=0x00)  # STUN
    customer.packets.append((START + 0.7, b"\x45" + bytes(10)))  # too short for anything
    assert len(read_packets(write_capture(tmp_path / "a.pcap", customer, ours))) == 100


def test_sources_extension_and_padding_are_no_audio(tmp_path: Path) -> None:
    stream = Stream(CUSTOMER, OUTSIDE)
    payload = bytes(range(160))
    stream.send(START, bytes(8) + payload, 160, first_byte=0x82)
    stream.send(START, struct.pack(">HHI", 0xBEDE, 1, 7) + payload, 160, first_byte=0x90)
    stream.send(START, payload + b"\0\0\0\4", 160, first_byte=0xA0)
    packets = read_packets(write_capture(tmp_path / "a.pcap", stream))
    read = [bytes(packets.data[at : at + size]) for at, size in zip(packets.offset, packets.size, strict=True)]
    assert read == [payload] * 3


def test_a_real_capture_of_rtpengine() -> None:
    packets = read_packets(REAL)
    assert len(packets) == 400
    assert sorted(set(packets.payload_type.tolist())) == [8, 18]
    assert len(set(packets.target.tolist())) == 2
