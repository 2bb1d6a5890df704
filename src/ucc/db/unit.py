"""The unit of work: one session, one transaction; committed when the block ends, rolled back when it raises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from ucc.db.engine import Role, create_engine, role_url
from ucc.db.scope import Scoped, TenantScope, enter_scope


class Database:
    """The database as one role sees it."""

    def __init__(self, url: URL, *, pool_size: int = 5) -> None:
        self.engine = create_engine(url, pool_size=pool_size)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @classmethod
    def of_role(cls, role: Role, *, pool_size: int = 5) -> Self:
        return cls(role_url(role), pool_size=pool_size)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A transaction without tenant scope: the system role sees everything in it, the api role nothing."""
        async with self._sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def begin_scoped(self, scope: TenantScope) -> AsyncIterator[Scoped]:
        """A transaction that sees `scope` only."""
        async with self.begin() as session:
            yield await enter_scope(session, scope)

    async def close(self) -> None:
        await self.engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
