"""The routes of resources: who may use which, and a body that each takes."""

from __future__ import annotations

from api.outbound_routes import MONEY, OPERATOR, SELLER, Route, Rule

IDS = {"kind": "did", "ids": [1]}
ROUTES: dict[Route, Rule] = {
    ("GET", "/resources"): Rule(MONEY),
    ("POST", "/resources"): Rule(OPERATOR, {"kind": "did", "numbers": ["01088887777"]}),
    ("POST", "/resources/upload"): Rule(OPERATOR),
    ("POST", "/resources/grants"): Rule(SELLER, IDS | {"to_tenant_id": 1}),
    ("POST", "/resources/take-backs"): Rule(SELLER, IDS),
    ("POST", "/resources/impact"): Rule(SELLER, IDS),
    ("POST", "/resources/deletions"): Rule(OPERATOR, IDS),
    ("POST", "/resources/phone-passwords"): Rule(MONEY, {"ids": [1]}),
    ("GET", "/registrations"): Rule(MONEY),
    ("GET", "/resources/{kind}/{resource_id}/history"): Rule(MONEY),
}


def build_path(path: str, resource_id: int = 1, kind: str = "did") -> str:
    return path.replace("{kind}", kind).replace("{resource_id}", str(resource_id)).removeprefix("/")
