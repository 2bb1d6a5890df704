"""The routes of the agent's desk and of supervision, each with a good body and the command it becomes."""

from __future__ import annotations

from typing import Any

Route = tuple[str, str]

TARGET = {"kind": "number", "number": "8002"}
DESK_ROUTES: dict[Route, tuple[Any, str]] = {
    ("PUT", "/agent/line"): ({"is_up": True}, "line"),
    ("POST", "/agent/wrap-up"): ({"seconds": 0}, "wrap-up"),
    ("POST", "/agent/pick-up"): ({"agent_id": None}, "pick-up"),
    ("POST", "/agent/call/hold"): ({"is_held": True}, "call/hold"),
    ("POST", "/agent/call/mute"): ({"is_muted": True}, "call/mute"),
    ("POST", "/agent/call/transfer"): ({"target": TARGET, "mode": "blind"}, "call/transfer"),
    ("POST", "/agent/call/transfer/complete"): (None, "call/transfer/complete"),
    ("POST", "/agent/call/transfer/cancel"): (None, "call/transfer/cancel"),
    ("POST", "/agent/call/conference"): (None, "call/conference"),
    ("POST", "/agent/call/conference/drop"): ({"leg": "ucc.1"}, "call/conference/drop"),
    ("POST", "/agent/call/park"): (None, "call/park"),
    ("POST", "/agent/call/retrieve"): ({"slot": "7"}, "retrieve"),
    ("POST", "/agent/call/keys"): ({"keys": "1*#A"}, "call/keys"),
    ("PUT", "/agent/call/recording"): ({"action": "pause"}, "call/recording"),
}
SUPERVISION_ROUTES: dict[Route, Any] = {
    ("POST", "/calls/{call_id}/watch"): {"mode": "listen"},
    ("DELETE", "/calls/{call_id}/watch"): None,
    ("POST", "/calls/{call_id}/take-over"): None,
    ("POST", "/calls/{call_id}/release"): None,
    ("PUT", "/agents/{agent_id}/presence"): {"presence": "offline"},
}


def build_path(path: str, *, call_id: str, agent_id: int) -> str:
    return path.removeprefix("/").replace("{call_id}", call_id).replace("{agent_id}", str(agent_id))
