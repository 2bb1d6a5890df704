"""The demo fills an empty database, and filling it again changes nothing."""

from __future__ import annotations

import hashlib
import time

import pytest
from sqlalchemy import text

from database_fixtures import TestDatabase
from ucc import demo
from ucc.config import get_settings
from ucc.db.models import metadata
from ucc.db.unit import Database
from ucc.engine.ivr_check import check_tree
from ucc.engine.target import ToMenu
from ucc.identity.password import is_password
from ucc.ivr.body import TreeBody
from ucc.ledger.service import prove
from ucc.reception.loading import find_inbound_plan, find_target
from ucc.trunk.plan import find_outbound_plan

pytestmark = pytest.mark.db


async def count_rows(database: Database) -> dict[str, int]:
    async with database.begin() as session:
        return {
            name: (await session.execute(text(f"SELECT count(*) FROM {name}"))).scalar_one() for name in metadata.tables
        }


async def test_filled_once(bare_database: TestDatabase) -> None:
    async with bare_database.open() as database:
        first = await demo.fill(database)
        rows = await count_rows(database)
        assert await demo.fill(database) == first
        assert await count_rows(database) == rows
        assert (rows["tenant"], rows["app_user"], rows["agent"], rows["posting"]) == (3, 6, 3, 4)
        async with database.begin() as session:
            assert (await prove(session)).holds
            inbound = await find_inbound_plan(session, first.did, "13800138000")
            assert inbound is not None
            assert inbound.tenant_id == first.tenant_id
            tree_id = (await session.execute(text("SELECT id FROM ivr_tree"))).scalar_one()
            assert await find_target(session, first.tenant_id, ToMenu(tree_id)) is not None
            outbound = await find_outbound_plan(session, first.tenant_id, None, "13800138001", None, time.time())
            settings = get_settings()
            assert (outbound.routes[0].host, outbound.routes[0].port) == (
                settings.emulator_address,
                settings.emulator_sip_port,
            )


async def test_logins_and_phones_work(bare_database: TestDatabase) -> None:
    async with bare_database.open() as database:
        filled = await demo.fill(database)
        async with database.begin() as session:
            users = await session.execute(text("SELECT username, password_hash FROM app_user"))
            hashes = {user.username: user.password_hash for user in users}
            assert all(is_password(hashes[login.username], login.password) for login in filled.logins)
            phones = (await session.execute(text("SELECT username, domain, ha1 FROM border_subscriber"))).all()
    assert {phone.username for phone in phones} == set(filled.phone_passwords) == {"8001", "8002", "8003"}
    for phone in phones:
        secret = f"{phone.username}:{phone.domain}:{filled.phone_passwords[phone.username]}"
        assert phone.ha1 == hashlib.md5(secret.encode()).hexdigest()


async def test_new_secrets_of_the_installation_reach_the_demo(bare_database: TestDatabase) -> None:
    async with bare_database.open() as database:
        filled = await demo.fill(database)
        async with database.begin() as session:
            await session.execute(text("UPDATE app_user SET password_hash = 'x'"))
            await session.execute(text("UPDATE extension SET ha1 = repeat('0', 32)"))
            await session.execute(text("UPDATE trunk SET host = 'old'"))
        assert await demo.fill(database) == filled
        async with database.begin() as session:
            hashes = (await session.execute(text("SELECT password_hash FROM app_user"))).scalars()
            assert all(is_password(found, filled.logins[0].password) for found in hashes)
            trunk = (await session.execute(text("SELECT host FROM trunk"))).scalar_one()
            assert trunk == get_settings().emulator_address


def test_the_switchboard_is_a_good_tree() -> None:
    assert check_tree(TreeBody.model_validate(demo.make_switchboard(1, 2, 3)).to_tree(1, 1)) == []
