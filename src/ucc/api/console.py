"""Serves the built console: its files, and its one page for every address that is not a file."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, PlainTextResponse

from ucc.errors import NotFound

NOT_BUILT = "The console has not been built. `make run` builds it; the API is at /api/v1."


def install(app: FastAPI, folder: Path) -> None:
    """Must come after every other route."""

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def serve_console(path: str) -> Response:
        root = folder.resolve()
        if path.startswith("api/"):
            raise NotFound
        file = (root / path).resolve()
        if path and file.is_relative_to(root) and file.is_file():
            is_hashed = path.startswith("assets/")
            caching = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
            return FileResponse(file, headers={"Cache-Control": caching})
        if path.startswith("assets/"):
            raise NotFound
        page = root / "index.html"
        if not page.is_file():
            return PlainTextResponse(NOT_BUILT, 503)
        return FileResponse(page, headers={"Cache-Control": "no-cache"})
