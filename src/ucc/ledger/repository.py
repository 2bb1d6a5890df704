"""Ledger entries that a scope may see, and the tenants that it deals with."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Select, exists, select

from ucc.db.scope import Scoped
from ucc.kit.money import format_yuan
from ucc.ledger.models import Account, Posting, PostingSet
from ucc.ledger.schemas import EntryFilter, EntryList, EntryView, PostingView
from ucc.tenant.models import TenantTree


async def is_direct_customer(scoped: Scoped, tenant_id: int) -> bool:
    wanted = select(TenantTree.depth).where(
        TenantTree.ancestor_id == scoped.scope.tenant_id, TenantTree.descendant_id == tenant_id
    )
    return await scoped.session.scalar(wanted) == 1


async def list_entries(scoped: Scoped, wanted: EntryFilter) -> EntryList:
    """The newest first."""
    query = select(PostingSet).order_by(PostingSet.id.desc()).limit(wanted.limit + 1)
    rows = list(await scoped.session.scalars(_filter(query, wanted)))
    items = await _show(scoped, rows[: wanted.limit])
    return EntryList(items=items, next_before=items[-1].id if len(rows) > wanted.limit else None)


async def get_entry(scoped: Scoped, posting_set_id: int) -> EntryView | None:
    row = await scoped.session.get(PostingSet, posting_set_id)
    return (await _show(scoped, [row]))[0] if row is not None else None


def _filter(query: Select[PostingSet], wanted: EntryFilter) -> Select[PostingSet]:
    if wanted.tenant_id is not None:
        of_tenant = (Posting.posting_set_id == PostingSet.id) & (Posting.tenant_id == wanted.tenant_id)
        query = query.where(exists().where(of_tenant))
    if wanted.kind is not None:
        query = query.where(PostingSet.kind == wanted.kind)
    if wanted.since is not None:
        query = query.where(PostingSet.created_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(PostingSet.created_at < wanted.until)
    return query.where(PostingSet.id < wanted.before_id) if wanted.before_id is not None else query


async def _show(scoped: Scoped, sets: list[PostingSet]) -> list[EntryView]:
    ids = [one.id for one in sets]
    reversed_ids = set(
        await scoped.session.scalars(select(PostingSet.reverses_id).where(PostingSet.reverses_id.in_(ids)))
    )
    postings: dict[int, list[PostingView]] = defaultdict(list)
    rows = await scoped.session.execute(
        select(Posting.posting_set_id, Posting.tenant_id, Account.kind, Posting.amount_micros)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.posting_set_id.in_(ids))
        .order_by(Posting.posting_set_id, Posting.account_id)
    )
    for set_id, tenant_id, kind, micros in rows:
        view = PostingView(tenant_id=tenant_id, account=kind, amount=format_yuan(micros), amount_micros=micros)
        postings[set_id].append(view)
    return [
        EntryView(
            id=one.id,
            kind=one.kind,
            tenant_id=one.tenant_id,
            call_id=str(one.call_id) if one.call_id is not None else None,
            reason=one.reason,
            user_id=one.user_id,
            reverses_id=one.reverses_id,
            is_reversed=one.id in reversed_ids,
            created_at=one.created_at,
            postings=postings[one.id],
        )
        for one in sets
    ]
