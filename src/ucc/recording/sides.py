"""Which direction of a capture is the customer's.

A capture holds what rtpengine received at each of its own ports on the customer's leg, so a *target* port stands for a
direction. Several facts tell the two apart; the first that decides wins:

1. the metadata file names the customer's port or host (`customer-port:N`, `customer-host:A`);
2. packets that come from the trunk's own address are the customer's, packets from Asterisk's media range are ours;
3. the first offer in the metadata is Asterisk's own (it leaves the media path when two parties talk), so the port in it
   is the one shown to the customer;
4. our side always speaks PCMA, so any other codec is the customer's;
5. a direction that nothing tells about is the opposite of one that is known;
6. our side is the one with more senders (Asterisk, then the phone in direct media), else the one that spoke second.

Mono recordings are the same whatever comes out; stereo ones have the customer on the left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ucc.recording.codec import PCMA, is_audio
from ucc.recording.pcap import Packets

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_OFFERED = re.compile(r"^SDP mode: offer$.*?^m=audio (\d+) ", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"\bcustomer-(port|host):([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of the endpoints before looking at the packets. Addresses are IPv4 texts."""

    customer_hosts: frozenset[str] = frozenset()
    switch_host: str | None = None
    switch_ports: range = range(0)
    customer_ports: frozenset[int] = field(default=frozenset())
    """Ports of rtpengine that face the customer."""
    offered_port: int | None = None
    """The port of rtpengine in the first offer that the metadata tells of."""

    def with_metadata(self, path: Path | None) -> Hints:
        """These hints and what the metadata file of the capture says; a missing file says nothing."""
        try:
            text = path.read_text(errors="replace") if path else ""
        except OSError:
            text = ""
        named = _NAMED.findall(text)
        offered = _OFFERED.search(text)
        return replace(
            self,
            customer_hosts=self.customer_hosts | {value for kind, value in named if kind == "host"},
            customer_ports=self.customer_ports
            | {int(value) for kind, value in named if kind == "port" and value.isdigit()},
            offered_port=int(offered[1]) if offered else self.offered_port,
        )


def find_customer(packets: Packets, hints: Hints) -> tuple[Mask, bool]:
    """Which packets the customer sent, and whether the facts told so (False: rule 6, a guess)."""
    targets, index = np.unique(packets.target, return_inverse=True)
    is_ours, is_customers = _vote(packets, hints)
    votes = (np.bincount(index, is_customers, len(targets)) - np.bincount(index, is_ours, len(targets))).astype(float)
    if hints.customer_ports:
        named = np.isin(targets & 0xFFFF, list(hints.customer_ports))
        if named.any():
            votes = np.where(named, 1.0, -1.0)
    is_sure = bool((votes != 0).any())
    if not is_sure:
        votes = _guess(packets, index, len(targets))
    elif not (votes > 0).any():
        votes = np.where(votes == 0, 1.0, votes)
    return (votes > 0)[index], is_sure


def _vote(packets: Packets, hints: Hints) -> tuple[Mask, Mask]:
    host, port = packets.source >> 16, packets.source & 0xFFFF
    is_ours = np.zeros(len(packets), bool)
    if hints.switch_host is not None and len(hints.switch_ports):
        low, high = hints.switch_ports[0], hints.switch_ports[-1]
        is_ours = (host == _host_number(hints.switch_host)) & (port >= low) & (port <= high)
    customers = [number for name in hints.customer_hosts if (number := _host_number(name)) is not None]
    is_customers = np.isin(host, customers) & ~is_ours
    if not is_ours.any() and not is_customers.any() and hints.offered_port is not None:
        is_customers = packets.target & 0xFFFF == hints.offered_port
    if not is_ours.any() and not is_customers.any():
        known = [kind for kind in np.unique(packets.payload_type).tolist() if is_audio(kind) and kind != PCMA]
        is_customers = np.isin(packets.payload_type, known)
    return is_ours, is_customers


def _guess(packets: Packets, index: npt.NDArray[np.intp], count: int) -> Floats:
    """The one customer among directions of which nothing is known."""
    senders = [len(np.unique(packets.source[index == one])) for one in range(count)]
    first = [float(packets.arrival[index == one].min()) for one in range(count)]
    customer = min(range(count), key=lambda one: (senders[one], first[one]))
    return np.where(np.arange(count) == customer, 1.0, -1.0)


def _host_number(host: str) -> int | None:
    parts = host.split(".")
    if len(parts) != 4 or not all(part.isdigit() and int(part) < 256 for part in parts):
        return None
    return int.from_bytes(bytes(int(part) for part in parts), "big")
