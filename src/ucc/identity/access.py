"""Who is asking: every route gets its transaction, already scoped to the tenant of the logged-in user, from here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from ucc.config import Settings
from ucc.db.scope import Scoped, TenantKind, TenantScope, enter_scope
from ucc.db.unit import Database
from ucc.errors import Forbidden, NotInThisEdition, NotLoggedIn, PasswordChangeRequired
from ucc.identity.token import COOKIE, hash_token


class UserRole(StrEnum):
    OPERATOR = "operator"
    RESELLER = "reseller"
    ENTERPRISE = "enterprise"
    SUPERVISOR = "supervisor"
    AGENT = "agent"


EDITOR_ROLES = frozenset({UserRole.ENTERPRISE, UserRole.SUPERVISOR})
"""Who sets up how an enterprise works."""
SELLER_ROLES = frozenset({UserRole.OPERATOR, UserRole.RESELLER})
"""Who has tenants below."""
MONEY_ROLES = frozenset({UserRole.OPERATOR, UserRole.RESELLER, UserRole.ENTERPRISE})


@dataclass(frozen=True, slots=True)
class Viewer:
    """The logged-in user. With a one-time password it can only choose another."""

    user_id: int
    scope: TenantScope
    role: UserRole
    agent_id: int | None
    must_change_password: bool = False

    @property
    def may_see_money(self) -> bool:
        return self.role in MONEY_ROLES

    @property
    def own_calls_only(self) -> bool:
        """An agent sees the calls it answered or placed; everybody else those of the whole scope."""
        return self.role is UserRole.AGENT

    @property
    def own_calls_of(self) -> int:
        """The agent id to filter by; one that no agent has when the user works as none."""
        return self.agent_id if self.agent_id is not None else 0

    def require_agent(self) -> int:
        """The agent that this user works as. Raises Forbidden."""
        if self.agent_id is None:
            raise Forbidden("Only agents can do this.")
        return self.agent_id


@dataclass(frozen=True, slots=True)
class Work:
    """One request's transaction, and for whom it is done."""

    viewer: Viewer
    scoped: Scoped

    @property
    def session(self) -> AsyncSession:
        return self.scoped.session


def database_of(connection: HTTPConnection) -> Database:
    database: Database = connection.app.state.database
    return database


async def find_viewer(session: AsyncSession, connection: HTTPConnection) -> Viewer | None:
    """The user of the request's session cookie; None when it has none that is valid."""
    token = connection.cookies.get(COOKIE)
    if token is None:
        return None
    hashed = hash_token(connection.app.state.secrets, token)
    row = (await session.execute(text("SELECT * FROM find_session(:hash)"), {"hash": hashed})).first()
    if row is None:
        return None
    scope = TenantScope(row.tenant_id, TenantKind(row.tenant_kind))
    return Viewer(row.user_id, scope, UserRole(row.role), row.agent_id, row.must_change_password)


def _require(viewer: Viewer | None, roles: tuple[UserRole, ...], *, with_one_time: bool) -> Viewer:
    if viewer is None:
        raise NotLoggedIn
    if viewer.must_change_password and not with_one_time:
        raise PasswordChangeRequired
    if roles and viewer.role not in roles:
        raise Forbidden
    return viewer


def work_of(*roles: UserRole, with_one_time: bool = False) -> Callable[[Request], AsyncIterator[Work]]:
    """A dependency: the request's transaction for a user who has one of these roles (none given: any).

    `with_one_time`: also for one who has yet to choose a password."""

    async def begin_work(request: Request) -> AsyncIterator[Work]:
        async with database_of(request).begin() as session:
            viewer = _require(await find_viewer(session, request), roles, with_one_time=with_one_time)
            yield Work(viewer, await enter_scope(session, viewer.scope))

    return begin_work


async def require_billing(request: Request) -> None:
    """For everything about money. Raises NotInThisEdition."""
    settings: Settings = request.app.state.settings
    if not settings.has_billing:
        raise NotInThisEdition


def viewer_of(*roles: UserRole, with_one_time: bool = False) -> Callable[[Request], Awaitable[Viewer]]:
    """A dependency for requests that go to call control: a user of these roles, with no transaction kept open
    meanwhile."""

    async def require_viewer(request: Request) -> Viewer:
        async with database_of(request).begin() as session:
            return _require(await find_viewer(session, request), roles, with_one_time=with_one_time)

    return require_viewer


async def require_agent_viewer(viewer: Annotated[Viewer, Depends(viewer_of())]) -> Viewer:
    """The same, for an agent."""
    viewer.require_agent()
    return viewer


SessionWork = Annotated[Work, Depends(work_of(with_one_time=True), scope="function")]
SessionViewer = Annotated[Viewer, Depends(viewer_of(with_one_time=True))]
AnyWork = Annotated[Work, Depends(work_of(), scope="function")]
EditorWork = Annotated[Work, Depends(work_of(*EDITOR_ROLES), scope="function")]
MoneyWork = Annotated[Work, Depends(work_of(*MONEY_ROLES), scope="function")]
OperatorWork = Annotated[Work, Depends(work_of(UserRole.OPERATOR), scope="function")]
SellerViewer = Annotated[Viewer, Depends(viewer_of(*SELLER_ROLES))]
MoneyViewer = Annotated[Viewer, Depends(viewer_of(*MONEY_ROLES))]
SellerWork = Annotated[Work, Depends(work_of(*SELLER_ROLES), scope="function")]
ManagerWork = Annotated[Work, Depends(work_of(*SELLER_ROLES, *EDITOR_ROLES), scope="function")]
AdminWork = Annotated[Work, Depends(work_of(UserRole.ENTERPRISE), scope="function")]
AdminViewer = Annotated[Viewer, Depends(viewer_of(UserRole.ENTERPRISE))]
AgentViewer = Annotated[Viewer, Depends(require_agent_viewer)]
