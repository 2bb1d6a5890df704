"""Numbers and where they lead; callers who come first; what all callers hear."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import delete, select

from ucc.db.scope import Scoped
from ucc.errors import InvalidInput, NotFound
from ucc.reception.destination import find_choice, to_row
from ucc.reception.models import Destination, PriorityCaller, ReceptionSetting
from ucc.reception.schemas import DidReception, DidView, PriorityCallerBody, PriorityCallerView, ReceptionBody
from ucc.resource.models import Did
from ucc.trunk.number import find_e164

LIMIT = 5000


async def list_dids(scoped: Scoped) -> list[DidView]:
    """The enterprise's numbers."""
    rows = list(
        await scoped.session.scalars(
            select(Did).where(Did.tenant_id == scoped.scope.tenant_id).order_by(Did.number).limit(LIMIT)
        )
    )
    by_did: dict[int, list[Destination]] = defaultdict(list)
    for one in await scoped.session.scalars(
        select(Destination).where(Destination.did_id.in_([did.id for did in rows]))
    ):
        by_did[one.did_id or 0].append(one)
    return [_show(did, by_did[did.id]) for did in rows]


async def set_reception(scoped: Scoped, did_id: int, body: DidReception) -> DidView:
    """Where a number leads from the next call on. Raises NotFound."""
    did = await scoped.session.get(Did, did_id)
    if did is None or did.tenant_id != scoped.scope.tenant_id:
        raise NotFound
    if body.closed is not None and body.schedule_id is None:
        raise InvalidInput("closed: without a schedule the number is never closed")
    did.schedule_id = body.schedule_id
    await scoped.session.execute(delete(Destination).where(Destination.did_id == did_id))
    choices = {"open": body.open, "closed": body.closed}
    rows = [
        to_row(did.tenant_id, occasion, choice, did_id=did_id)
        for occasion, choice in choices.items()
        if choice is not None
    ]
    scoped.session.add_all(rows)
    await scoped.session.flush()
    return _show(did, rows)


def _show(did: Did, rows: list[Destination]) -> DidView:
    return DidView(
        id=did.id,
        number=did.number,
        schedule_id=did.schedule_id,
        open=find_choice(rows, "open"),
        closed=find_choice(rows, "closed"),
    )


async def list_priority_callers(scoped: Scoped) -> list[PriorityCallerView]:
    rows = await scoped.session.scalars(
        select(PriorityCaller).order_by(PriorityCaller.priority.desc(), PriorityCaller.number).limit(LIMIT)
    )
    return [_show_caller(row) for row in rows]


async def create_priority_caller(scoped: Scoped, body: PriorityCallerBody) -> PriorityCallerView:
    """Raises InvalidInput."""
    row = PriorityCaller(tenant_id=scoped.scope.tenant_id, number=_number(body), priority=body.priority, note=body.note)
    scoped.session.add(row)
    await scoped.session.flush()
    return _show_caller(row)


async def update_priority_caller(scoped: Scoped, caller_id: int, body: PriorityCallerBody) -> PriorityCallerView:
    """Raises NotFound, InvalidInput."""
    row = await _get_caller(scoped, caller_id)
    row.number, row.priority, row.note = _number(body), body.priority, body.note
    await scoped.session.flush()
    return _show_caller(row)


async def delete_priority_caller(scoped: Scoped, caller_id: int) -> None:
    """Raises NotFound."""
    await scoped.session.delete(await _get_caller(scoped, caller_id))
    await scoped.session.flush()


async def get_reception(scoped: Scoped) -> ReceptionBody:
    row = await scoped.session.get(ReceptionSetting, scoped.scope.tenant_id)
    if row is None:
        return ReceptionBody()
    return ReceptionBody(
        language=row.language, ringback_prompt_id=row.ringback_prompt_id, music_prompt_id=row.music_prompt_id
    )


async def update_reception(scoped: Scoped, body: ReceptionBody) -> ReceptionBody:
    await scoped.session.merge(ReceptionSetting(tenant_id=scoped.scope.tenant_id, **body.model_dump()))
    await scoped.session.flush()
    return body


async def _get_caller(scoped: Scoped, caller_id: int) -> PriorityCaller:
    row = await scoped.session.get(PriorityCaller, caller_id)
    if row is None:
        raise NotFound
    return row


def _number(body: PriorityCallerBody) -> str:
    number = find_e164(body.number)
    if number is None:
        raise InvalidInput("number: no telephone number")
    return number


def _show_caller(row: PriorityCaller) -> PriorityCallerView:
    return PriorityCallerView(id=row.id, number=row.number, priority=row.priority, note=row.note)
