"""Posting sets per second on PostgreSQL with 20 writers: between many accounts, and into one account of the operator.

Ours is `post_ledger`, as `ucc.ledger.service.post` calls it: an idempotency key, guarded balances, append-only
postings. The peer is the usual way in SQL: a table of transfers, found by either account and by time, two entries a
transfer with the running balance, both accounts' rows locked in the order of their ids, then checked for the signs that
each may have and for one currency: what pgledger does, with whole numbers for ids and amounts. It knows no idempotency
key, no tenants and no limit of credit. `UCC_BENCH_PGLEDGER_SQL` may name a file with another ledger: it is run too, in
the same database, and has to define `own_transfer(from bigint, to bigint, amount bigint)` over accounts 1 to 2,000. All
are driven by pgbench on the same server in the same run, in turns, while the worker folds what we post.
"""

from __future__ import annotations

# ruff: noqa: S608  # every part of these statements is written here
import asyncio
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from benches.load.house import temporary_home
from benches.result import Result
from ucc.config import get_settings
from ucc.db.engine import admin_url
from ucc.db.unit import Database
from ucc.demo import fill
from ucc.ledger.service import prove
from ucc.stack.testing import running_stack

WRITERS, THREADS, SECONDS, ROUNDS = 20, 2, 8, 3
SPREAD = 1000
OWN_SQL = "UCC_BENCH_PGLEDGER_SQL"
AIM = 1.0

OURS_ACCOUNTS = f"""
INSERT INTO tenant (id, parent_id, code, name, kind) OVERRIDING SYSTEM VALUE
  SELECT 900000 + n, (SELECT id FROM tenant WHERE kind = 'operator'), 'bench' || n, 'bench', 'reseller'
  FROM generate_series(1, {2 * SPREAD}) n;
INSERT INTO account (id, tenant_id, kind, limit_micros) OVERRIDING SYSTEM VALUE
  SELECT 900000 + n, 900000 + n, 'balance', 1000000000000000 FROM generate_series(1, {2 * SPREAD}) n;
"""
PEER = f"""
CREATE TABLE bench_account (
  id bigint PRIMARY KEY, currency text NOT NULL DEFAULT 'CNY', balance bigint NOT NULL DEFAULT 0,
  version bigint NOT NULL DEFAULT 0, may_be_negative boolean NOT NULL DEFAULT true,
  may_be_positive boolean NOT NULL DEFAULT true, updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO bench_account (id) SELECT n FROM generate_series(1, {2 * SPREAD}) n;
CREATE TABLE bench_move (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  from_id bigint NOT NULL REFERENCES bench_account, to_id bigint NOT NULL REFERENCES bench_account,
  amount bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), event_at timestamptz NOT NULL DEFAULT now(),
  details jsonb, CHECK (amount > 0 AND from_id <> to_id)
);
CREATE TABLE bench_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  account_id bigint NOT NULL REFERENCES bench_account, move_id bigint NOT NULL REFERENCES bench_move,
  amount bigint NOT NULL, previous_balance bigint NOT NULL, current_balance bigint NOT NULL,
  account_version bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON bench_move (from_id);
CREATE INDEX ON bench_move (to_id);
CREATE INDEX ON bench_move (event_at);
CREATE INDEX ON bench_entry (account_id);
CREATE INDEX ON bench_entry (move_id);
CREATE FUNCTION bench_check(account bench_account) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT account.may_be_negative AND account.balance < 0 OR NOT account.may_be_positive AND account.balance > 0 THEN
    RAISE EXCEPTION 'the balance of % does not allow it', account.id;
  END IF;
END $$;
CREATE FUNCTION bench_transfer(p_from bigint, p_to bigint, p_amount bigint) RETURNS SETOF bench_move
LANGUAGE plpgsql AS $$
DECLARE move bigint; one bigint; source bench_account; target bench_account;
BEGIN
  FOREACH one IN ARRAY ARRAY[least(p_from, p_to), greatest(p_from, p_to)] LOOP
    PERFORM id FROM bench_account WHERE id = one FOR UPDATE;
  END LOOP;
  IF p_amount <= 0 OR p_from = p_to THEN
    RAISE EXCEPTION 'a transfer is more than nothing, between two accounts';
  END IF;
  UPDATE bench_account SET balance = balance - p_amount, version = version + 1, updated_at = now()
    WHERE id = p_from RETURNING * INTO source;
  PERFORM bench_check(source);
  UPDATE bench_account SET balance = balance + p_amount, version = version + 1, updated_at = now()
    WHERE id = p_to RETURNING * INTO target;
  PERFORM bench_check(target);
  IF source.currency <> target.currency THEN
    RAISE EXCEPTION 'the currencies differ';
  END IF;
  INSERT INTO bench_move (from_id, to_id, amount) VALUES (p_from, p_to, p_amount) RETURNING id INTO move;
  INSERT INTO bench_entry (account_id, move_id, amount, previous_balance, current_balance, account_version)
    VALUES (p_from, move, -p_amount, source.balance + p_amount, source.balance, source.version);
  INSERT INTO bench_entry (account_id, move_id, amount, previous_balance, current_balance, account_version)
    VALUES (p_to, move, p_amount, target.balance - p_amount, target.balance, target.version);
  RETURN QUERY SELECT * FROM bench_move WHERE id = move;
END $$;
"""
PICK = f"\\set source random(1, {SPREAD})\n\\set target {{target}}\n\\set amount random(1, 1000000)\n"
POST = (
    "SELECT id FROM post_ledger('bench:' || gen_random_uuid(), 'bench', 900000 + (:source)::bigint, NULL, NULL, NULL,"
    " NULL, {accounts}::bigint[], ARRAY[{amounts}]::bigint[], ARRAY[{guards}]);\n"
)
AMOUNT = "(:amount)::bigint"
OURS_SPREAD = PICK.format(target=f"random({SPREAD + 1}, {2 * SPREAD})") + POST.format(
    accounts="ARRAY[900000 + (:source)::bigint, 900000 + (:target)::bigint]",
    amounts=f"-{AMOUNT}, {AMOUNT}",
    guards="true, false",
)
OURS_HOT = PICK.format(target="1") + POST.format(
    accounts="ARRAY[(SELECT id FROM account WHERE kind = 'carrier' LIMIT 1), 900000 + (:source)::bigint]",
    amounts=f"{AMOUNT}, -{AMOUNT}",
    guards="false, true",
)
PEER_CALL = "SELECT id FROM bench_transfer((:source)::bigint, (:target)::bigint, (:amount)::bigint);\n"
PEER_SPREAD = PICK.format(target=f"random({SPREAD + 1}, {2 * SPREAD})") + PEER_CALL
PEER_HOT = PICK.format(target=str(2 * SPREAD)) + PEER_CALL
SCRIPTS = {"ours, spread": OURS_SPREAD, "peer, spread": PEER_SPREAD, "ours, hot": OURS_HOT, "peer, hot": PEER_HOT}
OWN_SCRIPTS = {
    name.replace("peer", "own"): script.replace("id FROM bench_transfer", "own_transfer")
    for name, script in SCRIPTS.items()
    if name.startswith("peer")
}


