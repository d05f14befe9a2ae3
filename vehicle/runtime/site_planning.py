"""Plans uploaded sites outside the tick, in a separate process; part of the composition root.

Each uploaded part (mission, fence) is judged at once. Planning begins when no part has come for a while, and starts
again with each later part. From the moment a part is accepted, its fence is in force and the earlier plan is not.
Stations read back what is in force. The site file is kept, so that a record can be read together with its ground.
"""

import asyncio
import contextlib
import json
import math
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Protocol

import msgspec

from vehicle.config.vehicle import VehicleConfig, footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.plan import Plan, SegmentKind, Untreatable, UntreatableReason
from vehicle.host.own_process import OwnProcess
from vehicle.operator_link.mission_upload import NO_MISSION
from vehicle.operator_link.proposal import Proposal, stays_within
from vehicle.polygons.boundary import Rings, area_of, joined, rings_of
from vehicle.runtime.own_site import OwnSite, settings_of
from vehicle.runtime.site_in_making import InMaking, made_of

NOT_DECLARED = "set operator.upload_outside"
UNKNOWN = "unknown"
ASSUMED = "Bench: outside unknown, the way in bears"
WAY_IN_MAX_M = 100.0
SETTLE_S = 2.0
"""Time to wait for more parts: stations send mission, fence and rally points about a second apart."""
PLANNING = "the site is being planned"
TOLD_S, SPARE_S = 10.0, 60.0
"""The planner ends by itself at its limit; a process that does not end is killed after this additional time."""
SLOWER = 4.0
"""The planning limit is in seconds of an x86 core; a computer on board may be slower by up to this factor."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One planning request.

    `left_m`: ground outside the fence, which the plan lists; `fence_m`: the boundary that the machine stays in.
    `settled`: planning starts without waiting for more parts.
    """

    path: Path
    outside: str | None
    datum: LocalFrame
    config: VehicleConfig
    base_frame: str = "EPSG:4326"
    feature: str | None = None
    unmarked: str | None = None
    limit_s: float = 300.0  # limit of planning, in counted work
    left_m: tuple[Rings, ...] = ()
    fence_m: Rings = ()
    settled: bool = False


class Holder(Protocol):
    """Where plans go: to the loop, and to the desk that shows them to stations."""

    def hold(self, plan: Plan | None, boundary_m: Rings, words: str) -> None:
        """Hold this plan inside this boundary from now on; if there is none, hold the reason."""
        ...

    def uploading(self) -> bool:
        """Whether a station is uploading a list."""
        ...

    def place_m(self) -> tuple[float, float] | None:
        """Position of the machine [m], None if it is unknown."""
        ...


def load_wanted(wanted: Wanted) -> Any:
    """Load the `Site` of a request. Raises InputError as the site reader does."""
    from vehicle.planning.site.site import load_site  # noqa: PLC0415  # loads slowly

    return load_site(
        wanted.path,
        wanted.outside,
        wanted.datum,
        base_frame=wanted.base_frame,
        feature=wanted.feature,
        unmarked=wanted.unmarked,
    )


def planned(wanted: Wanted) -> Plan:
    """Read the site and plan it; the executor decides in which process.

    Raises:
        InputError: Site and machine do not fit, or the plan's certificate is not valid.
    """
    from vehicle.planning.coverage.closing import check_certificate, plan_hash_of  # noqa: PLC0415  # loads slowly
    from vehicle.planning.coverage.work_limit import WorkLimit  # noqa: PLC0415  # loads slowly
    from vehicle.planning.task.whole import plan_whole  # noqa: PLC0415  # loads slowly

    site = load_wanted(wanted)
    settings = settings_of(wanted.config)
    shape = footprint(wanted.config.machine, wanted.config.mission)
    plan = plan_whole(site, shape, settings, WorkLimit(wanted.limit_s))
    check_certificate(plan)
    if not stays_within(plan, wanted.fence_m, however_turned=False):
        raise InputError(f"{wanted.path}: the plan leaves the fence; make the fence wider or the work area smaller")
    if not wanted.left_m:
        return plan
    rows = tuple(
        Untreatable(reason=UntreatableReason.OUTSIDE_FENCE, rings_m=rings_m, area_m2=float(area_of(rings_m).area))
        for rings_m in wanted.left_m
    )
    plan = msgspec.structs.replace(plan, untreatable=(*plan.untreatable, *rows))
    return msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))


def checked(wanted: Wanted) -> str:
    """Return why the site or the machine is refused, "" if neither is; takes milliseconds."""
    from vehicle.planning.coverage.planner import check_fit  # noqa: PLC0415  # loads slowly
    from vehicle.planning.task.whole import agreed_role  # noqa: PLC0415  # loads slowly

    try:
        site = load_wanted(wanted)
        agreed_role(site)
        check_fit(site, footprint(wanted.config.machine))
    except InputError as refusal:
        return in_short(refusal, wanted.path)
    return ""


