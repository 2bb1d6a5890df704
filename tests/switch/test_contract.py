"""One contract, two switches: the fake and the real one behave the same, or tests on the fake prove nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import pytest

from switch.rig import Rig, borrow_switch, count_breaks, open_fake, open_real
from ucc.engine import events as ev
from ucc.engine.record import LegKind
from ucc.switch.fake import FakeSwitch
from ucc.switch.port import DEFAULT_MUSIC, LegGone, Phone


@pytest.fixture(scope="module")
def borrowed_switch(stack: Any) -> Iterator[None]:
    with borrow_switch(stack):
        yield


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.live)])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    if request.param == "real":
        request.getfixturevalue("borrowed_switch")
    async with open_fake() if request.param == "fake" else open_real() as rig:
        yield rig


async def test_a_leg_rings_answers_and_ends(rig: Rig) -> None:
    leg = await rig.dial("0")
    await rig.until(ev.LegRinging, leg)
    await rig.until(ev.LegAnswered, leg)
    assert (await rig.switch.observe())[leg]

    await rig.switch.hang_up(leg, 16)

    ended = await rig.until(ev.LegEnded, leg)
    assert ended.cause == 16
    assert leg not in await rig.switch.observe()


@pytest.mark.parametrize(("last_digit", "cause"), [("2", 17), ("5", 21), ("7", 1)])
async def test_the_far_ends_cause_is_told(rig: Rig, last_digit: str, cause: int) -> None:
    leg = await rig.dial(last_digit)
    assert (await rig.until(ev.LegEnded, leg)).cause == cause


async def test_a_leg_that_rings_can_be_hung_up(rig: Rig) -> None:
    leg = await rig.dial("3")
    await rig.until(ev.LegRinging, leg)
    await rig.switch.hang_up(leg, 16)
    await rig.until(ev.LegEnded, leg)
    assert not any(isinstance(x, ev.LegAnswered) for x in rig.events)


async def test_a_phone_that_is_not_there_ends_its_leg(rig: Rig) -> None:
    leg = rig.new_leg()
    if isinstance(rig.switch, FakeSwitch):
        rig.switch.unreachable.add("8999")
    with suppress(LegGone):
        await rig.switch.dial(leg, Phone("8999"), "1")
    assert (await rig.until(ev.LegEnded, leg)).cause in (3, 18, 19, 20)


# --- bridges ----------------------------------------------------------------------------------------------------------


async def test_two_legs_are_bridged_twice_and_the_bridge_is_destroyed(rig: Rig) -> None:
    one, two = await rig.talk(), await rig.talk()
    await rig.switch.bridge(rig.bridge, (one, two))
    await rig.switch.bridge(rig.bridge, (one, two))
    await rig.until_hears(one, {two})
    await rig.until_hears(two, {one})
    assert await rig.switch.observe_bridges() == [rig.bridge]

    await rig.switch.destroy_bridge(rig.bridge)

    await rig.until_hears(one, set())
    with pytest.raises(LegGone):
        await rig.switch.destroy_bridge(rig.bridge)


async def test_three_legs_hear_each_other_and_one_is_taken_out(rig: Rig) -> None:
    one, two, three = await rig.talk(), await rig.talk(), await rig.talk()
    await rig.switch.bridge(rig.bridge, (one, two))
    await rig.until_hears(one, {two})
    await rig.switch.bridge(rig.bridge, (three,))
    await rig.until_hears(one, {two, three})
    await rig.until_hears(three, {one, two})

    await rig.switch.unbridge(rig.bridge, (two,))

    await rig.until_hears(one, {three})
    await rig.until_hears(two, set())
    assert (await rig.switch.observe())[two]
    with pytest.raises(LegGone):
        await rig.switch.unbridge(rig.bridge, (two,))


async def test_a_leg_that_is_gone_is_not_bridged(rig: Rig) -> None:
    one = await rig.talk()
    with pytest.raises(LegGone):
        await rig.switch.bridge(rig.bridge, (one, "ucc.none.1"))


async def test_what_a_muted_leg_says_is_heard_by_nobody(rig: Rig) -> None:
    one, two = await rig.talk(), await rig.talk()
    await rig.switch.bridge(rig.bridge, (one, two))
    await rig.until_hears(one, {two})

    await rig.switch.mute(two, True)
    await rig.until_hears(one, set())
    await rig.until_hears(two, {one})
    await rig.switch.mute(two, True)
    await rig.switch.mute(two, False)
    await rig.until_hears(one, {two})
    await rig.switch.mute(two, False)


# --- sounds -----------------------------------------------------------------------------------------------------------


async def test_music_starts_and_stops(rig: Rig) -> None:
    leg = await rig.talk()
    await rig.switch.start_music(leg)
    await rig.until_hears(leg, {DEFAULT_MUSIC})
    await rig.switch.stop_music(leg)
    await rig.until_hears(leg, set())
    await rig.switch.ring(leg)
    await rig.switch.stop_ringing(leg)


async def test_music_of_ones_own_goes_on_until_it_is_stopped(rig: Rig) -> None:
    leg, music = await rig.talk(), rig.sound("contract-a", 0.7)
    await rig.switch.start_music(leg, music)
    await asyncio.sleep(0 if rig.fake else 2.5)
    await rig.until_hears(leg, {music})
    await rig.switch.stop_music(leg)
    await rig.until_hears(leg, set())
    await asyncio.sleep(0 if rig.fake else 1.0)
    assert rig.hears(leg) == set()
    assert not any(isinstance(x, ev.PromptEnded) for x in rig.events)
    await rig.switch.start_music(leg, music)
    await rig.until_hears(leg, {music})


async def test_several_sounds_are_one_playback(rig: Rig) -> None:
    leg = await rig.talk()
    await rig.switch.play(leg, "p1", (rig.sound("contract-a"), rig.sound("contract-b")))
    ended = await rig.until(ev.PromptEnded, leg, within_s=10)
    assert ended.playback == "p1"
    assert len([x for x in rig.events if isinstance(x, ev.PromptEnded)]) == 1
    with pytest.raises(LegGone):
        await rig.switch.stop_playing("p1")


async def test_a_playback_is_stopped(rig: Rig) -> None:
    if rig.fake:
        rig.fake.is_prompt_kept = True
    leg, sound = await rig.talk(), rig.sound("contract-a", 20)
    await rig.switch.play(leg, "p1", (sound,))
    await rig.until_hears(leg, {sound})
    await rig.switch.stop_playing("p1")
    assert (await rig.until(ev.PromptEnded, leg, within_s=2)).playback == "p1"
    await rig.until_hears(leg, set())


async def test_a_sound_in_a_bridge_is_heard_by_all_and_is_no_leg(rig: Rig) -> None:
    one, two = await rig.talk(), await rig.talk()
    await rig.switch.bridge(rig.bridge, (one, two))
    await rig.until_hears(one, {two})
    if rig.fake:
        rig.fake.is_prompt_kept = True
    sound = rig.sound("contract-a", 3)
    await rig.switch.play_in_bridge(rig.bridge, "p1", (sound,))
    await rig.until_hears(one, {two, sound})
    assert set(await rig.switch.observe()) == {one, two}
    if rig.fake:
        rig.fake.end_prompt("p1")
    assert (await rig.until(ev.PromptEnded, rig.bridge, within_s=10)).playback == "p1"
    await rig.until_hears(one, {two})
    await rig.until_hears(two, {one})
    assert not any(isinstance(x, ev.CallArrived) for x in rig.events)


# --- before the answer ------------------------------------------------------------------------------------------------


async def test_early_media_of_a_dialled_leg_is_told_and_heard(rig: Rig) -> None:
    one = await rig.talk()
    two = await rig.dial("0", has_early_media=True)
    await rig.until(ev.EarlyMedia, two)
    await rig.switch.bridge(rig.bridge, (one, two))
    await rig.until_hears(one, {two}, within_s=4.8)
    assert not (await rig.switch.observe())[two]


async def test_early_media_reaches_a_phone_that_is_not_answered(rig: Rig) -> None:
    phone = await rig.arrive()
    two = await rig.dial("0", has_early_media=True)
    await rig.until(ev.EarlyMedia, two)
    await rig.switch.bridge(rig.bridge, (phone, two))
    await rig.until_hears(phone, {two}, within_s=4.8)
    assert not (await rig.switch.observe())[phone]


async def test_a_leg_that_came_in_hears_its_own_ring_back(rig: Rig) -> None:
    phone, music = await rig.arrive(), rig.sound("contract-b", 0.7)
    await rig.switch.start_music(phone, music)
    await asyncio.sleep(0 if rig.fake else 1.5)
    await rig.until_hears(phone, {music})
    assert not (await rig.switch.observe())[phone]
    await rig.switch.stop_music(phone)
    await rig.switch.answer(phone)
    await rig.until(ev.LegAnswered, phone)
    assert (await rig.switch.observe())[phone]


# --- watching ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def watched(rig: Rig) -> tuple[str, str, str]:
    """(customer, agent, watcher): the first two talk, the third listens to the agent."""
    customer, agent, watcher = await rig.talk(), await rig.talk(), await rig.talk()
    await rig.switch.bridge(rig.bridge, (customer, agent))
    await rig.until_hears(customer, {agent})
    await rig.switch.watch(rig.watch, agent, watcher, is_whispering=False)
    await rig.until_hears(watcher, {customer, agent})
    return customer, agent, watcher


async def test_the_watcher_listens_whispers_and_listens_again(rig: Rig, watched: tuple[str, str, str]) -> None:
    customer, agent, watcher = watched
    await rig.until_hears(agent, {customer})
    await rig.until_hears(customer, {agent})

    await rig.switch.set_whispering(rig.watch, watcher, True)
    await rig.until_hears(agent, {customer, watcher})
    await rig.until_hears(customer, {agent})
    await rig.until_hears(watcher, {customer, agent})

    await rig.switch.set_whispering(rig.watch, watcher, False)
    await rig.until_hears(agent, {customer})
    await rig.until_hears(watcher, {customer, agent})


async def test_a_watch_is_no_call_and_ends_without_a_trace(rig: Rig, watched: tuple[str, str, str]) -> None:
    customer, agent, watcher = watched
    assert set(await rig.switch.observe()) == {customer, agent, watcher}
    assert await rig.switch.observe_bridges() == [rig.bridge]

    await rig.switch.unwatch(rig.watch, watcher)
    await rig.switch.unwatch(rig.watch, watcher)

    await rig.until_hears(watcher, set())
    assert (await rig.switch.observe())[watcher]
    await rig.switch.bridge(rig.bridge, (watcher,))
    await rig.until_hears(customer, {agent, watcher})
    assert not any(isinstance(x, ev.CallArrived | ev.LegEnded) for x in rig.events)


async def test_the_watched_hear_no_click(rig: Rig, watched: tuple[str, str, str]) -> None:
    """A watch changes without a gap. When it begins and ends, the switch comes into the sound and leaves it again, as
    at any hold: at most two packets are lost."""
    customer, agent, watcher = watched
    if rig.fake:
        return
    await rig.switch.unwatch(rig.watch, watcher)
    await asyncio.sleep(1.5)
    begin = {leg: len(rig.heard(leg)) for leg in (agent, customer)}
    await rig.switch.watch(rig.watch, agent, watcher, is_whispering=False)
    await asyncio.sleep(1)
    begun = {leg: len(rig.heard(leg)) for leg in (agent, customer)}
    for is_whispering in (True, False, True, False):
        await asyncio.sleep(0.7)
        await rig.switch.set_whispering(rig.watch, watcher, is_whispering)
    await asyncio.sleep(0.7)
    middle = {leg: len(rig.heard(leg)) for leg in (agent, customer)}
    await rig.switch.unwatch(rig.watch, watcher)
    await asyncio.sleep(1.5)
    for leg, other in ((agent, customer), (customer, agent)):
        heard = rig.heard(leg)
        assert count_breaks(heard[begin[leg] : begun[leg]], rig.tones[other]) <= 5
        assert count_breaks(heard[begun[leg] : middle[leg]], rig.tones[other]) == 0
        assert count_breaks(heard[middle[leg] :], rig.tones[other]) <= 5


@pytest.mark.parametrize("who", ["agent", "watcher"])
async def test_a_watch_ends_with_either_leg(rig: Rig, watched: tuple[str, str, str], who: str) -> None:
    customer, agent, watcher = watched
    await rig.switch.hang_up(agent if who == "agent" else watcher, 16)
    if who == "agent":
        await rig.until_hears(watcher, set())
        await rig.switch.unwatch(rig.watch, watcher)
        assert (await rig.switch.observe())[watcher]
        await rig.switch.bridge(rig.bridge, (watcher,))
        await rig.until_hears(customer, {watcher})
    else:
        await rig.until(ev.LegEnded, watcher)
        await rig.switch.unwatch(rig.watch, watcher)
        await rig.until_hears(agent, {customer})


async def test_a_watch_can_begin_anew_under_its_name(rig: Rig, watched: tuple[str, str, str]) -> None:
    customer, agent, watcher = watched
    await rig.switch.unwatch(rig.watch, watcher)
    await rig.switch.watch(rig.watch, agent, watcher, is_whispering=True)
    await rig.until_hears(agent, {customer, watcher})
    await asyncio.sleep(0.5)
    assert rig.hears(watcher) == {customer, agent}


async def test_a_leg_that_is_gone_is_not_watched(rig: Rig) -> None:
    watcher = await rig.talk()
    with pytest.raises(LegGone):
        await rig.switch.watch(rig.watch, "ucc.none.1", watcher, is_whispering=False)
    assert await rig.switch.observe_bridges() == []


# --- the phone's own keys ---------------------------------------------------------------------------------------------


@pytest.fixture
async def phone_talk(rig: Rig) -> tuple[str, str]:
    """(the phone's leg, the other's): they talk."""
    phone, other = await rig.arrive(), await rig.talk()
    await rig.switch.answer(phone)
    await rig.until(ev.LegAnswered, phone)
    await rig.switch.bridge(rig.bridge, (phone, other))
    await rig.until_hears(other, {phone})
    return phone, other


async def test_a_phones_own_hold_is_told_and_nothing_else_is_done(rig: Rig, phone_talk: tuple[str, str]) -> None:
    leg, other = phone_talk
    await _hold(rig, leg, True)
    assert (await rig.until(ev.LegHeld, leg)).is_held
    await asyncio.sleep(0 if rig.fake else 1.0)
    assert DEFAULT_MUSIC not in rig.hears(other)

    rig.events.clear()
    await _hold(rig, leg, False)
    assert not (await rig.until(ev.LegHeld, leg)).is_held
    await rig.until_hears(other, {leg})


@pytest.mark.parametrize("is_done", [True, False])
async def test_a_phones_own_transfer_is_told_and_settled(rig: Rig, phone_talk: tuple[str, str], is_done: bool) -> None:
    leg, other = phone_talk
    if rig.fake:
        rig.fake.far_end_transfers(leg, "8002")
    else:
        await asyncio.sleep(0.5)
        await rig.phones[leg].transfer("8002")
    asked = await rig.until(ev.TransferAsked, leg)
    assert asked.target == "8002"
    await rig.switch.settle_transfer(leg, is_done)
    if rig.fake:
        assert rig.fake.legs[leg].transfers == [is_done]
    else:
        # This phone hangs up either way, unless what it is told overtakes a re-INVITE; then it is for us to do.
        with suppress(TimeoutError):
            await rig.until(ev.LegEnded, leg, 3.0)
        assert ("transfer failed: 603" in rig.phones[leg].log.read_text(errors="replace")) is not is_done
    assert (await rig.switch.observe())[other]


async def _hold(rig: Rig, leg: str, is_held: bool) -> None:
    if rig.fake:
        rig.fake.far_end_holds(leg, is_held)
        return
    await (rig.phones[leg].hold() if is_held else rig.phones[leg].resume())


async def test_keys_are_sent_to_the_far_end(rig: Rig, phone_talk: tuple[str, str]) -> None:
    leg, _ = phone_talk
    await asyncio.sleep(0 if rig.fake else 1.0)
    await rig.switch.send_keys(leg, "12#")
    if rig.fake:
        assert rig.fake.legs[leg].keys == "12#"
        return
    async with asyncio.timeout(5):
        while rig.phones[leg].calls[-1].keys != "12#":
            await asyncio.sleep(0.1)


async def test_an_arrival_tells_who_calls(rig: Rig) -> None:
    await rig.arrive()
    arrived = await rig.until(ev.CallArrived, None)
    assert (arrived.kind, arrived.caller, arrived.callee) == (LegKind.PHONE, "80914", "123")


@pytest.mark.parametrize("method", ["answer", "ring", "stop_ringing", "start_music", "stop_music"])
async def test_what_is_asked_of_a_leg_that_is_gone_says_so(rig: Rig, method: str) -> None:
    with pytest.raises(LegGone):
        await getattr(rig.switch, method)("ucc.none.1")
    with pytest.raises(LegGone):
        await rig.switch.hang_up("ucc.none.1", 16)
