"""Voicemail boxes and messages, and missed calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from api.inbound_rows import call, leave_message, missed_call, mp3, run
from api_fixtures import Api
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import Result
from world import NOON, World, finished_call

pytestmark = pytest.mark.db


class TestVoicemail:
    async def test_a_message_is_listed_heard_and_deleted(self, api: Api, database: Database, world: World) -> None:
        browser = await api.browser("enterprise1")
        _, box = await call(browser, "POST", "voicemail-boxes", {"name": "box"})
        message = await leave_message(database, world.first, box["id"])
        _, listed = await call(browser, "GET", f"voicemail-messages?box_id={box['id']}&is_heard=false")
        (one,) = listed["items"]
        assert (one["id"], one["caller"], one["state"], one["is_heard"]) == (
            message,
            "+8613800138000",
            "spooled",
            False,
        )
        assert (await call(browser, "GET", "voicemail-boxes"))[1]["items"][0]["unheard"] == 1
        status, body = await call(browser, "DELETE", f"voicemail-messages/{message}")
        assert (status, body["code"]) == (409, "recording_not_ready")
        status, body = await call(browser, "GET", f"voicemail-messages/{message}/audio")
        assert (status, body["code"]) == (409, "recording_not_ready")

        file = api.settings.recording_dir / "1" / "message.mp3"
        file.parent.mkdir(parents=True)
        file.write_bytes(mp3(1.0))
        ready = (
            "UPDATE recording SET state = 'ready', path = '1/message.mp3', bytes = 5, duration_ms = 1000, sha256 = 'x'"
        )
        await run(database, ready + " WHERE id = :id", id=message)
        async with browser.get(f"voicemail-messages/{message}/audio") as response:
            assert (response.status, await response.read()) == (200, file.read_bytes())
        _, marked = await call(browser, "PUT", f"voicemail-messages/{message}", {"is_heard": True})
        assert (marked["is_heard"], marked["duration_ms"]) == (True, 1000)
        assert (await call(browser, "GET", "voicemail-boxes"))[1]["items"][0]["unheard"] == 0
        status, body = await call(browser, "DELETE", f"voicemail-boxes/{box['id']}")
        assert (status, body["code"]) == (409, "in_use")
        assert (await call(browser, "DELETE", f"voicemail-messages/{message}"))[0] == 204
        for _ in range(100):
            if not file.exists():
                break
            await asyncio.sleep(0.02)
        assert not file.exists()
        assert await run(database, "SELECT count(*) FROM recording WHERE id = :id", id=message) == 0
        assert (await call(browser, "DELETE", f"voicemail-boxes/{box['id']}"))[0] == 204

    async def test_an_agent_hears_its_own_box(self, api: Api, database: Database, world: World) -> None:
        editor, agent = await api.browser("enterprise1"), await api.browser("agent1")
        _, shared = await call(editor, "POST", "voicemail-boxes", {"name": "shared"})
        _, own = await call(editor, "POST", "voicemail-boxes", {"name": "own", "agent_id": world.first.agent_id})
        hidden = await leave_message(database, world.first, shared["id"])
        mine = await leave_message(database, world.first, own["id"])
        _, listed = await call(agent, "GET", "voicemail-messages")
        assert [one["id"] for one in listed["items"]] == [mine]
        assert (await call(agent, "PUT", f"voicemail-messages/{hidden}", {"is_heard": True}))[0] == 404
        assert (await call(agent, "PUT", f"voicemail-messages/{mine}", {"is_heard": True}))[0] == 200


class TestMissedCalls:
    async def finish(self, database: Database, call: Any) -> None:
        async with database.begin() as session:
            await finish_call(session, call)

    async def test_listed_marked_and_opened_again(self, api: Api, database: Database, world: World) -> None:
        await self.finish(database, missed_call(world.first))
        browser = await api.browser("supervisor1")
        _, page = await call(browser, "GET", "missed-calls?is_done=false")
        (one,) = page["items"]
        assert (one["caller"], one["queue_name"], one["waited_ms"], one["result"]) == (
            "+8613800138000",
            "queue1",
            25000,
            "abandoned",
        )
        path = f"missed-calls/{one['call_id']}"
        _, done = await call(browser, "PUT", path, {"is_done": True, "note": "已联系"})
        assert (done["done_how"], done["note"], done["done_by"]) == (
            "marked",
            "已联系",
            world.first.users["supervisor1"],
        )
        assert (await call(browser, "GET", "missed-calls?is_done=false"))[1]["items"] == []
        _, again = await call(browser, "PUT", path, {"is_done": False})
        assert (again["done_at"], again["note"]) == (None, "已联系")

    async def test_only_calls_that_no_agent_answered(self, api: Api, database: Database, world: World) -> None:
        talked = {"result": Result.ANSWERED, "connected_at": NOON + 8, "agent_id": world.first.agent_id}
        await self.finish(database, missed_call(world.first, **talked))
        await self.finish(database, missed_call(world.first, result=Result.REFUSED, refusal="blacklisted"))
        await self.finish(database, finished_call(world.first, None))
        _, page = await call(await api.browser("enterprise1"), "GET", "missed-calls")
        assert page["items"] == []

    async def test_reaching_the_caller_closes_it(self, api: Api, database: Database, world: World) -> None:
        browser = await api.browser("enterprise1")

        async def state() -> list[Any]:
            _, page = await call(browser, "GET", "missed-calls")
            return [(one["caller"], one["done_how"]) for one in page["items"]]

        await self.finish(database, missed_call(world.first))
        await self.finish(database, missed_call(world.first, caller="+8613800138009"))
        await self.finish(database, missed_call(world.second))
        later = {"started_at": NOON + 100}
        await self.finish(database, finished_call(world.first, None, **later))
        assert await state() == [("+8613800138009", None), ("+8613800138000", None)]
        await self.finish(database, finished_call(world.first, 30, **later))
        assert await state() == [("+8613800138009", None), ("+8613800138000", "called_back")]
        talked = {"result": Result.ANSWERED, "connected_at": NOON + 208, "agent_id": world.first.agent_id}
        await self.finish(database, missed_call(world.first, caller="+8613800138009", started_at=NOON + 200, **talked))
        assert await state() == [("+8613800138009", "called_again"), ("+8613800138000", "called_back")]
        assert await run(database, "SELECT count(*) FROM missed_call WHERE done_at IS NULL") == 1

    async def test_agents_see_those_of_their_queues(self, api: Api, database: Database, world: World) -> None:
        await self.finish(database, missed_call(world.first))
        await self.finish(database, missed_call(world.first, queue_id=None))
        browser = await api.browser("agent1")
        _, page = await call(browser, "GET", "missed-calls")
        assert [one["queue_id"] for one in page["items"]] == [world.first.queue_id]
        status, started = await call(browser, "POST", f"missed-calls/{page['items'][0]['call_id']}/call-back")
        assert (status, "call_id" in started) == (201, True)
        status, body = await call(
            await api.browser("enterprise1"), "POST", f"missed-calls/{page['items'][0]['call_id']}/call-back"
        )
        assert (status, body["code"]) == (403, "forbidden")

    async def test_pages(self, api: Api, database: Database, world: World) -> None:
        for number in range(5):
            await self.finish(database, missed_call(world.first, started_at=NOON + number))
        browser = await api.browser("enterprise1")
        seen: list[str] = []
        path = "missed-calls?limit=2"
        while path:
            _, page = await call(browser, "GET", path)
            seen += [one["call_id"] for one in page["items"]]
            path = f"missed-calls?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        assert len(seen) == len(set(seen)) == 5
