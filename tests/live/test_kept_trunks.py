"""A trunk that another customer holds carries no call of the demo's enterprise, and does again once taken back."""

from __future__ import annotations

from uuid import uuid4

import pytest

from live.house import House
from live.rules import RefusingTrunk, call_by_page, first_choice, get_trunk, log_in_as
from ucc.emulator import list_heard

pytestmark = pytest.mark.live
PORT = 5096


async def open_sibling(house: House) -> tuple[int, int]:
    """Another enterprise of the demo's reseller; (reseller, enterprise)."""
    tenants = (await house.operator.get("/tenants"))["items"]
    own = next(tenant for tenant in tenants if tenant["id"] == house.demo.tenant_id)
    code = f"k{uuid4().hex[:10]}"
    admin = {"username": code, "display_name": "管理员"}
    body = {"parent_id": own["parent_id"], "kind": "enterprise", "code": code, "name": f"企业 {code}", "admin": admin}
    sibling = (await house.operator.request("POST", "/tenants", json=body))["tenant"]
    return own["parent_id"], sibling["id"]


async def keep(house: House, trunk_ids: list[int], reseller_id: int, enterprise_id: int) -> None:
    """Down the tree: from the operator to the reseller, from it to its customer."""
    body = {"kind": "trunk", "ids": trunk_ids, "confirm": True}
    reseller = await log_in_as(house, "reseller")
    await house.operator.request("POST", "/resources/grants", json=body | {"to_tenant_id": reseller_id})
    await reseller.request("POST", "/resources/grants", json=body | {"to_tenant_id": enterprise_id})


async def take_back_all(house: House) -> None:
    own = (await house.operator.get("/session"))["tenant"]["id"]
    trunks = (await house.operator.get("/resources", kind="trunk"))["items"]
    if held := [one["id"] for one in trunks if one["tenant_id"] != own]:
        await house.operator.request("POST", "/resources/take-backs", json={"kind": "trunk", "ids": held})


async def test_a_trunk_of_the_sibling_is_no_way_out(house: House) -> None:
    phone = await house.phone()
    emulator = await get_trunk(house)
    reseller_id, sibling_id = await open_sibling(house)
    on_second, refused, again = (house.number("0") for _ in range(3))
    async with (
        RefusingTrunk(house, PORT, "503 Service Unavailable") as first,
        first_choice(house, first.trunk_id),
    ):
        try:
            await keep(house, [first.trunk_id], reseller_id, sibling_id)
            await phone.dial(on_second)
            await phone.wait_established()
            await phone.hang_up()
            record = await house.record(on_second)
            assert (record["result"], first.invited) == ("answered", []), "only the shared second choice was tried"
            assert len([leg for leg in record["legs"] if leg["kind"] == "trunk"]) == 1

            await keep(house, [emulator["id"]], reseller_id, sibling_id)
            await call_by_page(house, refused)
            record = await house.record(refused)
            assert (record["result"], record["refusal"]) == ("refused", "trunk_not_granted")
            assert not list_heard(house.settings, callee=refused)
        finally:
            await take_back_all(house)
        await phone.dial(again)
        await phone.wait_established()
        await phone.hang_up()
        record = await house.record(again)
        assert first.invited == [f"+86{again}"], "its first choice again"
        assert len([leg for leg in record["legs"] if leg["kind"] == "trunk"]) == 2
