"""Requests of the Plan and Record views: sites, drawings, plans, hand-over, observations, the record.

Reading and computing are done in worker processes, because the same loop carries the operator's stick readings, which
must not be delayed.
"""

import asyncio
import math
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from console.client.link import ConsoleLink
from console.server.planning.jobs import Jobs
from console.server.planning.names import SHOWN, plain_name
from console.server.planning.observing import OTHER_VEHICLE, observed
from console.server.planning.parking_time import ParkingWay, parking_time_s, way_found
from console.server.planning.processes import Worker
from console.server.planning.record_desk import Mirror, RecordDesk, frame_of, place_m
from console.server.planning.sending import hand_over
from vehicle.contracts.errors import InputError
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock
from vehicle.operator_link.day_file import Day
from vehicle.reports.palette_leaf import palette_bytes

UPLOAD_MAX: Final = 128 * 2**20
JSON_MAX: Final = 32 * 2**20
"""Largest drawing; one with as many corners as a page shows has a third of it."""
IMPORTS_KEPT: Final = 100
LOOK_NS: Final = 500_000_000
JSON: Final = "application/json"

Answer = Callable[[Request], Awaitable[Response]]


class Planning:
    """The server's planning part.

    `link`, `mine`, `mirror` (of the ground), `site` (as GET /api/site) and `day` are called each time. They refer
    to the steered vehicle. `changed` is called when jobs() changes; `simulated` is printed on every page of the record.
    """

    def __init__(
        self,
        folder: Path,
        *,
        link: Callable[[], ConsoleLink | None],
        mine: Callable[[], bool] = lambda: False,
        mirror: Callable[[], Mirror | None] = lambda: None,
        site: Callable[[], dict[str, Any] | None] = lambda: None,
        day: Callable[[], Day | None] = Day,
        simulated: bool = False,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._folder, self._link, self._mine, self._site = folder, link, mine, site
        self._reader = Worker()
        self._record = RecordDesk(
            folder, self._reader, link=link, mirror=mirror, site=site, day=day, simulated=simulated
        )
        self._jobs = Jobs(folder / "plans", changed)
        self._to_parking: ParkingWay | None = None

    def jobs(self) -> list[dict[str, Any]]:
        """Return the rows of the section `jobs` of the page's state."""
        return self._jobs.rows()

    def parking_time_s(self) -> float | None:
        """Return the time to the parking by a way that was planned [s]; None if none was planned from here."""
        link, site = self._link(), self._site()
        if link is None:
            return None
        frame, work = link.view.vehicle, link.view.work
        place = place_m(site, frame.lat_deg, frame.lon_deg) if frame is not None else None
        left_s = work.time_left_s if work is not None else None
        return parking_time_s(self._to_parking, link.vehicle_id, (site or {}).get("hash"), left_s, place)

    def note(self, text: str, *, kind: str) -> None:
        """Note in this console's record what was recorded through it."""
        self._record.watch.note(text, kind=kind)

    async def run(self, clock: Clock) -> None:
        """Note the vehicle's state for hours, path and stops, until cancelled."""
        while True:
            now_ns = clock.now_ns()
            self._record.look(now_ns / NS_PER_S)
            await clock.sleep_until_ns(now_ns + LOOK_NS)

    async def close(self) -> None:
        """End all processes."""
        await self._jobs.close()
        await self._reader.end()

    # --- places ------------------------------------------------------------------------------------------------------
    def public_routes(self) -> list[Route]:
        """Return routes of files without secrets outside the page's folder."""
        return [Route("/static/palette.json", self._palette)]

    def routes(self) -> list[Route]:
        """Return routes below /api; the caller checks the token."""
        rows: list[tuple[str, str, Answer]] = [
            ("GET", "/api/machines", self._machines),
            ("POST", "/api/sites", self._import),
            ("GET", "/api/drafts", self._drafts),
            ("POST", "/api/drafts", self._draft_new),
            ("GET", "/api/drafts/{name}", self._draft_shown),
            ("PUT", "/api/drafts/{name}", self._draft_put),
            ("POST", "/api/drafts/{name}/at", self._draft_move),
            ("POST", "/api/plans", self._plan),
            ("GET", "/api/plans/{job}", self._plan_shown),
            ("DELETE", "/api/plans/{job}", self._plan_cancel),
            ("POST", "/api/plans/{job}/hand_over", self._hand_over),
            ("POST", "/api/replans", self._replan),
            ("POST", "/api/ways", self._way),
            ("POST", "/api/observations", self._observe),
            ("GET", "/api/record", self._shown),
            ("GET", "/api/record/export/{kind}", self._export),
        ]
        return [Route(path, _answered(answer), methods=[method]) for method, path, answer in rows]

    async def _palette(self, _: Request) -> Response:
        return Response(palette_bytes(), media_type=JSON)

    async def _ask(self, op: str, **asked: Any) -> Response:
        return Response(await self._reader.ask(op, asked), media_type=JSON)

    # --- sites and drawings ------------------------------------------------------------------------------------------
    async def _machines(self, _: Request) -> Response:
        return await self._ask("machines")

    async def _import(self, request: Request) -> Response:
        """Import a file; it is kept even if the readers refuse it."""
        name = unquote(request.headers.get("x-name", ""))
        options = {key: request.query_params[key] for key in ("feature", "unmarked") if key in request.query_params}
        folder = self._folder / "sites" / token_hex(8)
        path = folder / plain_name(name)
        folder.mkdir(parents=True)
        try:
            async with _written(path) as write:
                async for piece in _bounded(request, UPLOAD_MAX):
                    write(piece)
        except BaseException:  # too large, or interrupted: half a file is no site
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            raise
        await asyncio.to_thread(_forget_oldest, folder.parent)
        asked = {"path": str(path), "name": path.name, **options, **self._near()}
        told = msgspec.json.decode(await self._reader.ask("site", asked), type=dict[str, msgspec.Raw])
        told["id"] = msgspec.Raw(msgspec.json.encode(folder.name))
        return Response(msgspec.json.encode(told), 422 if "error" in told else 200, media_type=JSON)

    async def _drafts(self, _: Request) -> Response:
        return await self._ask("drafts", folder=self._drawings)

    async def _draft_new(self, request: Request) -> Response:
        return await self._ask("draft_new", folder=self._drawings, document=await _json(request))

    async def _draft_shown(self, request: Request) -> Response:
        return await self._ask("draft_shown", folder=self._drawings, name=request.path_params["name"])

    async def _draft_put(self, request: Request) -> Response:
        body = await _json(request)
        asked = {"at": body.get("at"), "document": body.get("document")}
        return await self._ask("draft_put", folder=self._drawings, name=request.path_params["name"], **asked)

    async def _draft_move(self, request: Request) -> Response:
        at = (await _json(request)).get("at")
        return await self._ask("draft_move", folder=self._drawings, name=request.path_params["name"], at=at)

    @property
    def _drawings(self) -> str:
        return str(self._folder / "drafts")

    # --- plans -------------------------------------------------------------------------------------------------------
    async def _plan(self, request: Request) -> Response:
        body = await _json(request)
        site = await self._site_of(body)
        chosen = ("machine", "tool", "depth_m", "overlap_m", "outside", "tripwires", "limit_s")
        asked = {key: body[key] for key in chosen if body.get(key) is not None}
        if "machine" not in asked:
            raise InputError("Choose the machine")
        if "outside" not in asked:
            raise InputError("Choose what the ground outside the work area is: safe or unknown")
        if "tripwires" not in asked:
            raise InputError("Choose whether trip-wires are possible, or there are none")
        return JSONResponse({"id": self._jobs.begin("plan", {**asked, "site": site})})

    async def _site_of(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the request for the site of a plan: a drawing, or an imported file.

        Raises:
            InputError: There is no such site.
        """
        if body.get("draft") is not None:
            answer = await self._reader.ask("draft_site", {"folder": self._drawings, "name": str(body["draft"])})
            return {**msgspec.json.decode(answer, type=dict[str, Any]), **self._near()}
        name = str(body.get("site", ""))
        folder = self._folder / "sites" / name
        if not name.isalnum() or not folder.is_dir():
            raise InputError("Draw or import a site first")
        path = next(iter(sorted(folder.iterdir())), None)
        if path is None:
            raise InputError("Import the site again: its file is gone")
        options = {key: body[key] for key in ("feature", "unmarked") if body.get(key) is not None}
        return {"path": str(path), "name": path.name, **options, **self._near()}

    def _near(self) -> dict[str, Any]:
        """Return the vehicle's datum, which a plan must use to be accepted; empty if unknown."""
        frame = frame_of(self._site())
        return (
            {}
            if frame is None
            else {"near": {"lat_deg": frame.lat_deg, "lon_deg": frame.lon_deg, "alt_m": frame.alt_m}}
        )

    async def _plan_shown(self, request: Request) -> Response:
        job = request.path_params["job"]
        path, row = self._jobs.folder(job) / SHOWN, self._jobs.row(job)
        if row is not None and row.error is not None:
            raise InputError(row.error)
        if row is not None and not row.done:
            return JSONResponse(msgspec.to_builtins(row), 202)
        if not path.exists():
            raise InputError(f"no plan {job!r}")
        return FileResponse(path, media_type=JSON)

    async def _plan_cancel(self, request: Request) -> Response:
        job = request.path_params["job"]
        self._jobs.folder(job)
        return JSONResponse({"cancelled": await self._jobs.cancel(job)})

    async def _hand_over(self, request: Request) -> Response:
        folder, asked, link = self._jobs.folder(request.path_params["job"]), await _json(request), self._link()
        if link is not None and asked.get("vehicle") != link.vehicle_id:
            raise InputError(OTHER_VEHICLE)
        return JSONResponse(await hand_over(folder, self._reader, link, mine=self._mine()))

    async def _replan(self, request: Request) -> Response:
        asked = await self._record.replan(await _json(request))
        return JSONResponse({"id": self._jobs.begin("replan", asked)})

    async def _way(self, request: Request) -> Response:
        link = self._link()
        vehicle = link.vehicle_id if link is not None else ""
        asked = await self._record.way(await _json(request))

        def found(answer: bytes) -> None:
            self._to_parking = way_found(vehicle, asked, answer) or self._to_parking

        return JSONResponse({"id": self._jobs.begin("way", asked, found)})

    # --- the record --------------------------------------------------------------------------------------------------
    async def _observe(self, request: Request) -> Response:
        body = await _json(request)
        watch, steered = self._record.watch, request.app.state.desk.steered
        told = await observed(body, steered.link, steered.settings.id)
        if told["recorded"]:
            watch.note(f"{body['kind']}: {body.get('note', '')}", kind=str(body["kind"]))
        return JSONResponse(told)

    async def _shown(self, _: Request) -> Response:
        return Response(await self._record.shown(), media_type=JSON)

    async def _export(self, request: Request) -> Response:
        path = await self._record.export(request.path_params["kind"], dict(request.query_params))
        return FileResponse(path, filename=path.name)


def _answered(answer: Answer) -> Answer:
    """Handle a request; a refusal is one sentence."""

    async def told(request: Request) -> Response:
        try:
            return await answer(request)
        except InputError as refusal:
            return JSONResponse({"error": str(refusal)}, 422)
        except OSError as refusal:
            return JSONResponse({"error": f"not saved: {(refusal.strerror or str(refusal)).lower()}"}, 507)

    return told


async def _json(request: Request) -> dict[str, Any]:
    data = b"".join([piece async for piece in _bounded(request, JSON_MAX)])
    try:
        found = msgspec.json.decode(data, type=dict[str, Any])
    except (ValueError, RecursionError) as error:
        raise InputError(f"the page's request cannot be read ({error}): reload the page") from None
    numbers = [value for value in found.values() if isinstance(value, float)]
    if not all(math.isfinite(value) for value in numbers):
        raise InputError("a value in the request is no number")
    return found


async def _bounded(request: Request, most: int) -> AsyncIterator[bytes]:
    """Yield a body in pieces. Raises InputError if it is larger than allowed."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > most:
            raise InputError(f"larger than {most // 2**20} MiB, no site is so large; choose another file")
        yield piece


def _forget_oldest(folder: Path) -> None:
    """Keep the newest imports."""
    kept = sorted(folder.iterdir(), key=lambda path: -path.stat().st_mtime)
    for old in kept[IMPORTS_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


@asynccontextmanager
async def _written(path: Path) -> AsyncIterator[Callable[[bytes], int]]:
    """Write a new file; the data goes to the system's cache, so that nothing waits for the disk."""
    file = await asyncio.to_thread(path.open, "xb")
    try:
        yield file.write
    finally:
        file.close()
