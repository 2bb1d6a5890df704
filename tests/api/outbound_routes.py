"""The routes of outbound rules, teams and policies: who may use which, and how each names a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

Route = tuple[str, str]

OPERATOR = frozenset({"operator"})
SELLER = frozenset({"operator", "reseller"})
MONEY = frozenset({"operator", "reseller", "enterprise"})
EDITOR = frozenset({"enterprise", "supervisor"})
MANAGER = SELLER | EDITOR
ADMIN = frozenset({"enterprise"})
ANY = MANAGER | {"agent"}


@dataclass(frozen=True)
class Rule:
    """`row`: the kind of row in the path. `body` is a good one."""

    roles: frozenset[str]
    body: Any = None
    row: str | None = None
    names: dict[str, str] = field(default_factory=dict)


TRUNK = {"name": "second", "host": "192.0.2.9", "port": 5062}
POLICY = {"mode": "forced", "starts_at": "ringback", "can_pause": False}
REASON = {"label_zh": "午餐", "label_en": "Lunch", "max_s": 3600}
CHOICE = {"caller_id_id": None}
ROUTES: dict[Route, Rule] = {
    ("GET", "/trunks"): Rule(OPERATOR),
    ("POST", "/trunks"): Rule(OPERATOR, TRUNK),
    ("PUT", "/trunks/{trunk_id}"): Rule(OPERATOR, TRUNK, "trunk"),
    ("DELETE", "/trunks/{trunk_id}"): Rule(OPERATOR, None, "trunk"),
    ("GET", "/caller-ids"): Rule(ANY),
    ("POST", "/caller-ids"): Rule(OPERATOR, {"number": "01088887777", "tenant_id": 1, "trunk_id": 1}),
    ("PUT", "/caller-ids/default"): Rule(EDITOR, CHOICE),
    ("PUT", "/caller-ids/{caller_id_id}"): Rule(OPERATOR, {"trunk_id": 1}, "caller_id"),
    ("DELETE", "/caller-ids/{caller_id_id}"): Rule(OPERATOR, None, "caller_id"),
    ("PUT", "/agents/{agent_id}/caller-id"): Rule(EDITOR, CHOICE, "agent"),
    ("PUT", "/tenants/{tenant_id}/max-calls"): Rule(SELLER, {"max_calls": 5}, "tenant"),
    ("GET", "/blacklist"): Rule(MANAGER),
    ("POST", "/blacklist"): Rule(MANAGER, {"numbers": ["13800138000"]}),
    ("DELETE", "/blacklist/{entry_id}"): Rule(MANAGER, None, "blacklist_entry"),
    ("GET", "/frequency-rules"): Rule(MONEY),
    ("PUT", "/frequency-rules/{subject}/{window_s}"): Rule(MONEY, {"most": 1}),
    ("DELETE", "/frequency-rules/{subject}/{window_s}"): Rule(MONEY),
    ("GET", "/recording-policies"): Rule(EDITOR),
    ("PUT", "/recording-policies"): Rule(ADMIN, POLICY),
    ("DELETE", "/recording-policies/{policy_id}"): Rule(ADMIN, None, "recording_policy"),
    ("GET", "/pause-reasons"): Rule(ANY),
    ("POST", "/pause-reasons"): Rule(EDITOR, REASON | {"code": "lunch"}),
    ("PUT", "/pause-reasons/{reason_id}"): Rule(EDITOR, REASON, "pause_reason"),
    ("DELETE", "/pause-reasons/{reason_id}"): Rule(EDITOR, None, "pause_reason"),
    ("POST", "/verification-calls"): Rule(ADMIN, {"callee": "8001", "idempotency_key": "x"}),
    ("GET", "/verification-calls/{verification_id}"): Rule(ADMIN, None, "verification_call"),
    ("POST", "/verification-calls/{verification_id}/verify"): Rule(ADMIN, {"code": "0815"}, "verification_call"),
    ("GET", "/teams"): Rule(EDITOR),
    ("GET", "/supervisors"): Rule(EDITOR),
    ("POST", "/teams"): Rule(ADMIN, {"name": "one"}),
    ("PUT", "/teams/{team_id}"): Rule(ADMIN, {"name": "one"}, "team"),
    ("DELETE", "/teams/{team_id}"): Rule(ADMIN, None, "team"),
}


def build_path(path: str, row_id: int = 1) -> str:
    """The path of a request: every number is `row_id`."""
    parts = path.removeprefix("/").split("/")
    named = {"{subject}": "callee", "{window_s}": "3600", "{verification_id}": str(UUID(int=row_id))}
    return "/".join(named.get(part, str(row_id)) if part.startswith("{") else part for part in parts)
