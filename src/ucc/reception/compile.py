"""A DID as a tree: whatever a number leads to, a call runs the same interpreter. Pure."""

from __future__ import annotations

from typing import assert_never

from ucc.engine.ivr_tree import (
    GoAgent,
    GoNumber,
    GoQueue,
    GoVoicemail,
    HangUp,
    Node,
    Play,
    SubMenu,
    TimeSwitch,
    Tree,
)
from ucc.reception.destination import (
    AgentChoice,
    Choice,
    MenuChoice,
    NumberChoice,
    QueueChoice,
    VoicemailChoice,
)

COMPILED = 0
"""The id of a tree that nobody drew."""


def compile_did(schedule_id: int | None, opened: Choice, closed: Choice | None) -> Tree:
    """Without a schedule the number is always open. Closed without a destination of its own: the caller is told so."""
    nodes: dict[str, Node] = {"end": HangUp()}
    _add(nodes, "open", opened)
    if schedule_id is None:
        return Tree(COMPILED, 0, "open", nodes)
    if closed is not None:
        _add(nodes, "closed", closed)
        nodes["hours"] = TimeSwitch(schedule_id, "open", "closed")
    else:
        nodes["closed"] = Play(("builtin:closed",), "end", is_interruptible=False)
        nodes["holiday"] = Play(("builtin:holiday",), "end", is_interruptible=False)
        nodes["hours"] = TimeSwitch(schedule_id, "open", "closed", "holiday")
    return Tree(COMPILED, 0, "hours", nodes)


def _add(nodes: dict[str, Node], name: str, choice: Choice) -> None:
    """Whom nobody answers for has an overflow of its own, or the caller is told."""
    match choice:
        case MenuChoice():
            nodes[name] = SubMenu(choice.tree_id, "end")
        case QueueChoice():
            nodes[name] = GoQueue(choice.queue_id)
        case VoicemailChoice():
            nodes[name] = GoVoicemail(choice.box_id)
        case AgentChoice():
            nodes[name] = GoAgent(choice.agent_id)
        case NumberChoice():
            nodes[name] = GoNumber(choice.number)
        case _:
            assert_never(choice)
