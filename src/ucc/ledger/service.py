"""Posting: double entry in integers, once per idempotency key, balances kept in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.errors import InsufficientBalance
from ucc.ledger.models import ACCOUNT_BALANCE, Account, Posting, PostingSet, Reservation
from ucc.tenant.models import Tenant

ACCOUNT_KINDS = ("balance", "income", "cash")
OPERATOR_ACCOUNT_KINDS = (*ACCOUNT_KINDS, "carrier")


class Unbalanced(ValueError):
    """The amounts of a posting set do not sum to zero."""


@dataclass(frozen=True, slots=True)
class Line:
    """One amount for one account. A guarded line must not take the account below its limit."""

    account_id: int
    amount_micros: int
    is_guarded: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """What the money is for. Telling the same key twice posts once. `period`: the month that it closes (first day);
    None: the month in which it is posted."""

    idempotency_key: str
    kind: str
    tenant_id: int
    call_id: UUID | None = None
    reason: str | None = None
    user_id: int | None = None
    reverses_id: int | None = None
    period: date | None = None


async def create_accounts(
    session: AsyncSession, tenant_id: int, *, is_operator: bool, limit_micros: int | None
) -> None:
    """The accounts of a new tenant; repeated, it changes nothing. The limit is for its balance."""
    for kind in OPERATOR_ACCOUNT_KINDS if is_operator else ACCOUNT_KINDS:
        limit = limit_micros if kind == "balance" else None
        row = upsert(Account).values(tenant_id=tenant_id, kind=kind, limit_micros=limit)
        await session.execute(row.on_conflict_do_nothing(index_elements=["tenant_id", "kind"]))


async def find_accounts(session: AsyncSession, tenant_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """Account ids of these tenants by (tenant, kind)."""
    rows = await session.execute(
        select(Account.tenant_id, Account.kind, Account.id).where(Account.tenant_id.in_(list(tenant_ids)))
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def find_balance(session: AsyncSession, tenant_id: int) -> int:
    """The balance of a tenant in micros; 0 for one without an account."""
    view = ACCOUNT_BALANCE.c
    wanted = select(view.balance_micros).where(view.tenant_id == tenant_id, view.kind == "balance")
    return await session.scalar(wanted) or 0


async def post(session: AsyncSession, fact: Fact, lines: Sequence[Line]) -> int:
    """Write one posting set and move the balances. Returns its id; for a key that is known, the id it already has.

    The database's own `post_ledger` does it, the one door to money, for the API too. Accounts with a limit are locked
    in the order of their ids, so two postings never wait for each other in a circle; those without a limit are not
    locked at all. Raises Unbalanced, InsufficientBalance (a guarded line), LookupError (an unknown account).
    """
    amounts: dict[int, int] = {}
    for line in lines:
        amounts[line.account_id] = amounts.get(line.account_id, 0) + line.amount_micros
    if sum(amounts.values()) != 0:
        raise Unbalanced(f"{fact.idempotency_key} sums to {sum(amounts.values())}")
    guarded = {line.account_id for line in lines if line.is_guarded}
    ids = sorted(account_id for account_id, amount in amounts.items() if amount)
    values = {
        "key": fact.idempotency_key,
        "kind": fact.kind,
        "tenant_id": fact.tenant_id,
        "call_id": fact.call_id,
        "reason": fact.reason,
        "user_id": fact.user_id,
        "reverses_id": fact.reverses_id,
        "ids": ids,
        "amounts": [amounts[account_id] for account_id in ids],
        "guards": [account_id in guarded for account_id in ids],
        "period": fact.period,
    }
    try:
        row = (await session.execute(_POST, values)).one()
    except DBAPIError as error:
        match getattr(error.orig, "sqlstate", None):
            case "UC402":
                raise InsufficientBalance from None
            case "UC404":
                raise LookupError(f"there is not every account of {ids}") from None
        raise
    if row.id is None:
        known = select(PostingSet.id).where(PostingSet.idempotency_key == fact.idempotency_key)
        return (await session.scalars(known)).one()
    return int(row.id)


_POST = text(
    """
    SELECT * FROM post_ledger(:key, :kind, :tenant_id, CAST(:call_id AS uuid), :reason, :user_id, :reverses_id,
      CAST(:ids AS bigint[]), CAST(:amounts AS bigint[]), CAST(:guards AS boolean[]),
      CAST(:period AS date))
    """
)


async def fold_deltas(session: AsyncSession, most: int = 10_000) -> int:
    """Take the changes of accounts without a limit into their balances; how many. What the accounts have stays."""
    folded = await session.scalar(
        text(
            """
            WITH taken AS (
              DELETE FROM account_delta WHERE id IN (
                SELECT id FROM account_delta ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
              ) RETURNING account_id, amount_micros
            ), total AS (
              SELECT account_id, sum(amount_micros) AS amount, count(*) AS deltas FROM taken GROUP BY account_id
            ), moved AS (
              UPDATE account a SET balance_micros = a.balance_micros + t.amount FROM total t WHERE a.id = t.account_id
              RETURNING t.deltas
            )
            SELECT coalesce(sum(deltas), 0) FROM moved
            """
        ),
        {"most": most},
    )
    return int(folded or 0)


async def top_up(
    session: AsyncSession,
    tenant_id: int,
    parent_id: int,
    amount_micros: int,
    key: str,
    reason: str,
    *,
    user_id: int | None = None,
) -> int:
    """Money that the tenant paid its parent: it may spend it; the parent's cash account shows where it came from."""
    if amount_micros <= 0:
        raise ValueError("a top-up is more than nothing")
    accounts = await find_accounts(session, (tenant_id, parent_id))
    lines = (
        Line(accounts[tenant_id, "balance"], amount_micros),
        Line(accounts[parent_id, "cash"], -amount_micros),
    )
    return await post(session, Fact(f"top_up:{key}", "top_up", tenant_id, reason=reason, user_id=user_id), lines)


