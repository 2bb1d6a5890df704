"""`ucc ledger`, `plan`, `statement` and `statistics` on a database: what they print; a refusal changes nothing."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from database_fixtures import TestDatabase
from ucc.call.service import finish_call
from ucc.cli import main
from ucc.db.unit import Database
from ucc.kit.china import cycle_of, day_of
from ucc.settlement.service import settle
from world import World, finished_call

pytestmark = pytest.mark.db
TODAY = day_of(datetime.now(UTC))


@pytest.fixture(autouse=True)
def on_this_database(fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "of_role", classmethod(lambda cls, role, pool_size=5: fresh_database.open(role)))


def ucc(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def balance_of(code: str) -> str:
    tenants = json.loads(ucc("tenant", "list", "--json").stdout)
    return str(next(one["balance"] for one in tenants if one["code"] == code))


def test_a_top_up_counts_once_and_is_taken_back_once() -> None:
    told = [ucc("ledger", "top-up", "enterprise1", "7.5", "--key", "receipt 1") for _ in range(2)]
    assert [one.exit_code for one in told] == [0, 0]
    assert told[0].stdout == told[1].stdout
    assert balance_of("enterprise1") == "107.50"
    (entry, *_) = json.loads(ucc("ledger", "entries", "--tenant", "enterprise1", "--json").stdout)
    assert (entry["kind"], entry["reason"]) == ("top_up", "command line")
    assert ucc("ledger", "reverse", str(entry["id"]), "--reason", "typed twice").exit_code == 0
    again = ucc("ledger", "reverse", str(entry["id"]), "--reason", "typed twice")
    assert (again.exit_code, again.stderr.startswith("already_reversed")) == (1, True)
    assert balance_of("enterprise1") == "100.00"
    assert ucc("ledger", "proof").stdout == "the ledger holds\n"


def test_a_transfer_goes_down_and_back() -> None:
    before = balance_of("reseller1")
    assert ucc("ledger", "transfer", "reseller1", "enterprise1", "3", "--key", "a").exit_code == 0
    assert balance_of("enterprise1") == "103.00"
    assert ucc("ledger", "transfer", "enterprise1", "reseller1", "3", "--key", "b").exit_code == 0
    assert (balance_of("enterprise1"), balance_of("reseller1")) == ("100.00", before)
    assert ucc("ledger", "limit", "enterprise1", "20").exit_code == 0
    assert ucc("ledger", "transfer", "enterprise1", "reseller1", "120", "--key", "c").exit_code == 0
    assert balance_of("enterprise1") == "-20.00"


@pytest.mark.parametrize(
    "words",
    [
        ("ledger", "top-up", "operator", "1", "--key", "x"),
        ("ledger", "top-up", "nobody", "1", "--key", "x"),
        ("ledger", "top-up", "enterprise1", "0", "--key", "x"),
        ("ledger", "top-up", "enterprise1", "-1", "--key", "x"),
        ("ledger", "top-up", "enterprise1", "1.0000001", "--key", "x"),
        ("ledger", "transfer", "enterprise1", "enterprise2", "1", "--key", "x"),
        ("ledger", "transfer", "enterprise1", "reseller1", "1000", "--key", "x"),
        ("ledger", "reverse", "999999", "--reason", "x"),
        ("ledger", "limit", "nobody", "1"),
        ("ledger", "limit", "enterprise1", "much"),
        ("plan", "show", "999999"),
        ("plan", "publish", "999999"),
        ("plan", "list", "--owner", "nobody"),
        ("plan", "price", "13800138000", "--tenant", "nobody"),
        ("statement", "write", "999999", "/tmp/none.pdf"),
        ("statement", "list", "--tenant", "nobody"),
    ],
)
def test_refusals(words: tuple[str, ...]) -> None:
    refused = ucc(*words)
    assert refused.exit_code in (1, 2)
    assert refused.stderr.strip()
    assert "Traceback" not in refused.output
    assert balance_of("enterprise1") == "100.00"


def test_rates_go_out_and_come_back_as_a_version(world: World, tmp_path: Path) -> None:
    plans = json.loads(ucc("plan", "list", "--owner", "reseller1", "--json").stdout)
    plan = plans[0]
    exported = ucc("plan", "export", str(plan["id"]), str(plan["current_version"]), "--owner", "reseller1")
    assert exported.exit_code == 0
    file = tmp_path / "rates.csv"
    file.write_text(exported.stdout)
    made = ucc("plan", "import", str(plan["id"]), str(file), "--owner", "reseller1")
    assert (made.exit_code, "is a draft with" in made.stdout) == (0, True), made.output
    assert ucc("plan", "publish", str(plan["id"]), "--owner", "reseller1").exit_code == 0
    shown = json.loads(ucc("plan", "show", str(plan["id"]), "--owner", "reseller1", "--json").stdout)
    assert shown["current_version"] == plan["current_version"] + 1
    file.write_text("rubbish\n1")
    bad = ucc("plan", "import", str(plan["id"]), str(file), "--owner", "reseller1")
    assert (bad.exit_code, "Traceback" in bad.output) == (1, False)
    file.write_text(exported.stdout)
    assert ucc("plan", "import", str(plan["id"]), str(file), "--owner", "reseller2").exit_code == 1


def test_a_new_plan_and_its_prices() -> None:
    made = ucc("plan", "create", "night")
    assert made.exit_code == 0
    assert f"{made.stdout.strip()}  night" in ucc("plan", "list").stdout
    found = json.loads(
        ucc("plan", "price", "13800138000", "--tenant", "enterprise1", "--seconds", "61", "--json").stdout
    )
    own = found["levels"][0]
    assert (own["code"], own["billed_s"], own["amount"]) == ("enterprise1", 120, "0.20")
    assert "120 s billed" in ucc("plan", "price", "13800138000", "--tenant", "enterprise1", "--seconds", "61").stdout


def test_a_month_from_its_calls_to_its_file(fresh_database: TestDatabase, world: World, tmp_path: Path) -> None:
    async def close() -> None:
        async with fresh_database.open() as database:
            async with database.begin() as session:
                began = datetime.now(UTC).timestamp()
                await finish_call(session, finished_call(world.first, 61, started_at=began))
            await settle(database, cycle_of("month", TODAY)[1])

    asyncio.run(close())
    (statement, *_) = json.loads(ucc("statement", "list", "--tenant", "enterprise1", "--json").stdout)
    assert (statement["opening"], statement["closing"]) == ("0.00", "99.80")
    for form, start in (("pdf", b"%PDF"), ("xlsx", b"PK")):
        path = tmp_path / f"month.{form}"
        written = ucc("statement", "write", str(statement["id"]), str(path), "--language", "en")
        assert (written.exit_code, written.stdout) == (0, f"{path}: 2 lines\n")
        assert path.read_bytes().startswith(start)
    assert len(list(tmp_path.iterdir())) == 2
    for path in ("month.txt", "month"):
        assert ucc("statement", "write", str(statement["id"]), str(tmp_path / path)).exit_code == 1
    assert ucc("statement", "check").stdout == "every statement is what the ledger says\n"
    span = ("--since", str(TODAY), "--until", str(TODAY + timedelta(days=1)))
    spent = json.loads(ucc("statistics", "spend", *span, "--tenant", "enterprise1", "--json").stdout)
    assert spent["total_micros"] == 200_000
    assert "total  0.20" in ucc("statistics", "spend", *span, "--tenant", "enterprise1", "--by", "kind").stdout
