"""/session: log in, who am I, log out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response, status

from ucc.errors import UNSAFE, InvalidInput, LoginRefused, NotLoggedIn, TooManyAttempts, documented
from ucc.identity import service
from ucc.identity.access import SessionViewer, SessionWork, database_of
from ucc.identity.schemas import Credentials, PasswordChange, SessionView
from ucc.identity.token import COOKIE, LIFETIME_S

router = APIRouter(prefix="/session", tags=["session"])


@router.post("", responses=documented(LoginRefused, TooManyAttempts, *UNSAFE))
async def log_in(credentials: Credentials, request: Request, response: Response) -> SessionView:
    """Log in. The session is a cookie that scripts cannot read and other sites cannot send."""
    state = request.app.state
    source = request.client.host if request.client is not None else "unknown"
    attempt = state.login_limiter.begin(source)
    token, view = await service.log_in(
        database_of(request),
        state.password_checker,
        state.secrets,
        state.settings.edition,
        credentials.username,
        credentials.password,
        source,
    )
    state.login_limiter.succeed(source, attempt)
    response.set_cookie(
        COOKIE,
        token,
        max_age=LIFETIME_S,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return view


@router.get("", responses=documented(NotLoggedIn))
async def get_session(work: SessionWork, request: Request) -> SessionView:
    """The logged-in user."""
    return await service.show_session(work.scoped, work.viewer.user_id, request.app.state.settings.edition)


@router.put("/password", responses=documented(NotLoggedIn, LoginRefused, TooManyAttempts, *UNSAFE))
async def change_password(viewer: SessionViewer, body: PasswordChange, request: Request) -> SessionView:
    """The user's own password, also the one in place of a one-time password. All its other sessions end."""
    state = request.app.state
    source = request.client.host if request.client is not None else "unknown"
    attempt = state.login_limiter.begin(source)
    try:
        view = await service.change_password(
            database_of(request),
            state.password_checker,
            state.secrets,
            state.settings.edition,
            viewer,
            request.cookies[COOKIE],
            body,
        )
    except InvalidInput:
        state.login_limiter.succeed(source, attempt)  # the current password was right
        raise
    state.login_limiter.succeed(source, attempt)
    return view


@router.delete("", status_code=status.HTTP_204_NO_CONTENT, responses=documented(NotLoggedIn, *UNSAFE))
async def log_out(work: SessionWork, request: Request, response: Response) -> None:
    """Log out: the session is gone from the server, the cookie from the browser."""
    await service.log_out(work.scoped, request.app.state.secrets, request.cookies[COOKIE])
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
