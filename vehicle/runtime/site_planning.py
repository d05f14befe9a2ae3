"""Sites in the making, planned outside the tick in a process of their own; part of the root.

Whatever comes in (mission, fence) is judged at once; planning begins when nothing more has come for a while, and begins
anew with each part that comes later. From the moment in which a part is accepted its fence binds and the plan of before
holds no more: what stations read back is what binds. The site's file is kept, so that a record can be read with the
ground it belongs to.
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
"""Stations send mission, fence and rally points one after another, each within a second or so."""
PLANNING = "the site is being planned"
TOLD_S, SPARE_S = 10.0, 60.0
"""The planner ends by itself at its limit; a process that does not is ended after so much longer."""
SLOWER = 4.0
"""The limit counts work by the seconds of an x86 core; a computer on board may take so many times as long for it."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One request. `left_m`: ground outside the fence, which the plan lists; `fence_m`: what it stays in.

    `settled`: nothing more is waited for.
    """

    path: Path
    outside: str | None
    datum: LocalFrame
    config: VehicleConfig
    base_frame: str = "EPSG:4326"
    feature: str | None = None
    unmarked: str | None = None
    limit_s: float = 300.0  # of counted work that planning may take
    left_m: tuple[Rings, ...] = ()
    fence_m: Rings = ()
    settled: bool = False


class Holder(Protocol):
    """Who holds plans: the loop, and the desk that shows them."""

    def hold(self, plan: Plan | None, boundary_m: Rings, words: str) -> None:
        """This plan, or none and why, inside this boundary, from now on."""
        ...

    def uploading(self) -> bool:
        """A station is sending a list."""
        ...

    def place_m(self) -> tuple[float, float] | None:
        """Where the machine stands, if that is known."""
        ...


def load_wanted(wanted: Wanted) -> Any:
    """The `Site` of a request. Raises InputError as the site reader does."""
    from vehicle.planning.site.site import load_site  # noqa: PLC0415  # heavy, and only where sites come in

    return load_site(
        wanted.path,
        wanted.outside,
        wanted.datum,
        base_frame=wanted.base_frame,
        feature=wanted.feature,
        unmarked=wanted.unmarked,
    )


def planned(wanted: Wanted) -> Plan:
    """Read and plan; runs wherever the executor runs it.

    Raises:
        InputError: site and machine do not fit, or the plan proves nothing.
    """
    from vehicle.planning.coverage.closing import check_certificate, plan_hash_of  # noqa: PLC0415  # heavy
    from vehicle.planning.coverage.work_limit import WorkLimit  # noqa: PLC0415  # heavy
    from vehicle.planning.task.whole import plan_whole  # noqa: PLC0415  # heavy

    site = load_wanted(wanted)
    settings = settings_of(wanted.config)
    shape = footprint(wanted.config.machine, wanted.config.mission)
    plan = plan_whole(site, shape, settings, WorkLimit(wanted.limit_s))
    check_certificate(plan)
    if not stays_within(plan, wanted.fence_m, however_turned=False):
        raise InputError(f"{wanted.path}: no way within the fence")
    if not wanted.left_m:
        return plan
    rows = tuple(
        Untreatable(reason=UntreatableReason.OUTSIDE_FENCE, rings_m=rings_m, area_m2=float(area_of(rings_m).area))
        for rings_m in wanted.left_m
    )
    plan = msgspec.structs.replace(plan, untreatable=(*plan.untreatable, *rows))
    return msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))


def checked(wanted: Wanted) -> str:
    """What the site reader says against it, or the machine, "" for nothing; milliseconds."""
    from vehicle.planning.coverage.planner import check_fit  # noqa: PLC0415  # heavy, and only where sites come in
    from vehicle.planning.task.whole import agreed_role  # noqa: PLC0415  # heavy

    try:
        site = load_wanted(wanted)
        agreed_role(site)
        check_fit(site, footprint(wanted.config.machine))
    except InputError as refusal:
        return in_short(refusal, wanted.path)
    return ""


def no_survey(own: OwnSite) -> str:
    """Why the vehicle's own site is not planned as a whole area, "" where it may be: it, or its plan, is a survey."""
    from vehicle.planning.task.whole import agreed_role  # noqa: PLC0415  # heavy

    task = own.plan.task if own.plan is not None else None
    try:
        agreed_role(own.place, said={"the plan": task.role if task is not None else None})
    except InputError as refusal:
        return in_short(refusal, own.path)
    return ""


