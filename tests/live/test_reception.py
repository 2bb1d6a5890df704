"""What a queue does for waiting callers, voicemail, missed calls: real calls, heard by their tones."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from live.house import AGENT_TONE_HZ, CARRIER_TONE_HZ, House, until
from live.reception import (
    GOODBYE_HZ,
    MENU_HZ,
    MUSIC_HZ,
    OTHER_HZ,
    RING_HZ,
    Reception,
    open_reception,
    tone_s,
    tone_spans,
)
from ucc.stack.tones import SAMPLE_RATE, count_tone_s, decode_mono

pytestmark = pytest.mark.live
BEEP_HZ = 1000


@pytest_asyncio.fixture
async def reception(house: House) -> AsyncIterator[Reception]:
    async with open_reception(house) as found:
        yield found


def prompt_id(sound: str) -> int:
    return int(sound.removeprefix("prompt:"))


class TestQueues:
    async def test_own_music_and_own_ring_back(self, house: House, reception: Reception) -> None:
        music, ring = await reception.prompt(MUSIC_HZ, 2.0), await reception.prompt(RING_HZ, 2.0)
        queue_id = await reception.queue(music_prompt_id=prompt_id(music), ringback_prompt_id=prompt_id(ring))
        await reception.lead({"kind": "queue", "queue_id": queue_id})
        await house.sign_in("agent1", "paused", "meeting")
        call = await house.call_in()
        await house.live_call(call.caller, "queued")
        await asyncio.sleep(5.0)
        phone = await house.phone(is_answering=False)
        await house.sign_in("agent1")
        await house.live_call(call.caller, "offering")
        await asyncio.sleep(4.0)
        await phone.answer()
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(1.5)
        await house.hang_up(call)

        assert tone_s(call.heard, MUSIC_HZ) > 3.5, "the queue's music, over and over"
        assert tone_s(call.heard, RING_HZ) > 2.5, "its ring-back while the agent's phone rings"
        assert tone_spans(call.heard, MUSIC_HZ)[-1][1] <= tone_spans(call.heard, RING_HZ)[0][0] + 0.2
        assert tone_s(call.heard, AGENT_TONE_HZ) > 1.0, "then the agent"

    async def test_own_ring_back_before_the_answer_can_be_recorded(
        self, house: House, reception: Reception, tmp_path: Path
    ) -> None:
        """Early media: the call is answered by nobody but the agent; the recording begins with the ring-back."""
        ring = await reception.prompt(RING_HZ, 2.0)
        await reception.api.request("PUT", "/reception", json={"ringback_prompt_id": prompt_id(ring)})
        reception.exits.push_async_callback(reception.api.request, "PUT", "/reception", json={})
        body = {"mode": "automatic", "starts_at": "ringback"}
        policy = await reception.api.request("PUT", "/recording-policies", json=body)
        reception.exits.push_async_callback(reception.api.request, "DELETE", f"/recording-policies/{policy['id']}")
        await reception.lead({"kind": "agent", "agent_id": reception.agents["8001"]})
        phone = await house.phone(is_answering=False)
        await house.sign_in("agent1")
        call = await house.call_in(answered_within_s=0)
        await phone.wait_ringing()
        await asyncio.sleep(4.0)
        assert not call.is_answered
        await phone.answer()
        await house.live_call(call.caller, "talking")
        await asyncio.sleep(3.0)
        await house.hang_up(call)

        record = await house.recorded(call.caller)
        assert record["talk_ms"] < 5000, "only the talk is paid for"
        assert record["recording"]["duration_ms"] > record["talk_ms"] + 3000
        mp3 = tmp_path / "call.mp3"
        mp3.write_bytes(await house.operator.download(f"/recordings/{record['recording']['id']}/audio"))
        assert tone_s(mp3, RING_HZ) > 3.0
        assert tone_s(mp3, AGENT_TONE_HZ) > 2.0
        assert tone_spans(mp3, RING_HZ)[-1][1] <= tone_spans(mp3, AGENT_TONE_HZ)[0][0] + 0.2
        assert tone_s(call.heard, RING_HZ) < 0.3, "it ends with the answer"

    async def test_the_vip_is_served_first(self, house: House, reception: Reception) -> None:
        await house.phone()
        await house.sign_in("agent1", "paused", "meeting")
        first = await house.call_in()
        await house.live_call(first.caller, "queued")
        vip = f"+86{house.number('0')}"
        await reception.vip(vip)
        second = await house.call_in(caller=vip)
        await house.live_call(vip, "queued")
        await house.waiting(2)
        await house.sign_in("agent1")
        await house.live_call(vip, "talking")
        await house.live_call(first.caller, "queued")
        await house.hang_up(second)
        await house.live_call(first.caller, "talking")
        await house.hang_up(first)

    async def test_what_nobody_takes_overflows(self, house: House, reception: Reception) -> None:
        said = await reception.prompt(GOODBYE_HZ)
        tree_id = await reception.tree(top={"kind": "play", "sounds": [said], "next": "end"}, end={"kind": "hang_up"})
        queue_id = await reception.queue(max_wait_s=3, overflow={"kind": "menu", "tree_id": tree_id})
        await reception.lead({"kind": "queue", "queue_id": queue_id})
        await house.sign_in("agent1", "paused", "meeting")
        waiting = await house.call_in()
        assert await waiting.wait_ended(15)
        (span,) = tone_spans(waiting.heard, GOODBYE_HZ)
        assert 2.5 < span[0] < 5.0, "after three seconds"

        await house.sign_in("agent1", "offline")
        nobody = await house.call_in()
        assert await nobody.wait_ended(15)
        (span,) = tone_spans(nobody.heard, GOODBYE_HZ)
        assert span[0] < 1.5, "at once: nobody is signed in"

    async def test_the_place_in_the_queue_is_said(self, house: House, reception: Reception) -> None:
        music = await reception.prompt(MUSIC_HZ, 2.0)
        queue_id = await reception.queue(music_prompt_id=prompt_id(music), announce_every_s=10)
        await reception.lead({"kind": "queue", "queue_id": queue_id})
        await house.sign_in("agent1", "paused", "meeting")
        call = await house.call_in()
        await asyncio.sleep(16.0)
        await house.hang_up(call)

        samples = decode_mono(call.heard)
        spans = tone_spans(call.heard, MUSIC_HZ)
        gaps = [(a[1], b[0]) for a, b in itertools.pairwise(spans) if b[0] - a[1] > 0.6]
        said = [samples[int(begin * SAMPLE_RATE) : int(end * SAMPLE_RATE)] for begin, end in gaps]
        assert said, "the music stops for an announcement"
        assert any(float(np.sqrt(np.mean(one**2))) > 0.01 for one in said), "and something is said"

    async def test_an_exit_of_the_menu_goes_on(self, house: House, reception: Reception) -> None:
        """A queue that nobody serves gives the caller back to the tree."""
        queue_id = await reception.queue()
        nodes = {
            "top": {"kind": "queue", "queue_id": queue_id, "exits": {"no_agents": "sorry"}},
            "sorry": {"kind": "play", "sounds": [await reception.prompt(OTHER_HZ)], "next": "end"},
            "end": {"kind": "hang_up"},
        }
        await reception.lead_to_menu(**nodes)
        call = await house.call_in()
        assert await call.wait_ended(10)
        assert tone_s(call.heard, OTHER_HZ) > 0.7
        assert (await house.record(call.caller))["result"] == "no_agents"


class TestVoicemail:
    async def message(self, reception: Reception, box_id: int) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            items = (await reception.api.get("/voicemail-messages", box_id=box_id))["items"]
            assert len(items) <= 1
            return items[0] if items and items[0]["state"] in ("ready", "failed") else None

        return await until(look, "the message", 25.0)

    async def box(self, reception: Reception, **settings: Any) -> int:
        """A box, emptied before it is deleted."""
        box_id = await reception.make("voicemail-boxes", **settings)

        async def empty() -> None:
            for one in (await reception.api.get("/voicemail-messages", box_id=box_id))["items"]:
                await reception.api.request("DELETE", f"/voicemail-messages/{one['id']}")

        reception.exits.push_async_callback(empty)
        return box_id

    @pytest.mark.parametrize("mode", ["automatic", "forbidden"])
    async def test_a_message_is_kept_and_can_be_heard(
        self, house: House, reception: Reception, tmp_path: Path, mode: str
    ) -> None:
        greeting = await reception.prompt(MENU_HZ, 2.0)
        box_id = await self.box(reception, greeting_prompt_id=prompt_id(greeting))
        await reception.lead({"kind": "voicemail", "box_id": box_id})
        policy = await reception.api.request("PUT", "/recording-policies", json={"mode": mode})
        try:
            call = await house.call_in()
            await house.live_call(call.caller, "voicemail")
            await asyncio.sleep(8.0)
            await house.hang_up(call)
            message = await self.message(reception, box_id)
        finally:
            await reception.api.request("DELETE", f"/recording-policies/{policy['id']}")

        assert (message["state"], message["caller"], message["is_heard"]) == ("ready", call.caller, False)
        assert 1.6 < tone_s(call.heard, MENU_HZ) < 2.4, "the greeting"
        beep = tone_spans(call.heard, BEEP_HZ)
        assert beep, "the tone"
        record = await house.record(call.caller)
        assert (record["recording"] is None) == (mode == "forbidden")
        expected_ms = record["talk_ms"] - 1000 * beep[-1][1]
        assert abs(message["duration_ms"] - expected_ms) < 700, "from the tone to the end"
        mp3 = tmp_path / "message.mp3"
        mp3.write_bytes(await reception.api.download(f"/voicemail-messages/{message['id']}/audio"))
        assert count_tone_s(decode_mono(mp3), CARRIER_TONE_HZ) > 0.8 * message["duration_ms"] / 1000
        assert count_tone_s(decode_mono(mp3), MENU_HZ) == 0, "without the greeting"

        (missed,) = (await reception.api.get("/missed-calls", number=call.caller.lstrip("+")))["items"]
        assert missed["message_id"] == message["id"]
        marked = await reception.api.request("PUT", f"/voicemail-messages/{message['id']}", json={"is_heard": True})
        assert marked["is_heard"]

    async def test_an_agent_who_is_away_has_a_box(self, house: House, reception: Reception) -> None:
        greeting = await reception.prompt(MENU_HZ, 1.0)
        box_id = await self.box(reception, greeting_prompt_id=prompt_id(greeting), agent_id=reception.agents["8002"])
        await reception.lead({"kind": "agent", "agent_id": reception.agents["8002"]})
        call = await house.call_in()
        await house.live_call(call.caller, "voicemail")
        await asyncio.sleep(4.0)
        await house.hang_up(call)
        message = await self.message(reception, box_id)
        own = await house.agents["agent2"].get("/voicemail-messages")
        assert [one["id"] for one in own["items"]] == [message["id"]]
        assert (await house.agents["agent1"].get("/voicemail-messages"))["items"] == []

    async def test_the_hash_key_and_the_limit_end_a_message(self, house: House, reception: Reception) -> None:
        greeting = await reception.prompt(MENU_HZ, 0.5)
        box_id = await self.box(reception, greeting_prompt_id=prompt_id(greeting), max_message_s=5)
        await reception.lead({"kind": "voicemail", "box_id": box_id})
        call = await house.call_in()
        assert await call.wait_ended(20)
        message = await self.message(reception, box_id)
        assert 4500 < message["duration_ms"] < 6000
        await reception.api.request("DELETE", f"/voicemail-messages/{message['id']}")

        again = await house.call_in()
        await house.live_call(again.caller, "voicemail")
        await asyncio.sleep(3.5)
        await reception.press(again, "#")
        assert await again.wait_ended(10)
        message = await self.message(reception, box_id)
        assert 1000 < message["duration_ms"] < 4000


class TestMissedCalls:
    async def missed(self, reception: Reception, number: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            items = (await reception.api.get("/missed-calls", number=number.lstrip("+")))["items"]
            return items[0] if items else None

        return await until(look, f"the missed call of {number}")

    async def test_one_that_gave_up_is_called_back(self, house: House, reception: Reception) -> None:
        await house.phone()
        await house.sign_in("agent1", "paused", "meeting")
        caller = f"+86{house.number('0')}"
        call = await house.call_in(caller=caller)
        await house.live_call(caller, "queued")
        await asyncio.sleep(2.0)
        await house.hang_up(call)
        missed = await self.missed(reception, caller)
        assert (missed["queue_name"], missed["result"], missed["done_at"]) == ("客服", "abandoned", None)
        assert 1900 < missed["waited_ms"] < 6000

        agent = house.agents["agent1"]
        mine = (await agent.get("/missed-calls", number=caller.lstrip("+")))["items"]
        assert [one["call_id"] for one in mine] == [missed["call_id"]]
        placed = await agent.request("POST", f"/missed-calls/{missed['call_id']}/call-back")
        live = await house.live_call(caller, "talking")
        assert live["call_id"] == placed["call_id"]
        await asyncio.sleep(1.0)
        await agent.request("POST", f"/calls/{placed['call_id']}/hang-up")

        async def is_done() -> dict[str, Any] | None:
            found = await self.missed(reception, caller)
            return found if found["done_at"] is not None else None

        done = await until(is_done, "the missed call to be done")
        assert (done["done_how"], done["done_call_id"]) == ("called_back", placed["call_id"])

    async def test_an_answered_call_is_not_missed(self, house: House, reception: Reception) -> None:
        await house.phone()
        await house.sign_in("agent1")
        call = await house.call_in()
        await house.live_call(call.caller, "talking")
        await house.hang_up(call)
        await house.record(call.caller)
        assert (await reception.api.get("/missed-calls", number=call.caller.lstrip("+")))["items"] == []
