"""The steered vehicle's record for the page: makes requests for the worker from the console's copy of the ground."""

import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, Protocol

import msgspec

from console.client.files import TransferError
from console.client.link import ConsoleLink
from console.server.planning import ledger_file
from console.server.planning.processes import Worker
from console.server.planning.watching import Watch
from console.server.planning.ways import WorkLeft, work_left
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import MissionPhase
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState
from vehicle.operator_link.day_file import Day
from vehicle.operator_link.staging import HELD

NOT_GIVEN: Final = (
    "The plan on the vehicle was not made by this console, and the vehicle does not give it out: "
    "use `flailpilot plan --resume`"
)
NOT_KNOWN: Final = "The record of the ground is not known yet: connect the vehicle and wait for it"
KINDS: Final = {
    "map": "map.png",
    "report": "report.html",
    "gpkg": "ledger.gpkg",
    "geojson": "ledger.geojson",
    "csv": "ledger.csv",
}
PHASES: Final = tuple(MissionPhase)
WHO: Final = ("organisation", "operator", "task_id")


class Mirror(Protocol):
    """The console's copy of the record of ground (`console/server/ground.py`)."""

    @property
    def complete(self) -> bool:
        """Whether the whole record is known."""
        ...

    @property
    def plan_hash(self) -> str:
        """Hash of the plan in progress, "" without one."""
        ...

    @property
    def vehicle_id(self) -> str:
        """Whose record it is; "" if the vehicle does not say."""
        ...

    @property
    def cell_m(self) -> float:
        """Cell size [m]."""
        ...

    @property
    def ledger(self) -> LedgerState:
        """The record."""
        ...


