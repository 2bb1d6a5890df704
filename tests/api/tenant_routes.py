"""The routes of the customer tree: who may use which, and a body that each takes."""

from __future__ import annotations

from typing import Any

from api.outbound_routes import MONEY, SELLER, Route, Rule

ADMIN: dict[str, Any] = {"username": "acme-admin", "display_name": "Admin"}
TENANT: dict[str, Any] = {"kind": "enterprise", "code": "acme", "name": "ACME", "admin": ADMIN}
ROUTES: dict[Route, Rule] = {
    ("POST", "/tenants"): Rule(SELLER, TENANT),
    ("GET", "/tenants/{tenant_id}"): Rule(MONEY, None, "tenant"),
    ("PATCH", "/tenants/{tenant_id}"): Rule(SELLER, {"name": "stolen"}, "tenant"),
    ("PUT", "/tenants/{tenant_id}/plan"): Rule(SELLER, {"rate_plan_id": None}, "tenant"),
    ("POST", "/tenants/{tenant_id}/suspend"): Rule(SELLER, {"end_calls": True}, "tenant"),
    ("POST", "/tenants/{tenant_id}/resume"): Rule(SELLER, {}, "tenant"),
    ("GET", "/tenants/{tenant_id}/users"): Rule(SELLER, None, "tenant"),
    ("POST", "/tenants/{tenant_id}/users/{user_id}/one-time-password"): Rule(SELLER, {}, "tenant"),
}


def build_path(path: str, tenant_id: int, user_id: int) -> str:
    return path.replace("{tenant_id}", str(tenant_id)).replace("{user_id}", str(user_id)).removeprefix("/")
