"""/statements: closed months of a tenant, the one that goes on, and their files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, status
from fastapi.responses import FileResponse

from ucc.config import Settings
from ucc.errors import (
    UNSAFE,
    FileNotReady,
    Forbidden,
    InvalidInput,
    NotFound,
    NotInThisEdition,
    NotLoggedIn,
    documented,
)
from ucc.identity.access import MoneyWork
from ucc.identity.schemas import RowId
from ucc.kit.logging import get_logger
from ucc.settlement import repository
from ucc.settlement.asking import ask_for_file, path_of
from ucc.settlement.schemas import (
    FileBody,
    FileView,
    LineFilter,
    LineList,
    StatementFilter,
    StatementList,
    StatementView,
)

log = get_logger("api")
router = APIRouter(tags=["statements"])
READ = (NotLoggedIn, Forbidden, NotInThisEdition, NotFound, InvalidInput)
MEDIA = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("/statements", responses=documented(*READ))
async def list_statements(work: MoneyWork, wanted: Annotated[StatementFilter, Query()]) -> StatementList:
    """Closed months of the user's own tenant and all below it."""
    return await repository.list_statements(work.scoped, wanted)


@router.get("/statements/open", responses=documented(*READ))
async def get_open_statement(work: MoneyWork, tenant_id: Annotated[RowId | None, Query()] = None) -> StatementView:
    """This month so far, without what is reckoned when it closes. Without a tenant: the user's own."""
    return await repository.show_open(work.scoped, tenant_id if tenant_id is not None else work.scoped.scope.tenant_id)


@router.get("/statements/{statement_id}", responses=documented(*READ))
async def get_statement(work: MoneyWork, statement_id: RowId) -> StatementView:
    return await repository.show_statement(work.scoped, statement_id)


@router.get("/statements/{statement_id}/entries", responses=documented(*READ))
async def list_statement_entries(
    work: MoneyWork, statement_id: RowId, wanted: Annotated[LineFilter, Query()]
) -> LineList:
    """The ledger entries that the statement is the sum of, calls with their numbers."""
    return await repository.show_lines(work.scoped, statement_id, wanted)


@router.post(
    "/statements/{statement_id}/files",
    status_code=status.HTTP_202_ACCEPTED,
    responses=documented(*READ, *UNSAFE),
)
async def ask_for_statement_file(work: MoneyWork, statement_id: RowId, body: FileBody) -> FileView:
    """The worker makes it; asked again, it is the same file. One that failed is tried again."""
    statement = await repository.get_statement(work.scoped, statement_id)
    return repository.show_file(await ask_for_file(work.session, statement, body.format, body.language))


@router.get("/statement-files/{file_id}", responses=documented(*READ))
async def get_statement_file(work: MoneyWork, file_id: RowId) -> FileView:
    """How far it is."""
    return repository.show_file(await repository.get_file(work.scoped, file_id))


@router.get(
    "/statement-files/{file_id}/content",
    response_class=FileResponse,
    responses={
        200: {"content": {media: {} for media in MEDIA.values()}, "description": "The whole file"},
        **documented(*READ, FileNotReady),
    },
)
async def get_statement_file_content(work: MoneyWork, file_id: RowId, request: Request) -> FileResponse:
    file = await repository.get_file(work.scoped, file_id)
    if file.state != "ready":
        raise FileNotReady(file.failure)
    settings: Settings = request.app.state.settings
    path = path_of(settings.statement_dir, file)
    if not path.is_file():
        log.error("the file of a statement is gone", file=file_id)
        raise NotFound
    statement = await repository.get_statement(work.scoped, file.statement_id)
    name = f"statement-{statement.tenant_id}-{statement.period:%Y-%m}.{file.format}"
    return FileResponse(
        path, media_type=MEDIA[file.format], filename=name, headers={"Cache-Control": "private, no-cache"}
    )