class RecordDesk:
    """`site`: as GET /api/site gives it, None if unknown; `mirror`, `day`: of the steered vehicle."""

    def __init__(
        self,
        folder: Path,
        reader: Worker,
        *,
        link: Callable[[], ConsoleLink | None],
        mirror: Callable[[], Mirror | None],
        site: Callable[[], dict[str, Any] | None],
        day: Callable[[], Day | None] = Day,
        simulated: bool,
    ) -> None:
        self._day = day
        self._folder, self._reader = folder, reader
        self._link, self._mirror, self._site, self._simulated = link, mirror, site, simulated
        self._watches: dict[str, Watch] = {}
        self._looked: Watch | None = None

    @property
    def watch(self) -> Watch:
        """Return the observation log of the steered vehicle; each vehicle has its own hours, path and events."""
        link = self._link()
        return self._watches.setdefault(link.vehicle_id if link is not None else "", Watch())

    def look(self, now_s: float) -> None:
        """Note the vehicle's state, for hours, path and stops."""
        link, site = self._link(), self._site()
        if link is not None:
            watch, view = self.watch, link.view
            if watch is not self._looked:
                watch.resume(now_s)
                self._looked = watch
            place = place_m(site, view.vehicle.lat_deg, view.vehicle.lon_deg) if view.vehicle is not None else None
            watch.look(view, (site or {}).get("hash") or "", place, now_s)

    async def shown(self) -> bytes:
        """Return the data of the Record view as JSON. Raises InputError with one sentence."""
        return await self._reader.ask("record", await self._asked({}))

    async def export(self, kind: str, who: dict[str, str]) -> Path:
        """Make a file of the record now; `who`: the organisation, operator and task named in it.

        Raises:
            InputError: No such kind, the record is not known, or a mandatory field of the table is empty.
        """
        name = KINDS.get(kind)
        if name is None:
            raise InputError(f"no file {kind!r} of the record")
        folder = self._folder / "exports"
        asked = await self._asked({key: who[key] for key in WHO if key in who})
        found = msgspec.json.decode(await self._reader.ask("export", {**asked, "folder": str(folder)}), type=list[str])
        if name not in found:
            raise InputError("The table needs organisation, operator, task, times and a benchmark: fill them in first")
        return folder / name

    async def replan(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the worker's request to plan the remaining ground. Raises InputError if a value is unknown."""
        asked = await self._made()
        return {
            "made": str(Path(asked["plan_file"]).parent),
            "ledger": asked["ledger"],
            "skips": asked["skips"],
            "pose": self._pose(),
            **{key: body[key] for key in ("craters", "limit_s") if body.get(key) is not None},
        }

    async def way(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the worker's request to plan the way to the parking, or back. Raises InputError if a value is unknown.

        While the work is on the vehicle, the segment in which it is left is noted; a way's own folder names it later.
        """
        asked = await self._made()
        left = await asyncio.to_thread(self._way_folder, str((self._site() or {})["hash"]))
        frame = link.view.vehicle if (link := self._link()) is not None else None
        if left is None and frame is None:
            raise InputError("It is not known where the work stands: no report of the vehicle")
        if left is None and frame is not None:
            done = 0 <= frame.phase < len(PHASES) and PHASES[frame.phase] is MissionPhase.DONE
            index = frame.segment_count if done else max(0, frame.segment_seq)
            left = WorkLeft(made=str(Path(asked["plan_file"]).parent), index=index)
        return {
            "to": body.get("to"),
            "work": msgspec.to_builtins(left),
            "ledger": asked["ledger"],
            "pose": self._pose(),
            **{key: body[key] for key in ("craters", "limit_s") if body.get(key) is not None},
        }

    async def _made(self) -> dict[str, Any]:
        """Return what the record knows, with the folder of the plan, which is fetched where it is not there.

        Raises:
            InputError: The vehicle does not give it out, or this console cannot continue it.
        """
        asked = await self._asked({})
        if asked["plan_file"] is None:
            await self._adopt(str(asked["site"]["hash"]))
            asked = await self._asked({})
        if asked["plan_file"] is None:
            raise InputError(NOT_GIVEN)
        return asked

    async def _adopt(self, plan_hash: str) -> None:
        link = self._link()
        if link is None:
            raise InputError(NOT_GIVEN)
        try:
            data = await link.fetch(HELD)
        except TransferError:
            raise InputError(NOT_GIVEN) from None
        path = self._folder / f"held-{token_hex(4)}.z"
        await asyncio.to_thread(path.write_bytes, data)
        try:
            asked = {"data": str(path), "plans": str(self._folder / "plans"), "wanted": plan_hash}
            await self._reader.ask("adopt", asked)
        finally:
            await asyncio.to_thread(path.unlink)

    def _pose(self) -> tuple[float, float, float]:
        link, site = self._link(), self._site()
        vehicle = link.view.vehicle if link is not None else None
        place = place_m(site, vehicle.lat_deg, vehicle.lon_deg) if vehicle is not None else None
        if vehicle is None or place is None or vehicle.yaw_rad is None:
            raise InputError(
                "The position of the machine is not known: the remaining ground cannot be planned from there"
            )
        return (*place, vehicle.yaw_rad)

    async def _asked(self, who: dict[str, str]) -> dict[str, Any]:
        mirror, site, day = self._mirror(), self._site(), self._day()
        if mirror is None or not mirror.complete or not site or not site.get("hash") or day is None:
            raise InputError(NOT_KNOWN)
        if mirror.plan_hash != site["hash"]:  # another plan was handed over, and its record has not arrived yet
            raise InputError(NOT_KNOWN)
        path = self._folder / "record.bin"
        # a ledger object never changes; packing hundreds of tiles takes longer than stick readings may wait
        ledger, plan_hash, cell_m = mirror.ledger, str(site["hash"]), mirror.cell_m
        plan_file = await asyncio.to_thread(self._plan_file, plan_hash)
        if (left := await asyncio.to_thread(self._way_folder, plan_hash)) is not None:
            # the record is of the work, also while its way to the parking or back is on the vehicle
            plan_file = str(Path(left.made) / "plan.json")
            plan_hash = await asyncio.to_thread(_hash_in, plan_file)
        await asyncio.to_thread(_keep, path, ledger, plan_hash, cell_m, mirror.vehicle_id)
        return {
            "site": site,
            "ledger": str(path),
            "skips": msgspec.to_builtins(day.skips),
            "simulated": self._simulated,
            "seen": self.watch.seen(),
            "plan_file": plan_file,
            **who,
        }

    def _way_folder(self, plan_hash: str) -> WorkLeft | None:
        """Return what the work was when this way was made; None if the plan is no way of this console."""
        made = self._plan_file(plan_hash)
        return work_left(Path(made).parent) if made is not None else None

    def _plan_file(self, plan_hash: str) -> str | None:
        """Return the plan's file if this console made the plan."""
        for path in (self._folder / "plans").glob("*/plan.json"):
            if f'"plan_hash":"{plan_hash}"'.encode() in path.read_bytes()[:4096]:
                return str(path)
        return None


def _hash_in(plan_file: str) -> str:
    try:
        return msgspec.json.decode(Path(plan_file).read_bytes(), type=_Named).plan_hash
    except (OSError, ValueError, RecursionError):
        raise InputError("The plan of the work can no longer be read: plan it again") from None


class _Named(msgspec.Struct, frozen=True):
    plan_hash: str


def _keep(path: Path, ledger: LedgerState, plan_hash: str, cell_m: float, vehicle_id: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ledger = withdrawal.done(ledger, cell_m)  # withdrawn ground must not count as worked
    fresh = path.with_name(f"{path.name}.{token_hex(4)}")
    fresh.write_bytes(ledger_file.encoded(ledger, plan_hash, cell_m, vehicle_id))
    fresh.replace(path)


def frame_of(site: dict[str, Any] | None) -> LocalFrame | None:
    """Return the local plane of the vehicle's site; None if unknown."""
    datum = (site or {}).get("datum")
    return LocalFrame(*datum) if datum else None


def place_m(site: dict[str, Any] | None, lat_deg: float | None, lon_deg: float | None) -> tuple[float, float] | None:
    """Return a position in metres from the site's datum; None if either is unknown."""
    frame = frame_of(site)
    if frame is None or lat_deg is None or lon_deg is None or not math.isfinite(lat_deg + lon_deg):
        return None
    east_m, north_m, _ = frame.enu_from_geodetic(lat_deg, lon_deg)
    return east_m, north_m
