"""IVR trees: drafts, faults at their nodes, publishing, versions."""

from __future__ import annotations

from typing import Any

import pytest

from api.inbound_routes import NODES, TREE
from api.inbound_rows import call, make_rows, run
from api_fixtures import Api
from ucc.db.unit import Database
from world import World

pytestmark = pytest.mark.db


class TestTrees:
    async def test_a_tree_is_drafted_checked_and_published(self, api: Api, world: World) -> None:
        browser = await api.browser("enterprise1")
        nodes = {
            "top": {
                "kind": "menu",
                "sounds": ["builtin:welcome"],
                "keys": {"1": "go"},
                "on_timeout": "top",
                "on_invalid": "end",
            },
            "go": {"kind": "queue", "queue_id": world.second.queue_id},
        }
        status, tree = await call(browser, "POST", "ivr-trees", {"name": "main", "entry": "top", "nodes": nodes})
        assert status == 201
        assert {(fault["node"], fault["code"]) for fault in tree["faults"]} == {
            ("top", "dangling"),
            ("go", "unknown_queue"),
        }
        path = f"ivr-trees/{tree['id']}"
        status, refused = await call(browser, "POST", f"{path}/publish")
        assert (status, refused["code"]) == (422, "invalid_tree")
        assert "top.on_invalid: dangling: There is no node 'end'" in refused["message"]
        assert "unknown_queue" in refused["message"]

        nodes["go"] = {"kind": "queue", "queue_id": world.first.queue_id}
        nodes["end"] = {"kind": "hang_up"}
        _, tree = await call(browser, "PUT", path, {"name": "main", "entry": "top", "nodes": nodes})
        assert (tree["faults"], tree["published_version"], tree["is_changed"]) == ([], None, True)
        _, tree = await call(browser, "POST", f"{path}/publish")
        assert (tree["published_version"], tree["is_changed"]) == (1, False)
        _, changed = await call(browser, "PUT", path, {**TREE, "nodes": NODES})
        assert (changed["published_version"], changed["is_changed"]) == (1, True)
        await call(browser, "POST", f"{path}/publish")
        _, versions = await call(browser, "GET", f"{path}/versions")
        assert [(one["version"], one["is_current"]) for one in versions["items"]] == [(2, True), (1, False)]
        _, first = await call(browser, "GET", f"{path}/versions/1")
        assert first["nodes"]["go"]["queue_id"] == world.first.queue_id
        assert (await call(browser, "GET", f"{path}/versions/3"))[0] == 404

    async def test_published_versions_never_change(self, api: Api, database: Database, world: World) -> None:
        browser = await api.browser("enterprise1")
        _, tree = await call(browser, "POST", "ivr-trees", TREE)
        await call(browser, "POST", f"ivr-trees/{tree['id']}/publish")
        with pytest.raises(Exception, match="append-only"):
            await run(database, "UPDATE ivr_tree_version SET body = '{}'")

    async def test_what_does_not_fit_the_form(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        for nodes in (
            {},
            {"top": {"kind": "spy"}},
            {"top": {"kind": "hang_up", "extra": 1}},
            {"top": {"kind": "play", "sounds": "builtin:welcome", "next": "top"}},
            {"x" * 41: {"kind": "hang_up"}},
            {"top": {"kind": "hang_up", "label": "\0"}},
        ):
            status, body = await call(browser, "POST", "ivr-trees", {"name": "bad", "entry": "top", "nodes": nodes})
            assert (status, body["code"]) == (422, "invalid_input"), nodes

    async def test_a_second_of_the_same_name(self, api: Api) -> None:
        browser = await api.browser("enterprise1")
        assert (await call(browser, "POST", "ivr-trees", TREE))[0] == 201
        status, body = await call(browser, "POST", "ivr-trees", TREE)
        assert (status, body["code"]) == (409, "already_exists")
        assert (await call(await api.browser("enterprise2"), "POST", "ivr-trees", TREE))[0] == 201

    async def test_trees_that_go_round_through_each_other(self, api: Api) -> None:
        browser = await api.browser("enterprise1")

        def leading_to(tree_id: int, name: str) -> dict[str, Any]:
            nodes = {"sub": {"kind": "sub_menu", "tree_id": tree_id, "next": "end"}, "end": {"kind": "hang_up"}}
            return {"name": name, "entry": "sub", "nodes": nodes}

        _, one = await call(browser, "POST", "ivr-trees", {**TREE, "name": "one"})
        _, two = await call(browser, "POST", "ivr-trees", leading_to(one["id"], "two"))
        assert [fault["code"] for fault in two["faults"]] == ["unpublished_tree"]
        await call(browser, "POST", f"ivr-trees/{one['id']}/publish")
        assert (await call(browser, "POST", f"ivr-trees/{two['id']}/publish"))[0] == 200
        _, again = await call(browser, "PUT", f"ivr-trees/{one['id']}", leading_to(two["id"], "one"))
        assert {fault["code"] for fault in again["faults"]} == {"endless"}
        status, refused = await call(browser, "POST", f"ivr-trees/{one['id']}/publish")
        assert (status, refused["code"]) == (422, "invalid_tree")
        status, refused = await call(browser, "DELETE", f"ivr-trees/{one['id']}")
        assert (status, refused["code"]) == (409, "in_use")

    async def test_nothing_that_a_tree_uses_can_be_deleted(self, api: Api, world: World, database: Database) -> None:
        rows = await make_rows(database, world.first)
        await run(database, "DELETE FROM destination")
        browser = await api.browser("enterprise1")
        nodes = {
            "top": {"kind": "play", "sounds": [f"prompt:{rows['prompt']}"], "next": "hours"},
            "hours": {"kind": "time_switch", "schedule_id": rows["schedule"], "on_open": "queue", "on_closed": "box"},
            "queue": {"kind": "queue", "queue_id": rows["queue"]},
            "box": {"kind": "voicemail", "box_id": rows["voicemail_box"]},
        }
        _, tree = await call(browser, "POST", "ivr-trees", {"name": "user", "entry": "top", "nodes": nodes})
        assert tree["faults"] == []
        paths = [
            f"prompts/{rows['prompt']}",
            f"schedules/{rows['schedule']}",
            f"queues/{rows['queue']}",
            f"voicemail-boxes/{rows['voicemail_box']}",
        ]
        for path in paths:
            status, body = await call(browser, "DELETE", path)
            assert (status, body["code"]) == (409, "in_use"), path
        assert (await call(browser, "DELETE", f"ivr-trees/{tree['id']}"))[0] == 204
        await run(database, "DELETE FROM voicemail_message")
        for path in paths:
            assert (await call(browser, "DELETE", path))[0] == 204, path
