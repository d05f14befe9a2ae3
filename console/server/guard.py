"""Access control of the server: only pages that it served itself, with the token of this start, are accepted.

Any web page can open sockets to this computer, so Host, Origin and token of each request are checked first.
"""

import hmac
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SUBPROTOCOL: Final = "flail1"
TOKEN_HEADER: Final = "x-flail-token"  # noqa: S105 (a header's name)
NAMES: Final = ("127.0.0.1", "localhost")
"""Host names of a page on this computer."""
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def refusal(scope: Scope, token: str, names: tuple[str, ...] = NAMES) -> str:
    """Return why a request is refused, "" if accepted. The page itself needs no token: it holds no secret.

    `names`: hosts under which the page may be opened.
    """
    headers = Headers(scope=scope)
    port = (scope.get("server") or ("", None))[1]
    places = [f"{name}:{port}" for name in names]
    if headers.getlist("host") not in [[place] for place in places]:
        return "host"
    origins = headers.getlist("origin")
    if origins and origins not in [[f"http://{place}"] for place in places]:
        return "origin"
    if scope["type"] == "websocket":
        offered = scope.get("subprotocols") or []
        return "" if offered[:1] == [SUBPROTOCOL] and _known(offered[1:2], token) else "token"
    if not str(scope["path"]).startswith("/api"):
        return ""
    return "" if _known(headers.getlist(TOKEN_HEADER), token) else "token"


def _known(given: Iterable[str], token: str) -> bool:
    """Whether there is exactly one token and it is right; compared in constant time."""
    found = list(given)
    return len(found) == 1 and hmac.compare_digest(found[0].encode(), token.encode())


class Guard:
    """Wraps the whole application: refuses with 403, and adds security headers to every answer."""

    def __init__(self, app: ASGIApp, token: str, names: tuple[str, ...] = NAMES) -> None:
        self._app, self._token, self._names = app, token, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or socket."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        why = refusal(scope, self._token, self._names)
        if why and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4003, "reason": why})
            return

        async def closed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        if why:
            await JSONResponse({"error": f"refused.{why}"}, 403)(scope, receive, closed)
            return
        await self._app(scope, receive, closed if scope["type"] == "http" else send)
