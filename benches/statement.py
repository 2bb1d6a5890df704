"""Seconds for the month of an enterprise with 1,000,000 calls: closing it, its statement as XLSX with every call, and
as PDF; and the memory that the process takes. Each call is a posting set over three levels, with record and charges.

The peer is what the database alone needs: psql writes the same lines, from the same statement, into a CSV file.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select

from benches.ledger import Server
from benches.load.house import temporary_home
from benches.result import Result
from ucc.config import get_settings
from ucc.db.engine import admin_url
from ucc.db.unit import Database
from ucc.demo import fill
from ucc.kit.china import begin_of, cycle_of, day_of, month_of, next_month
from ucc.ledger.service import find_accounts, prove
from ucc.settlement.asking import ask_for_file
from ucc.settlement.files import make_files
from ucc.settlement.lines import ALL_LINES, line_values
from ucc.settlement.models import Statement, StatementFile
from ucc.settlement.service import settle
from ucc.stack.testing import running_stack
from ucc.tenant.models import Tenant

CALLS = 1_000_000
PRICES = (100_000, 60_000, 30_000)
"""What the enterprise, the reseller and the operator pay for a call, in micros."""

# The triggers of the ledger are off: these rows are made the quick way, and proved afterwards.
FILL = """
SET session_replication_role = replica;
CREATE TEMP TABLE made AS
  SELECT n, gen_random_uuid() AS call_id, timestamptz '{begin}' + n * interval '{step_ms} milliseconds' AS at,
    nextval(pg_get_serial_sequence('posting_set', 'id')) AS set_id, 60 * (1 + n % 5) AS seconds
  FROM generate_series(1, {calls}) n;
INSERT INTO call_record (id, started_at, tenant_id, direction, caller, callee, answered_at, connected_at, ended_at,
    talk_ms, cause, ended_by, result)
  SELECT call_id, at, {enterprise}, 'outbound', '+861088880001', '+86138' || lpad((n % 100000000)::text, 8, '0'),
    at, at, at + seconds * interval '1 second', seconds * 1000, 16, 'customer', 'answered' FROM made;
INSERT INTO posting_set (id, idempotency_key, kind, call_id, tenant_id, period, created_at) OVERRIDING SYSTEM VALUE
  SELECT set_id, 'call:' || call_id, 'call', call_id, {enterprise}, '{period}', at FROM made;
INSERT INTO posting (posting_set_id, account_id, tenant_id, amount_micros)
  SELECT set_id, account_id, tenant_id, amount * seconds / 60
  FROM made, (VALUES {lines}) AS l (account_id, tenant_id, amount) ORDER BY set_id;
INSERT INTO call_charge (call_id, tenant_id, payee_tenant_id, billed_s, amount_micros, posting_set_id)
  SELECT call_id, tenant_id, payee_id, seconds, price * seconds / 60, set_id
  FROM made, (VALUES {charges}) AS c (tenant_id, payee_id, price) ORDER BY set_id;
UPDATE account a SET balance_micros = balance_micros + p.total
  FROM (SELECT account_id, sum(amount_micros) AS total FROM posting JOIN made ON set_id = posting_set_id GROUP BY 1) p
  WHERE a.id = p.account_id;