@dataclass(frozen=True, slots=True)
class Server:
    """A database, and pgbench of the same version beside it."""

    url: URL
    folder: Path
    programs: Path

    def run(self, statements: str) -> str:
        return self._call("psql", "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statements)

    def drive(self, script: str) -> float:
        """Transactions per second of one round."""
        path = self.folder / "script.sql"
        path.write_text(script)
        told = self._call(
            "pgbench", "-n", "-M", "prepared", "-c", str(WRITERS), "-j", str(THREADS),
            "-T", str(SECONDS), "-f", str(path),
        )  # fmt: skip
        found = re.search(r"tps = ([0-9.]+)", told)
        failed = re.search(r"failed transactions: ([0-9]+)", told)
        if found is None or (failed is not None and failed[1] != "0"):
            raise RuntimeError(told)
        return float(found[1])

    def _call(self, program: str, *arguments: str) -> str:
        environment = os.environ | {
            "PGHOST": str(self.url.host),
            "PGPORT": str(self.url.port),
            "PGUSER": str(self.url.username),
            "PGPASSWORD": str(self.url.password),
            "PGDATABASE": str(self.url.database),
        }
        path = next(self.programs.glob(f"lib/postgresql/*/bin/{program}"))
        loader = next(self.programs.glob("lib/*/ld-linux-*.so.2"))
        command: list[str | Path] = [loader, "--library-path", loader.parent, path, *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise RuntimeError(f"{program}: {ran.stderr[-2000:]}")
        return ran.stdout


def run() -> Result:
    with temporary_home(), running_stack(get_settings()), tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill())
        server = Server(admin_url(), Path(folder), get_settings().runtime_root / "usr")
        server.run(OURS_ACCOUNTS)
        server.run(PEER)
        scripts = dict(SCRIPTS)
        if own := os.environ.get(OWN_SQL):
            server.run(Path(own).read_text())
            scripts |= OWN_SCRIPTS
        rates: dict[str, list[float]] = {name: [] for name in scripts}
        for _ in range(ROUNDS):
            for name, script in scripts.items():
                rates[name].append(server.drive(script))
        asyncio.run(_prove())
    best = {name: max(found) for name, found in rates.items()}
    return _judge(best, rates)


async def _prove() -> None:
    """Raises RuntimeError when any sum of the ledger is wrong."""
    async with Database.of_role("system", pool_size=1) as database, database.begin() as session:
        found = await prove(session)
    if not found.holds:
        raise RuntimeError(f"the ledger does not hold: {found}")


def _judge(best: dict[str, float], rates: dict[str, list[float]]) -> Result:
    hot = best["ours, hot"] / best["peer, hot"]
    spread = best["ours, spread"] / best["peer, spread"]
    notes = [
        f"{WRITERS} writers, {SECONDS} s a round, {ROUNDS} rounds in turns, the best counts; posting sets a second"
    ]
    for name, found in rates.items():
        notes.append(f"{name:13s} {best[name]:8,.0f}   rounds {', '.join(f'{one:,.0f}' for one in found)}")
    notes.append(f"ratio: spread {spread:.2f}, one hot account of the operator {hot:.2f}; the lower is judged")
    ours, peer = ("ours, hot", "peer, hot") if hot < spread else ("ours, spread", "peer, spread")
    details = {"spread_ratio": spread, "hot_ratio": hot}
    details |= {name.replace(", ", "_"): rate for name, rate in best.items()}
    return Result("ledger", best[ours], best[peer], "posting sets/s", AIM, notes=tuple(notes), details=details)
