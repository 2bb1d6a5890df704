"""Statistics over the API: bounded questions, nothing of others."""

from __future__ import annotations

import pytest

from api_fixtures import Api
from ucc.call.service import finish_call
from ucc.db.unit import Database
from world import World, finished_call

pytestmark = pytest.mark.db
SPAN = "since=2026-01-01T00:00:00Z&until=2100-01-01T00:00:00Z"
SUBJECTS = ("spend", "top-ups", "profit", "transfers")


async def test_what_a_call_was_worth(api: Api, database: Database, world: World) -> None:
    """50 s: the enterprise pays 0.10, its reseller 0.09, the operator 0.03."""
    async with database.begin() as session:
        await finish_call(session, finished_call(world.first, 50))
    expected = {
        "operator": {"spend": "0.22", "profit": "0.07", "top-ups": "2200.00", "transfers": "0.00"},
        "reseller1": {"spend": "0.19", "profit": "0.01", "top-ups": "1100.00", "transfers": "0.00"},
        "enterprise1": {"spend": "0.10", "profit": "0.00", "top-ups": "100.00", "transfers": "0.00"},
        "enterprise2": {"spend": "0.00", "profit": "0.00", "top-ups": "100.00", "transfers": "0.00"},
    }
    for username, totals in expected.items():
        browser = await api.browser(username)
        for subject, total in totals.items():
            for by in ("day", "month", "tenant", "kind"):
                async with browser.get(f"statistics/{subject}?{SPAN}&by={by}") as response:
                    body = await response.json()
                assert (response.status, body["total"]) == (200, total), (username, subject, by)
                assert sum(row["amount_micros"] for row in body["items"]) == body["total_micros"]
        for hidden in (world.second.enterprise_id,):
            async with browser.get(f"statistics/spend?{SPAN}&tenant_id={hidden}") as response:
                assert (await response.json())["total_micros"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        "since=2026-01-01T00:00:00Z",
        f"{SPAN}&by=agent",
        f"{SPAN}&limit=0",
        "since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z",
    ],
)
async def test_what_is_no_question(api: Api, query: str) -> None:
    browser = await api.browser("operator")
    async with browser.get(f"statistics/spend?{query}") as response:
        assert (response.status, (await response.json())["code"]) == (422, "invalid_input")


async def test_roles(api: Api) -> None:
    for username in ("supervisor1", "agent1"):
        browser = await api.browser(username)
        for subject in SUBJECTS:
            async with browser.get(f"statistics/{subject}?{SPAN}") as response:
                assert (response.status, (await response.json())["code"]) == (403, "forbidden")
