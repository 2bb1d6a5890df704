"""The engines that carry voice, as services: rtpengine, Kamailio, Asterisk and the demo's carrier. They live in the
runtime.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

import aiohttp

from ucc import emulator
from ucc.border import kamailio, rtpengine
from ucc.config import Settings
from ucc.secrets import Secrets
from ucc.stack.namespace import chroot_command
from ucc.stack.service import Probe, Service, exchange_datagram
from ucc.switch import conf

Render = Callable[[Settings, Secrets], None]
Command = Callable[[Settings], list[str]]


MEDIA_NICE = -10
"""Sound does not wait for anything else on the machine. Where that is not allowed, rtpengine starts all the same."""


def list_engines(settings: Settings, secrets: Secrets) -> list[Service]:
    """In the order in which they start; none of them waits for another, but Kamailio for the database."""

    def service(
        name: str, user: str, render: Render, command: Command, find_trouble: Probe, consequence: str,
        needs: tuple[str, ...] = (), nice: int = 0,
    ) -> Service:  # fmt: skip
        def prepare() -> list[str]:
            render(settings, secrets)
            entered = chroot_command(settings, command(settings), user=user)
            return ["nice", "-n", str(nice), *entered] if nice else entered

        return Service(name=name, prepare=prepare, find_trouble=find_trouble, needs=needs, consequence=consequence)

    engines = [
        service("rtpengine", "rtpengine", rtpengine.render, rtpengine.command, ng_probe(settings),
                "new calls get 503 because their media could not be relayed or recorded; live calls lose their audio"
                " until it is back", nice=MEDIA_NICE),
        service("kamailio", "kamailio", kamailio.render, kamailio.command,
                sip_probe(settings.address, settings.sip_port),
                "no phone can register and no new call can come or go; live calls keep talking", needs=("postgres",)),
        service("asterisk", "asterisk", conf.render, conf.command,
                ari_probe(settings.address, settings.ari_port, secrets.ari),
                "new calls get 503; live calls between two parties keep talking, callers in a queue are lost"),
    ]  # fmt: skip
    if settings.is_demo:
        probe = ari_probe(settings.emulator_address, settings.emulator_ari_port, secrets.emulator_ari)
        engines.append(
            service("emulator", "asterisk", emulator.render, emulator.command, probe, "the demo's carrier is away")
        )
    return engines


def ng_probe(settings: Settings) -> Probe:
    """rtpengine answers a ping of its control protocol."""

    async def find_trouble() -> str | None:
        cookie = os.urandom(6).hex()  # a repeated cookie would be answered from its cache
        place = f"rtpengine's control port {settings.address}:{settings.ng_port}"
        try:
            reply = await exchange_datagram(settings.address, settings.ng_port, f"{cookie} d7:command4:pinge".encode())
        except TimeoutError:
            return f"{place} does not answer"
        except OSError as error:
            return f"{place} does not answer: {error.strerror or error}"
        return None if b"pong" in reply else f"{place} answers {reply[:80]!r}"

    return find_trouble


def sip_probe(address: str, port: int) -> Probe:
    """Kamailio answers OPTIONS from this machine."""

    async def find_trouble() -> str | None:
        tag = os.urandom(6).hex()
        loop = asyncio.get_running_loop()
        began = loop.time()
        message = (
            f"OPTIONS sip:{address}:{port} SIP/2.0\r\nVia: SIP/2.0/UDP {address};branch=z9hG4bK{tag};rport\r\n"
            f"Max-Forwards: 5\r\nFrom: <sip:doctor@{address}>;tag={tag}\r\nTo: <sip:{address}:{port}>\r\n"
            f"Call-ID: {tag}@{address}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        )
        try:
            reply = await exchange_datagram(address, port, message.encode())
        except TimeoutError:
            return f"{address}:{port} answers no OPTIONS within {loop.time() - began:.1f} s"
        except OSError as error:
            return f"{address}:{port} answers no OPTIONS: {error.strerror or error}"
        first = reply.split(b"\r\n", 1)[0].decode(errors="replace")
        return None if first.startswith("SIP/2.0 ") and first.split()[1] < "500" else f"OPTIONS is answered {first!r}"

    return find_trouble


def ari_probe(address: str, port: int, password: str) -> Probe:
    """Asterisk answers over ARI and has finished its start."""

    async def find_trouble() -> str | None:
        place = f"ARI of {address}:{port}"
        try:
            headers = {"Authorization": aiohttp.encode_basic_auth("ucc", password)}
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2), headers=headers) as session,
                session.get(f"http://{address}:{port}/ari/asterisk/info") as response,
            ):
                return None if response.status == 200 else f"{place} answers {response.status}"
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return f"{place} does not answer: {error}"

    return find_trouble
