"""What the real rtpengine writes of a leg that it is told to record, pause, go on with and stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from live.gateway import TONE_HZ, Gateway
from live.house import House, open_house
from ucc.config import get_settings
from ucc.controller.recorder import BorderRecorder
from ucc.demo import Demo, fill
from ucc.recording.capture import read_tracks
from ucc.recording.failure import Failure
from ucc.recording.pcap import read_packets
from ucc.recording.sides import Hints
from ucc.recording.spool import Spool
from ucc.secrets import get_secrets
from ucc.softphone import tone_strength
from ucc.stack.client import StackClient
from ucc.switch.perform import RecorderError

pytestmark = pytest.mark.live


@pytest.fixture
async def house(stack: StackClient) -> AsyncIterator[House]:
    demo: Demo = await fill()
    async with open_house(get_settings(), get_secrets(), stack, demo) as house:
        yield house


@pytest.fixture
def recorder(house: House) -> BorderRecorder:
    return BorderRecorder(house.ng, house.settings.capture_dir)


def files_of(house: House, call_id: str) -> dict[str, int]:
    """Every file of the capture folder, temporary ones included, that is of this call."""
    folder = house.settings.capture_dir
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and call_id in path.name
    }


async def ring_out(house: House, gateway: Gateway) -> str:
    """A call to the gateway, which rings or speaks already; the SIP Call-ID of its leg."""
    await gateway.take_outbound()
    phone = await house.phone()
    await phone.dial(house.number("0"))
    async with asyncio.timeout(5):
        while not gateway.dialogs:
            await asyncio.sleep(0.05)
    return gateway.last.call_id


async def test_what_the_carrier_says_before_it_answers_is_captured(house: House, recorder: BorderRecorder) -> None:
    async with Gateway(house, "PCMA", 5083, early_s=3.0) as gateway:
        call_id = await ring_out(house, gateway)
        await asyncio.sleep(0.3)
        begin = asyncio.get_running_loop().time()
        await recorder.start(call_id)
        await asyncio.sleep(2.0)
        assert gateway.last.answered_at is None
        capture = Spool(house.settings.capture_dir).find_captures(call_id)
        await gateway.wait_call()
        rang_s = asyncio.get_running_loop().time() - begin
        await asyncio.sleep(1.0)
    assert len(capture) == 1
    sound = hear(house, call_id)
    early = sound[: int((rang_s - 0.5) * 8000)]
    assert tone_strength(early, TONE_HZ) > 0.5, "ring-back of the carrier"
    assert len(early) > 1.5 * 8000


def hear(house: House, call_id: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The customer's side of all captures of a leg, from their first packet to their last."""
    captures = Spool(house.settings.capture_dir).find_captures(call_id)
    first = min(first_packet(one.pcap) for one in captures)
    tracks = read_tracks(
        [one.capture for one in captures],
        first,
        max(one.changed_at for one in captures) + 0.1,
        Hints(frozenset({house.settings.emulator_address})),
    )
    return tracks.customer.astype(np.float64) / 32768


def first_packet(path: Path) -> float:
    return float(read_packets(path).arrival.min())


async def test_a_pause_leaves_no_packet_on_the_disk(house: House, recorder: BorderRecorder) -> None:
    async with Gateway(house, "PCMA", 5084) as gateway:
        call_id = await ring_out(house, gateway)
        await gateway.wait_call()
        await recorder.start(call_id)
        await recorder.start(call_id)
        await asyncio.sleep(1.5)
        await recorder.pause(call_id)
        await recorder.pause(call_id)
        await asyncio.sleep(0.1)
        paused_at = time.time()
        at_pause = files_of(house, call_id)
        await asyncio.sleep(1.5)
        assert files_of(house, call_id) == at_pause
        resumes_at = time.time()
        await recorder.resume(call_id)
        resumed_at = time.time()
        await asyncio.sleep(1.5)
        captures = Spool(house.settings.capture_dir).find_captures(call_id)
        assert len(captures) == 1, "a pause begins no new file"
        sound = hear(house, call_id)
        first = first_packet(captures[0].pcap)
    before, pause, after = (
        sound[int((begin - first) * 8000) : int((end - first) * 8000)]
        for begin, end in (
            (first + 0.2, paused_at - 0.3),
            (paused_at + 0.1, resumes_at - 0.1),
            (resumed_at + 0.3, resumed_at + 1.2),
        )
    )
    assert np.abs(pause).max() == 0.0
    assert tone_strength(before, TONE_HZ) > 0.5
    assert tone_strength(after, TONE_HZ) > 0.5


async def test_stop_and_start_again_is_a_second_capture(house: House, recorder: BorderRecorder) -> None:
    async with Gateway(house, "PCMA", 5085) as gateway:
        call_id = await ring_out(house, gateway)
        await gateway.wait_call()
        await recorder.start(call_id)
        await asyncio.sleep(0.5)
        await recorder.stop(call_id)
        await recorder.stop(call_id)
        await asyncio.sleep(0.5)
        await recorder.start(call_id)
        await asyncio.sleep(0.5)
        assert len(Spool(house.settings.capture_dir).find_captures(call_id)) >= 2


async def test_an_unknown_call_and_an_absent_border_have_their_codes(house: House, recorder: BorderRecorder) -> None:
    for command in (recorder.start, recorder.pause, recorder.stop):
        with pytest.raises(RecorderError, match=Failure.BORDER_REFUSED):
            await command("nobody@nowhere")
    assert files_of(house, "nobody") == {}
