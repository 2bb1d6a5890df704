"""A tree as an enterprise edits it and the database keeps it."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field

from ucc.engine.ivr_check import MAX_NODES
from ucc.engine.ivr_tree import CallerCase, Node, Tree

for _node in (*get_args(Node), CallerCase):
    _node.__pydantic_config__ = ConfigDict(extra="forbid")  # a field that is mistyped is an error, not a default

NodeName = Annotated[str, Field(min_length=1, max_length=40)]


class TreeBody(BaseModel):
    """`nodes` by name; a branch is the name of the node that comes next. Sounds are `prompt:ID`, `builtin:NAME` or
    `digits:VARIABLE`."""

    model_config = ConfigDict(extra="forbid")

    entry: NodeName
    nodes: Annotated[
        dict[NodeName, Annotated[Node, Field(discriminator="kind")]], Field(min_length=1, max_length=MAX_NODES)
    ]

    def to_tree(self, tree_id: int, version: int) -> Tree:
        return Tree(tree_id, version, self.entry, self.nodes)
