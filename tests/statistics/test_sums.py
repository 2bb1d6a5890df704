"""Statistics equal a recount of every posting, for every subject, grouping and filter."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from database_fixtures import TestDatabase
from ucc.call.service import finish_call
from ucc.db.scope import TenantKind, TenantScope
from ucc.db.unit import Database
from ucc.kit.china import day_of
from ucc.ledger.models import Account, Posting, PostingSet
from ucc.ledger.service import Fact, Line, find_accounts, post, reverse, top_up, transfer
from ucc.statistics.repository import By, Filter, Subject, sum_up
from ucc.tenant.models import Tenant, TenantTree
from world import YUAN, World, finished_call

pytestmark = pytest.mark.db
SPENDING = {"call", "rent", "minimum", "free_rebate", "commission"}
SINCE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


async def move_much(database: Database, world: World) -> None:
    """Calls, rents, commission, top-ups, transfers both ways, and reversals of some."""
    chance = random.Random(7)
    for number in range(12):
        branch = chance.choice((world.first, world.second))
        async with database.begin() as session:
            await finish_call(session, finished_call(branch, chance.randint(1, 300)))
            one = await top_up(session, branch.enterprise_id, branch.reseller_id, 3 * YUAN + number, f"t{number}", "x")
            two = await transfer(session, branch.reseller_id, branch.enterprise_id, 5 * YUAN, f"d{number}", "x")
            await transfer(session, branch.enterprise_id, branch.reseller_id, YUAN + number, f"b{number}", "x")
            if number % 3 == 0:
                await reverse(session, chance.choice((one, two)), "typed twice")
            accounts = await find_accounts(session, (branch.enterprise_id, branch.reseller_id))
            source, target = accounts[branch.enterprise_id, "balance"], accounts[branch.reseller_id, "income"]
            amount = chance.randint(1, YUAN)
            for kind, sign in (("rent", -1), ("commission", 1)):
                lines = (Line(source, sign * amount), Line(target, -sign * amount))
                await post(session, Fact(f"{kind}{number}", kind, branch.enterprise_id), lines)
                amount //= 10


async def recount(database: Database, subject: Subject, by: By, tenant_ids: set[int]) -> dict[str, int]:
    """The same by hand, from every posting that there is."""
    async with database.begin() as session:
        kinds = {row[0]: row[1] for row in await session.execute(select(PostingSet.id, PostingSet.kind))}
        rows = await session.execute(
            select(Posting, PostingSet, Account.kind, Tenant.kind)
            .join(PostingSet, PostingSet.id == Posting.posting_set_id)
            .join(Account, Account.id == Posting.account_id)
            .join(Tenant, Tenant.id == Posting.tenant_id)
        )
        sums: dict[str, int] = defaultdict(int)
        for posting, made, account, tenant_kind in rows:
            kind = kinds[made.reverses_id] if made.reverses_id is not None else made.kind
            counts = {
                Subject.SPEND: account == "balance" and kind in SPENDING,
                Subject.TOP_UPS: account == "balance" and kind == "top_up",
                Subject.PROFIT: account in ("balance", "income") and kind in SPENDING and tenant_kind != "enterprise",
                Subject.TRANSFERS: account == "balance" and kind == "transfer",
            }[subject]
            if counts and posting.tenant_id in tenant_ids:
                day = str(day_of(made.created_at))
                key = {By.DAY: day, By.MONTH: day[:7], By.TENANT: str(posting.tenant_id), By.KIND: kind}[by]
                sums[key] += -posting.amount_micros if subject is Subject.SPEND else posting.amount_micros
        return dict(sums)


@pytest.mark.parametrize("subject", Subject)
async def test_equal_to_a_recount(
    fresh_database: TestDatabase, database: Database, world: World, subject: Subject
) -> None:
    await move_much(database, world)
    async with database.begin() as session:
        tree = (await session.execute(select(TenantTree.ancestor_id, TenantTree.descendant_id))).all()
    below: dict[int, set[int]] = defaultdict(set)
    for ancestor, descendant in tree:
        below[ancestor].add(descendant)
    scopes = {
        world.operator_id: TenantKind.OPERATOR,
        world.first.reseller_id: TenantKind.RESELLER,
        world.first.enterprise_id: TenantKind.ENTERPRISE,
    }
    async with fresh_database.open("api") as api:
        for own, kind in scopes.items():
            for by in By:
                filters = [(Filter(SINCE, UNTIL), below[own])]
                for other in (world.operator_id, world.first.reseller_id, world.first.enterprise_id):
                    filters.append((Filter(SINCE, UNTIL, other), {other} & below[own]))
                    visible = below[other] if other in below[own] else set()
                    filters.append((Filter(SINCE, UNTIL, other, with_below=True), visible))
                for wanted, tenants in filters:
                    async with api.begin_scoped(TenantScope(own, kind)) as scoped:
                        found = await sum_up(scoped, subject, by, wanted, 100)
                    expected = await recount(database, subject, by, tenants)
                    assert {one.key: one.amount_micros for one in found.sums} == expected, (own, by, wanted)
                    assert found.total_micros == sum(expected.values())


async def test_time_filters_and_limits(fresh_database: TestDatabase, database: Database, world: World) -> None:
    await move_much(database, world)
    at = datetime.now(UTC)
    async with fresh_database.open("api") as api:
        scope = TenantScope(world.operator_id, TenantKind.OPERATOR)
        async with api.begin_scoped(scope) as scoped:
            whole = await sum_up(scoped, Subject.SPEND, By.TENANT, Filter(SINCE, UNTIL), 100)
            cut = await sum_up(scoped, Subject.SPEND, By.TENANT, Filter(SINCE, UNTIL), 1)
            past = await sum_up(scoped, Subject.SPEND, By.TENANT, Filter(SINCE, at - timedelta(days=1)), 100)
    assert (past.sums, past.total_micros, past.more) == ((), 0, 0)
    assert (len(cut.sums), cut.more, cut.total_micros) == (1, len(whole.sums) - 1, whole.total_micros)
    assert whole.total_micros != 0


async def test_a_transfer_back_is_seen_by_both(fresh_database: TestDatabase, database: Database, world: World) -> None:
    async with database.begin() as session:
        await transfer(session, world.first.enterprise_id, world.first.reseller_id, YUAN, "back", "x")
    async with fresh_database.open("api") as api:
        for own, kind, amount in (
            (world.first.enterprise_id, TenantKind.ENTERPRISE, -YUAN),
            (world.first.reseller_id, TenantKind.RESELLER, YUAN),
        ):
            async with api.begin_scoped(TenantScope(own, kind)) as scoped:
                found = await sum_up(scoped, Subject.TRANSFERS, By.TENANT, Filter(SINCE, UNTIL, own), 10)
            assert [one.amount_micros for one in found.sums] == [amount]
