"""What one browser sees of the live events."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ucc.db.scope import TenantKind, TenantScope
from ucc.identity.access import UserRole, Viewer
from ucc.live.view import LiveView

TENANTS = (1, 2)


def viewer(role: UserRole = UserRole.SUPERVISOR, agent_id: int | None = None) -> Viewer:
    return Viewer(9, TenantScope(1, TenantKind.ENTERPRISE), role, agent_id)


def call_event(seq: int, call_id: str, agent_id: int | None, state: str, tenant_id: int = 1) -> dict[str, Any]:
    call = {"call_id": call_id, "tenant_id": tenant_id, "agent_id": agent_id, "state": state}
    kind = "call.ended" if state == "ended" else "call.changed"
    return {"seq": seq, "tenant_id": tenant_id, "kind": kind, "call": call}


class Controller:
    """The controller's side: state, and the events that change it."""

    def __init__(self) -> None:
        self.seq = 0
        self.calls: dict[str, dict[str, Any]] = {}

    def step(self, tenant_id: int, number: int, agent_id: int | None, state: str) -> dict[str, Any]:
        self.seq += 1
        event = call_event(self.seq, f"{tenant_id}-{number}", agent_id, state, tenant_id)
        if state == "ended":
            self.calls.pop(event["call"]["call_id"], None)
        else:
            self.calls[event["call"]["call_id"]] = event["call"]
        return event

    def snapshot(self) -> dict[str, Any]:
        return {"seq": self.seq, "agents": [], "queues": [], "calls": list(self.calls.values())}


class Browser:
    """The browser's side of the same."""

    def __init__(self) -> None:
        self.seq = -1
        self.calls: dict[str, dict[str, Any]] = {}

    def take(self, message: dict[str, Any]) -> None:
        assert message["seq"] == self.seq + 1
        self.seq = message["seq"]
        if message["kind"] == "snapshot":
            self.calls = {call["call_id"]: call for call in message["calls"]}
        elif message["kind"] == "call.ended":
            self.calls.pop(message["call"]["call_id"], None)
        else:
            self.calls[message["call"]["call_id"]] = message["call"]


steps = st.lists(
    st.tuples(
        st.sampled_from(TENANTS),
        st.integers(1, 3),
        st.sampled_from([None, 7, 8]),
        st.sampled_from(["queued", "offering", "talking", "ended"]),
    ),
    max_size=40,
)


@given(steps=steps, at=st.integers(0, 40))
def test_snapshot_and_events_make_the_same_state(steps: list[tuple[int, int, int | None, str]], at: int) -> None:
    """A browser that joins at any moment, with events under way, ends up with what the controller has of its tenant."""
    controller, view, browser = Controller(), LiveView(viewer(), [1]), Browser()
    waiting: list[dict[str, Any]] = []
    for number, step in enumerate(steps):
        event = controller.step(*step)
        if number < at:
            waiting.append(event)
            continue
        if browser.seq < 0:
            browser.take(view.snapshot(controller.snapshot()))
        for found in (*waiting, event):
            message = view.apply(found)
            if message is not None:
                browser.take(message)
        waiting.clear()
    if browser.seq < 0:
        browser.take(view.snapshot(controller.snapshot()))
    assert browser.calls == {key: call for key, call in controller.calls.items() if call["tenant_id"] == 1}


@given(steps=steps)
def test_an_agent_sees_its_own_calls_only(steps: list[tuple[int, int, int | None, str]]) -> None:
    controller, view, browser = Controller(), LiveView(viewer(UserRole.AGENT, 7), [1]), Browser()
    browser.take(view.snapshot(controller.snapshot()))
    for step in steps:
        message = view.apply(controller.step(*step))
        if message is not None:
            browser.take(message)
    own = {key: call for key, call in browser.calls.items() if call["agent_id"] == 7}
    assert own == {k: c for k, c in controller.calls.items() if c["tenant_id"] == 1 and c["agent_id"] == 7}


def test_a_call_that_goes_to_a_colleague_is_seen_once_more() -> None:
    view = LiveView(viewer(UserRole.AGENT, 7), [1])
    view.snapshot({"seq": 0, "agents": [], "queues": [], "calls": []})
    assert view.apply(call_event(1, "a", None, "queued")) is None
    assert view.apply(call_event(2, "a", 7, "offering")) is not None
    assert view.apply(call_event(3, "a", 8, "offering")) is not None
    assert view.apply(call_event(4, "a", 8, "talking")) is None
    assert view.apply(call_event(5, "a", 8, "ended")) is None


def test_an_agent_without_number_sees_no_calls() -> None:
    view = LiveView(viewer(UserRole.AGENT, None), [1])
    queued = call_event(1, "a", None, "queued")
    assert view.snapshot({"seq": 1, "agents": [], "queues": [], "calls": [queued["call"]]})["calls"] == []
    assert view.apply(call_event(2, "b", None, "queued")) is None


def test_what_is_no_event_is_dropped() -> None:
    view = LiveView(viewer(), [1])
    assert view.apply({"kind": "snapshot", "seq": 5}) is None
    assert view.apply({"kind": "other.changed", "seq": 6, "tenant_id": 1, "other": {}}) is None
