"""Agents, and what an agent asks for, as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from ucc.identity.schemas import PRINTABLE

Presence = Literal["ready", "paused", "offline"]


class AgentView(BaseModel):
    """The presence is what the agent asked for; the work it is in comes over `/live`."""

    agent_id: int
    tenant_id: int
    name: str
    work_number: str
    extension: str | None = Field(description="null: taken back; the agent cannot work")
    presence: Presence
    reason: str | None
    presence_since: datetime


class AgentList(BaseModel):
    items: list[AgentView]


class PresenceRequest(BaseModel):
    presence: Presence
    reason: str | None = Field(None, min_length=1, max_length=64, pattern=PRINTABLE, description="Why, when pausing")


class CallRequest(BaseModel):
    callee: str = Field(min_length=2, max_length=32, pattern=r"^[0-9+*#() -]+$", examples=["13800138000"])
    caller_id: str | None = Field(
        None, min_length=3, max_length=32, pattern=r"^[0-9+() -]+$", description="One of the enterprise's own numbers"
    )


class CallStarted(BaseModel):
    call_id: UUID


class PhoneView(BaseModel):
    """What a SIP phone in the browser needs to register as the agent's extension. `ha1` stands in for the password."""

    ws_url: str
    sip_uri: str
    username: str
    realm: str
    ha1: str
