"""Posting: double entry in integers, once per idempotency key, balances kept in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.errors import InsufficientBalance
from ucc.ledger.models import Account, Posting, PostingSet

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
    """What the money is for. Telling the same key twice posts once."""

    idempotency_key: str
    kind: str
    tenant_id: int
    call_id: UUID | None = None
    reason: str | None = None


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
    wanted = select(Account.balance_micros).where(Account.tenant_id == tenant_id, Account.kind == "balance")
    return await session.scalar(wanted) or 0


async def post(session: AsyncSession, fact: Fact, lines: Sequence[Line]) -> int:
    """Write one posting set and move the balances. Returns its id; for a key that is known, the id it already has.

    Accounts are locked in the order of their ids, so two postings never wait for each other. Raises Unbalanced,
    InsufficientBalance (a guarded line), LookupError (an unknown account).
    """
    amounts: dict[int, int] = {}
    for line in lines:
        amounts[line.account_id] = amounts.get(line.account_id, 0) + line.amount_micros
    if sum(amounts.values()) != 0:
        raise Unbalanced(f"{fact.idempotency_key} sums to {sum(amounts.values())}")
    row = upsert(PostingSet).values(
        idempotency_key=fact.idempotency_key,
        kind=fact.kind,
        tenant_id=fact.tenant_id,
        call_id=fact.call_id,
        reason=fact.reason,
    )
    posting_set_id: int | None = await session.scalar(
        row.on_conflict_do_nothing(index_elements=["idempotency_key"]).returning(PostingSet.id)
    )
    if posting_set_id is None:
        known = select(PostingSet.id).where(PostingSet.idempotency_key == fact.idempotency_key)
        return (await session.scalars(known)).one()
    guarded = {line.account_id for line in lines if line.is_guarded}
    await _move(session, posting_set_id, {key: amount for key, amount in amounts.items() if amount}, guarded)
    return posting_set_id


async def _move(session: AsyncSession, posting_set_id: int, amounts: dict[int, int], guarded: set[int]) -> None:
    locked = await session.execute(
        select(Account.id, Account.tenant_id, Account.balance_micros, Account.limit_micros)
        .where(Account.id.in_(list(amounts)))
        .order_by(Account.id)
        .with_for_update(key_share=True)
    )
    accounts = {row.id: row for row in locked}
    if missing := amounts.keys() - accounts.keys():
        raise LookupError(f"there is no account {sorted(missing)}")
    for account_id in guarded & amounts.keys():
        account = accounts[account_id]
        after = account.balance_micros + amounts[account_id]
        if account.limit_micros is not None and amounts[account_id] < 0 and after < -account.limit_micros:
            raise InsufficientBalance
    ids = sorted(amounts)
    if not ids:
        return
    await session.execute(
        text(
            """
            UPDATE account a SET balance_micros = a.balance_micros + m.amount
            FROM unnest(CAST(:ids AS bigint[]), CAST(:amounts AS bigint[])) AS m(id, amount) WHERE a.id = m.id
            """
        ),
        {"ids": ids, "amounts": [amounts[account_id] for account_id in ids]},
    )
    await session.execute(
        insert(Posting),
        [
            {
                "posting_set_id": posting_set_id,
                "account_id": account_id,
                "tenant_id": accounts[account_id].tenant_id,
                "amount_micros": amounts[account_id],
            }
            for account_id in ids
        ],
    )


async def top_up(
    session: AsyncSession, tenant_id: int, parent_id: int, amount_micros: int, key: str, reason: str
) -> int:
    """Money that the tenant paid its parent: it may spend it; the parent's cash account shows where it came from."""
    if amount_micros <= 0:
        raise ValueError("a top-up is more than nothing")
    accounts = await find_accounts(session, (tenant_id, parent_id))
    lines = (
        Line(accounts[tenant_id, "balance"], amount_micros),
        Line(accounts[parent_id, "cash"], -amount_micros),
    )
    return await post(session, Fact(f"top_up:{key}", "top_up", tenant_id, reason=reason), lines)


@dataclass(frozen=True, slots=True)
class Proof:
    """What is wrong in the ledger: nothing, when both are empty."""

    unbalanced_sets: tuple[int, ...]
    drifted_accounts: tuple[int, ...]

    @property
    def holds(self) -> bool:
        return not self.unbalanced_sets and not self.drifted_accounts


async def prove(session: AsyncSession) -> Proof:
    """Every posting set sums to zero, and every account's balance equals its postings; or which ones do not."""
    unbalanced = await session.scalars(
        select(Posting.posting_set_id)
        .group_by(Posting.posting_set_id)
        .having(func.sum(Posting.amount_micros) != 0)
        .order_by(Posting.posting_set_id)
    )
    posted = select(Posting.account_id, func.sum(Posting.amount_micros).label("total")).group_by(Posting.account_id)
    totals = posted.subquery()
    drifted = await session.scalars(
        select(Account.id)
        .outerjoin(totals, totals.c.account_id == Account.id)
        .where(Account.balance_micros != func.coalesce(totals.c.total, 0))
        .order_by(Account.id)
    )
    return Proof(tuple(unbalanced), tuple(drifted))
