"""The real border against strangers, forged dialogs and an outage of what it leans on."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

import pytest

from live.house import House, open_house
from live.sip import Trunk, ask
from ucc.config import get_settings
from ucc.demo import Demo, fill
from ucc.secrets import get_secrets
from ucc.stack.client import StackClient

pytestmark = pytest.mark.live


@pytest.fixture
async def house(stack: StackClient) -> AsyncIterator[House]:
    demo: Demo = await fill()
    async with open_house(get_settings(), get_secrets(), stack, demo) as house:
        yield house


def proof(challenge: str, user: str, password: str, method: str, uri: str) -> str:
    """The Authorization header line that answers a challenge."""
    found = re.search(r'^WWW-Authenticate: .*realm="([^"]*)", nonce="([^"]*)"', challenge, re.M)
    assert found is not None
    realm, nonce = found.groups()

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    response = md5(f"{md5(f'{user}:{realm}:{password}')}:{nonce}:{md5(f'{method}:{uri}')}")
    return (
        f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}"'
    )


async def register(house: House, phone: Trunk, user: str, password: str) -> int | None:
    domain = house.settings.sip_domain
    text = phone.request("REGISTER", domain, user=user)
    challenge = await phone.ask_whole(text)
    assert challenge is not None
    if not challenge.startswith("SIP/2.0 401"):
        return int(challenge.split(" ")[1])
    line = proof(challenge, user, password, "REGISTER", f"sip:{domain}")
    again = text.replace("CSeq: 1 ", f"{line}\r\nCSeq: 2 ").replace("branch=z9hG4bK", "branch=z9hG4bK2")
    return await ask(again, phone)


def forged(house: House, stranger: Trunk, method: str, leg: str) -> str:
    """A request as if inside a dialog that the border had begun, straight to the switch."""
    settings = house.settings
    text = (
        stranger.invite(house.demo.did, "a=rtpmap:8 PCMA/8000", "8")
        if method == "INVITE"
        else stranger.request(method, settings.address, user=house.demo.did)
    )
    head, _, body = text.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    lines = [f"{line};tag=forged" if line.startswith("To: ") else line for line in lines]
    return "\r\n".join(
        [
            first.replace(f"@{settings.address}", f"@{settings.address}:{settings.switch_sip_port}"),
            f"Route: <sip:{settings.address};lr;leg={leg};tc=PCMA;sig={'0' * 32}>",
            "X-UCC-Leg: trunk",
            *lines,
            "",
            body,
        ]
    )


async def test_a_forged_dialog_reaches_neither_switch_nor_rtpengine(house: House) -> None:
    stranger = Trunk(house, 5096)
    before = set(await house.ng.list_calls())
    async with stranger.as_stranger():
        for method in ("INVITE", "BYE", "OPTIONS", "INFO"):
            for leg in ("t", "p", "w"):
                assert await ask(forged(house, stranger, method, leg), stranger, within_s=0.2) is None, (method, leg)
    assert set(await house.ng.list_calls()) <= before


async def test_what_strangers_break_gets_no_answer_either(house: House) -> None:
    stranger = Trunk(house, 5095)
    async with stranger.as_stranger():
        whole = stranger.request("OPTIONS", "somewhere.example")
        for broken in (
            whole.replace("Max-Forwards: 70", "Max-Forwards: 0"),
            whole.replace("CSeq: 1 OPTIONS", "CSeq: 1 BYE"),
            whole.replace("Content-Length: 0", "Content-Length: 9999"),
        ):
            assert await ask(broken, stranger, within_s=0.3) is None, broken


async def test_a_call_from_elsewhere_does_not_tell_who_is_registered(house: House) -> None:
    """Silence, or from an address where some phone once registered the same challenge, whatever user is named."""
    await house.phone("8001")
    elsewhere = Trunk(house, 5094)
    try:
        async with elsewhere.as_stranger():
            domain = house.settings.sip_domain
            registered = await ask(elsewhere.request("INVITE", domain, user="8001"), elsewhere, within_s=0.3)
            nobody = await ask(elsewhere.request("INVITE", domain, user="7999"), elsewhere, within_s=0.3)
    finally:
        await house.exits.aclose()
    assert registered == nobody
    assert registered in (None, 407)


async def test_only_the_border_reaches_the_switch(house: House) -> None:
    """Even from the border's own address, another port is nobody."""
    settings = house.settings
    answers: asyncio.Queue[bytes] = asyncio.Queue()

    class Answers(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, _: object) -> None:
            answers.put_nowait(data)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Answers, local_addr=(settings.address, 0))
    stranger = Trunk(house, 5093)
    stranger.address = transport.get_extra_info("sockname")
    text = stranger.invite(house.demo.did, "a=rtpmap:8 PCMA/8000", "8")
    transport.sendto(text.encode(), (settings.address, settings.switch_sip_port))
    try:
        async with asyncio.timeout(1):
            first = await answers.get()
            assert int(first.split(b" ")[1]) >= 400, first
    except TimeoutError:
        pass
    finally:
        transport.close()
    async with house.switch.get("/ari/channels") as reply:
        assert await reply.json() == []


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("18 8", "8"), ("4 0", "0"), ("18 0 8", "8"), ("18", "18"), ("4", "4"), ("0", "0"), ("9", "9")],
)
async def test_a_trunk_gets_the_best_codec_of_both(house: House, offered: str, chosen: str) -> None:
    names = {"8": "PCMA", "0": "PCMU", "18": "G729", "4": "G723", "9": "G722"}
    maps = "\r\n".join(f"a=rtpmap:{x} {names[x]}/8000" for x in offered.split())
    async with Trunk(house, 5092) as trunk:
        answer = await trunk.ask_whole(trunk.invite(house.demo.did, maps, offered))
        assert answer is not None
        found = re.search(r"^m=audio \d+ RTP/AVP (\d+)", answer, re.M)
        assert found is not None, answer
        assert found[1] == chosen
        await end(trunk, answer)