async def transfer(
    session: AsyncSession,
    from_tenant_id: int,
    to_tenant_id: int,
    amount_micros: int,
    key: str,
    reason: str,
    *,
    user_id: int | None = None,
) -> int:
    """Money that one tenant gives another to spend. Raises InsufficientBalance; what calls hold cannot be given.

    The entry is the lower one's, so that both see it."""
    if amount_micros <= 0:
        raise ValueError("a transfer is more than nothing")
    accounts = await find_accounts(session, (from_tenant_id, to_tenant_id))
    lines = (
        Line(accounts[from_tenant_id, "balance"], -amount_micros, is_guarded=True),
        Line(accounts[to_tenant_id, "balance"], amount_micros),
    )
    wanted = select(Tenant.parent_id).where(Tenant.id == from_tenant_id)
    is_back = await session.scalar(wanted) == to_tenant_id
    of_tenant = from_tenant_id if is_back else to_tenant_id
    fact = Fact(f"transfer:{key}", "transfer", of_tenant, reason=reason, user_id=user_id)
    return await post(session, fact, lines)


class NotReversible(Exception):
    """There is no such posting set, or it is a reversal itself."""


async def reverse(session: AsyncSession, posting_set_id: int, reason: str, *, user_id: int | None = None) -> int:
    """Take a posting set back by its opposite, once: told again it is the same reversal. Raises NotReversible,
    InsufficientBalance (the money is spent)."""
    original = await session.get(PostingSet, posting_set_id)
    if original is None or original.reverses_id is not None:
        raise NotReversible
    rows = await session.execute(
        select(Posting.account_id, Posting.amount_micros, Account.kind)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.posting_set_id == posting_set_id)
    )
    lines = [Line(account_id, -amount, is_guarded=kind == "balance") for account_id, amount, kind in rows]
    fact = Fact(
        f"reversal:{posting_set_id}",
        "reversal",
        original.tenant_id,
        call_id=original.call_id,
        reason=reason,
        user_id=user_id,
        reverses_id=posting_set_id,
    )
    return await post(session, fact, lines)


async def set_limit(session: AsyncSession, tenant_id: int, limit_micros: int | None) -> None:
    """How far the balance may fall below zero (透支额度); None: without. Calls in progress keep what they hold."""
    values = {"tenant_id": tenant_id, "limit": limit_micros}
    if not await session.scalar(text("SELECT set_credit_limit(:tenant_id, :limit)"), values):
        raise LookupError(f"tenant {tenant_id} has no balance")


@dataclass(frozen=True, slots=True)
class Proof:
    """What is wrong in the ledger: nothing, when all are empty. `misreserved_accounts`: held is not what calls hold."""

    unbalanced_sets: tuple[int, ...]
    drifted_accounts: tuple[int, ...]
    misreserved_accounts: tuple[int, ...] = ()

    @property
    def faults(self) -> int:
        return len(self.unbalanced_sets) + len(self.drifted_accounts) + len(self.misreserved_accounts)

    @property
    def holds(self) -> bool:
        return not self.faults


async def prove(session: AsyncSession) -> Proof:
    """Every posting set sums to zero, and every account's balance equals its postings; or which ones do not."""
    unbalanced = await session.scalars(
        select(Posting.posting_set_id)
        .group_by(Posting.posting_set_id)
        .having(func.sum(Posting.amount_micros) != 0)
        .order_by(Posting.posting_set_id)
    )
    posted = select(Posting.account_id, func.sum(Posting.amount_micros).label("total")).group_by(Posting.account_id)
    totals, view = posted.subquery(), ACCOUNT_BALANCE.c
    drifted = await session.scalars(
        select(view.id)
        .outerjoin(totals, totals.c.account_id == view.id)
        .where(view.balance_micros != func.coalesce(totals.c.total, 0))
        .order_by(view.id)
    )
    held = select(Reservation.account_id, func.sum(Reservation.amount_micros).label("total")).group_by(
        Reservation.account_id
    )
    places = held.subquery()
    misreserved = await session.scalars(
        select(Account.id)
        .outerjoin(places, places.c.account_id == Account.id)
        .where(Account.reserved_micros != func.coalesce(places.c.total, 0))
        .order_by(Account.id)
    )
    return Proof(tuple(unbalanced), tuple(drifted), tuple(misreserved))
