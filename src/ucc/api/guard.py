"""What every request passes: nothing too large, no other site's unsafe request, headers that browsers should obey."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ucc.errors import ForeignOrigin, RequestTooLarge, UccError

MAX_BODY_BYTES = 64 * 1024
MAX_UPLOAD_BYTES = 20 * 1024 * 1024
"""For addresses that end in `/upload`, which take a file."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FOREIGN = 1008


def content_security_policy(sip_socket: str) -> str:
    """Only our own scripts; sockets only to ourselves and to the border's SIP over WebSocket."""
    return "; ".join(
        (
            "default-src 'self'",
            f"connect-src 'self' {sip_socket}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "media-src 'self' blob:",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, sip_socket: str) -> None:
        self._app = app
        self._policy = content_security_policy(sip_socket)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            if is_foreign(Headers(scope=scope)):
                await send({"type": "websocket.close", "code": FOREIGN})
                return
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guard_http(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _guard_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._set_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        headers = Headers(scope=scope)
        refused: UccError | None = None
        if scope["method"] not in SAFE_METHODS and is_foreign(headers):
            refused = ForeignOrigin()
        elif is_too_large(headers.get("content-length", "0"), most_bytes(scope["path"])):
            refused = RequestTooLarge()
        if refused is not None:
            await error_response(refused)(scope, receive, send_guarded)
            return
        await self._app(scope, _bounded(receive, most_bytes(scope["path"])), send_guarded)

    def _set_headers(self, headers: MutableHeaders, path: str) -> None:
        headers["Content-Security-Policy"] = self._policy
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "microphone=(self), camera=(), geolocation=()"
        if path.startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")


def is_foreign(headers: Headers) -> bool:
    """Whether a browser sent this for another site. Programs that name no origin are let through: they carry no cookie
    that they were not given."""
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    return headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


def most_bytes(path: str) -> int:
    return MAX_UPLOAD_BYTES if path.startswith("/api/") and path.endswith("/upload") else MAX_BODY_BYTES


def is_too_large(content_length: str, most: int) -> bool:
    """Also when it is no number."""
    return not content_length.isdecimal() or len(content_length) > 9 or int(content_length) > most


def _bounded(receive: Receive, most: int) -> Receive:
    """A body without a declared length ends where it gets too large: the request then counts as disconnected."""
    received = 0

    async def receive_bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        return {"type": "http.disconnect"} if received > most else message

    return receive_bounded


def error_response(error: UccError, status: int | None = None) -> JSONResponse:
    return JSONResponse({"code": error.reason, "message": str(error)}, status or error.status)