def no_survey(own: OwnSite) -> str:
    """Return why the own site may not be planned as a whole area (it, or its plan, is a survey); "" if it may."""
    from vehicle.planning.task.whole import agreed_role  # noqa: PLC0415  # loads slowly

    task = own.plan.task if own.plan is not None else None
    try:
        agreed_role(own.place, said={"the plan": task.role if task is not None else None})
    except InputError as refusal:
        return in_short(refusal, own.path)
    return ""


def in_short(refusal: InputError, path: Path) -> str:
    """Return the error's text without the file name, which means nothing at a station."""
    return str(refusal).removeprefix(f"{path}: ").removeprefix(f"{path.stem}: ")


class SitePlanning:
    """Plans one site: the newest one proposed.

    Args:
        folder: Where uploaded sites are kept.
        outside: Whether ground outside an uploaded work area bears the tracks, "safe" or "unknown"; None: no uploads.
        holder: Receives fences at once, and plans when they are finished.
        tell: Sends a line to every station.
        own: The vehicle's own site, if it has one.
        bench: In simulation; an upload that does not declare the ground outside is taken with it unknown.
        make: The executor of one planning run.
        settle_s: Planning begins when no part has come for this time.
    """

    def __init__(
        self,
        config: VehicleConfig,
        datum: LocalFrame,
        folder: Path,
        outside: str | None,
        holder: Holder,
        tell: Callable[[str], None],
        *,
        own: OwnSite | None = None,
        bench: bool = False,
        make: Callable[[], Executor] = OwnProcess,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._config, self._datum, self.folder = config, datum, folder
        self._outside, self._bench = outside, bench
        self._holder, self._tell, self._own = holder, tell, own
        self._make, self._settle_s = make, settle_s
        self._wanted: Wanted | None = None
        self._boundary_m: Rings = ()
        self._fences: dict[str, Rings] = {}
        """Hash of a plan -> the fence for which it was made."""
        self._changed = asyncio.Event()
        self._count = 0

    @property
    def busy(self) -> bool:
        """Whether a site is waiting to be planned or being planned."""
        return self._wanted is not None

    def propose(self, site: Proposal) -> str:
        """Judge an uploaded site at once; return "" if it is accepted, else the reason."""
        try:
            self._bounds(site)
        except InputError as refusal:
            return str(refusal)
        if site.empty:
            self._take(site, None)
            self._holder.hold(None, self._boundary_m, NO_MISSION)
            return ""
        if site.own and site.plan is not None and self._serves(site.plan, site.fence_m):
            self._take(site, None)
            self._holder.hold(site.plan, self._boundary_m, "")
            return ""
        if not site.own and self._outside is None and not self._bench:
            return NOT_DECLARED
        made = made_of(site, self._own, self._outside or UNKNOWN, self._way_in(site))
        wanted = self._request(site, made)
        if isinstance(wanted, str):
            return wanted
        words = checked(wanted)
        if words:
            return words
        self._take(site, wanted)
        self._holder.hold(None, self._boundary_m, PLANNING)
        self._tell_of(site, made)
        return ""

    def take(self, plan: Plan, boundary_m: Rings) -> None:
        """Hold a plan that was made elsewhere and judged here; any planning request is dropped."""
        self._wanted, self._boundary_m = None, boundary_m
        self._changed.set()
        self._holder.hold(plan, boundary_m, "")

    def begin(self) -> None:
        """Start to plan the vehicle's own site, which has been read and checked."""
        assert self._own is not None
        wanted = msgspec.structs.replace(self._wish_of(self._own), settled=True)
        self._take(Proposal(datum=self._datum, own=True), wanted)
        self._holder.hold(None, self._boundary_m, PLANNING)

    def _way_in(self, site: Proposal) -> tuple[tuple[float, float], ...]:
        """The way in that a bench assumes to bear the tracks: from the machine to the start of the first swath."""
        if not self._bench or site.survey is None:
            return ()
        start, place = site.survey.start_m, self._holder.place_m()
        return (start,) if place is None or math.dist(place, start) > WAY_IN_MAX_M else (place, start)

    def _serves(self, plan: Plan, fence_m: Rings) -> bool:
        """Whether a plan of the own site is also valid within this fence.

        A plan made for another fence leaves out the ground that the other fence excluded.
        """
        made_for = self._fences.get(plan.plan_hash, ())
        return made_for == fence_m or (made_for == () and stays_within(plan, fence_m, however_turned=True))

    def _bounds(self, site: Proposal) -> Rings:
        """Return the boundary of the machine on this site. Raises InputError if no ground is left."""
        return joined(site.fence_m, self._own.kept_out_m if self._own is not None else ())

    def _take(self, site: Proposal, wanted: Wanted | None) -> None:
        self._boundary_m = self._bounds(site)
        self._wanted = wanted
        self._changed.set()

    def _tell_of(self, site: Proposal, made: InMaking) -> None:
        if made.left.area > 0.0:
            self._tell(f"{made.left.area:.0f} m2 lie outside the fence: not worked")
        if made.assumed:
            self._tell(ASSUMED)
        if not site.own and self._own is not None and self._own.kept_out_m:
            self._tell("The keep-outs of the vehicle's own site hold")

    def _request(self, site: Proposal, made: InMaking) -> Wanted | str:
        if self._own is not None and site.own and (words := no_survey(self._own)):
            return words
        if self._own is not None and site.own and not site.zones:
            return self._wish_of(self._own)
        try:
            path = self._kept(json.dumps(made.geojson))
        except OSError as refusal:
            return f"{self.folder}: {(refusal.strerror or str(refusal)).lower()}"
        left_m = tuple(rings_of(part) for part in made.parts_left)
        return msgspec.structs.replace(self._wish(path, made.outside), left_m=left_m, fence_m=site.fence_m)

    def _kept(self, content: str) -> Path:
        """Write the site to a file with a new name. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        while True:
            self._count += 1
            path = self.folder / f"upload-{self._count:03d}.geojson"
            with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
                file.write(content)
                return path

    def _wish_of(self, own: OwnSite) -> Wanted:
        return msgspec.structs.replace(
            self._wish(own.path, own.outside),
            base_frame=own.base_frame,
            feature=own.feature,
            unmarked=own.unmarked,
        )

    def _wish(self, path: Path, outside: str | None) -> Wanted:
        return Wanted(path=path, outside=outside, datum=self._datum, config=self._config)

    async def run(self) -> None:
        """Plan each requested site until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = self._wanted
            if wanted is None or not (wanted.settled or await self._settled()):
                continue
            self._tell("Planning the site")
            answer = await self._answer(wanted)
            if answer is None or self._wanted is not wanted:
                continue  # a newer request came
            self._wanted = None
            if isinstance(answer, str):
                self._holder.hold(None, self._boundary_m, answer)
                self._tell(answer)
            else:
                self._fences[answer.plan_hash] = wanted.fence_m
                self._holder.hold(answer, self._boundary_m, "")
                for line in summary(answer):
                    self._tell(line)

    async def _settled(self) -> bool:
        """Wait until uploads have stopped for a while; return False if a newer request came."""
        while True:
            # not `wait_for`: on Python 3.11 it loses a cancellation that comes with the event
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settle_s):
                    await self._changed.wait()
                return False
            if not self._holder.uploading():
                return True

    async def _answer(self, wanted: Wanted) -> Plan | str | None:
        """Return the plan, or the reason for having none; None if a newer request came."""
        executor = self._make()
        loop = asyncio.get_running_loop()
        newer, work = loop.create_task(self._changed.wait()), None
        try:
            work = loop.run_in_executor(executor, planned, wanted)
            both: set[asyncio.Future[Any]] = {work, newer}
            for turn in range(1, math.ceil((SLOWER * wanted.limit_s + SPARE_S) / TOLD_S) + 1):
                done, _ = await asyncio.wait(both, timeout=TOLD_S, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    break
                self._tell(f"Planning the site, {turn * TOLD_S:.0f} s")
            if newer.done():
                return None
            return work.result() if work.done() else f"No plan within {SLOWER * wanted.limit_s + SPARE_S:g} s"
        except InputError as refusal:
            return f"No plan: {in_short(refusal, wanted.path)}"
        except Exception as error:  # noqa: BLE001  # an error in the planner must not stop the vehicle
            return f"No plan: the planner failed ({type(error).__name__})"
        finally:
            newer.cancel()
            if work is not None:
                work.cancel()
            executor.shutdown(wait=False, cancel_futures=True)


def summary(plan: Plan) -> list[str]:
    """Return lines for the operator, each short enough for a station to show."""
    swaths = sum(segment.kind is SegmentKind.SWATH for segment in plan.segments)
    left_m2 = sum(piece.area_m2 for piece in plan.untreatable)
    lines = [f"Plan {plan.plan_hash[:8]}: {plan.area_m2:.0f} m2, {swaths} swaths, {plan.time_s / 60.0:.0f} min"]
    return [*lines, f"{left_m2:.0f} m2 are left out, listed with reasons"] if left_m2 >= 0.5 else lines