def in_short(refusal: InputError, path: Path) -> str:
    """Its words without the name of the file, which nobody at a station knows."""
    return str(refusal).removeprefix(f"{path}: ").removeprefix(f"{path.stem}: ")


class SitePlanning:
    """Holds one site: what was proposed last.

    Args:
        folder: where uploaded sites are kept.
        outside: "safe" or "unknown", whether ground outside an uploaded work area bears the tracks; None: no uploads.
        holder: takes fences at once, and plans when they are finished.
        tell: a line for every station.
        own: the vehicle's own site, if it has one.
        bench: simulation, where uploads are taken with the ground outside unknown if nobody says otherwise.
        make: the executor of one planning run.
        settle_s: nothing more came for so long.
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
        """Hash of a plan -> the fence that it was made for."""
        self._changed = asyncio.Event()
        self._count = 0

    @property
    def busy(self) -> bool:
        """A site is to be planned."""
        return self._wanted is not None

    def propose(self, site: Proposal) -> str:
        """Called while an upload is judged: returns at once, "" where the site is taken over."""
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
        """Drive a plan that was made elsewhere and judged here; what was to be planned is meant no more."""
        self._wanted, self._boundary_m = None, boundary_m
        self._changed.set()
        self._holder.hold(plan, boundary_m, "")

    def begin(self) -> None:
        """Plan the vehicle's own site, which was read and checked."""
        assert self._own is not None
        wanted = msgspec.structs.replace(self._wish_of(self._own), settled=True)
        self._take(Proposal(datum=self._datum, own=True), wanted)
        self._holder.hold(None, self._boundary_m, PLANNING)

    def _way_in(self, site: Proposal) -> tuple[tuple[float, float], ...]:
        """What a bench takes to bear: the way from where the machine stands to where the first swath begins."""
        if not self._bench or site.survey is None:
            return ()
        start, place = site.survey.start_m, self._holder.place_m()
        return (start,) if place is None or math.dist(place, start) > WAY_IN_MAX_M else (place, start)

    def _serves(self, plan: Plan, fence_m: Rings) -> bool:
        """Whether a plan of the own site is the plan of it within this fence too.

        One that was made for another fence leaves out what that fence took away.
        """
        made_for = self._fences.get(plan.plan_hash, ())
        return made_for == fence_m or (made_for == () and stays_within(plan, fence_m, however_turned=True))

    def _bounds(self, site: Proposal) -> Rings:
        """What bounds the machine with this site. Raises InputError where no place is left."""
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
        """In a file of a name that was never used. Raises OSError."""
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
        """Plan what is asked for, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            wanted = self._wanted
            if wanted is None or not (wanted.settled or await self._settled()):
                continue
            self._tell("Planning the site")
            answer = await self._answer(wanted)
            if answer is None or self._wanted is not wanted:
                continue  # something newer came
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
        """Nothing is being sent, and nothing more came for a while; False where something came."""
        while True:
            # not `wait_for`: on Python 3.11 it loses a cancellation that comes with the event
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settle_s):
                    await self._changed.wait()
                return False
            if not self._holder.uploading():
                return True

    async def _answer(self, wanted: Wanted) -> Plan | str | None:
        """The plan, why there is none, or None where something newer came."""
        executor = self._make()
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(executor, planned, wanted)
        newer = loop.create_task(self._changed.wait())
        try:
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
        except Exception as error:  # noqa: BLE001  # a planner that breaks, or whose process dies, breaks no vehicle
            return f"No plan: the planner failed ({type(error).__name__})"
        finally:
            newer.cancel()
            work.cancel()
            executor.shutdown(wait=False, cancel_futures=True)


def summary(plan: Plan) -> list[str]:
    """Lines for the operator, none longer than a station shows."""
    swaths = sum(segment.kind is SegmentKind.SWATH for segment in plan.segments)
    left_m2 = sum(piece.area_m2 for piece in plan.untreatable)
    lines = [f"Plan {plan.plan_hash[:8]}: {plan.area_m2:.0f} m2, {swaths} swaths, {plan.time_s / 60.0:.0f} min"]
    return [*lines, f"{left_m2:.0f} m2 are left out, listed with reasons"] if left_m2 >= 0.5 else lines
