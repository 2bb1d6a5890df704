"""/frequency-rules: 主叫超频, how often a caller ID may dial and a callee may be dialled."""

from __future__ import annotations

from fastapi import APIRouter, status

from ucc.errors import CHANGES, Forbidden, NotFound, NotLoggedIn, RuleTooLoose, documented
from ucc.frequency import repository
from ucc.frequency.schemas import FrequencyLimit, FrequencyRules, Subject, Window
from ucc.identity.access import MoneyWork

router = APIRouter(prefix="/frequency-rules", tags=["frequency"])


@router.get("", responses=documented(NotLoggedIn, Forbidden))
async def list_frequency_rules(work: MoneyWork) -> FrequencyRules:
    """The rules of the user's own level, and those above that bind it."""
    return await repository.list_rules(work.scoped)


@router.put(
    "/{subject}/{window_s}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, Forbidden, RuleTooLoose, *CHANGES),
)
async def set_frequency_rule(work: MoneyWork, subject: Subject, window_s: Window, body: FrequencyLimit) -> None:
    """Counted over the user's own level and all below it; acts on the next call."""
    await repository.set_rule(work.scoped, subject, window_s, body.most)


@router.delete(
    "/{subject}/{window_s}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotLoggedIn, Forbidden, NotFound, *CHANGES),
)
async def delete_frequency_rule(work: MoneyWork, subject: Subject, window_s: Window) -> None:
    await repository.delete_rule(work.scoped, subject, window_s)
