"""The page's HTTP requests: texts, stop reasons, choice of the steered vehicle, settings."""

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
from console.server.setup import Asked, Checklist, SetupStore, asked_of, host_port
from console.server.site_marks import marks_of
from vehicle.contracts.errors import InputError
from vehicle.host.clock import utc_now

BODY_MAX_BYTES: Final = 256 * 1024
"""Largest body of a request; the longest checklist has a third of it."""


class Api:
    """Requests below /api; all of them need the token."""

    def __init__(self, desk: Desk, settings: ServerSettings, store: SetupStore, links: Links) -> None:
        self._desk, self._settings, self._store, self._links = desk, settings, store, links

    def routes(self) -> list[Route]:
        """Return the routes."""
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
        """Return the vehicle's site and plan; `hash` is null while unknown or without a plan; `vehicle`: its id.

        `marks`: the site's benchmarks with their places in degrees.
        """
        site, vehicle = self._desk.steered.site, self._desk.steered.settings.id
        site = {**(site or {"hash": None}), "vehicle": vehicle, "marks": marks_of(site)}
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
                "checklist": msgspec.to_builtins(self._store.checklist(steered.settings.id)),
            }
        )

    async def _keep(self, asked: Asked) -> str:
        """Store a setting; return why not, as the key of a text."""
        of_vehicle = isinstance(asked.address, str) or isinstance(asked.checklist, Checklist)
        if of_vehicle and asked.vehicle != self._desk.steered.settings.id:
            return "vehicle.why.other"
        if isinstance(asked.address, str) and (why := await self._readdress(asked.address)):
            return why
        try:
            self._store.keep(asked, utc_now().isoformat(timespec="seconds"))
        except InputError:
            return "setup.why.disk"
        return ""

    async def _readdress(self, address: str) -> str:
        """Change the address of the steered vehicle."""
        steered, place = self._desk.steered, host_port(address)
        if place is None or not is_host(place[0]):
            return "setup.why.address"
        if place == (steered.settings.host, steered.settings.port):
            return ""
        if why := steered.busy():
            return why
        settings = msgspec.structs.replace(steered.settings, host=place[0], port=place[1])

        def take(link: ConsoleLink) -> str:
            if why := steered.busy():  # resolving a name takes seconds, and the vehicle may have been armed meanwhile
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
        except OSError:  # the name cannot be resolved
            return "setup.why.address"
        return ""


def refused(why: str, status: int) -> JSONResponse:
    """Return a refusal for the page: the key of a text."""
    return JSONResponse({"error": why}, status)


async def body(request: Request) -> dict[str, Any]:
    """Return the JSON object of a request; empty if there is none, or none that is valid."""
    try:
        return msgspec.json.decode(await bounded(request) or b"", type=dict[str, Any])
    except (ValueError, RecursionError):
        return {}


async def bounded(request: Request) -> bytes | None:
    """Return the body of a request; None if it is longer than allowed, then the rest is not read."""
    data = b""
    async for piece in request.stream():
        data += piece
        if len(data) > BODY_MAX_BYTES:
            return None
    return data
