"""Turns the captures of one recording into two tracks of samples: the customer's and ours, placed on the wall clock.

Every stream is placed by its RTP timestamps, so jitter, reordering and loss do not move the sound. The anchor between
timestamps and the wall clock is the earliest packet of a stretch, and is taken again when the two differ by more than
120 ms (a new source on the same stream, a jump, a drifting clock). A gap in the capture stays a gap of silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ucc.recording.codec import SAMPLE_RATE, Decoder, is_audio, make_decoder
from ucc.recording.pcap import Packets, read_packets
from ucc.recording.sides import Hints, find_customer

Samples = npt.NDArray[np.int16]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DIVERGENCE_S = 0.120
"""Timestamps and arrival may differ this much before the stream is anchored again."""
_LOOK_AHEAD = 25  # packets whose earliest decides the anchor: half a second, so one late packet moves nothing
_LIMIT = int(DIVERGENCE_S * SAMPLE_RATE)
MAX_DURATION_S = 12 * 3600


class NoAudio(Exception):
    """The captures hold nothing that can be heard; the text says what was found."""


@dataclass(frozen=True, slots=True)
class Tracks:
    """Both directions, equally long, 16-bit samples at 8 kHz."""

    customer: Samples
    ours: Samples
    packets: int
    last_packet_at: float
    is_side_sure: bool
    """False: nothing told which direction is the customer's, see `ucc.recording.sides`."""


@dataclass(frozen=True, slots=True)
class Capture:
    """One pcap file of rtpengine and the text file beside it, None when it is missing."""

    pcap: Path
    metadata: Path | None = None


def read_tracks(captures: Sequence[Capture], started_at: float, ended_at: float, hints: Hints | None = None) -> Tracks:
    """The sound between two moments (seconds since 1970).

    Raises NoAudio, CaptureUnreadable, OSError, and ValueError when the stretch is negative or longer than 12 hours.
    """
    if not 0 <= ended_at - started_at <= MAX_DURATION_S:
        raise ValueError(f"a recording of {ended_at - started_at:.3f} s cannot be")
    length = round((ended_at - started_at) * SAMPLE_RATE)
    tracks = (np.zeros(length, np.int16), np.zeros(length, np.int16))
    total, audible, is_sure, last_packet_at = 0, 0, True, started_at
    seen: set[int] = set()
    for capture in captures:
        packets = read_packets(capture.pcap)
        total += len(packets)
        if not len(packets):
            continue
        is_customer, sure = find_customer(packets, (hints or Hints()).with_metadata(capture.metadata))
        is_sure &= sure
        last_packet_at = max(last_packet_at, float(packets.arrival.max()))
        for track, which in zip(tracks, (is_customer, ~is_customer), strict=True):
            audible += _place_side(track, packets.choose(which), started_at)
        seen |= set(np.unique(packets.payload_type).tolist())
    if total == 0:
        raise NoAudio("the captures hold no packets")
    if audible == 0:
        raise NoAudio(f"no audio of a known codec among {total} packets (payload types {sorted(seen)})")
    return Tracks(tracks[0], tracks[1], total, last_packet_at, is_sure)


def _place_side(track: Samples, packets: Packets, started_at: float) -> int:
    """Writes one direction into its track; the number of packets that were audio."""
    count = 0
    for payload_type in np.unique(packets.payload_type).tolist():
        if not is_audio(payload_type):
            continue
        of_codec = packets.choose(packets.payload_type == payload_type)
        for ssrc in np.unique(of_codec.ssrc).tolist():
            decoder = make_decoder(payload_type)
            assert decoder is not None
            stream = of_codec.choose(of_codec.ssrc == ssrc)
            _place_stream(track, stream, decoder, started_at)
            count += len(stream)
    return count


def _place_stream(track: Samples, stream: Packets, decoder: Decoder, started_at: float) -> None:
    """Writes one source's packets, all of one codec, into the track."""
    arrival = (stream.arrival - started_at) * SAMPLE_RATE
    steps = np.diff(stream.timestamp, prepend=stream.timestamp[:1])
    elapsed = np.cumsum((steps + (1 << 31)) % (1 << 32) - (1 << 31))  # 32-bit timestamps, unwrapped
    lengths = decoder.measure(stream.data, stream.offset, stream.size)
    for first, last, anchor in _find_stretches(arrival - elapsed):
        part = slice(first, last)
        position = elapsed[part] + round(anchor)
        for run, at in _split_runs(position, lengths[part]):
            chosen = first + run
            samples = decoder.decode(stream.data, stream.offset[chosen], stream.size[chosen])
            begin, end = max(at, 0), min(at + len(samples), len(track))
            if begin < end:
                track[begin:end] = samples[begin - at : end - at]


def _find_stretches(lag: Floats) -> Iterator[tuple[int, int, float]]:
    """Stretches (first, last, anchor) in which arrival minus timestamp, in samples, stays near the anchor.

    Packets can only be late, so the anchor is the least lag of the first ones. A stretch ends where a packet is too
    early, or where the next ones are all too late; a single late packet or a short burst of them ends nothing.
    """
    earliest: Floats | None = None
    first = 0
    while first < len(lag):
        anchor = float(lag[first : first + _LOOK_AHEAD].min())
        if anchor < lag[first] - _LIMIT:  # the look-ahead reaches over a jump: stay on this side of it
            jump = int(np.argmax(lag[first:] < lag[first] - _LIMIT))
            anchor = float(lag[first : first + jump].min())
        rest = lag[first:]
        ends = rest < anchor - _LIMIT
        if not ends.any() and not (rest > anchor + _LIMIT).any():
            yield first, len(lag), anchor
            return
        if earliest is None:
            padded = np.concatenate([lag, np.full(_LOOK_AHEAD - 1, np.inf)])
            earliest = np.lib.stride_tricks.sliding_window_view(padded, _LOOK_AHEAD).min(axis=1)
        ends |= earliest[first:] > anchor + _LIMIT
        ends[0] = False
        last = first + int(ends.argmax()) if ends.any() else len(lag)
        yield first, last, anchor
        first = last


def _split_runs(position: Ints, lengths: Ints) -> Iterator[tuple[Ints, int]]:
    """Runs (indices, position of the first sample) of packets that follow each other without a gap, equally long."""
    order = np.arange(len(position))
    if (np.diff(position) < 0).any():
        order = np.argsort(position, kind="stable")
    order = order[lengths[order] > 0]
    if not len(order):
        return
    is_repeated = np.diff(position[order], append=-(1 << 62)) == 0
    if is_repeated.any():
        order = order[~is_repeated]
    places, sizes = position[order], lengths[order]
    breaks = (places[1:] != places[:-1] + sizes[:-1]) | (sizes[1:] != sizes[:-1])
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), len(order)]
    for first, last in pairwise(edges):
        yield order[first:last], int(places[first])
