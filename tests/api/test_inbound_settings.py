"""How an enterprise sets up what its callers meet: by role, by tenant, within bounds; nothing in use goes away."""

from __future__ import annotations

import asyncio
import io
import wave
from pathlib import Path
from typing import Any

import aiohttp
import lameenc
import numpy as np
import pytest
from sqlalchemy import text

from api.inbound_routes import NODES, QUEUE, ROUTES, SCHEDULE, TREE, build_path
from api_fixtures import Api
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import Direction, RecordingPurpose, RecordingRecord, Result
from ucc.kit.ids import new_id
from world import NOON, Branch, World, finished_call

pytestmark = pytest.mark.db
ROLES = {"operator": "operator", **{f"{role}2": role for role in ("reseller", "enterprise", "supervisor", "agent")}}
TABLES = [
    "queue",
    "queue_member",
    "agent_skill",
    "ivr_tree",
    "ivr_tree_version",
    "prompt",
    "schedule",
    "did",
    "destination",
    "priority_caller",
    "reception_setting",
    "voicemail_box",
    "voicemail_message",
    "missed_call",
    "recording",
]


async def call(browser: aiohttp.ClientSession, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json() if response.status != 204 else None


async def run(database: Database, statement: str, **values: object) -> Any:
    async with database.begin() as session:
        result = await session.execute(text(statement), values)
        return result.scalar() if result.returns_rows else None


def wav(seconds: float = 1.0, rate: int = 44100, channels: int = 2) -> bytes:
    target = io.BytesIO()
    t = np.arange(int(seconds * rate)) / rate
    tone = (8000 * np.sin(2 * np.pi * 800 * t)).astype(np.int16)
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, channels).tobytes())
    return target.getvalue()


