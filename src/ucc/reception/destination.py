"""Destinations: in the API as the engine's targets look on the wire, in the database as rows with foreign keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field

from ucc.engine.target import Target, ToAgent, ToMenu, ToNumber, ToQueue, ToVoicemail
from ucc.identity.schemas import RowId
from ucc.reception.models import Destination


class _Choice(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MenuChoice(_Choice):
    kind: Literal["menu"]
    tree_id: RowId


class QueueChoice(_Choice):
    kind: Literal["queue"]
    queue_id: RowId


class AgentChoice(_Choice):
    kind: Literal["agent"]
    agent_id: RowId


class NumberChoice(_Choice):
    """An outside number, at the enterprise's cost."""

    kind: Literal["number"]
    number: Annotated[str, Field(pattern=r"^\+?[0-9]{3,20}$")]


class VoicemailChoice(_Choice):
    kind: Literal["voicemail"]
    box_id: RowId


Choice = Annotated[MenuChoice | QueueChoice | AgentChoice | NumberChoice | VoicemailChoice, Field(discriminator="kind")]


def to_choice(row: Destination) -> Choice:
    match row.kind:
        case "menu" if row.tree_id is not None:
            return MenuChoice(kind="menu", tree_id=row.tree_id)
        case "queue" if row.queue_id is not None:
            return QueueChoice(kind="queue", queue_id=row.queue_id)
        case "agent" if row.agent_id is not None:
            return AgentChoice(kind="agent", agent_id=row.agent_id)
        case "voicemail" if row.box_id is not None:
            return VoicemailChoice(kind="voicemail", box_id=row.box_id)
        case "number" if row.number is not None:
            return NumberChoice(kind="number", number=row.number)
        case _:
            raise ValueError(f"destination {row.id} is none")


def to_target(choice: Choice) -> Target:
    match choice:
        case MenuChoice():
            return ToMenu(choice.tree_id)
        case QueueChoice():
            return ToQueue(choice.queue_id)
        case AgentChoice():
            return ToAgent(choice.agent_id)
        case VoicemailChoice():
            return ToVoicemail(choice.box_id)
        case NumberChoice():
            return ToNumber(choice.number)
        case _:
            assert_never(choice)


def find_choice(rows: Iterable[Destination], occasion: str) -> Choice | None:
    return next((to_choice(row) for row in rows if row.occasion == occasion), None)


def to_row(tenant_id: int, occasion: str, choice: Choice, **owner: int) -> Destination:
    """`owner`: did_id, or of_queue_id."""
    values = choice.model_dump()
    return Destination(tenant_id=tenant_id, occasion=occasion, **values, **owner)
