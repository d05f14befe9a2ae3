"""Requests to an ASGI application without a socket."""

import json
from typing import Any

import msgspec


class Told(msgspec.Struct, frozen=True):
    """An answer."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(app: Any, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Told:
    """One request; `path` may carry a query. The body comes in pieces of 1 kB."""
    place, _, query = path.partition("?")
    pieces = [body[at : at + 1024] for at in range(0, len(body), 1024)] or [b""]
    fields = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "path": place,
        "raw_path": place.encode(),
        "query_string": query.encode(),
        "headers": fields,
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
        "app": app,
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if pieces:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return Told(sent[0]["status"], b"".join(message.get("body", b"") for message in sent))


async def ask_json(app: Any, method: str, path: str, body: Any) -> Told:
    """One request with a JSON body."""
    return await ask(app, method, path, json.dumps(body).encode())
