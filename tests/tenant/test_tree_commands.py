"""`ucc tenant` and `ucc resource` on a database: what they print, and that a refusal changes nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from database_fixtures import TestDatabase
from ucc.cli import main
from ucc.db.unit import Database
from ucc.trunk.models import Trunk
from world import World

pytestmark = pytest.mark.db


@pytest.fixture(autouse=True)
def on_this_database(fresh_database: TestDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Database, "of_role", classmethod(lambda cls, role, pool_size=5: fresh_database.open(role)))


def ucc(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_open_suspend_resume(world: World) -> None:
    made = ucc("tenant", "open", "acme", "ACME", "--parent", "reseller1", "--json")
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    assert document["username"] == "acme"
    assert len(document["one_time_password"]) == 14
    again = ucc("tenant", "open", "acme", "ACME", "--parent", "reseller1")
    assert (again.exit_code, "refused" in again.stderr) == (1, True)
    assert ucc("tenant", "suspend", "reseller1").stdout == "reseller1 is suspended\n"
    lines = ucc("tenant", "list").stdout.splitlines()
    (line,) = [one for one in lines if "acme" in one]
    assert line.startswith("    acme  ACME  enterprise  0.00")
    assert line.endswith("suspended")
    assert not next(one for one in lines if "enterprise2" in one).endswith("suspended")
    assert ucc("tenant", "resume", "reseller1").exit_code == 0
    assert "suspended" not in ucc("tenant", "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("tenant", "open", "Bad Code", "x"),
        ("tenant", "open", "x1", "x", "--parent", "nobody"),
        ("tenant", "open", "x1", "x", "--parent", "enterprise1"),
        ("tenant", "suspend", "operator"),
        ("tenant", "suspend", "nobody"),
        ("resource", "make", "did", "12"),
        ("resource", "make", "caller_id", "01066660000"),
        ("resource", "grant", "did", "01066660000", "--to", "reseller1"),
        ("resource", "grant", "did", "01088880001", "--to", "operator"),
        ("resource", "make", "trunk", "x"),
        ("resource", "grant", "trunk", "x", "--to", "reseller1"),
    ],
)
def test_refusals(words: tuple[str, ...]) -> None:
    refused = ucc(*words)
    assert refused.exit_code == 1
    assert refused.stderr.strip()
    assert "Traceback" not in refused.output


def test_a_number_goes_down_and_comes_back(world: World, tmp_path: Path) -> None:
    assert ucc("resource", "make", "did", "01066660000-01066660002").stdout == "made: 3\n"
    assert ucc("resource", "grant", "did", "01066660000", "01066660001", "--to", "reseller1").stdout == "moved: 2\n"
    assert ucc("resource", "grant", "did", "01066660002", "--to", "enterprise1").exit_code == 1
    assert ucc("resource", "grant", "did", "01066660000", "--to", "enterprise1").stdout == "moved: 1\n"
    back = ucc("resource", "take-back", "did", "01066660000", "--from", "enterprise1")
    assert back.stdout == "moved: 1\n", back.output
    history = ucc("resource", "history", "did", "01066660000").stdout.splitlines()
    assert [line.partition("Z  ")[2] for line in history] == [
        "- -> OPERATOR",
        "OPERATOR -> RESELLER1",
        "RESELLER1 -> ENTERPRISE1",
        "ENTERPRISE1 -> OPERATOR",
    ]
    held = json.loads(ucc("resource", "list", "did", "--tenant", "reseller1", "--json").stdout)
    assert [one["number"] for one in held] == ["+861066660001"]
    file = tmp_path / "numbers.csv"
    file.write_text("number\n7500\n7501\n")
    assert ucc("resource", "make", "extension", "--file", str(file)).stdout == "made: 2\n"


def test_what_is_in_use_is_said_first(world: World) -> None:
    words = ("resource", "take-back", "did", world.first.did, "--from", "enterprise1")
    refused = ucc(*words)
    assert refused.exit_code == 1
    assert f"in use: {world.first.did}  destination  open" in refused.stdout
    assert ucc(*words, "--confirm").exit_code == 0


async def test_a_trunk_goes_down_and_comes_back(database: Database, world: World) -> None:
    words = ("resource", "grant", "trunk", "carrier", "--to", "reseller1")
    refused = await asyncio.to_thread(ucc, *words)
    assert (refused.exit_code, "Nothing was granted" in refused.stderr) == (1, True)
    assert refused.stdout == f"in use: carrier  caller_id_trunk  {world.second.did}\n"
    assert (await asyncio.to_thread(ucc, *words, "--confirm")).stdout.endswith("moved: 1\n")
    listed = await asyncio.to_thread(ucc, "resource", "list", "trunk", "--tenant", "reseller1")
    assert listed.stdout == f"carrier  tenant {world.first.reseller_id}  in use\n"
    back = await asyncio.to_thread(ucc, "resource", "take-back", "trunk", "carrier", "--from", "reseller1")
    assert back.stdout == "moved: 1\n", back.output
    history = (await asyncio.to_thread(ucc, "resource", "history", "trunk", "carrier")).stdout.splitlines()
    assert [line.partition("Z  ")[2] for line in history] == [
        "- -> OPERATOR",
        "OPERATOR -> RESELLER1",
        "RESELLER1 -> OPERATOR",
    ]
    async with database.begin() as session:
        session.add(Trunk(tenant_id=world.operator_id, name="carrier", host="192.0.2.2", port=5060))
    twice = await asyncio.to_thread(ucc, *words, "--confirm")
    assert (twice.exit_code, "Several have that name" in twice.stderr) == (1, True)


def test_rename_limit_and_charge(world: World) -> None:
    changed = ucc("tenant", "change", "enterprise1", "--name", "ACME 2", "--max-calls", "7")
    assert (changed.exit_code, changed.stdout) == (0, "enterprise1  ACME 2  at most 7 calls\n")
    assert ucc("tenant", "change", "enterprise1", "--max-calls", "none").stdout.endswith(
        "at most any number of calls\n"
    )
    plan = str(json.loads(ucc("plan", "list", "--owner", "reseller1", "--json").stdout)[0]["id"])
    assert ucc("tenant", "charge", "enterprise1", "none").exit_code == 0
    tenants = json.loads(ucc("tenant", "list", "--json").stdout)
    assert next(one for one in tenants if one["code"] == "enterprise1")["rate_plan_id"] is None
    assert ucc("tenant", "charge", "enterprise1", plan).stdout == f"enterprise1 is charged by {plan}\n"
    for words in (("enterprise1", "x"), ("enterprise1", "99999"), ("nobody", plan), ("enterprise2", plan)):
        assert ucc("tenant", "charge", *words).exit_code == 1
    assert ucc("tenant", "change", "enterprise1", "--max-calls", "0").exit_code == 1
    assert ucc("tenant", "change", "operator", "--name", "x").exit_code == 1
