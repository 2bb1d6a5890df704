"""Who is registered, as the border knows it; and phones whose extension was taken back, which are signed off."""

from __future__ import annotations

from typing import Any

import pytest

from live.house import House
from ucc.demo import fill

pytestmark = pytest.mark.live


async def state_of(house: House, number: str) -> dict[str, Any]:
    found = await house.operator.request("GET", "/registrations", params={"number": number})
    (item,) = [one for one in found["items"] if one["number"] == number]
    return dict(item)


async def test_a_phone_is_seen_while_it_is_registered(house: House) -> None:
    assert (await state_of(house, "8002"))["registrations"] == []
    await house.phone("8002")
    (seen,) = (await state_of(house, "8002"))["registrations"]
    assert seen["source"].startswith("127.0.0.")
    assert seen["transport"] == "udp"
    assert "baresip" in seen["user_agent"].lower()
    assert seen["refreshed_at"] < seen["expires_at"]


async def test_a_new_password_signs_the_phone_off(house: House) -> None:
    await house.phone("8002")
    state = await state_of(house, "8002")
    assert len(state["registrations"]) == 1
    try:
        renewed = await house.operator.request(
            "POST", "/resources/phone-passwords", json={"ids": [state["extension_id"]]}
        )
        assert renewed["items"][0]["number"] == "8002"
        assert (await state_of(house, "8002"))["registrations"] == []
    finally:
        await fill()  # its password is that of the demo again
