"""Runs the job queue beside three regular duties: the sweep for missed recordings, partitions, and tidying the spool.

Each part stands alone: when the database is away it says so once in a while, waits a little longer each time, at most
10 s, and goes on when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from uuid import UUID

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status
from psycopg.conninfo import make_conninfo
from sqlalchemy import text

from ucc.config import Settings, get_settings
from ucc.credit.watch import count_spend, list_lost, note_proof, watch_money
from ucc.db.engine import role_url
from ucc.db.unit import Database
from ucc.frequency.service import forget_old_attempts
from ucc.kit.clock import now
from ucc.kit.logging import configure_logging, describe_error, get_logger
from ucc.ledger.reservation import release
from ucc.ledger.service import fold_deltas, prove
from ucc.recording.jobs import QUEUE, RecordingEncoder
from ucc.recording.pool import EncoderPool
from ucc.settlement.files import make_files
from ucc.settlement.service import Settled, last_day, settle
from ucc.verification.service import fail_lost_verifications

log = get_logger()

SWEEP_EVERY_S = 5.0
TIDY_EVERY_S = 600.0
PARTITIONS_EVERY_S = 3600.0
ATTEMPTS_EVERY_S = 3600.0
VERIFICATIONS_EVERY_S = 60.0
FOLD_EVERY_S = 5.0
CREDIT_EVERY_S = 10.0
LOST_EVERY_S = 30.0
PROOF_EVERY_S = 86400.0
SETTLE_EVERY_S = 300.0
STATEMENTS_EVERY_S = 2.0
_LONGEST_WAIT_S = 10.0
_NICE = 5


def make_app(encoder: RecordingEncoder) -> App:
    """The job queue with every task of the worker."""
    url = role_url("system")
    conninfo = make_conninfo(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database, connect_timeout=5
    )
    connector = PsycopgConnector(conninfo=conninfo, min_size=1, max_size=4, timeout=10)
    app = App(connector=connector)

    @app.task(name="encode_recording", queue=QUEUE)
    async def encode_recording(recording_id: str) -> None:
        try:
            await encoder.encode(UUID(recording_id))
        except Exception as error:  # the row still waits: the sweep takes it up
            _complain("encode_recording", error)

    return app


async def run_jobs(make: Callable[[], App], concurrency: int) -> None:
    """Serve the queue until cancelled or until the database goes away, which raises."""
    app = make()
    async with app.open_async():
        await _drop_stalled_jobs(app)
        await app.run_worker_async(
            name="worker",
            concurrency=concurrency,
            delete_jobs="successful",
            install_signal_handlers=False,
            shutdown_graceful_timeout=1.0,
        )


async def _drop_stalled_jobs(app: App) -> None:
    """Jobs of workers that died: the rows they woke for are the sweep's now."""
    for job in await app.job_manager.get_stalled_jobs():
        with contextlib.suppress(Exception):
            await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


async def keep_running(name: str, part: Callable[[], Awaitable[object]]) -> None:
    """Run a part that should never end; when it does, say why and start it again."""
    wait_s = 1.0
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            await part()
        except Exception as error:
            _complain(name, error)
        if loop.time() - started > 60:
            wait_s = 1.0
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


async def repeat(name: str, every_s: float, duty: Callable[[], Awaitable[object]]) -> None:
    """Do a duty at once and then every so often; sooner after a failure."""
    wait_s = 1.0
    while True:
        try:
            await duty()
            wait_s = 1.0
            await asyncio.sleep(every_s)
        except Exception as error:
            _complain(name, error)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)


def _complain(name: str, error: Exception) -> None:
    """One line for a database that is away; everything for what nobody expected."""
    if _is_database_away(error):
        log.warning("the database is away, trying again", part=name, error=describe_error(error))
    else:
        log.error("a part of the worker failed, trying again", part=name, exc_info=error)


def _is_database_away(error: BaseException | None) -> bool:
    """Whether this error, or one that led to it, is a lost or refused connection."""
    away = {
        "OperationalError",
        "InterfaceError",
        "PoolTimeout",
        "ConnectorException",
        "AdminShutdown",
        "CannotConnectNow",
    }
    while error is not None:
        if isinstance(error, ConnectionError) or type(error).__name__ in away:
            return True
        error = error.__cause__ or error.__context__
    return False


