"""Our side of a benchmark: the whole stack in a home of its own, with a queue, many agents and their phones."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from sqlalchemy import select, text

from benches.load.sip import Endpoint
from ucc.agent.models import Agent
from ucc.border.rpc import reload_trunks
from ucc.config import CHECKOUT, Settings, get_settings
from ucc.db.unit import Database
from ucc.demo import DID, YUAN, Demo, derive_phone_password, fill
from ucc.identity.models import User
from ucc.identity.password import hash_password
from ucc.ledger.service import top_up
from ucc.queue.models import Queue, QueueMember
from ucc.resource.models import Extension
from ucc.resource.service import compute_ha1
from ucc.secrets import Secrets, get_secrets
from ucc.stack.client import StackClient
from ucc.stack.testing import running_stack
from ucc.tenant.models import Tenant

HOST, PEER_HOST, PHONE_HOST, CARRIER_HOST = "127.0.0.51", "127.0.0.52", "127.0.0.53", "127.0.0.54"
CARRIER_PORT, PHONE_PORT = 5080, 5070
FIRST_EXTENSION = 90001
REGISTER_EVERY_S = 0.01
"""Two requests each; the border drops what a source sends beyond its rate."""
SERVERS = ("kamailio", "rtpengine", "asterisk", "controller")
RUNTIME = CHECKOUT / "var" / "runtime"


@dataclass(frozen=True, slots=True)
class Agents:
    """Who answers: agent ids and, in the same order, their extensions."""

    ids: tuple[int, ...]
    extensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class House:
    settings: Settings
    secrets: Secrets
    stack: StackClient
    database: Database
    did: str

    def server_pids(self) -> dict[str, int]:
        status = self.stack.status()
        return {name: pid for name in status if (pid := status[name].pid) is not None}

    async def ready(self, agents: Agents, phones: Endpoint) -> None:
        """Register every phone and let every agent be ready. Raises CallFailed or aiohttp.ClientError."""
        domain = self.settings.sip_domain
        for number in agents.extensions:
            await phones.register(number, domain, derive_phone_password(self.secrets, number))
            await asyncio.sleep(REGISTER_EVERY_S)
        headers = {"Authorization": f"Bearer {self.secrets.controller_token}"}
        url = f"http://{self.settings.address}:{self.settings.controller_port}"
        async with aiohttp.ClientSession(url, headers=headers, raise_for_status=True) as controller:
            for agent_id in agents.ids:
                async with controller.post(f"/agents/{agent_id}/presence", json={"presence": "ready", "reason": None}):
                    pass

    async def wait_saved(self, calls: int, within_s: float = 30.0) -> int:
        """How many call records there are, once there are `calls` or the time is over."""
        deadline = time.monotonic() + within_s
        while True:
            async with self.database.begin() as session:
                found = int((await session.execute(text("SELECT count(*) FROM call_record"))).scalar_one())
            if found >= calls or time.monotonic() > deadline:
                return found
            await asyncio.sleep(0.5)


@contextmanager
def _own_environment(home: Path, options: dict[str, str]) -> Iterator[None]:
    """The settings of this process and of its children; put back at the end."""
    values = {
        "UCC_HOME": str(home),
        "UCC_RUNTIME": str(RUNTIME),
        "UCC_ADDRESS": HOST,
        "UCC_EMULATOR_ADDRESS": CARRIER_HOST,
        "UCC_EMULATOR_SIP_PORT": str(CARRIER_PORT),
        "UCC_IS_DEMO": "false",
        **options,
    }
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    get_settings.cache_clear()
    get_secrets.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        get_settings.cache_clear()
        get_secrets.cache_clear()


@contextmanager
def temporary_home(**options: str) -> Iterator[Path]:
    """A folder below `var` that the accounts of the runtime may enter; nothing of it is left."""
    (CHECKOUT / "var").mkdir(exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="bench-", dir=CHECKOUT / "var"))
    home.chmod(0o755)
    try:
        with _own_environment(home, options):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    """The stack, with the demo's tenants, plans and DID, and more money than any benchmark spends.

    The demo's carrier is the benchmark's own: the emulator stays off. Raises StackError when it does not start.
    """
    settings, secrets = get_settings(), get_secrets()
    stack = running_stack(settings)
    client = await asyncio.to_thread(stack.__enter__)
    try:
        async with Database.of_role("system", pool_size=2) as database:
            demo = await fill(database)
            await _pay(database, demo)
            await reload_trunks(settings)
            yield House(settings, secrets, client, database, DID)
    finally:
        await asyncio.to_thread(stack.__exit__, None, None, None)


async def _pay(database: Database, demo: Demo) -> None:
    async with database.begin() as session:
        enterprise = await session.get_one(Tenant, demo.tenant_id)
        assert enterprise.parent_id is not None
        reseller = await session.get_one(Tenant, enterprise.parent_id)
        assert reseller.parent_id is not None
        for tenant_id, parent_id in ((reseller.id, reseller.parent_id), (enterprise.id, reseller.id)):
            await top_up(session, tenant_id, parent_id, 1_000_000 * YUAN, f"bench:{tenant_id}", "bench")


async def hire(house: House, count: int) -> Agents:
    """That many agents with an extension each, all of them members of the demo's queue."""
    secrets, domain = house.secrets, house.settings.sip_domain
    password_hash = hash_password(secrets.demo_password)
    numbers = [str(FIRST_EXTENSION + index) for index in range(count)]
    async with house.database.begin() as session:
        queue = (await session.scalars(select(Queue))).one()
        tenant_id = queue.tenant_id
        users = [
            User(
                tenant_id=tenant_id, username=f"bench{number}", role="agent", display_name=number,
                password_hash=password_hash,
            )
            for number in numbers
        ]  # fmt: skip
        extensions = [
            Extension(
                tenant_id=tenant_id,
                number=number,
                ha1=compute_ha1(number, domain, derive_phone_password(secrets, number)),
            )
            for number in numbers
        ]
        session.add_all((*users, *extensions))
        await session.flush()
        agents = [
            Agent(tenant_id=tenant_id, work_number=number, user_id=user.id, extension_id=extension.id)
            for number, user, extension in zip(numbers, users, extensions, strict=True)
        ]
        session.add_all(agents)
        await session.flush()
        session.add_all([QueueMember(queue_id=queue.id, agent_id=agent.id, tenant_id=tenant_id) for agent in agents])
    return Agents(tuple(agent.id for agent in agents), tuple(numbers))
