"""Queues as the API shows them."""

from __future__ import annotations

from pydantic import BaseModel


class QueueView(BaseModel):
    id: int
    tenant_id: int
    name: str
    strategy: str
    ring_timeout_s: int
    max_wait_s: int
    wrap_up_s: int
    agent_ids: list[int]


class QueueList(BaseModel):
    items: list[QueueView]
