"""Requests of the panel "Checks": a measurement, and what the vehicle says of the hammers of its machine."""

from collections.abc import Callable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from console.client.hammers_told import hammers_told
from console.client.link import ConsoleLink
from console.client.measurement import FaultyError
from console.server.api import body
from console.server.planning.measuring import measured
from vehicle.contracts.errors import InputError


class Note(Protocol):
    """Notes for the record of this console what was recorded through it."""

    def __call__(self, text: str, *, kind: str) -> None:
        """Note one line."""
        ...


class Measuring:
    """`link` and `vehicle` (its id) refer to the steered vehicle and are called each time."""

    def __init__(self, link: Callable[[], ConsoleLink | None], vehicle: Callable[[], str], note: Note) -> None:
        self._link, self._vehicle, self._note = link, vehicle, note

    def routes(self) -> list[Route]:
        """Return routes below /api; the caller checks the token."""
        return [
            Route("/api/measurements", self._measure, methods=["POST"]),
            Route("/api/hammers", self._hammers),
        ]

    async def _measure(self, request: Request) -> Response:
        """Send it; a refusal before it is sent names the field that has to be mended, and the key of its words."""
        asked = await body(request)
        try:
            told = await measured(asked, self._link(), self._vehicle())
        except FaultyError as fault:
            row = {"error": str(fault), "field": fault.field, "why": fault.fault, "words": fault.words}
            return JSONResponse(row, 422)
        except InputError as refusal:
            return JSONResponse({"error": str(refusal)}, 422)
        if told.get("recorded"):
            self._note(_line(asked, told), kind=str(asked["kind"]))
        return JSONResponse(told)

    async def _hammers(self, _: Request) -> Response:
        """Return count and tracks of the machine's hammers; null while the vehicle does not tell them."""
        link = self._link()
        hammers = await hammers_told(link) if link is not None and link.view.vehicle is not None else None
        if hammers is None:
            return JSONResponse({"count": None, "tracks": None})
        return JSONResponse({"count": hammers.count, "tracks": hammers.tracks})


def _line(asked: dict[str, Any], told: dict[str, Any]) -> str:
    words = " ".join(str(asked.get(name) or "") for name in ("where", "missing", "text")).split()
    value = f" {told['value']:g}" if asked["kind"] in ("base", "mark", "depth", "hammers") else ""
    return f"{asked['kind']}{value}{': ' if words else ''}{' '.join(words)} ({asked['who']})"
