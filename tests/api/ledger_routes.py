"""The routes of the ledger: who may use which, and a body that each takes."""

from __future__ import annotations

from api.outbound_routes import MONEY, OPERATOR, SELLER, Route, Rule

REASON = {"reason": "typed twice"}
ROUTES: dict[Route, Rule] = {
    ("GET", "/ledger/entries"): Rule(MONEY),
    ("POST", "/ledger/top-ups"): Rule(SELLER),
    ("POST", "/ledger/transfers"): Rule(SELLER),
    ("POST", "/ledger/entries/{entry_id}/reversal"): Rule(SELLER, REASON, "entry"),
    ("PUT", "/tenants/{tenant_id}/credit-limit"): Rule(SELLER, {"limit": "5.00"}, "tenant"),
    ("GET", "/ledger/proof"): Rule(OPERATOR),
    ("GET", "/tenants/{tenant_id}/spend-rule"): Rule(MONEY, None, "tenant"),
    ("PUT", "/tenants/{tenant_id}/spend-rule"): Rule(SELLER, {"hourly": "5.00"}, "tenant"),
    ("GET", "/alerts"): Rule(MONEY),
}
