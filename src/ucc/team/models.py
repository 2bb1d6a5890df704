"""Teams, their agents and their supervisors."""

from __future__ import annotations

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ucc.db.base import Base, Id


class Team(Base):
    __tablename__ = "team"
    __table_args__ = (UniqueConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "name"))

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    name: Mapped[str]


class TeamMember(Base):
    __tablename__ = "team_member"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "team_id"], ["team.tenant_id", "team.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "agent_id"], ["agent.tenant_id", "agent.id"], ondelete="CASCADE"),
    )

    team_id: Mapped[int] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))


class TeamSupervisor(Base):
    __tablename__ = "team_supervisor"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "team_id"], ["team.tenant_id", "team.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "user_id"], ["app_user.tenant_id", "app_user.id"], ondelete="CASCADE"),
    )

    team_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
