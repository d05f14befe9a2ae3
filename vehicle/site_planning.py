"""Sites that stations upload, planned outside the tick in a process of their own; part of the root.

The site's file is kept beside the configuration, so that a record can be read with the ground it belongs to. What the
site reader refuses is refused with the upload; what only the planner finds out is told to every station, and the plan
that held goes on holding.
"""

import asyncio
import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import msgspec

from vehicle.config import VehicleConfig, footprint
from vehicle.errors import InputError
from vehicle.frames import LocalFrame
from vehicle.plan import Plan, SegmentKind

NOT_DECLARED = "this vehicle plans the [site] of its configuration; set operator.upload_outside there to take sites"
PLAN_TIMEOUT_S = 120.0


class Wanted(msgspec.Struct, frozen=True):
    """One request."""

    path: Path
    outside: str
    datum: LocalFrame
    config: VehicleConfig


class Proposed(Protocol):
    """A site as an upload says it."""

    def geojson(self) -> dict[str, Any]:
        """A FeatureCollection."""
        ...


def planned(wanted: Wanted) -> Plan:
    """Read and plan; runs wherever the executor runs it.

    Raises:
        InputError: site and machine do not fit.
    """
    from vehicle.coverage.planner import plan_site  # noqa: PLC0415  # heavy, and not for the vehicle's own process
    from vehicle.coverage.settings import PlanSettings  # noqa: PLC0415
    from vehicle.coverage.site import load_site  # noqa: PLC0415

    mission = wanted.config.mission
    settings = PlanSettings(
        k_sigma=mission.k_sigma,
        cell_m=mission.cell_m,
        slope_max_rad=wanted.config.machine.limits.slope_max_rad,
        required_depth_m=mission.required_depth_m,
    )
    site = load_site(wanted.path, wanted.outside, wanted.datum)
    return plan_site(site, footprint(wanted.config.machine), settings)


def checked(wanted: Wanted) -> str:
    """What the site reader says against it, "" for nothing; milliseconds."""
    from vehicle.coverage.site import load_site  # noqa: PLC0415

    try:
        load_site(wanted.path, wanted.outside, wanted.datum)
    except InputError as refusal:
        return str(refusal).removeprefix(f"{wanted.path}: ")
    return ""


class SitePlanning:
    """Takes one site at a time.

    Args:
        folder: where uploaded sites are kept.
        outside: "safe" or "unknown", whether ground outside an uploaded work area bears the tracks; None: no uploads.
        offer: hands a finished plan over; gives "" or why it is not taken.
        tell: a line for every station.
        make: the executor of one planning run.
    """

    def __init__(
        self,
        config: VehicleConfig,
        datum: LocalFrame,
        folder: Path,
        outside: str | None,
        offer: Callable[[Plan], str],
        tell: Callable[[str], None],
        make: Callable[[], Executor] | None = None,
    ) -> None:
        self._config, self._datum, self._folder, self._outside = config, datum, folder, outside
        self._offer, self._tell = offer, tell
        self._make = make if make is not None else _own_process
        self._wanted: Wanted | None = None
        self._asked = asyncio.Event()
        self._count = 0

    @property
    def busy(self) -> bool:
        """A site is being planned."""
        return self._wanted is not None

    def propose(self, proposal: Proposed) -> str:
        """Called while an upload is judged: returns at once, "" where the site will be planned."""
        if self._outside is None:
            return NOT_DECLARED
        if self.busy:
            return "another site is being planned; wait for its plan"
        self._count += 1
        path = self._folder / f"upload-{self._count:03d}.geojson"
        wanted = Wanted(path, self._outside, self._datum, self._config)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(proposal.geojson()), encoding="utf-8")
        except OSError as refusal:
            return f"{path}: {(refusal.strerror or str(refusal)).lower()}"
        words = checked(wanted)
        if not words:
            self._wanted = wanted
            self._asked.set()
        return words

    async def run(self) -> None:
        """Plan what is asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            assert self._wanted is not None
            self._tell("Site taken, planning")
            self._tell(await self._answer(self._wanted))
            self._wanted = None

    async def _answer(self, wanted: Wanted) -> str:
        executor = self._make()
        try:
            async with asyncio.timeout(PLAN_TIMEOUT_S):
                plan = await asyncio.get_running_loop().run_in_executor(executor, planned, wanted)
        except InputError as refusal:
            return f"No plan: {str(refusal).removeprefix(f'{wanted.path}: ')}"
        except TimeoutError:
            return f"No plan within {PLAN_TIMEOUT_S:g} s; the old one holds"
        except Exception as error:  # noqa: BLE001  # a planner that breaks, or whose process dies, breaks no vehicle
            return f"No plan: the planner failed ({type(error).__name__}); the old one holds"
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
        words = self._offer(plan)
        return f"Plan not taken: {words}" if words else summary(plan)


def summary(plan: Plan) -> str:
    """One line for the operator."""
    lanes = sum(segment.kind is SegmentKind.SWATH for segment in plan.segments)
    left_m2 = sum(piece.area_m2 for piece in plan.untreatable)
    work = f"{plan.area_m2:.0f} m2 in {lanes} lanes, {plan.time_s / 60.0:.0f} min"
    return f"Plan {plan.plan_hash[:8]}: {work}, {left_m2:.0f} m2 left out with reasons"


def _own_process() -> Executor:
    # spawned, not forked: the vehicle's process holds sockets, threads and a real-time priority
    return ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
