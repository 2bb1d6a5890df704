"""Queues, their members and skills."""

from __future__ import annotations

import pytest

from api.inbound_rows import call
from api_fixtures import Api
from world import World

pytestmark = pytest.mark.db


class TestQueues:
    async def test_every_setting_is_kept(self, api: Api, world: World) -> None:
        browser = await api.browser("enterprise1")
        agent = world.first.agent_id
        _, box = await call(browser, "POST", "voicemail-boxes", {"name": "box"})
        settings = {
            "name": "vip",
            "strategy": "most_skilled",
            "is_open": False,
            "ring_timeout_s": 9,
            "max_wait_s": 60,
            "wrap_up_s": 5,
            "weight": 3,
            "priority": 4,
            "priority_s": 20,
            "max_length": 7,
            "max_estimate_s": 100,
            "max_ratio": 1.5,
            "max_agents": 2,
            "is_refused_when_paused": True,
            "skills": {"英语": 6},
            "relax": [{"after_s": 10, "drop": 3}, {"after_s": 30, "drop": None}],
            "last_agent_s": 15,
            "max_no_answers": 2,
            "ring_all_most": 5,
            "announce_every_s": 30,
            "music_prompt_id": None,
            "ringback_prompt_id": None,
            "overflow": {"kind": "voicemail", "box_id": box["id"]},
            "members": [{"agent_id": agent, "penalty": 1, "order": 2}],
        }
        status, made = await call(browser, "POST", "queues", settings)
        assert status == 201
        assert {name: made[name] for name in settings} == settings
        assert await call(browser, "GET", f"queues/{made['id']}") == (200, made)
        changed = {**settings, "members": [], "overflow": None, "name": "other"}
        status, after = await call(browser, "PUT", f"queues/{made['id']}", changed)
        assert {name: after[name] for name in changed} == changed
        assert (await call(browser, "DELETE", f"queues/{made['id']}"))[0] == 204

    async def test_bounds_and_foreign_references(self, api: Api, world: World) -> None:
        browser = await api.browser("enterprise1")
        for wrong in (
            {"strategy": "fastest"},
            {"ring_timeout_s": 2},
            {"announce_every_s": 5},
            {"skills": {"": 1}},
            {"skills": {"a": 11}},
            {"members": [{"agent_id": world.first.agent_id}] * 2},
            {"overflow": {"kind": "number", "number": "; rm"}},
            {"tenant_id": world.second.enterprise_id},
        ):
            status, body = await call(browser, "POST", "queues", {"name": "x", **wrong})
            assert (status, body["code"]) == (422, "invalid_input"), wrong
        for foreign in (
            {"members": [{"agent_id": world.second.agent_id}]},
            {"overflow": {"kind": "queue", "queue_id": world.second.queue_id}},
            {"music_prompt_id": 999},
        ):
            status, body = await call(browser, "POST", "queues", {"name": "x", **foreign})
            assert (status, body["code"]) == (422, "unknown_reference"), foreign
        status, body = await call(browser, "DELETE", f"queues/{world.first.queue_id}")
        assert (status, body["code"]) == (409, "in_use")

    async def test_skills(self, api: Api, world: World) -> None:
        browser = await api.browser("supervisor1")
        agent = world.first.agent_id
        assert (await call(browser, "PUT", f"agents/{agent}/skills", {"skills": {"en": 5, "vip": 2}}))[0] == 200
        await call(browser, "PUT", f"agents/{agent}/skills", {"skills": {"en": 7}})
        assert (await call(browser, "GET", "skills"))[1]["items"] == [{"agent_id": agent, "skills": {"en": 7}}]
