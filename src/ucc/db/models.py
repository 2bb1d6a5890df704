"""Every model of UCC in one metadata: importing this module is how migrations and tests see the whole schema."""

from __future__ import annotations

from ucc.agent import models as agent
from ucc.blacklist import models as blacklist
from ucc.call import models as call
from ucc.credit import models as credit
from ucc.db.base import Base
from ucc.floor import models as floor
from ucc.frequency import models as frequency
from ucc.identity import models as identity
from ucc.ivr import models as ivr
from ucc.ledger import models as ledger
from ucc.missed import models as missed
from ucc.pause import models as pause
from ucc.prompt import models as prompt
from ucc.queue import models as queue
from ucc.rating import models as rating
from ucc.reception import models as reception
from ucc.recording import models as recording
from ucc.recording_policy import models as recording_policy
from ucc.rent import models as rent
from ucc.resource import models as resource
from ucc.schedule import models as schedule
from ucc.settlement import models as settlement
from ucc.team import models as team
from ucc.tenant import models as tenant
from ucc.trunk import models as trunk
from ucc.verification import models as verification
from ucc.voicemail import models as voicemail

metadata = Base.metadata

__all__ = [
    "agent",
    "blacklist",
    "call",
    "credit",
    "floor",
    "frequency",
    "identity",
    "ivr",
    "ledger",
    "metadata",
    "missed",
    "pause",
    "prompt",
    "queue",
    "rating",
    "reception",
    "recording",
    "recording_policy",
    "rent",
    "resource",
    "schedule",
    "settlement",
    "team",
    "tenant",
    "trunk",
    "verification",
    "voicemail",
]
