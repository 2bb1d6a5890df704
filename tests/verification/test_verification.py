"""A verification code: random, readable only while its call lasts, right once, in time, within five tries."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from api_fixtures import Api, FakeController
from ucc.call.service import finish_call
from ucc.db.unit import Database
from ucc.engine.record import Result
from ucc.secrets import Secrets
from ucc.verification.code import hash_code, make_code, open_code, seal_code
from ucc.verification.service import (
    fail_lost_verifications,
    note_answered,
    note_heard,
    open_verification,
)
from world import World, finished_call

PATH = "verification-calls"


def test_codes_are_four_digits_and_random() -> None:
    codes = [make_code() for _ in range(5000)]
    assert all(len(code) == 4 and code.isdecimal() for code in codes)
    assert len(set(codes)) > 3000
    first = Counter(code[0] for code in codes)
    assert len(first) == 10
    assert max(first.values()) < 700


def test_sealed_and_hashed_with_this_installations_key() -> None:
    secrets, others, one, two = Secrets(), Secrets(), uuid4(), uuid4()
    sealed = seal_code(secrets, one, "0815")
    assert open_code(secrets, one, sealed) == "0815"
    assert b"0815" not in sealed
    assert seal_code(secrets, two, "0815") != sealed
    assert seal_code(others, one, "0815") != sealed
    hashes = {hash_code(s, i, c) for s in (secrets, others) for i in (one, two) for c in ("0815", "0816")}
    assert len(hashes) == 8


async def ask(api: Api, username: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    browser = await api.browser(username)
    async with browser.request(method, path, json=body) as response:
        return response.status, await response.json()


async def place(api: Api, **changes: Any) -> tuple[int, Any]:
    body = {"callee": "13800138000", "code": "0815", "idempotency_key": "one"} | changes
    return await ask(api, "enterprise1", "POST", PATH, body)


async def row(database: Database, verification_id: str) -> Any:
    async with database.begin() as session:
        found = await session.execute(text("SELECT * FROM verification_call WHERE id = :id"), {"id": verification_id})
        return found.one()


async def answer(database: Database, verification_id: str) -> None:
    async with database.begin() as session:
        await note_answered(session, UUID(verification_id))


async def verify(api: Api, verification_id: str, code: str) -> tuple[bool, str | None, int]:
    status, result = await ask(api, "enterprise1", "POST", f"{PATH}/{verification_id}/verify", {"code": code})
    assert status == 200, result
    return result["is_right"], result["why"], result["tries_left"]


@pytest.mark.db
class TestPlacing:
    async def test_one_call_per_key(self, api: Api, controller: FakeController, database: Database) -> None:
        status, made = await place(api)
        assert (status, made["state"], made["callee"]) == (201, "calling", "+8613800138000")
        assert controller.verifications == [made["id"]]
        assert await place(api, callee="138 0013 8000", code="9999") == (200, made)
        assert controller.verifications == [made["id"]]
        assert (await place(api, callee="13900139000"))[1]["code"] == "idempotency_key_reused"
        assert "0815" not in str((await row(database, made["id"]))._asdict())

    async def test_many_at_once_with_one_key(self, api: Api, controller: FakeController) -> None:
        results = await asyncio.gather(*(place(api) for _ in range(8)))
        assert sorted(status for status, _ in results) == [200] * 7 + [201]
        assert len(controller.verifications) == 1

    async def test_a_number_is_not_called_again_at_once(self, api: Api, database: Database) -> None:
        await place(api)
        assert (await place(api, idempotency_key="two"))[1]["code"] == "callee_rate_exceeded"
        assert (await place(api, idempotency_key="two", callee="13900139000"))[0] == 201
        async with database.begin() as session:
            await session.execute(text("UPDATE verification_call SET created_at = now() - interval '31 s'"))
        assert (await place(api, idempotency_key="three"))[1]["code"] == "callee_rate_exceeded", "it is still ringing"
        async with database.begin() as session:
            await session.execute(text("UPDATE verification_call SET ended_at = now(), sealed_code = NULL"))
        assert (await place(api, idempotency_key="three"))[0] == 201

    async def test_what_cannot_be_dialled(self, api: Api, controller: FakeController) -> None:
        assert (await place(api, callee="8001"))[1]["code"] == "invalid_number"
        for bad in (
            {"code": "12345"},
            {"code": "12a4"},
            {"language": "fr"},
            {"idempotency_key": ""},
            {"expires_in_s": 59},
        ):
            assert (await place(api, **bad))[1]["code"] == "invalid_input"
        assert controller.verifications == []

    async def test_while_call_control_is_away(self, api: Api, controller: FakeController, database: Database) -> None:
        await controller.stop()
        assert (await place(api))[1]["code"] == "controller_away"
        status, found = await place(api)
        assert (status, found["state"], found["cause"]) == (200, "failed", "controller_away")
        assert (await row(database, found["id"])).sealed_code is None

    @pytest.mark.parametrize("username", ["operator", "reseller1", "supervisor1", "agent1"])
    async def test_only_the_enterprise(self, api: Api, username: str) -> None:
        body = {"callee": "13800138000", "idempotency_key": "one"}
        for method, path, sent in (
            ("POST", PATH, body),
            ("GET", f"{PATH}/{uuid4()}", None),
            ("POST", f"{PATH}/{uuid4()}/verify", {"code": "0815"}),
        ):
            status, answered = await ask(api, username, method, path, sent)
            assert (status, answered["code"]) == (403, "forbidden")

    async def test_another_enterprises_do_not_exist(self, api: Api, database: Database) -> None:
        _, made = await place(api)
        await answer(database, made["id"])
        assert (await ask(api, "enterprise2", "GET", f"{PATH}/{made['id']}"))[0] == 404
        tried = await ask(api, "enterprise2", "POST", f"{PATH}/{made['id']}/verify", {"code": "0815"})
        assert tried[0] == 404
        body = {"callee": "13900139000", "idempotency_key": "one"}
        assert (await ask(api, "enterprise2", "POST", PATH, body))[0] == 201, "keys of others are not in the way"


@pytest.mark.db
class TestTrying:
    async def test_right_once(self, api: Api, database: Database) -> None:
        _, made = await place(api)
        assert await verify(api, made["id"], "0815") == (False, "not_answered", 5)
        await answer(database, made["id"])
        assert await verify(api, made["id"], "0814") == (False, "wrong", 4)
        assert await verify(api, made["id"], "0815") == (True, None, 3)
        assert await verify(api, made["id"], "0815") == (False, "used", 3)
        assert (await ask(api, "enterprise1", "GET", f"{PATH}/{made['id']}"))[1]["verified_at"] is not None

    async def test_five_tries(self, api: Api, database: Database) -> None:
        _, made = await place(api)
        await answer(database, made["id"])
        tries = await asyncio.gather(*(verify(api, made["id"], f"{number:04}") for number in range(8)))
        assert Counter(why for _, why, _ in tries) == {"wrong": 5, "too_many_tries": 3}
        assert await verify(api, made["id"], "0815") == (False, "too_many_tries", 0)

    async def test_in_time_only(self, api: Api, database: Database) -> None:
        _, made = await place(api)
        await answer(database, made["id"])
        async with database.begin() as session:
            await session.execute(text("UPDATE verification_call SET expires_at = now()"))
        assert await verify(api, made["id"], "0815") == (False, "expired", 5)

    async def test_after_the_call(self, api: Api, database: Database, world: World) -> None:
        _, made = await place(api)
        await answer(database, made["id"])
        async with database.begin() as session:
            await note_heard(session, UUID(made["id"]))
            await finish_call(session, finished_call(world.first, 12, call_id=UUID(made["id"])))
        assert (await row(database, made["id"])).sealed_code is None
        assert await verify(api, made["id"], "0815") == (True, None, 4)


@pytest.mark.db
class TestProgress:
    async def test_from_calling_to_heard(self, api: Api, database: Database, world: World) -> None:
        _, made = await place(api)
        verification_id = UUID(made["id"])

        async def state() -> tuple[str, str | None]:
            found = (await ask(api, "enterprise1", "GET", f"{PATH}/{made['id']}"))[1]
            return found["state"], found["cause"]

        async with database.begin() as session:
            opened = await open_verification(session, api.secrets, verification_id)
        assert opened is not None
        assert (opened.tenant_id, opened.callee, opened.code, opened.language) == (
            world.first.enterprise_id, "+8613800138000", "0815", "zh-CN",
        )  # fmt: skip
        await answer(database, made["id"])
        assert await state() == ("answered", None)
        for _ in range(2):
            async with database.begin() as session:
                await note_heard(session, verification_id)
        assert await state() == ("heard", None)
        async with database.begin() as session:
            await finish_call(session, finished_call(world.first, 12, call_id=verification_id))
            assert await open_verification(session, api.secrets, verification_id) is None
        assert await state() == ("heard", None)

    @pytest.mark.parametrize(
        ("talk_s", "changes", "cause"),
        [
            (None, {"cause": 17, "result": Result.BUSY}, "q850_17"),
            (None, {"refusal": "blacklisted", "result": Result.REFUSED}, "blacklisted"),
            (3, {}, "hung_up"),
        ],
    )
    async def test_failures(
        self, api: Api, database: Database, world: World, talk_s: float | None, changes: Any, cause: str
    ) -> None:
        _, made = await place(api)
        call = replace(finished_call(world.first, talk_s, call_id=UUID(made["id"])), **changes)
        async with database.begin() as session:
            await finish_call(session, call)
        found = (await ask(api, "enterprise1", "GET", f"{PATH}/{made['id']}"))[1]
        assert (found["state"], found["cause"]) == ("failed", cause)
        assert (await row(database, made["id"])).sealed_code is None

    async def test_a_call_that_nobody_finished(self, api: Api, database: Database) -> None:
        _, old = await place(api)
        _, new = await place(api, callee="13900139000", idempotency_key="two")
        async with database.begin() as session:
            await session.execute(
                text("UPDATE verification_call SET created_at = now() - interval '6 min' WHERE id = :id"),
                {"id": old["id"]},
            )
            await fail_lost_verifications(session)
        assert ((await row(database, old["id"])).state, (await row(database, old["id"])).cause) == ("failed", "lost")
        assert (await row(database, new["id"])).state == "calling"