async def test_a_trunk_may_leave_the_offer_to_us(house: House) -> None:
    async with Trunk(house, 5091) as trunk:
        answer = await trunk.ask_whole(trunk.request("INVITE", house.settings.address, user=house.demo.did))
        assert answer is not None
        assert answer.startswith("SIP/2.0 200")
        port = re.search(r"^m=audio (\d+) RTP/AVP 8", answer, re.M)
        assert port is not None
        assert int(port[1]) in range(house.settings.border_rtp_min, house.settings.border_rtp_max + 1), "by rtpengine"
        host = trunk.address[0]
        sdp = ["v=0", f"o=- 1 1 IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0", "m=audio 40000 RTP/AVP 8", ""]
        await end(trunk, answer, "\r\n".join(sdp))


async def end(trunk: Trunk, answer: str, body: str = "") -> None:
    """ACK, with our own answer when the offer was theirs, and BYE of an answered call."""

    def header(name: str) -> str:
        found = re.search(rf"^{name}: (.*?)\r?$", answer, re.M)
        assert found is not None, name
        return found[1]

    target = re.search(r"<(.*?)>", header("Contact"))
    assert target is not None
    for method, number, content in (("ACK", 1, body), ("BYE", 2, "")):
        lines = [
            f"{method} {target[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {trunk.address[0]}:{trunk.address[1]};branch=z9hG4bK{method}{header('Call-ID')};rport",
            "Max-Forwards: 70",
            f"Route: {header('Record-Route')}",
            f"From: {header('From')}",
            f"To: {header('To')}",
            f"Call-ID: {header('Call-ID')}",
            f"CSeq: {number} {method}",
            *(["Content-Type: application/sdp"] if content else []),
            f"Content-Length: {len(content)}",
        ]
        found = await trunk.ask_whole("\r\n".join([*lines, "", content]), 0.1 if method == "ACK" else 3.0)
        assert method == "ACK" or (found is not None and found.startswith("SIP/2.0 200")), found


async def test_without_a_controller_a_new_call_gets_503_and_not_silence(house: House) -> None:
    house.stack.stop("controller")
    try:
        call = await house.call_in(answered_within_s=12)
        assert (call.is_answered, call.has_ended, call.sip_status) == (False, True, 503)
    finally:
        house.stack.start("controller")
        house.stack.wait_ready("controller")
    await house.exits.aclose()


async def test_registered_phones_stay_so_while_the_database_is_away(house: House) -> None:
    password = house.demo.phone_passwords["8002"]
    phone = Trunk(house, 5090)
    async with phone.as_stranger():
        assert await register(house, phone, "8002", password) == 200
        house.stack.stop("postgres")
        try:
            assert await register(house, phone, "8002", password) == 200
            # 503, not 401: a phone must not believe that its password is wrong; and the same for everybody.
            assert await register(house, phone, "8002", "wrong") == 503
            assert await register(house, phone, "7999", "wrong") == 503
        finally:
            house.stack.start("postgres")
            house.stack.wait_ready("postgres")
        assert await register(house, phone, "8002", password) == 200
        assert await register(house, phone, "8002", "wrong") == 401
        assert await register(house, phone, "7999", "wrong") == 401
