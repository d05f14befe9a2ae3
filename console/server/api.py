"""The page's requests beside its sockets: texts, reasons, which vehicle is steered, what was set up."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.client.link import ConsoleLink
from console.server.catalogue import catalogue, language_names, reason_rows
from console.server.config import is_host
from console.server.desk import Desk
from console.server.links import Links
from console.server.settings import ServerSettings
from console.server.setup import Asked, SetupStore, asked_of, host_port
from vehicle.contracts.errors import InputError
from vehicle.host.clock import utc_now

BODY_MAX_BYTES: Final = 256 * 1024
"""The longest checklist has a third of it."""


class Api:
    """Requests below /api, all with the token."""

    def __init__(self, desk: Desk, settings: ServerSettings, store: SetupStore, links: Links) -> None:
        self._desk, self._settings, self._store, self._links = desk, settings, store, links

    def routes(self) -> list[Route]:
        """Places and what answers there."""
        return [
            Route("/api/catalogue/{language}", self._catalogue),
            Route("/api/languages", self._languages),
            Route("/api/reasons", self._reasons),
            Route("/api/vehicle", self._turn_to, methods=["POST"]),
            Route("/api/site", self._site),
            Route("/api/setup", self._set_up, methods=["GET", "POST"]),
        ]

    async def _catalogue(self, request: Request) -> Response:
        try:
            return JSONResponse(catalogue(self._settings.page / "text", request.path_params["language"]))
        except KeyError:
            return refused("language.unknown", 404)

    async def _languages(self, _: Request) -> Response:
        return JSONResponse(language_names(self._settings.page / "text"))

    async def _reasons(self, _: Request) -> Response:
        return JSONResponse(reason_rows())

    async def _turn_to(self, request: Request) -> Response:
        wanted = (await body(request)).get("id")
        why = self._desk.turn_to(wanted) if isinstance(wanted, str) else "vehicle.why.unknown"
        return refused(why, 409) if why else JSONResponse({"ok": True})

    async def _site(self, _: Request) -> Response:
        """The site and plan that the vehicle has; `hash` null while nobody knows, or it has none; `vehicle`: its id."""
        site = {**(self._desk.steered.site or {"hash": None}), "vehicle": self._desk.steered.settings.id}
        return Response(msgspec.json.encode(site), media_type="application/json")

    async def _set_up(self, request: Request) -> Response:
        if request.method == "POST":
            data = await bounded(request)
            if data is None:
                return refused("setup.why.bad", 413)
            asked = asked_of(data)
            why = "setup.why.bad" if asked is None else await self._keep(asked)
            if why:
                return refused(why, 409 if why.startswith("vehicle.") else 422)
        steered, kept = self._desk.steered, self._store.kept
        return JSONResponse(
            {
                "console_name": kept.console_name or self._settings.console_name,
                "by_sight": self._store.by_sight(self._settings),
                "by_sight_since_utc": kept.by_sight_since_utc or None,
                "camera": kept.camera,
                "address": f"{steered.settings.host}:{steered.settings.port}",
                "checklist": msgspec.to_builtins(self._store.checklist),
            }
        )

    async def _keep(self, asked: Asked) -> str:
        """Keep it; why not, as the key of a text."""
        if isinstance(asked.address, str):
            if asked.vehicle != self._desk.steered.settings.id:
                return "vehicle.why.other"
            why = await self._readdress(asked.address)
            if why:
                return why
        try:
            self._store.keep(asked, utc_now().isoformat(timespec="seconds"))
        except InputError:
            return "setup.why.disk"
        return ""

    async def _readdress(self, address: str) -> str:
        """Another address of the steered vehicle."""
        steered, place = self._desk.steered, host_port(address)
        if place is None or not is_host(place[0]):
            return "setup.why.address"
        if place == (steered.settings.host, steered.settings.port):
            return ""
        if why := steered.busy():
            return why
        settings = msgspec.structs.replace(steered.settings, host=place[0], port=place[1])

        def take(link: ConsoleLink) -> str:
            if why := steered.busy():  # a name takes seconds to look up, and somebody may have armed meanwhile
                return why
            self._desk.send_away()
            steered.relinked(settings, link)
            return ""

        try:
            if why := await self._links.change(settings, take):
                return why
            self._store.keep_address(settings.id, address.strip())
        except InputError:
            return "setup.why.disk"
        except OSError:  # a name that nobody knows
            return "setup.why.address"
        return ""


def refused(why: str, status: int) -> JSONResponse:
    """A refusal as the page reads it: the key of a text."""
    return JSONResponse({"error": why}, status)


async def body(request: Request) -> dict[str, Any]:
    """The JSON object of a request; empty where there is none, or none that can be meant."""
    try:
        return msgspec.json.decode(await bounded(request) or b"", type=dict[str, Any])
    except (ValueError, RecursionError):
        return {}


async def bounded(request: Request) -> bytes | None:
    """The body of a request; None where it is longer than anything meant, and no more of it is read."""
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > BODY_MAX_BYTES:
            return None
    return data
