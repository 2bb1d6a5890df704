"""Logging in and out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from ucc.agent.models import Agent
from ucc.config import Edition
from ucc.db.scope import Scoped, TenantKind, TenantScope
from ucc.db.unit import Database
from ucc.errors import InvalidInput, LoginRefused, NotLoggedIn
from ucc.identity.access import UserRole, Viewer
from ucc.identity.models import User, UserSession
from ucc.identity.password import PasswordChecker, hash_password, make_password
from ucc.identity.schemas import PasswordChange, SessionAgent, SessionTenant, SessionUser, SessionView
from ucc.identity.token import LIFETIME_S, hash_token, new_token
from ucc.kit.clock import now
from ucc.resource.models import Extension
from ucc.secrets import Secrets
from ucc.tenant.models import Tenant

SESSIONS_PER_USER = 20
ONE_TIME_DAYS = 3
"""How long a password that UCC made is good for."""


async def log_in(
    database: Database,
    checker: PasswordChecker,
    secrets: Secrets,
    edition: Edition,
    username: str,
    password: str,
    source: str,
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
        return token, await show_session(scoped, found.user_id, edition)


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


async def create_user(
    scoped: Scoped, tenant_id: int, username: str, role: UserRole, display_name: str, language: str
) -> str:
    """A user with a one-time password; returns the password, which is kept nowhere. The database refuses a second user
    of the name."""
    password = make_password()
    await scoped.session.execute(
        insert(User).values(
            tenant_id=tenant_id,
            username=username,
            password_hash=await asyncio.to_thread(hash_password, password),
            role=role.value,
            display_name=display_name,
            language=language,
            one_time_until=now() + timedelta(days=ONE_TIME_DAYS),
        )
    )
    return password


async def renew_password(scoped: Scoped, user_id: int) -> str:
    """A new one-time password in place of the user's own, whose sessions end; returns it."""
    password = make_password()
    await scoped.session.execute(
        update(User)
        .where(User.id == user_id)
        .values(
            password_hash=await asyncio.to_thread(hash_password, password),
            one_time_until=now() + timedelta(days=ONE_TIME_DAYS),
        )
    )
    await scoped.session.execute(delete(UserSession).where(UserSession.user_id == user_id))
    return password


async def change_password(
    database: Database,
    checker: PasswordChecker,
    secrets: Secrets,
    edition: Edition,
    viewer: Viewer,
    token: str,
    change: PasswordChange,
) -> SessionView:
    """The user's own password; all its other sessions end. Raises LoginRefused when the current one is wrong."""
    async with database.begin_scoped(viewer.scope) as scoped:
        username = await scoped.session.scalar(select(User.username).where(User.id == viewer.user_id))
        wanted = text("SELECT password_hash FROM find_login(:name)")
        known = await scoped.session.scalar(wanted, {"name": username})
    if not await checker.check(known, change.current_password):
        raise LoginRefused("The current password is wrong.")
    if change.new_password == change.current_password:
        raise InvalidInput("new_password: it is the current one")
    hashed = await asyncio.to_thread(hash_password, change.new_password)
    own = hash_token(secrets, token)
    async with database.begin_scoped(viewer.scope) as scoped:
        renewed = update(User).where(User.id == viewer.user_id).values(password_hash=hashed, one_time_until=None)
        await scoped.session.execute(renewed)
        others = delete(UserSession).where(UserSession.user_id == viewer.user_id, UserSession.token_hash != own)
        await scoped.session.execute(others)
        return await show_session(scoped, viewer.user_id, edition)


async def show_session(scoped: Scoped, user_id: int, edition: Edition) -> SessionView:
    """The user, its tenant, and the agent it works as. Raises NotLoggedIn when the user is gone."""
    row = (
        await scoped.session.execute(
            select(
                User.username,
                User.display_name,
                User.role,
                User.language,
                User.one_time_until,
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
    if row.agent_id is not None and row.extension is not None:
        agent = SessionAgent(agent_id=row.agent_id, work_number=row.work_number, extension=row.extension)
    return SessionView(
        user=SessionUser(
            id=user_id,
            username=row.username,
            display_name=row.display_name,
            role=UserRole(row.role),
            language=row.language,
            must_change_password=row.one_time_until is not None,
        ),
        tenant=SessionTenant(id=row.id, code=row.code, name=row.name, kind=TenantKind(row.kind)),
        agent=agent,
        edition=edition,
    )


async def is_still_logged_in(database: Database, secrets: Secrets, token: str, viewer: Viewer) -> bool:
    """Whether the session of a long connection still is what it was when the connection began."""
    async with database.begin() as session:
        hashed = hash_token(secrets, token)
        row = (await session.execute(text("SELECT * FROM find_session(:hash)"), {"hash": hashed})).first()
    if row is None or row.must_change_password:
        return False
    return bool(row.user_id == viewer.user_id and row.role == viewer.role)
