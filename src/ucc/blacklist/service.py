"""The check against the blacklists of a tenant and every level above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.blacklist.models import BlacklistEntry
from ucc.tenant.models import TenantTree


async def is_listed(
    session: AsyncSession, tenant_id: int, number: str, direction: Literal["outbound", "inbound"]
) -> bool:
    """Whether this E.164 number (or one of its prefixes) is on a list of the tenant, or of a level above it."""
    levels = select(TenantTree.ancestor_id).where(TenantTree.descendant_id == tenant_id)
    found = await session.scalar(
        select(BlacklistEntry.id)
        .where(
            BlacklistEntry.tenant_id.in_(levels),
            or_(
                and_(BlacklistEntry.number == number, ~BlacklistEntry.is_prefix),
                and_(BlacklistEntry.number.in_(_prefixes(number)), BlacklistEntry.is_prefix),
            ),
            BlacklistEntry.direction.in_([direction, "both"]),
        )
        .limit(1)
    )
    return found is not None


def _prefixes(number: str) -> Sequence[str]:
    return [number[:length] for length in range(2, len(number) + 1)]
