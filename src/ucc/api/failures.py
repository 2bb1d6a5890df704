"""Turns every failure into the one error form."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from ucc.api.guard import error_response
from ucc.errors import (
    AlreadyExists,
    ControllerRefused,
    DatabaseAway,
    InUse,
    InvalidInput,
    MethodNotAllowed,
    NotFound,
    UccError,
    UnknownReference,
)
from ucc.kit.logging import describe_error, get_logger

log = get_logger("api")
FOREIGN_KEY, UNIQUE, CHECK = "23503", "23505", "23514"


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(UccError, _answer_expected)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    for error in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(error, _answer_database_away)
    app.add_exception_handler(DataError, _answer_bad_data)
    app.add_exception_handler(IntegrityError, _answer_conflict)
    app.add_exception_handler(Exception, _answer_unexpected)


async def _answer_expected(request: Request, error: Exception) -> Response:
    assert isinstance(error, UccError)
    return error_response(error, error.answered_status if isinstance(error, ControllerRefused) else None)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    """Says where the first problem is; never repeats what was sent, which may be a password."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return error_response(InvalidInput(f"{place}: {first['msg']}"))


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == MethodNotAllowed.status:
        return error_response(MethodNotAllowed())
    if error.status_code == NotFound.status:
        return error_response(NotFound())
    body = {"code": InvalidInput.code, "message": str(error.detail)}
    return JSONResponse(body, error.status_code, headers=error.headers)


async def _answer_database_away(request: Request, error: Exception) -> Response:
    log.error("the database does not answer", path=request.url.path, error=describe_error(error))
    return error_response(DatabaseAway())


async def _answer_bad_data(request: Request, error: Exception) -> Response:
    """A value that passed the form but that PostgreSQL cannot hold."""
    log.warning("the database refused a value", path=request.url.path, error=describe_error(error))
    return error_response(InvalidInput())


async def _answer_conflict(request: Request, error: Exception) -> Response:
    """What one constraint of the database refuses: a second of the same name, a use that is left, a wrong reference."""
    assert isinstance(error, IntegrityError)
    state = getattr(error.orig, "sqlstate", None)
    detail = getattr(getattr(error.orig, "diag", None), "message_detail", None) or ""
    if state == UNIQUE:
        return error_response(AlreadyExists())
    if state == FOREIGN_KEY:
        return error_response(InUse() if "still referenced" in detail else UnknownReference())
    if state == CHECK:
        return error_response(InvalidInput())
    return await _answer_unexpected(request, error)


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    log.error("a request failed", path=request.url.path, exc_info=error)
    return error_response(UccError())
