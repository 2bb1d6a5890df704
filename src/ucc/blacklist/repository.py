"""A level's own blacklist."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from ucc.blacklist.models import BlacklistEntry
from ucc.blacklist.schemas import BatchResult, BlacklistBatch, BlacklistEntryView, BlacklistFilter, BlacklistPage
from ucc.blacklist.schemas import RejectedNumber as Rejected
from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.trunk.number import find_e164, find_prefix


async def list_entries(scoped: Scoped, wanted: BlacklistFilter) -> BlacklistPage:
    """One page, oldest first."""
    fitting = select(BlacklistEntry)
    if wanted.number is not None:
        fitting = fitting.where(BlacklistEntry.number.contains(wanted.number, autoescape=True))
    total = await scoped.session.scalar(select(func.count()).select_from(fitting.subquery()))
    page = fitting.where(BlacklistEntry.id > wanted.after).order_by(BlacklistEntry.id).limit(wanted.limit + 1)
    rows = list(await scoped.session.scalars(page))
    items = [BlacklistEntryView.model_validate(row, from_attributes=True) for row in rows[: wanted.limit]]
    return BlacklistPage(items=items, total=total or 0, next_after=items[-1].id if len(rows) > wanted.limit else None)


async def add_batch(scoped: Scoped, body: BlacklistBatch) -> BatchResult:
    """Adds what is a number; says what is none. A number that is listed gets the direction and reason given now."""
    read = find_prefix if body.is_prefix else find_e164
    found = [(position, text, read(text)) for position, text in enumerate(body.numbers)]
    rejected = [Rejected(position=position, text=text) for position, text, number in found if number is None]
    numbers = sorted({number for _, _, number in found if number is not None})
    if not numbers:
        return BatchResult(added=0, changed=0, rejected=rejected)
    values = {"tenant_id": scoped.scope.tenant_id, "is_prefix": body.is_prefix}
    row = upsert(BlacklistEntry).values(
        [values | {"number": number, "direction": body.direction, "reason": body.reason} for number in numbers]
    )
    row = row.on_conflict_do_update(
        index_elements=["tenant_id", "number", "is_prefix"],
        set_={"direction": row.excluded.direction, "reason": row.excluded.reason},
    )
    before = await scoped.session.scalar(select(func.count()).select_from(BlacklistEntry))
    await scoped.session.execute(row)
    after = await scoped.session.scalar(select(func.count()).select_from(BlacklistEntry))
    added = (after or 0) - (before or 0)
    return BatchResult(added=added, changed=len(numbers) - added, rejected=rejected)


async def delete_entry(scoped: Scoped, entry_id: int) -> None:
    """Raises NotFound."""
    row = await scoped.session.get(BlacklistEntry, entry_id)
    if row is None:
        raise NotFound
    await scoped.session.delete(row)
