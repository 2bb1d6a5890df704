"""Errors that reach a caller: each has a stable code, a status, and a sentence for people."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """How every error looks on the wire."""

    code: str = Field(description="Stable; programs decide by it")
    message: str = Field(description="For people; may change")


class UccError(Exception):
    """An expected refusal. `code` is part of the API and never changes; the message may."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    summary: ClassVar[str] = "Something failed inside UCC."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.summary)

    @property
    def reason(self) -> str:
        """The code of this very case; one class may have several."""
        return self.code


class InvalidInput(UccError):
    code, status, summary = "invalid_input", 422, "The request does not fit the documented form."


class NotLoggedIn(UccError):
    code, status, summary = "not_logged_in", 401, "Log in first."


class LoginRefused(UccError):
    code, status, summary = "login_refused", 401, "User name or password is wrong."


class TooManyAttempts(UccError):
    code, status, summary = "too_many_attempts", 429, "Too many failed logins from this address; wait a minute."


class Forbidden(UccError):
    code, status, summary = "forbidden", 403, "Your role may not do this."


class PasswordChangeRequired(UccError):
    code, status, summary = "password_change_required", 403, "Choose a password of your own first."


class PlanNotPublished(UccError):
    code, status, summary = "plan_not_published", 409, "The rate plan has no published version to be charged by."


class ForeignOrigin(UccError):
    code, status, summary = "foreign_origin", 403, "The request comes from another site."


class NotFound(UccError):
    code, status, summary = "not_found", 404, "There is no such thing, or it is not yours."


class NotInThisEdition(UccError):
    code, status, summary = "not_in_this_edition", 404, "This installation is for one enterprise, without billing."


class RecordingNotReady(UccError):
    code, status, summary = "recording_not_ready", 409, "The recording has not been encoded, or could not be."


class FileNotReady(UccError):
    code, status, summary = "file_not_ready", 409, "The file is still being made, or could not be."


class ControllerAway(UccError):
    code, status, summary = "controller_away", 503, "Call control is not running at the moment."


class ControllerRefused(UccError):
    """Call control said no; its code and status are passed on."""

    code, status, summary = "refused", 409, "Call control refuses this now."

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answered_status = status
        self.answered_code = code

    @property
    def reason(self) -> str:
        return self.answered_code


class DatabaseAway(UccError):
    code, status, summary = "database_away", 503, "The database does not answer at the moment."


class MethodNotAllowed(UccError):
    code, status, summary = "method_not_allowed", 405, "This address does not take that method."


class RequestTooLarge(UccError):
    code, status, summary = "request_too_large", 413, "The request is larger than any that UCC takes."


class AlreadyExists(UccError):
    code, status, summary = "already_exists", 409, "There is already one of this name or number."


class InUse(UccError):
    code, status, summary = "in_use", 409, "Something else still leads to it."


class ResourcesInUse(UccError):
    code, status, summary = "resources_in_use", 409, "Some are in use; say that you know what breaks."


class BadLines(UccError):
    code, status, summary = "bad_lines", 422, "The file has lines that cannot be read; nothing was done."


class UnknownReference(UccError):
    code, status, summary = "unknown_reference", 422, "It names something that does not exist, or is not yours."


class InvalidTree(UccError):
    code, status, summary = "invalid_tree", 422, "The tree has faults; the message says which, and where."


class DraftChanged(UccError):
    code, status, summary = "draft_changed", 409, "Somebody else has saved, published or deleted the draft meanwhile."


class InvalidPlan(UccError):
    code, status, summary = "invalid_plan", 422, "The rate plan has faults; the message says which, and where."


class UnsupportedAudio(UccError):
    code, status, summary = "unsupported_audio", 422, "The file is no WAV or MP3 that can be played, or it is too long."


class SpeechFailed(UccError):
    code, status, summary = "speech_failed", 503, "The synthesiser could not speak this text."


class TrunkNotGranted(UccError):
    code, status, summary = "trunk_not_granted", 422, "The trunk is kept for another tenant and those below it."


