"""IVR trees as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ucc.identity.schemas import PRINTABLE
from ucc.ivr.body import TreeBody


class TreeDraft(TreeBody):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=PRINTABLE)]


class TreeFaultView(BaseModel):
    """What is wrong with a tree. `node` is empty when it is the whole tree, `branch` when it is the node itself."""

    node: str
    code: str = Field(description="dangling, unreachable, endless, bad_name, bad_value, too_many_nodes, unknown_...")
    branch: str
    message: str


class TreeSummary(BaseModel):
    id: int
    name: str
    published_version: int | None = Field(description="What calls take; null: not published yet")
    is_changed: bool = Field(description="The draft is not what is published")
    updated_at: datetime


class TreeView(TreeSummary, TreeBody):
    """The draft, and what keeps it from being published."""

    faults: list[TreeFaultView]


class TreeList(BaseModel):
    items: list[TreeSummary]


class TreeVersionView(BaseModel):
    version: int
    published_at: datetime
    is_current: bool


class TreeVersionList(BaseModel):
    items: list[TreeVersionView]


class TreeVersionBody(TreeBody):
    """A published version as it was, and always will be."""

    version: int
    published_at: datetime
