"""The routes by which an enterprise sets up how it receives calls: who may use which, and how each names a row."""

from __future__ import annotations

from typing import Any

from api.outbound_routes import ANY, EDITOR, Route, Rule

QUEUE = {"name": "sales"}
NODES: dict[str, Any] = {
    "top": {"kind": "play", "sounds": ["builtin:welcome"], "next": "end"},
    "end": {"kind": "hang_up"},
}
TREE = {"name": "main", "entry": "top", "nodes": NODES}
SCHEDULE = {"name": "office", "weekly": [[{"begin": "09:00", "end": "18:00"}]] * 5 + [[], []]}
SPEECH = {"name": "hello", "text": "您好"}
BOX = {"name": "box"}
CALLER = {"number": "13800138000"}
ROUTES: dict[Route, Rule] = {
    ("POST", "/queues"): Rule(EDITOR, QUEUE),
    ("GET", "/queues/{queue_id}"): Rule(EDITOR, None, "queue"),
    ("PUT", "/queues/{queue_id}"): Rule(EDITOR, QUEUE, "queue"),
    ("DELETE", "/queues/{queue_id}"): Rule(EDITOR, None, "queue"),
    ("GET", "/floor-setting"): Rule(EDITOR),
    ("PUT", "/floor-setting"): Rule(EDITOR, {"outbound_wrap_up_s": 10}),
    ("GET", "/skills"): Rule(EDITOR),
    ("PUT", "/agents/{agent_id}/skills"): Rule(EDITOR, {"skills": {"en": 5}}, "agent"),
    ("GET", "/ivr-trees"): Rule(EDITOR),
    ("POST", "/ivr-trees"): Rule(EDITOR, TREE),
    ("GET", "/ivr-trees/{tree_id}"): Rule(EDITOR, None, "ivr_tree"),
    ("PUT", "/ivr-trees/{tree_id}"): Rule(EDITOR, TREE, "ivr_tree"),
    ("POST", "/ivr-trees/{tree_id}/publish"): Rule(EDITOR, None, "ivr_tree"),
    ("GET", "/ivr-trees/{tree_id}/versions"): Rule(EDITOR, None, "ivr_tree"),
    ("GET", "/ivr-trees/{tree_id}/versions/{version}"): Rule(EDITOR, None, "ivr_tree"),
    ("DELETE", "/ivr-trees/{tree_id}"): Rule(EDITOR, None, "ivr_tree"),
    ("GET", "/prompts"): Rule(EDITOR),
    ("POST", "/prompts/upload"): Rule(EDITOR),
    ("POST", "/prompts/speech"): Rule(EDITOR, SPEECH),
    ("PATCH", "/prompts/{prompt_id}"): Rule(EDITOR, {"name": "other"}, "prompt"),
    ("PUT", "/prompts/{prompt_id}/upload"): Rule(EDITOR, None, "prompt"),
    ("PUT", "/prompts/{prompt_id}/speech"): Rule(EDITOR, SPEECH, "prompt"),
    ("GET", "/prompts/{prompt_id}/audio"): Rule(EDITOR, None, "prompt"),
    ("DELETE", "/prompts/{prompt_id}"): Rule(EDITOR, None, "prompt"),
    ("GET", "/schedules"): Rule(EDITOR),
    ("POST", "/schedules"): Rule(EDITOR, SCHEDULE),
    ("GET", "/schedules/{schedule_id}"): Rule(EDITOR, None, "schedule"),
    ("PUT", "/schedules/{schedule_id}"): Rule(EDITOR, SCHEDULE, "schedule"),
    ("DELETE", "/schedules/{schedule_id}"): Rule(EDITOR, None, "schedule"),
    ("GET", "/dids"): Rule(EDITOR),
    ("PUT", "/dids/{did_id}/reception"): Rule(EDITOR, {}, "did"),
    ("GET", "/priority-callers"): Rule(EDITOR),
    ("POST", "/priority-callers"): Rule(EDITOR, CALLER),
    ("PUT", "/priority-callers/{priority_caller_id}"): Rule(EDITOR, CALLER, "priority_caller"),
    ("DELETE", "/priority-callers/{priority_caller_id}"): Rule(EDITOR, None, "priority_caller"),
    ("GET", "/reception"): Rule(EDITOR),
    ("PUT", "/reception"): Rule(EDITOR, {}),
    ("GET", "/voicemail-boxes"): Rule(EDITOR),
    ("POST", "/voicemail-boxes"): Rule(EDITOR, BOX),
    ("PUT", "/voicemail-boxes/{box_id}"): Rule(EDITOR, BOX, "voicemail_box"),
    ("DELETE", "/voicemail-boxes/{box_id}"): Rule(EDITOR, None, "voicemail_box"),
    ("GET", "/voicemail-messages"): Rule(ANY),
    ("GET", "/voicemail-messages/{message_id}/audio"): Rule(ANY, None, "voicemail_message"),
    ("PUT", "/voicemail-messages/{message_id}"): Rule(ANY, {"is_heard": True}, "voicemail_message"),
    ("DELETE", "/voicemail-messages/{message_id}"): Rule(ANY, None, "voicemail_message"),
    ("GET", "/missed-calls"): Rule(ANY),
    ("PUT", "/missed-calls/{call_id}"): Rule(ANY, {"is_done": True}, "missed_call"),
    ("POST", "/missed-calls/{call_id}/call-back"): Rule(frozenset({"agent"}), None, "missed_call"),
}
ANY_UUID = "01a20645-a4de-70cf-8d97-92263fe65918"


def build_path(path: str, row: int | str | None = None) -> str:
    """The path of a request: the first number is `row`, a version is 1."""
    parts = path.removeprefix("/").split("/")
    known = ANY_UUID if "{message_id}" in path or "{call_id}" in path else "1"
    named = {"{version}": "1"}
    return "/".join(named.get(part, str(row or known)) if part.startswith("{") else part for part in parts)
