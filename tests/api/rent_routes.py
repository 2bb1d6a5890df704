"""The routes of rents, statements and statistics: who may use which, and a body that each takes."""

from __future__ import annotations

from api.outbound_routes import MONEY, SELLER, Route, Rule

RENTS = {"rents": [{"cycle": "month", "basis": "agent", "amount": "30.00"}]}
ROUTES: dict[Route, Rule] = {
    ("GET", "/rate-plans/{plan_id}/versions/{number}/rents"): Rule(MONEY, None, "plan"),
    ("PUT", "/rate-plans/{plan_id}/draft/rents"): Rule(SELLER, RENTS, "plan"),
    ("GET", "/rent-charges"): Rule(MONEY),
    ("GET", "/statistics/{subject}"): Rule(MONEY),
    ("GET", "/statements"): Rule(MONEY),
    ("GET", "/statements/open"): Rule(MONEY),
    ("GET", "/statements/{statement_id}"): Rule(MONEY, None, "statement"),
    ("GET", "/statements/{statement_id}/entries"): Rule(MONEY, None, "statement"),
    ("POST", "/statements/{statement_id}/files"): Rule(MONEY, {"format": "pdf"}, "statement"),
    ("GET", "/statement-files/{file_id}"): Rule(MONEY, None, "file"),
    ("GET", "/statement-files/{file_id}/content"): Rule(MONEY, None, "file"),
}


def build_path(path: str, row_id: int) -> str:
    for name in ("plan_id", "statement_id", "file_id"):
        path = path.replace(f"{{{name}}}", str(row_id))
    return path.replace("{number}", "1").removeprefix("/")
