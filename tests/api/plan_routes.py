"""The routes of rate plans: who may use which, and a body that each takes."""

from __future__ import annotations

from typing import Any

from api.outbound_routes import MONEY, SELLER, Route, Rule

RATE: dict[str, Any] = {"service": "outbound", "price_micros": 100_000}
DRAFT: dict[str, Any] = {"rates": [RATE, RATE | {"service": "inbound"}]}
ROUTES: dict[Route, Rule] = {
    ("GET", "/rate-plans"): Rule(MONEY),
    ("POST", "/rate-plans"): Rule(SELLER, {"name": "new"}),
    ("GET", "/rate-plans/{plan_id}"): Rule(MONEY, None, "plan"),
    ("PUT", "/rate-plans/{plan_id}"): Rule(SELLER, {"name": "stolen"}, "plan"),
    ("DELETE", "/rate-plans/{plan_id}"): Rule(SELLER, None, "plan"),
    ("GET", "/rate-plans/{plan_id}/versions/{number}"): Rule(MONEY, None, "plan"),
    ("GET", "/rate-plans/{plan_id}/versions/{number}/rates.csv"): Rule(MONEY, None, "plan"),
    ("PUT", "/rate-plans/{plan_id}/draft"): Rule(SELLER, DRAFT, "plan"),
    ("PUT", "/rate-plans/{plan_id}/draft/rates/upload"): Rule(SELLER, None, "plan"),
    ("POST", "/rate-plans/{plan_id}/check"): Rule(SELLER, DRAFT, "plan"),
    ("DELETE", "/rate-plans/{plan_id}/draft"): Rule(SELLER, None, "plan"),
    ("POST", "/rate-plans/{plan_id}/draft/publish"): Rule(SELLER, {}, "plan"),
    ("GET", "/rate-finder"): Rule(MONEY),
    ("GET", "/regions"): Rule(MONEY),
}


def build_path(path: str, plan_id: int) -> str:
    path = path.replace("{plan_id}", str(plan_id)).replace("{number}", "1").removeprefix("/")
    return f"{path}?callee=13800138000" if path == "rate-finder" else path
