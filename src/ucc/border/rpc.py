"""Commands to the running Kamailio, JSON-RPC over HTTP."""

from __future__ import annotations

import aiohttp

from ucc.config import Settings


async def reload_trunks(settings: Settings) -> None:
    """Let Kamailio read the trunks from the database again. Raises aiohttp.ClientError when it is away."""
    body = {"jsonrpc": "2.0", "method": "htable.reload", "params": ["trunk"], "id": 1}
    url = f"http://{settings.address}:{settings.border_rpc_port}/RPC"
    connector = aiohttp.TCPConnector(local_addr=(settings.address, 0))
    async with aiohttp.ClientSession(connector=connector) as session, session.post(url, json=body) as reply:
        reply.raise_for_status()
