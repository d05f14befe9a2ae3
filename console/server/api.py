"""The page's requests beside its sockets: texts, reasons, which vehicle is steered, what was set up."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.server.catalogue import catalogue, languages, reason_rows
from console.server.desk import Desk
from console.server.settings import ServerSettings


class Api:
    """Requests below /api, all with the token."""

    def __init__(self, desk: Desk, settings: ServerSettings) -> None:
        self._desk, self._settings = desk, settings

    def routes(self) -> list[Route]:
        """Places and what answers there."""
        return [
            Route("/api/catalogue/{language}", self._catalogue),
            Route("/api/languages", self._languages),
            Route("/api/reasons", self._reasons),
            Route("/api/vehicle", self._turn_to, methods=["POST"]),
        ]

    async def _catalogue(self, request: Request) -> Response:
        try:
            return JSONResponse(catalogue(self._settings.page / "text", request.path_params["language"]))
        except KeyError:
            return refused("language.unknown", 404)

    async def _languages(self, _: Request) -> Response:
        return JSONResponse(list(languages(self._settings.page / "text")))

    async def _reasons(self, _: Request) -> Response:
        return JSONResponse(reason_rows())

    async def _turn_to(self, request: Request) -> Response:
        wanted = (await body(request)).get("id")
        why = self._desk.turn_to(wanted) if isinstance(wanted, str) else "vehicle.why.unknown"
        return refused(why, 409) if why else JSONResponse({"ok": True})


def refused(why: str, status: int) -> JSONResponse:
    """A refusal as the page reads it: the key of a text."""
    return JSONResponse({"error": why}, status)


async def body(request: Request) -> dict[str, Any]:
    """The JSON object of a request; empty where there is none."""
    try:
        found = await request.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
