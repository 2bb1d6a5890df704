"""Logging in and out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.db.scope import Scoped, TenantKind, TenantScope
from ucc.db.unit import Database
from ucc.errors import LoginRefused, NotLoggedIn
from ucc.identity.access import UserRole, Viewer
from ucc.identity.models import User, UserSession
from ucc.identity.password import PasswordChecker
from ucc.identity.schemas import SessionAgent, SessionTenant, SessionUser, SessionView
from ucc.identity.token import LIFETIME_S, hash_token, new_token
from ucc.kit.clock import now
from ucc.resource.models import Extension
from ucc.secrets import Secrets
from ucc.tenant.models import Tenant

SESSIONS_PER_USER = 20


async def log_in(
    database: Database, checker: PasswordChecker, secrets: Secrets, username: str, password: str, source: str
) -> tuple[str, SessionView]:
    """A new session: its token and what `GET /session` will show. Raises LoginRefused, the same for every reason.

    No transaction is open while the password is checked.
    """
    async with database.begin() as session:
        found = (await session.execute(text("SELECT * FROM find_login(:name)"), {"name": username})).first()
    is_right = await checker.check(found.password_hash if found is not None else None, password)
    if found is None or not is_right or not found.is_active:
        raise LoginRefused
    token = new_token()
    scope = TenantScope(found.tenant_id, TenantKind(found.tenant_kind))
    async with database.begin_scoped(scope) as scoped:
        await _forget_old_sessions(scoped.session, found.user_id)
        await scoped.session.execute(
            insert(UserSession).values(
                token_hash=hash_token(secrets, token),
                user_id=found.user_id,
                tenant_id=found.tenant_id,
                expires_at=now() + timedelta(seconds=LIFETIME_S),
                source_address=source,
            )
        )
        return token, await show_session(scoped, found.user_id)


async def _forget_old_sessions(session: AsyncSession, user_id: int) -> None:
    """Expired ones, and the oldest when a user has too many."""
    newest = (
        select(UserSession.token_hash)
        .where(UserSession.user_id == user_id, UserSession.expires_at > now())
        .order_by(UserSession.created_at.desc())
        .limit(SESSIONS_PER_USER - 1)
    )
    await session.execute(
        delete(UserSession).where(UserSession.user_id == user_id, UserSession.token_hash.not_in(newest))
    )


async def log_out(scoped: Scoped, secrets: Secrets, token: str) -> None:
    """End the session of this token; nothing happens when it has ended already."""
    await scoped.session.execute(delete(UserSession).where(UserSession.token_hash == hash_token(secrets, token)))


async def show_session(scoped: Scoped, user_id: int) -> SessionView:
    """The user, its tenant, and the agent it works as. Raises NotLoggedIn when the user is gone."""
    row = (
        await scoped.session.execute(
            select(
                User.username,
                User.display_name,
                User.role,
                User.language,
                Tenant.id,
                Tenant.code,
                Tenant.name,
                Tenant.kind,
                Agent.id.label("agent_id"),
                Agent.work_number,
                Extension.number.label("extension"),
            )
            .join(Tenant, Tenant.id == User.tenant_id)
            .outerjoin(Agent, Agent.user_id == User.id)
            .outerjoin(Extension, Extension.id == Agent.extension_id)
            .where(User.id == user_id)
        )
    ).first()
    if row is None:
        raise NotLoggedIn
    agent = None
    if row.agent_id is not None:
        agent = SessionAgent(agent_id=row.agent_id, work_number=row.work_number, extension=row.extension)
    return SessionView(
        user=SessionUser(
            id=user_id,
            username=row.username,
            display_name=row.display_name,
            role=UserRole(row.role),
            language=row.language,
        ),
        tenant=SessionTenant(id=row.id, code=row.code, name=row.name, kind=TenantKind(row.kind)),
        agent=agent,
    )


async def is_still_logged_in(database: Database, secrets: Secrets, token: str, viewer: Viewer) -> bool:
    """Whether the session of a long connection still is what it was when the connection began."""
    async with database.begin() as session:
        hashed = hash_token(secrets, token)
        row = (await session.execute(text("SELECT * FROM find_session(:hash)"), {"hash": hashed})).first()
    return row is not None and row.user_id == viewer.user_id and row.role == viewer.role