class RuleTooLoose(UccError):
    code, status, summary = "rule_too_loose", 422, "A level above allows less; a level may only be stricter."


class IdempotencyKeyReused(UccError):
    code, status, summary = "idempotency_key_reused", 409, "The idempotency key was used for something else."


class UnknownPauseReason(UccError):
    code, status, summary = "unknown_pause_reason", 422, "The reason is not one of the enterprise's pause reasons."


class NotYourTeam(UccError):
    code, status, summary = "not_your_team", 403, "The agent is in none of the teams that you lead."


class InsufficientBalance(UccError):
    code, status, summary = "insufficient_balance", 409, "The balance does not cover the amount."


class AlreadyReversed(UccError):
    code, status, summary = "already_reversed", 409, "The entry has been taken back already."


class CallRefused(UccError):
    """A call that may not be made, and why: one of REFUSALS."""

    code, status, summary = "call_refused", 409, "The call is refused."

    def __init__(self, refusal: str) -> None:
        super().__init__(REFUSALS[refusal])
        self.refusal = refusal

    @property
    def reason(self) -> str:
        return self.refusal


REFUSALS = {
    "invalid_number": "The number is not one that can be dialled.",
    "tenant_suspended": "The enterprise, or a level above it, is suspended.",
    "balance_exhausted": "The balance of the enterprise, or of a level above it, is used up.",
    "country_not_allowed": "The enterprise, or a level above it, may not call this country or area.",
    "hourly_spend_limit": "Calls of the last hour have cost as much as they may, here or at a level above.",
    "daily_spend_limit": "Calls of the last 24 hours have cost as much as they may, here or at a level above.",
    "no_caller_id": "The enterprise has no caller ID that it may show.",
    "caller_id_not_granted": "The caller ID is not one that the enterprise may show.",
    "no_trunk": "The caller ID has no trunk in service.",
    "trunk_not_granted": "Every trunk of the caller ID is kept for another tenant.",
    "destination_not_allowed": "No trunk of the caller ID carries calls to this number.",
    "blacklisted": "The number is on a blacklist of the enterprise, or of a level above it.",
    "caller_id_rate_exceeded": "The caller ID has dialled as often as it may for now.",
    "callee_rate_exceeded": "The number has been dialled as often as it may for now.",
    "trunk_limit": "Every trunk of the caller ID is full.",
    "caller_id_limit": "The caller ID has as many live calls as it may.",
    "tenant_limit": "The enterprise has as many live calls as it may.",
    "reseller_limit": "A level above the enterprise has as many live calls as it may.",
    "calls_per_second": "The trunk takes no more new calls within this second.",
    "tenant_calls_per_second": "The enterprise, or a level above it, makes no more new calls within this second.",
    "no_rate": "A rate plan on the way to the carrier has no price for this number.",
}


UNSAFE = (ForeignOrigin, RequestTooLarge, InvalidInput)
"""What any request that changes something may get."""


CHANGES = (AlreadyExists, InUse, UnknownReference, *UNSAFE)
"""What a request that changes an enterprise's settings may get."""


def documented(*errors: type[UccError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route for these errors and those of any route: one form, with every code it may carry."""
    by_status: dict[int | str, list[type[UccError]]] = {}
    every: tuple[type[UccError], ...] = (*errors, DatabaseAway)
    if NotLoggedIn in errors:
        every = (*every, PasswordChangeRequired)
    for error in every:
        by_status.setdefault(error.status, []).append(error)
    return {status: _describe(group) for status, group in by_status.items()}


def _describe(errors: list[type[UccError]]) -> dict[str, Any]:
    cases = {error.code: error.summary for error in errors if error is not CallRefused}
    if CallRefused in errors:
        cases |= REFUSALS
    examples = {code: {"value": {"code": code, "message": summary}} for code, summary in cases.items()}
    return {
        "model": ErrorBody,
        "description": ", ".join(cases),
        "content": {"application/json": {"examples": examples}},
    }
