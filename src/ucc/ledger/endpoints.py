"""/ledger: top-ups, transfers, reversals, credit limits and what was posted. Told twice, each counts once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, status

from ucc.errors import (
    UNSAFE,
    AlreadyReversed,
    Forbidden,
    IdempotencyKeyReused,
    InsufficientBalance,
    InvalidInput,
    NotFound,
    NotInThisEdition,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import MoneyWork, OperatorWork, SellerWork, Work
from ucc.identity.schemas import RowId
from ucc.kit.money import parse_yuan
from ucc.ledger import repository, service
from ucc.ledger.schemas import (
    CreditLimitBody,
    EntryFilter,
    EntryList,
    EntryView,
    MoneyTransferBody,
    ProofView,
    ReversalBody,
    TopUpBody,
)

router = APIRouter(tags=["ledger"])
READ = (NotLoggedIn, Forbidden, NotInThisEdition)
MOVED = (*READ, NotFound, InsufficientBalance, IdempotencyKeyReused, *UNSAFE)
PEOPLES = frozenset({"top_up", "transfer"})
"""Entries that people make, and people take back; those of calls follow from their records."""


@router.get("/ledger/entries", responses=documented(*READ, InvalidInput))
async def list_ledger_entries(work: MoneyWork, wanted: Annotated[EntryFilter, Query()]) -> EntryList:
    """What was posted, the newest first: of each entry the postings of the user's own tenant and all below it."""
    return await repository.list_entries(work.scoped, wanted)


@router.post("/ledger/top-ups", status_code=status.HTTP_201_CREATED, responses=documented(*MOVED))
async def top_up_tenant(work: SellerWork, body: TopUpBody) -> EntryView:
    """充值: a direct customer paid; it may spend that much more."""
    await _require_customer(work, body.tenant_id)
    own, amount = work.scoped.scope.tenant_id, _parse(body.amount)
    key = f"{own}:{body.idempotency_key}"
    made = await service.top_up(
        work.session, body.tenant_id, own, amount, key, body.reason, user_id=work.viewer.user_id
    )
    return await _show(work, made, body.tenant_id, amount)


@router.post("/ledger/transfers", status_code=status.HTTP_201_CREATED, responses=documented(*MOVED))
async def transfer_money(work: SellerWork, body: MoneyTransferBody) -> EntryView:
    """转账: from the user's own tenant to a direct customer, or back."""
    own, amount = work.scoped.scope.tenant_id, _parse(body.amount)
    parties = {body.from_tenant_id, body.to_tenant_id}
    if own not in parties or len(parties) != 2:
        raise NotFound
    await _require_customer(work, *(parties - {own}))
    made = await service.transfer(
        work.session,
        body.from_tenant_id,
        body.to_tenant_id,
        amount,
        f"{own}:{body.idempotency_key}",
        body.reason,
        user_id=work.viewer.user_id,
    )
    return await _show(work, made, body.to_tenant_id, amount)


@router.post(
    "/ledger/entries/{entry_id}/reversal",
    status_code=status.HTTP_201_CREATED,
    responses=documented(*READ, NotFound, AlreadyReversed, InsufficientBalance, *UNSAFE),
)
async def reverse_ledger_entry(work: SellerWork, entry_id: RowId, body: ReversalBody) -> EntryView:
    """A new entry that takes a top-up or a transfer back, by whoever made it. Refused when the money is spent."""
    entry = await repository.get_entry(work.scoped, entry_id)
    own = work.scoped.scope.tenant_id
    if entry is None or entry.kind not in PEOPLES or own not in {one.tenant_id for one in entry.postings}:
        raise NotFound
    if sum(one.amount_micros for one in entry.postings) != 0:
        raise NotFound  # the other half is a level above: it is for that level to take back
    if entry.is_reversed:
        raise AlreadyReversed
    made = await service.reverse(work.session, entry_id, body.reason, user_id=work.viewer.user_id)
    found = await repository.get_entry(work.scoped, made)
    assert found is not None
    return found


@router.put(
    "/tenants/{tenant_id}/credit-limit",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(*READ, NotFound, *UNSAFE),
)
async def set_credit_limit(work: SellerWork, tenant_id: RowId, body: CreditLimitBody) -> None:
    """透支额度 of a direct customer. Acts on the next call, and on calls in progress with their next slice."""
    await _require_customer(work, tenant_id)
    await service.set_limit(work.session, tenant_id, None if body.limit is None else parse_yuan(body.limit))


@router.get("/ledger/proof", responses=documented(*READ))
async def prove_ledger(work: OperatorWork) -> ProofView:
    """Adds up everything that was ever posted: every set is zero, every balance is its postings."""
    proof = await service.prove(work.session)
    return ProofView(
        holds=proof.holds,
        unbalanced_sets=list(proof.unbalanced_sets[:100]),
        drifted_accounts=list(proof.drifted_accounts[:100]),
        misreserved_accounts=list(proof.misreserved_accounts[:100]),
    )


def _parse(amount: str) -> int:
    micros = parse_yuan(amount)
    if micros == 0:
        raise InvalidInput("amount: more than nothing")
    return micros


async def _require_customer(work: Work, tenant_id: int) -> None:
    if not await repository.is_direct_customer(work.scoped, tenant_id):
        raise NotFound


async def _show(work: Work, posting_set_id: int, tenant_id: int, amount: int) -> EntryView:
    """The entry; raises IdempotencyKeyReused when the key stands for another one."""
    entry = await repository.get_entry(work.scoped, posting_set_id)
    if entry is None or (tenant_id, amount) not in {(one.tenant_id, one.amount_micros) for one in entry.postings}:
        raise IdempotencyKeyReused
    return entry