async def ensure_partitions(database: Database) -> None:
    """Call records of the coming months have their partitions."""
    async with database.begin() as session:
        await session.execute(text("SELECT ensure_call_record_partitions()"))


async def forget_attempts(database: Database) -> None:
    """Dial attempts of more than a day ago are counted by no rule any more."""
    async with database.begin() as session:
        await forget_old_attempts(session, now())


async def fail_lost(database: Database) -> None:
    """Verification calls whose end nobody wrote down have failed; their codes are forgotten."""
    async with database.begin() as session:
        await fail_lost_verifications(session)


async def fold_ledger(database: Database) -> None:
    """Accounts that nobody waits for take in what was posted to them, so that reading them stays cheap."""
    most, folded = 10_000, 10_000
    while folded == most:
        async with database.begin() as session:
            folded = await fold_deltas(session, most)


async def watch_credit(database: Database) -> None:
    """What was spent lately is counted, and people are told when a limit comes near."""
    async with database.begin() as session:
        await count_spend(session, now())
    async with database.begin() as session:
        await watch_money(session)


async def free_lost_money(database: Database) -> None:
    """What is held for calls that are over is free again, a call at a time: balances are locked in one order."""
    async with database.begin() as session:
        lost = await list_lost(session, now())
    for call_id in lost:
        async with database.begin() as session:
            await release(session, call_id)
    if lost:
        log.info("money held for calls that are over is free again", calls=len(lost))


async def settle_days(database: Database, settings: Settings) -> None:
    """Rents and months that ended, what was missed first. Looking when nothing is due costs a query a tenant."""
    if not settings.has_billing:
        return
    done = await settle(database, last_day(now()))
    if done != Settled():
        log.info("settled", days=done.days, rents=done.rents, statements=done.statements)


async def prove_ledger(database: Database) -> None:
    """Every day: posting sets are zero, balances are the sums of their postings, what is held is what calls hold."""
    async with database.begin() as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        proof = await prove(session)
    async with database.begin() as session:
        await note_proof(session, proof.faults)
    if proof.holds:
        log.info("the ledger holds")
    else:
        log.error("THE LEDGER IS WRONG", sets=proof.unbalanced_sets[:20], accounts=proof.drifted_accounts[:20],
                  held=proof.misreserved_accounts[:20])  # fmt: skip


async def run(settings: Settings) -> None:
    """The whole worker, until it is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    database = Database.of_role("system")
    pool = EncoderPool(settings.encode_workers)
    encoder = RecordingEncoder(database, settings, pool)
    concurrency = settings.encode_workers * 2 + 8
    parts = [
        keep_running("jobs", lambda: run_jobs(lambda: make_app(encoder), concurrency)),
        repeat("sweep", SWEEP_EVERY_S, encoder.sweep),
        repeat("tidy", TIDY_EVERY_S, encoder.tidy),
        repeat("partitions", PARTITIONS_EVERY_S, lambda: ensure_partitions(database)),
        repeat("verifications", VERIFICATIONS_EVERY_S, lambda: fail_lost(database)),
        repeat("deltas", FOLD_EVERY_S, lambda: fold_ledger(database)),
        repeat("credit", CREDIT_EVERY_S, lambda: watch_credit(database)),
        repeat("lost money", LOST_EVERY_S, lambda: free_lost_money(database)),
        repeat("proof", PROOF_EVERY_S, lambda: prove_ledger(database)),
        repeat("settlement", SETTLE_EVERY_S, lambda: settle_days(database, settings)),
        repeat("statements", STATEMENTS_EVERY_S, lambda: make_files(database, settings.statement_dir)),
        repeat("attempts", ATTEMPTS_EVERY_S, lambda: forget_attempts(database)),
    ]
    tasks = [asyncio.create_task(part) for part in parts]
    log.info("worker started", processes=settings.encode_workers, recordings=settings.recording_dir)
    await stop.wait()
    log.info("worker stops")
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=3)
    pool.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await database.close()


def main() -> None:
    configure_logging("worker")
    for name in ("psycopg.pool", "procrastinate"):  # the worker itself says what matters of these, in one line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    asyncio.run(run(get_settings()))
