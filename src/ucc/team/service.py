"""Teams, and whom a supervisor may act on.

An enterprise without teams is one team: its supervisors act on every agent. As soon as it has teams, a supervisor acts
on the agents of its own teams only; one that leads none acts on nobody. The enterprise's administrator acts on all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import delete, exists, func, select

from ucc.agent.models import Agent
from ucc.db.scope import Scoped
from ucc.errors import InvalidInput, NotFound, NotYourTeam
from ucc.identity.access import UserRole, Viewer, Work
from ucc.identity.models import User
from ucc.team.models import Team, TeamMember, TeamSupervisor
from ucc.team.schemas import SupervisorView, TeamBody, TeamView

LIMIT = 500


async def list_teams(scoped: Scoped) -> list[TeamView]:
    """At most 500, by name."""
    return await _show(scoped, list(await scoped.session.scalars(select(Team).order_by(Team.name).limit(LIMIT))))


async def list_supervisors(scoped: Scoped) -> list[SupervisorView]:
    """The supervisors of the enterprise with the teams they lead."""
    led: dict[int, list[int]] = defaultdict(list)
    for user_id, team_id in await scoped.session.execute(
        select(TeamSupervisor.user_id, TeamSupervisor.team_id).order_by(TeamSupervisor.team_id)
    ):
        led[user_id].append(team_id)
    rows = await scoped.session.execute(
        select(User.id, User.display_name, User.username)
        .where(User.role == UserRole.SUPERVISOR.value, User.is_active)
        .order_by(User.display_name, User.id)
        .limit(LIMIT)
    )
    return [SupervisorView(user_id=row[0], name=row[1], username=row[2], team_ids=led[row[0]]) for row in rows]


async def create_team(scoped: Scoped, body: TeamBody) -> TeamView:
    team = Team(tenant_id=scoped.scope.tenant_id, name=body.name)
    scoped.session.add(team)
    await scoped.session.flush()
    await _write_people(scoped, team, body)
    (found,) = await _show(scoped, [team])
    return found


async def update_team(scoped: Scoped, team_id: int, body: TeamBody) -> TeamView:
    """Rights change with it at once. Raises NotFound."""
    team = await _get(scoped, team_id)
    team.name = body.name
    await scoped.session.flush()
    await _write_people(scoped, team, body)
    (found,) = await _show(scoped, [team])
    return found


async def delete_team(scoped: Scoped, team_id: int) -> None:
    """Raises NotFound."""
    await scoped.session.delete(await _get(scoped, team_id))
    await scoped.session.flush()


async def find_supervised(scoped: Scoped, viewer: Viewer) -> frozenset[int] | None:
    """The agents that the viewer may act on; None: every one of its enterprise."""
    if viewer.role is UserRole.ENTERPRISE:
        return None
    if viewer.role is not UserRole.SUPERVISOR:
        return frozenset()
    if not await scoped.session.scalar(select(exists().where(Team.tenant_id == viewer.scope.tenant_id))):
        return None
    rows = await scoped.session.scalars(
        select(TeamMember.agent_id)
        .join(TeamSupervisor, TeamSupervisor.team_id == TeamMember.team_id)
        .where(TeamSupervisor.user_id == viewer.user_id)
    )
    return frozenset(rows)


async def require_supervised(work: Work, agent_id: int) -> None:
    """The viewer may act on this agent. Raises NotFound for agents of others, NotYourTeam for those of other teams."""
    own = select(Agent.id).where(Agent.id == agent_id, Agent.tenant_id == work.viewer.scope.tenant_id)
    if await work.session.scalar(own) is None:
        raise NotFound
    allowed = await find_supervised(work.scoped, work.viewer)
    if allowed is not None and agent_id not in allowed:
        raise NotYourTeam


async def _get(scoped: Scoped, team_id: int) -> Team:
    team = await scoped.session.get(Team, team_id)
    if team is None:
        raise NotFound
    return team


async def _write_people(scoped: Scoped, team: Team, body: TeamBody) -> None:
    session, own = scoped.session, {"team_id": team.id, "tenant_id": team.tenant_id}
    leaders = set(body.supervisor_ids)
    known = select(func.count()).where(User.id.in_(leaders), User.role == UserRole.SUPERVISOR.value)
    if await session.scalar(known) != len(leaders):
        raise InvalidInput("Only supervisors of the enterprise lead its teams.")
    await session.execute(delete(TeamMember).where(TeamMember.team_id == team.id))
    await session.execute(delete(TeamSupervisor).where(TeamSupervisor.team_id == team.id))
    session.add_all(TeamMember(agent_id=agent_id, **own) for agent_id in sorted(set(body.agent_ids)))
    session.add_all(TeamSupervisor(user_id=user_id, **own) for user_id in sorted(leaders))
    await session.flush()


async def _show(scoped: Scoped, teams: Iterable[Team]) -> list[TeamView]:
    found = list(teams)
    ids = [team.id for team in found]
    agents: dict[int, list[int]] = defaultdict(list)
    members = select(TeamMember.team_id, TeamMember.agent_id).where(TeamMember.team_id.in_(ids))
    for team_id, agent_id in await scoped.session.execute(members.order_by(TeamMember.agent_id)):
        agents[team_id].append(agent_id)
    leaders: dict[int, list[int]] = defaultdict(list)
    led = select(TeamSupervisor.team_id, TeamSupervisor.user_id).where(TeamSupervisor.team_id.in_(ids))
    for team_id, user_id in await scoped.session.execute(led.order_by(TeamSupervisor.user_id)):
        leaders[team_id].append(user_id)
    return [
        TeamView(id=team.id, name=team.name, agent_ids=agents[team.id], supervisor_ids=leaders[team.id])
        for team in found
    ]