def read_wav(sound: bytes) -> Any:
    """What the switch plays."""
    with wave.open(io.BytesIO(sound)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def mp3(seconds: float) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(16000)
    encoder.set_channels(1)
    encoder.silence()
    tone = (8000 * np.sin(2 * np.pi * 800 * np.arange(int(seconds * 16000)) / 16000)).astype(np.int16)
    return bytes(encoder.encode(tone.tobytes()) + encoder.flush())


async def upload(browser: aiohttp.ClientSession, name: str, sound: bytes) -> tuple[int, Any]:
    async with browser.post("prompts/upload", params={"name": name}, data=sound) as response:
        return response.status, await response.json()


def missed_call(branch: Branch, **changes: Any) -> Any:
    values = {
        "direction": Direction.INBOUND,
        "caller": "+8613800138000",
        "callee": branch.did,
        "result": Result.ABANDONED,
        "connected_at": None,
        "agent_id": None,
        "queue_id": branch.queue_id,
    }
    return finished_call(branch, 20, **(values | changes))


async def leave_message(database: Database, branch: Branch, box_id: int, **changes: Any) -> str:
    message = RecordingRecord(
        new_id(), "leg@switch", NOON + 10, NOON + 20, purpose=RecordingPurpose.VOICEMAIL, box_id=box_id
    )
    async with database.begin() as session:
        await finish_call(session, missed_call(branch, recordings=(message,), **changes))
    return str(message.recording_id)


async def make_rows(database: Database, branch: Branch) -> dict[str, int | str]:
    """One row of each kind, of this enterprise."""
    tenant = branch.enterprise_id
    statements = {
        "ivr_tree": (
            "INSERT INTO ivr_tree (tenant_id, name, draft, published_version) VALUES (:t, 'prey', :n, 1) RETURNING id"
        ),
        "prompt": (
            "INSERT INTO prompt (tenant_id, name, sha256, duration_ms)"
            " VALUES (:t, 'prey', repeat('0', 64), 5) RETURNING id"
        ),
        "schedule": (
            "INSERT INTO schedule (tenant_id, name, weekly) VALUES (:t, 'prey', '[[],[],[],[],[],[],[]]') RETURNING id"
        ),
        "priority_caller": "INSERT INTO priority_caller (tenant_id, number) VALUES (:t, '+8613911110000') RETURNING id",
        "voicemail_box": "INSERT INTO voicemail_box (tenant_id, name) VALUES (:t, 'prey') RETURNING id",
    }
    tree = '{"entry": "end", "nodes": {"end": {"kind": "hang_up"}}}'
    rows: dict[str, int | str] = {
        kind: await run(database, statement, **({"t": tenant, "n": tree} if ":n" in statement else {"t": tenant}))
        for kind, statement in statements.items()
    }
    await run(
        database,
        "INSERT INTO ivr_tree_version (tree_id, version, tenant_id, body) VALUES (:i, 1, :t, :n)",
        i=rows["ivr_tree"],
        t=tenant,
        n=tree,
    )
    rows["voicemail_message"] = await leave_message(database, branch, int(rows["voicemail_box"]))
    rows["missed_call"] = str(await run(database, "SELECT call_id FROM missed_call WHERE tenant_id = :t", t=tenant))
    return rows | {"queue": branch.queue_id, "agent": branch.agent_id, "did": branch.did_id}


async def dump(database: Database, branch: Branch) -> list[Any]:
    async with database.begin() as session:
        return [
            (
                await session.execute(
                    text(f"SELECT x::text FROM {table} x WHERE tenant_id = :t ORDER BY 1"), {"t": branch.enterprise_id}
                )
            ).all()
            for table in TABLES
        ]


@pytest.mark.parametrize("username", ROLES)
async def test_another_enterprises_rows_do_not_exist(api: Api, database: Database, world: World, username: str) -> None:
    rows = await make_rows(database, world.first)
    before = await dump(database, world.first)
    browser = await api.browser(username)
    for (method, path), rule in ROUTES.items():
        if rule.row is None:
            continue
        sent = wav(0.1) if path.endswith("/upload") else None
        async with browser.request(
            method, build_path(path, rows[rule.row]), **({"data": sent} if sent else {"json": rule.body})
        ) as response:
            expected = (404, "not_found") if ROLES[username] in rule.roles else (403, "forbidden")
            if "{call_id}" in path and ROLES[username] not in rule.roles:
                expected = (403, "forbidden")
            assert (response.status, (await response.json())["code"]) == expected, (method, path)
    for (method, path), rule in ROUTES.items():
        if method == "GET" and rule.row is None and ROLES[username] in rule.roles:
            _, body = await call(browser, method, build_path(path))
            assert "prey" not in str(body), path
            assert str(rows["missed_call"]) not in str(body), path
    assert await dump(database, world.first) == before


async def test_roles(api: Api, database: Database, world: World) -> None:
    """Everything is there for those who may, and for nobody else."""
    for username, role in ROLES.items():
        browser = await api.browser(username)
        for (method, path), rule in ROUTES.items():
            if rule.row is not None or method != "GET":
                continue
            status, _ = await call(browser, method, build_path(path))
            assert status == (200 if role in rule.roles else 403), (username, path)
        if role not in ("enterprise", "supervisor"):
            for path, body in (("queues", QUEUE), ("ivr-trees", TREE), ("schedules", SCHEDULE)):
                assert (await call(browser, "POST", path, body))[0] == 403


class TestTrees:
    async def test_a_tree_is_drafted_checked_and_published(self, api: Api, world: World) -> None:
        browser = await api.browser("enterprise1")
        nodes = {
            "top": {
                "kind": "menu",
                "sounds": ["builtin:welcome"],
                "keys": {"1": "go"},
                "on_timeout": "top",
                "on_invalid": "end",
            },
            "go": {"kind": "queue", "queue_id": world.second.queue_id},
        }
        status, tree = await call(browser, "POST", "ivr-trees", {"name": "main", "entry": "top", "nodes": nodes})
        assert status == 201
        assert {(fault["node"], fault["code"]) for fault in tree["faults"]} == {
            ("top", "dangling"),
            ("go", "unknown_queue"),
        }
        path = f"ivr-trees/{tree['id']}"
        status, refused = await call(browser, "POST", f"{path}/publish")
        assert (status, refused["code"]) == (422, "invalid_tree")
        assert "top.on_invalid: dangling: There is no node 'end'" in refused["message"]
        assert "unknown_queue" in refused["message"]

        nodes["go"] = {"kind": "queue", "queue_id": world.first.queue_id}
        nodes["end"] = {"kind": "hang_up"}
        _, tree = await call(browser, "PUT", path, {"name": "main", "entry": "top", "nodes": nodes})
        assert (tree["faults"], tree["published_version"], tree["is_changed"]) == ([], None, True)
        _, tree = await call(browser, "POST", f"{path}/publish")
        assert (tree["published_version"], tree["is_changed"]) == (1, False)
        _, changed = await call(browser, "PUT", path, {**TREE, "nodes": NODES})
        assert (changed["published_version"], changed["is_changed"]) == (1, True)
        await call(browser, "POST", f"{path}/publish")
        _, versions = await call(browser, "GET", f"{path}/versions")
        assert [(one["version"], one["is_current"]) for one in versions["items"]] == [(2, True), (1, False)]
        _, first = await call(browser, "GET", f"{path}/versions/1")
        assert first["nodes"]["go"]["queue_id"] == world.first.queue_id
        assert (await call(browser, "GET", f"{path}/versions/3"))[0] == 404

    async def test_published_versions_never_change(self, api: Api, database: Database, world: World) -> None:
        browser = await api.browser("enterprise1")
        _, tree = await call(browser, "POST", "ivr-trees", TREE)
        await call(browser, "POST", f"ivr-trees/{tree['id']}/publish")
        with pytest.raises(Exception, match="append-only"):
            await run(database, "UPDATE ivr_tree_version SET body = '{}'")

    async def test_what_does_not_fit_the_form(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        for nodes in (
            {},
            {"top": {"kind": "spy"}},
            {"top": {"kind": "hang_up", "extra": 1}},
            {"top": {"kind": "play", "sounds": "builtin:welcome", "next": "top"}},
            {"x" * 41: {"kind": "hang_up"}},
            {"top": {"kind": "hang_up", "label": "\0"}},
        ):
            status, body = await call(browser, "POST", "ivr-trees", {"name": "bad", "entry": "top", "nodes": nodes})
            assert (status, body["code"]) == (422, "invalid_input"), nodes

    async def test_a_second_of_the_same_name(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        assert (await call(browser, "POST", "ivr-trees", TREE))[0] == 201
        status, body = await call(browser, "POST", "ivr-trees", TREE)
        assert (status, body["code"]) == (409, "already_exists")
        assert (await call(await api.browser("enterprise2"), "POST", "ivr-trees", TREE))[0] == 201

    async def test_trees_that_go_round_through_each_other(self, api: Api) -> None:
        browser = await api.browser("enterprise1")

        def leading_to(tree_id: int, name: str) -> dict[str, Any]:
            nodes = {"sub": {"kind": "sub_menu", "tree_id": tree_id, "next": "end"}, "end": {"kind": "hang_up"}}
            return {"name": name, "entry": "sub", "nodes": nodes}

        _, one = await call(browser, "POST", "ivr-trees", {**TREE, "name": "one"})
        _, two = await call(browser, "POST", "ivr-trees", leading_to(one["id"], "two"))
        assert [fault["code"] for fault in two["faults"]] == ["unpublished_tree"]
        await call(browser, "POST", f"ivr-trees/{one['id']}/publish")
        assert (await call(browser, "POST", f"ivr-trees/{two['id']}/publish"))[0] == 200
        _, again = await call(browser, "PUT", f"ivr-trees/{one['id']}", leading_to(two["id"], "one"))
        assert {fault["code"] for fault in again["faults"]} == {"endless"}
        status, refused = await call(browser, "POST", f"ivr-trees/{one['id']}/publish")
        assert (status, refused["code"]) == (422, "invalid_tree")
        status, refused = await call(browser, "DELETE", f"ivr-trees/{one['id']}")
        assert (status, refused["code"]) == (409, "in_use")

    async def test_nothing_that_a_tree_uses_can_be_deleted(self, api: Api, world: World, database: Database) -> None:
        rows = await make_rows(database, world.first)
        await run(database, "DELETE FROM destination")
        browser = await api.browser("enterprise1")
        nodes = {
            "top": {"kind": "play", "sounds": [f"prompt:{rows['prompt']}"], "next": "hours"},
            "hours": {"kind": "time_switch", "schedule_id": rows["schedule"], "on_open": "queue", "on_closed": "box"},
            "queue": {"kind": "queue", "queue_id": rows["queue"]},
            "box": {"kind": "voicemail", "box_id": rows["voicemail_box"]},
        }
        _, tree = await call(browser, "POST", "ivr-trees", {"name": "user", "entry": "top", "nodes": nodes})
        assert tree["faults"] == []
        paths = [
            f"prompts/{rows['prompt']}",
            f"schedules/{rows['schedule']}",
            f"queues/{rows['queue']}",
            f"voicemail-boxes/{rows['voicemail_box']}",
        ]
        for path in paths:
            status, body = await call(browser, "DELETE", path)
            assert (status, body["code"]) == (409, "in_use"), path
        assert (await call(browser, "DELETE", f"ivr-trees/{tree['id']}"))[0] == 204
        await run(database, "DELETE FROM voicemail_message")
        for path in paths:
            assert (await call(browser, "DELETE", path))[0] == 204, path


class TestPrompts:
    async def test_wav_and_mp3_become_8_khz_mono(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        for name, sound in (("wav", wav(1.0)), ("mp3", mp3(1.0)), ("8k", wav(1.0, 8000, 1))):
            status, prompt = await upload(browser, name, sound)
            assert status == 201
            assert abs(prompt["duration_ms"] - 1000) < 120
            async with browser.get(f"prompts/{prompt['id']}/audio") as response:
                assert response.headers["Content-Type"] == "audio/wav"
                samples = read_wav(await response.read()).astype(float)
            peak = np.fft.rfft(samples[2000:6000] * np.hanning(4000))
            assert abs(np.argmax(np.abs(peak)) * 2 - 800) <= 4, name

    async def test_what_is_no_sound_is_refused(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        real = wav(0.5)
        for name, sound in (
            ("text", b"hello"),
            ("nothing", b""),
            ("cut", real[:60]),
            ("zip", b"PK\x03\x04" + b"\0" * 500),
            ("noise", b"\xff\xfb" + bytes(range(256)) * 20),
            ("empty", wav(0.0)),
        ):
            status, body = await upload(browser, name, sound)
            assert (status, body["code"]) == (422, "unsupported_audio"), name
        status, body = await upload(browser, "long", b"RIFF" + b"\0" * (21 * 1024 * 1024))
        assert (status, body["code"]) == (413, "request_too_large")
        assert (await call(browser, "GET", "prompts"))[1]["items"] == []

    async def test_speech_in_both_languages(self, api: Api) -> None:
        browser = await api.browser("supervisor1")
        for language, said in (("zh-CN", "-您好,请按一。"), ("en", "Hello. Please press one.")):
            body = {"name": language, "text": said, "language": language}
            status, prompt = await call(browser, "POST", "prompts/speech", body)
            assert status == 201
            assert prompt["duration_ms"] > 700
            async with browser.get(f"prompts/{prompt['id']}/audio") as response:
                samples = read_wav(await response.read())
            assert np.abs(samples).max() > 3000
        _, listed = await call(browser, "GET", "prompts")
        assert {"welcome", "beep", "digit_7", "no_agents"} <= set(listed["builtin"])

    async def test_a_new_sound_leaves_the_file_that_calls_play(self, api: Api, tmp_path: Path) -> None:
        browser = await api.browser("enterprise1")
        _, prompt = await upload(browser, "one", wav(0.5))
        folder = next((api.settings.home / "prompt").iterdir())
        before = {path.name for path in folder.iterdir()}
        async with browser.put(f"prompts/{prompt['id']}/upload", data=wav(0.7)) as response:
            assert abs((await response.json())["duration_ms"] - 700) < 20
        after = {path.name for path in folder.iterdir()}
        assert before < after
        assert len(after) == 2

    async def test_a_command_that_fails(self, api: Api) -> None:
        api.settings.speech_command = "false"
        browser = await api.browser("enterprise1")
        status, body = await call(browser, "POST", "prompts/speech", {"name": "x", "text": "y"})
        assert (status, body["code"]) == (503, "speech_failed")

    async def test_the_reception_and_queues_keep_their_prompts(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        _, prompt = await upload(browser, "ringback", wav(0.5))
        body = {"language": "en", "ringback_prompt_id": prompt["id"], "music_prompt_id": None}
        assert await call(browser, "PUT", "reception", body) == (200, body)
        assert await call(browser, "GET", "reception") == (200, body)
        status, refused = await call(browser, "DELETE", f"prompts/{prompt['id']}")
        assert (status, refused["code"]) == (409, "in_use")
        other = await api.browser("enterprise2")
        status, refused = await call(other, "PUT", "reception", body)
        assert (status, refused["code"]) == (422, "unknown_reference")


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


class TestNumbers:
    async def test_a_did_leads_where_it_is_told(self, api: Api, world: World) -> None:
        browser = await api.browser("enterprise1")
        _, schedule = await call(browser, "POST", "schedules", SCHEDULE)
        _, box = await call(browser, "POST", "voicemail-boxes", {"name": "box"})
        body = {
            "schedule_id": schedule["id"],
            "open": {"kind": "agent", "agent_id": world.first.agent_id},
            "closed": {"kind": "voicemail", "box_id": box["id"]},
        }
        path = f"dids/{world.first.did_id}/reception"
        status, shown = await call(browser, "PUT", path, body)
        assert (status, {name: shown[name] for name in body}) == (200, body)
        assert (await call(browser, "GET", "dids"))[1]["items"] == [shown]
        for used in (f"schedules/{schedule['id']}", f"voicemail-boxes/{box['id']}"):
            assert (await call(browser, "DELETE", used))[0] == 409
        status, refused = await call(
            browser, "PUT", path, {"open": {"kind": "queue", "queue_id": world.second.queue_id}}
        )
        assert (status, refused["code"]) == (422, "unknown_reference")
        status, refused = await call(browser, "PUT", path, {"open": body["open"], "closed": body["open"]})
        assert (status, refused["code"]) == (422, "invalid_input")
        assert (await call(browser, "GET", "dids"))[1]["items"] == [shown]

    async def test_priority_callers(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        status, one = await call(browser, "POST", "priority-callers", {"number": "138 0013 8000", "priority": 50})
        assert (status, one["number"]) == (201, "+8613800138000")
        status, body = await call(browser, "POST", "priority-callers", {"number": "+8613800138000"})
        assert (status, body["code"]) == (409, "already_exists")
        status, body = await call(browser, "POST", "priority-callers", {"number": "123456789"})
        assert (status, body["code"]) == (422, "invalid_input")
        status, one = await call(
            browser, "PUT", f"priority-callers/{one['id']}", {"number": "13800138001", "note": "VIP"}
        )
        assert (status, one["number"], one["priority"], one["note"]) == (200, "+8613800138001", 10, "VIP")
        assert (await call(browser, "DELETE", f"priority-callers/{one['id']}"))[0] == 204

    async def test_schedules(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        special = [{"date": "2026-12-24", "name": "Eve", "hours": [{"begin": "22:00", "end": "02:00"}]}]
        body = {**SCHEDULE, "zone": "Asia/Tokyo", "special": special, "keeps_holidays": False}
        status, made = await call(browser, "POST", "schedules", body)
        assert (status, {name: made[name] for name in body}) == (201, body)
        assert made["opening"] in ("open", "closed", "holiday")
        assert made["holidays_known_until"] >= "2026-12-31"
        for wrong in (
            {"zone": "Mars/Base"},
            {"zone": "../../etc/passwd"},
            {"weekly": [[]] * 6},
            {"weekly": [[{"begin": "25:00", "end": "26:00"}]] + [[]] * 6},
            {"special": [{"date": "2026-02-30"}]},
        ):
            status, refused = await call(browser, "PUT", f"schedules/{made['id']}", {**body, **wrong})
            assert (status, refused["code"]) == (422, "invalid_input"), wrong


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
