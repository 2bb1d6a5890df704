"""/statistics: 消费 (spend), 充值 (top-ups), 代理商利润 (profit) and 转账 (transfers), each the sum of its postings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from ucc.errors import Forbidden, InvalidInput, NotInThisEdition, NotLoggedIn, documented
from ucc.identity.access import MoneyWork
from ucc.kit.money import format_yuan
from ucc.statistics.repository import Filter, Subject, Sum, sum_up
from ucc.statistics.schemas import StatisticsFilter, StatisticsRow, StatisticsView

router = APIRouter(tags=["statistics"])


@router.get("/statistics/{subject}", responses=documented(NotLoggedIn, Forbidden, NotInThisEdition, InvalidInput))
async def get_statistics(
    work: MoneyWork, subject: Subject, wanted: Annotated[StatisticsFilter, Query()]
) -> StatisticsView:
    """Sums over the user's own tenant and all below it. Reversals count against what they take back, when made;
    enterprises sell to nobody, so they have no profit."""
    chosen = Filter(wanted.since, wanted.until, wanted.tenant_id, wanted.with_below)
    found = await sum_up(work.scoped, subject, wanted.by, chosen, wanted.limit)
    return StatisticsView(
        since=wanted.since,
        until=wanted.until,
        items=[_show(one) for one in found.sums],
        more=found.more,
        total=format_yuan(found.total_micros),
        total_micros=found.total_micros,
    )


def _show(one: Sum) -> StatisticsRow:
    return StatisticsRow(
        key=one.key,
        name=one.name,
        entries=one.entries,
        received=format_yuan(one.received_micros),
        received_micros=one.received_micros,
        paid=format_yuan(one.paid_micros),
        paid_micros=one.paid_micros,
        amount=format_yuan(one.amount_micros),
        amount_micros=one.amount_micros,
    )
