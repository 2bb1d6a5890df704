"""Every model of UCC in one metadata: importing this module is how migrations and tests see the whole schema."""

from __future__ import annotations

from ucc.agent import models as agent
from ucc.call import models as call
from ucc.db.base import Base
from ucc.identity import models as identity
from ucc.ledger import models as ledger
from ucc.queue import models as queue
from ucc.rating import models as rating
from ucc.recording import models as recording
from ucc.resource import models as resource
from ucc.tenant import models as tenant
from ucc.trunk import models as trunk

metadata = Base.metadata

__all__ = [
    "agent",
    "call",
    "identity",
    "ledger",
    "metadata",
    "queue",
    "rating",
    "recording",
    "resource",
    "tenant",
    "trunk",
]
