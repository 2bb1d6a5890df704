"""Agents that a scope may see."""

from __future__ import annotations

from sqlalchemy import select, text

from ucc.agent.models import Agent
from ucc.agent.schemas import AgentView, PhoneView
from ucc.config import Settings
from ucc.db.scope import Scoped
from ucc.errors import NotFound
from ucc.identity.models import User
from ucc.resource.models import Extension

LIMIT = 5000


async def list_agents(scoped: Scoped) -> list[AgentView]:
    """At most 5000, by work number."""
    rows = await scoped.session.execute(
        select(Agent, User.display_name, Extension.number)
        .join(User, User.id == Agent.user_id)
        .outerjoin(Extension, Extension.id == Agent.extension_id)
        .order_by(Agent.tenant_id, Agent.work_number)
        .limit(LIMIT)
    )
    return [
        AgentView(
            agent_id=agent.id,
            tenant_id=agent.tenant_id,
            name=name,
            work_number=agent.work_number,
            extension=extension,
            presence=agent.presence,
            reason=agent.presence_reason,
            presence_since=agent.presence_since,
        )
        for agent, name, extension in rows
    ]


async def get_phone(scoped: Scoped, settings: Settings, agent_id: int) -> PhoneView:
    """The phone account of an agent of the scope's own tenant. Raises NotFound."""
    row = (await scoped.session.execute(text("SELECT * FROM find_phone(:agent)"), {"agent": agent_id})).first()
    if row is None:
        raise NotFound
    return PhoneView(
        ws_url=f"ws://{settings.address}:{settings.sip_ws_port}",
        sip_uri=f"sip:{row.number}@{settings.sip_domain}",
        username=row.number,
        realm=settings.sip_domain,
        ha1=row.ha1,
    )