RESET session_replication_role;
ANALYZE;
"""


async def _chain(database: Database) -> tuple[list[Tenant], dict[tuple[int, str], int]]:
    """An enterprise and all above it, from below, with their accounts."""
    async with database.begin() as session:
        tenant = (await session.scalars(select(Tenant).where(Tenant.kind == "enterprise").order_by(Tenant.id))).first()
        assert tenant is not None
        chain = [tenant]
        while chain[-1].parent_id is not None:
            chain.append(await session.get_one(Tenant, chain[-1].parent_id))
        return chain, await find_accounts(session, {one.id for one in chain})


def _fill_statement(chain: list[Tenant], accounts: dict[tuple[int, str], int], period: date) -> str:
    lines, charges = [], []
    for tenant, payee, price in zip(chain, [*chain[1:], None], PRICES, strict=True):
        to = tenant if payee is None else payee
        kind = "carrier" if payee is None else "income"
        lines.append(f"({accounts[tenant.id, 'balance']}, {tenant.id}, {-price})")
        lines.append(f"({accounts[to.id, kind]}, {to.id}, {price})")
        charges.append(f"({tenant.id}, {'NULL::bigint' if payee is None else payee.id}, {price})")
    span_ms = int((begin_of(next_month(period)) - begin_of(period)).total_seconds() * 1000)
    return FILL.format(
        begin=begin_of(period).isoformat(), step_ms=(span_ms - 3_600_000) // CALLS, calls=CALLS, period=period,
        enterprise=chain[0].id, lines=", ".join(lines), charges=", ".join(charges),
    )  # fmt: skip


async def _make(database: Database, folder: Path, statement: Statement, form: str) -> tuple[float, StatementFile]:
    async with database.begin() as session:
        file = await ask_for_file(session, statement, form, "zh-CN")
    began = time.perf_counter()
    await make_files(database, folder)
    took_s = time.perf_counter() - began
    async with database.begin() as session:
        made = await session.get_one(StatementFile, file.id)
    if made.state != "ready" or made.lines_done < CALLS:
        raise RuntimeError(f"the {form} was not made: {made.state}, {made.lines_done} lines, {made.failure}")
    return took_s, made


async def _measure(server: Server, folder: Path) -> Result:
    period = month_of(day_of(datetime.now(UTC)))
    async with Database.of_role("system", pool_size=3) as database:
        chain, accounts = await _chain(database)
        began = time.perf_counter()
        await asyncio.to_thread(server.run, _fill_statement(chain, accounts, period))
        filled_s = time.perf_counter() - began
        enterprise = chain[0].id
        began = time.perf_counter()
        await settle(database, cycle_of("month", period)[1], [enterprise])
        closed_s = time.perf_counter() - began
        async with database.begin() as session:
            found = select(Statement).where(Statement.tenant_id == enterprise, Statement.period == period)
            statement = (await session.scalars(found)).one()
        before_mb = _peak_mb()
        xlsx_s, xlsx = await _make(database, folder, statement, "xlsx")
        pdf_s, pdf = await _make(database, folder, statement, "pdf")
        peak_mb = _peak_mb()
        query = ALL_LINES
        for name, value in line_values(enterprise, accounts[enterprise, "balance"], period).items():
            query = query.replace(f":{name}", str(value) if isinstance(value, int) else f"'{value}'")
        began = time.perf_counter()
        await asyncio.to_thread(server.run, f"\\copy ({' '.join(query.split())}) TO '{folder / 'lines.csv'}' CSV")
        csv_s = time.perf_counter() - began
        async with database.begin() as session:
            proof = await prove(session)
    if not proof.holds:
        raise RuntimeError(f"the ledger does not hold: {proof}")
    notes = (
        f"{CALLS:,} calls of one enterprise in a month, {len(PRICES)} levels; made in {filled_s:.0f} s",
        f"the month closed {closed_s:6.1f} s",
        f"XLSX             {xlsx_s:6.1f} s   {(xlsx.size_bytes or 0) / 1e6:.1f} MB, {xlsx.lines_done:,} lines",
        f"PDF              {pdf_s:6.1f} s   {(pdf.size_bytes or 0) / 1e6:.2f} MB, calls by day",
        f"peer, CSV        {csv_s:6.1f} s   {(folder / 'lines.csv').stat().st_size / 1e6:.1f} MB, by psql alone",
        f"memory of the process: {before_mb:.0f} MB before, at most {peak_mb:.0f} MB",
    )
    details = {"closed_s": closed_s, "xlsx_s": xlsx_s, "pdf_s": pdf_s, "peak_mb": peak_mb}
    return Result("statement", xlsx_s, csv_s, "s", None, more_is_better=False, notes=notes, details=details)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run() -> Result:
    with temporary_home(), running_stack(get_settings()) as stack, tempfile.TemporaryDirectory() as folder:
        asyncio.run(fill())
        stack.stop("worker")  # it would make the files itself
        server = Server(admin_url(), Path(folder), get_settings().runtime_root / "usr")
        return asyncio.run(_measure(server, Path(folder)))
