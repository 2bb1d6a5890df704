"""The customer tree as lines of text, for the command line."""

from __future__ import annotations

from sqlalchemy import text

from ucc.db.unit import Database
from ucc.kit.money import format_yuan

_TREE = text(
    """
    with recursive tree as (
        select id, code, name, kind, is_suspended, 0 as depth, array[id] as path from tenant where parent_id is null
        union all
        select t.id, t.code, t.name, t.kind, t.is_suspended, depth + 1, path || t.id
        from tenant t join tree on t.parent_id = tree.id
    )
    select tree.depth, tree.code, tree.name, tree.kind, tree.is_suspended, account.balance_micros
    from tree left join account_balance account on account.tenant_id = tree.id and account.kind = 'balance'
    order by path
    """
)


async def list_lines() -> list[str]:
    """One line per tenant, a parent before its children. Raises SQLAlchemyError."""
    async with Database.of_role("system", pool_size=1) as database, database.begin() as session:
        rows = (await session.execute(_TREE)).all()
    return [
        f"{'  ' * depth}{code}  {name}  {kind}  {format_yuan(balance or 0)} 元{'  suspended' if is_suspended else ''}"
        for depth, code, name, kind, is_suspended, balance in rows
    ]
