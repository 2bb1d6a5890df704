"""Errors that reach a caller: each has a stable code, a status, and a sentence for people."""

from __future__ import annotations

from typing import ClassVar


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


class ForeignOrigin(UccError):
    code, status, summary = "foreign_origin", 403, "The request comes from another site."


class NotFound(UccError):
    code, status, summary = "not_found", 404, "There is no such thing, or it is not yours."


class RecordingNotReady(UccError):
    code, status, summary = "recording_not_ready", 409, "The recording has not been encoded, or could not be."


class ControllerAway(UccError):
    code, status, summary = "controller_away", 503, "Call control is not running at the moment."


class InsufficientBalance(UccError):
    code, status, summary = "insufficient_balance", 409, "The balance does not cover the amount."


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
    "no_caller_id": "The enterprise has no caller ID that it may show.",
    "no_trunk": "The caller ID has no trunk in service.",
    "no_rate": "A rate plan on the way to the carrier has no price for this number.",
}
