"""Turns every failure into the one error form."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from ucc.api.guard import error_response
from ucc.errors import ControllerRefused, DatabaseAway, InvalidInput, MethodNotAllowed, NotFound, UccError
from ucc.kit.logging import describe_error, get_logger

log = get_logger("api")


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(UccError, _answer_expected)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    for error in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(error, _answer_database_away)
    app.add_exception_handler(DataError, _answer_bad_data)
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


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    log.error("a request failed", path=request.url.path, exc_info=error)
    return error_response(UccError())
