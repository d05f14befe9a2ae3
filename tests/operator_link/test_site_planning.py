"""What comes by radio becomes one plan: judged at once, planned elsewhere, begun anew with each part, or refused."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
import shapely

from campaign.fault_scenario import FaultScenario, swath_plan
from campaign.sim_operator import Goal
from firmware_bridge.types import OperatorEdge
from tests.builders import DATUM, config
from tests.operator_link.exchange import Exchange, texts
from tests.operator_link.small_plan import small_plan
from tests.operator_link.test_one_site import AROUND, HALF, items
from tests.operator_link.test_transfer import FENCE, HOLE, MISSION, Row, at, moved, result, upload
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan, SegmentKind, UntreatableReason
from vehicle.host.own_process import OwnProcess
from vehicle.operator_link.fences import fence
from vehicle.operator_link.mission_upload import NO_MISSION, MissionUpload
from vehicle.operator_link.proposal import Proposal, collection, features, ground_of
from vehicle.planning.coverage.ground import kept_out
from vehicle.planning.site.site import load_site
from vehicle.polygons.boundary import Rings, area_of, rings_of
from vehicle.runtime import site_planning
from vehicle.runtime.own_site import OwnSite, planned_at_once, settings_of
from vehicle.runtime.site_in_making import made_of
from vehicle.runtime.site_planning import ASSUMED, NOT_DECLARED, PLANNING, SitePlanning, Wanted, planned

BIG = [
    row
    for swath in range(0, 24, 3)
    for row in (at(swath, 0), {"command": 206, "frame": 2, "param1": 3.0}, at(swath, 40), {"command": 206, "frame": 2})
]
FIELD = [at(0, 0), *BIG]
"""21 m by 40 m in swaths of a survey."""


def thread() -> Executor:
    return ThreadPoolExecutor(1)


class Planned:
    """A link in memory, planning behind it, and what was held and said."""

    def __init__(
        self,
        folder: Path,
        outside: str | None = "safe",
        *,
        own: OwnSite | None = None,
        bench: bool = False,
        make: Callable[[], Executor] = thread,
    ) -> None:
        self.held: list[tuple[Plan | None, Rings, str]] = []
        self.said: list[str] = []
        self.sending = 0
        self.place: tuple[float, float] | None = None
        self.planning = SitePlanning(
            config(), DATUM, folder, outside, self, self.said.append, own=own, bench=bench, make=make, settle_s=0.0
        )
        self.link = Exchange()
        if own is not None:
            self.link.desk = MissionUpload(DATUM, self.planning.propose, own.plan, own.ground)
        self.link.propose = self.planning.propose
        self.link.say("HEARTBEAT", type=6)
        self.link.hear()

    def hold(self, plan: Plan | None, boundary_m: Rings, words: str) -> None:
        self.held.append((plan, boundary_m, words))

    def uploading(self) -> bool:
        self.sending -= 1
        return self.sending >= 0

    def place_m(self) -> tuple[float, float] | None:
        return self.place

    @property
    def plans(self) -> list[Plan]:
        return [plan for plan, _, _ in self.held if plan is not None]

    def send(self, kind: int, rows: list[Row]) -> int:
        return result(upload(self.link, kind, rows))

    def finish(self) -> None:
        asyncio.run(self._done())

    async def _done(self) -> None:
        task = asyncio.create_task(self.planning.run())
        async with asyncio.timeout(240.0):
            while self.planning.busy:
                await asyncio.wait({task}, timeout=0.02)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_a_survey_becomes_a_plan_in_the_machines_own_frame(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    assert made.send(MISSION, FIELD) == 0
    assert made.held == [(None, (), PLANNING)]
    made.finish()
    (plan,) = made.plans
    assert plan.datum == DATUM
    assert any(segment.kind is SegmentKind.SWATH for segment in plan.segments)
    assert not plan.outside_assumed
    (path,) = tmp_path.glob("*.geojson")
    site = load_site(path, "safe", DATUM)
    assert plan.area_m2 == pytest.approx(site.work_area.difference(site.keep_out).area, rel=1e-6)
    assert plan.plan_hash[:8] in made.said[-1]


@pytest.mark.long
@pytest.mark.parametrize("order", [(MISSION, FENCE), (FENCE, MISSION)])
def test_the_fence_binds_the_survey_whatever_comes_first(tmp_path: Path, order: tuple[int, ...]) -> None:
    made = Planned(tmp_path)
    parts = {MISSION: FIELD, FENCE: [*HALF, *HOLE]}
    for kind in order:
        assert made.send(kind, parts[kind]) == 0
    made.finish()
    plan = made.plans[-1]
    hole = shapely.Polygon([(8, 8), (12, 8), (10, 12)]).buffer(-0.2)
    allowed = shapely.difference(shapely.box(-20.5, -20.5, 15.5, 30.5), hole)
    work = ground_of(plan)
    assert shapely.intersection(work, shapely.box(15.5, -50, 80, 80)).area < 0.01
    for segment in plan.segments:
        assert allowed.contains(shapely.LineString(segment.points_m).buffer(0.4))
    outside = [row for row in plan.untreatable if row.reason is UntreatableReason.OUTSIDE_FENCE]
    asked_m2 = 24.0 * 40.0
    left_m2 = sum(row.area_m2 for row in outside)
    assert shapely.intersection(work, hole).area < 0.01
    assert left_m2 == pytest.approx(25.0 / 40.0 * asked_m2, rel=0.03)
    assert plan.area_m2 + left_m2 + 8.0 == pytest.approx(asked_m2, rel=0.02)
    assert any("outside the fence" in words and f"{left_m2:.0f} m2" in words for words in made.said)
    boundary = area_of(made.held[-1][1])
    assert boundary.area == pytest.approx(35.0 * 50.0 - 8.0, rel=0.03)


def test_a_fence_alone_binds_at_once_and_nothing_is_planned(tmp_path: Path) -> None:
    made = Planned(tmp_path, outside=None)
    assert made.send(MISSION, []) == 0
    assert made.send(FENCE, AROUND) == 0
    assert not made.planning.busy
    plan, boundary_m, words = made.held[-1]
    assert (plan, words) == (None, NO_MISSION)
    assert area_of(boundary_m).area == pytest.approx(80.0 * 50.0, rel=0.02)
    assert list(tmp_path.iterdir()) == []


def test_clearing_the_mission_takes_the_plan_away_and_ends_its_planning(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    assert made.send(MISSION, FIELD) == 0
    assert made.send(MISSION, []) == 0
    assert made.held[-1] == (None, (), NO_MISSION)
    made.finish()
    assert made.plans == []


def test_a_plan_that_stays_within_the_fence_is_driven_as_it_is(tmp_path: Path) -> None:
    made = Planned(tmp_path, outside=None)
    assert made.send(FENCE, AROUND) == 0
    assert made.held[-1][0] == small_plan()
    assert not made.planning.busy


@pytest.mark.long
def test_parts_that_come_while_planning_begin_it_anew(tmp_path: Path) -> None:
    begun: list[Future[Plan]] = []
    ended: list[int] = []

    class Never(Executor):
        """A planner that is never done, but for the second one."""

        def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
            future: Future[Any] = Future()
            begun.append(future)
            if len(begun) == 2:
                future.set_result(fn(*args))
            return future

        def shutdown(self, *_: Any, **__: Any) -> None:
            ended.append(len(begun))

    made = Planned(tmp_path, make=Never)

    async def main() -> None:
        task = asyncio.create_task(made.planning.run())
        assert made.send(MISSION, FIELD) == 0
        while not begun:
            await asyncio.wait({task}, timeout=0.01)
        assert made.send(FENCE, HALF) == 0
        while made.planning.busy:
            await asyncio.wait({task}, timeout=0.01)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(main(), 240.0))
    assert ended == [1, 2]
    (plan,) = made.plans
    assert UntreatableReason.OUTSIDE_FENCE in {row.reason for row in plan.untreatable}


def test_nothing_is_planned_while_a_list_is_being_sent(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    made.sending = 5
    assert made.send(MISSION, FIELD) == 0
    made.finish()
    assert made.sending == -1
    assert len(made.plans) == 1


def test_without_a_word_on_the_ground_outside_no_survey_is_taken(tmp_path: Path) -> None:
    made = Planned(tmp_path, outside=None)
    heard = upload(made.link, MISSION, FIELD)
    assert result(heard) != 0
    assert any(NOT_DECLARED in words for words in texts(heard))
    assert "upload_outside" in NOT_DECLARED
    assert list(tmp_path.iterdir()) == []
    assert made.held == []


@pytest.mark.long
def test_on_a_bench_the_ground_outside_is_unknown_and_that_is_told_each_time(tmp_path: Path) -> None:
    made = Planned(tmp_path, outside=None, bench=True)
    for rows in (FIELD, FIELD[:9]):
        made.said.clear()
        assert made.send(MISSION, rows) == 0
        assert ASSUMED in made.said
    made.finish()
    (plan,) = made.plans
    assert plan.outside == "unknown"
    assert any(segment.kind is SegmentKind.SWATH for segment in plan.segments)


def test_unknown_ground_without_any_that_bears_is_refused(tmp_path: Path) -> None:
    made = Planned(tmp_path, outside="unknown")
    heard = upload(made.link, MISSION, FIELD)
    assert result(heard) != 0
    assert "bears the tracks" in "".join(texts(heard))


def test_what_the_site_reader_refuses_is_refused_with_the_upload(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    swaths = [at(0, 0), {"command": 206, "frame": 2, "param1": 3.0}, at(0, 20), {"command": 206, "frame": 2}]
    narrow = [at(0, 0), *swaths, *({**row, "x": row["x"] + 30} if "x" in row else row for row in swaths)]
    heard = upload(made.link, MISSION, narrow)
    assert result(heard) != 0
    assert "mission item 1" in " ".join(texts(heard))
    assert not made.planning.busy
    assert made.held == []


@pytest.mark.long
def test_no_pass_within_the_fence_is_no_plan(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    assert made.send(MISSION, FIELD) == 0
    tight = [at(5, 5, 5001, 4.0), at(5, 9, 5001, 4.0), at(9, 9, 5001, 4.0), at(9, 5, 5001, 4.0)]
    assert made.send(FENCE, tight) == 0
    made.finish()
    assert made.plans == []
    plan, boundary_m, words = made.held[-1]
    assert plan is None
    assert "No plan" in words == made.said[-1]
    assert area_of(boundary_m).area == pytest.approx(16.0, rel=0.05)


def test_what_the_planner_cannot_do_leaves_no_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Wanted) -> Plan:
        raise RuntimeError

    monkeypatch.setattr(site_planning, "planned", broken)
    made = Planned(tmp_path)
    assert made.send(MISSION, FIELD) == 0
    made.finish()
    assert made.plans == []
    assert made.held[-1][2] == "No plan: the planner failed (RuntimeError)"


def drill_with(plan_hash: str) -> tuple[FaultScenario, Plan]:
    drill = FaultScenario()
    drill.run(0.5)
    return drill, msgspec.structs.replace(swath_plan(drill.parts.config.machine), plan_hash=plan_hash)


@pytest.mark.long
def test_the_loop_changes_its_plan_while_disarmed_only() -> None:
    drill, plan = drill_with("another")
    loop = drill.process.loop
    elsewhere = msgspec.structs.replace(plan, datum=LocalFrame(12.3, 45.6, 0.0))
    assert "datum" in drill.plans.assign(drill.state, elsewhere)
    assert drill.plans.assign(drill.state, plan) == ""
    drill.run(0.04)
    assert loop.state.mission.plan == plan
    drill.drive(Goal.MANUAL, 0.2)
    assert drill.until((Mode.MANUAL,), 20.0)
    later = msgspec.structs.replace(plan, plan_hash="later")
    assert drill.plans.assign(drill.state, later) == ""
    drill.run(0.1)
    assert loop.state.waiting is not None
    assert loop.state.mission.plan is None, "a plan that is to be replaced is driven no more"
    drill.drive(Goal.REST, 0.0)
    for mode in (Mode.HOLD, Mode.DISARMED):
        drill.hands.pressed = OperatorEdge.DISARM
        assert drill.until((mode,), 20.0)
        drill.hands.pressed = OperatorEdge.NONE
        drill.run(0.2)
    drill.run(0.1)
    assert loop.state.mission.plan == later


def test_a_fence_leaves_the_job_of_the_same_plan_where_it_stands() -> None:
    drill, plan = drill_with("another")
    loop = drill.process.loop
    drill.plans.assign(drill.state, plan)
    drill.run(0.04)
    begun = msgspec.structs.replace(loop.state.mission, index=len(plan.segments) - 1, worked_along_m=1.5)
    loop.state = msgspec.structs.replace(loop.state, mission=begun)
    square = ((-100.0, -100.0), (100.0, -100.0), (100.0, 100.0), (-100.0, 100.0))
    drill.plans.assign(drill.state, plan, (square,))
    drill.run(0.04)
    assert loop.state.mission.index == begun.index
    assert loop.state.gate.fence is not None
    drill.plans.assign(drill.state, None, (square,))
    drill.plans.assign(drill.state, plan, (square,))
    drill.run(0.04)
    assert loop.state.mission.plan == plan


def test_a_plan_taken_away_lets_no_mission_start() -> None:
    drill, _ = drill_with("another")
    loop = drill.process.loop
    drill.plans.assign(drill.state, None)
    drill.run(0.04)
    assert loop.state.mission.plan is None
    drill.drive(Goal.MISSION, 0.0)
    assert not drill.until((Mode.AUTO_MOVE, Mode.AUTO_WORK), 12.0)
    assert drill.until((Mode.MANUAL,), 1.0)


def test_on_a_bench_the_way_from_where_it_stands_bears(tmp_path: Path) -> None:
    made = Planned(tmp_path, outside=None, bench=True)
    made.place = (-20.0, -10.0)
    assert made.send(MISSION, FIELD[:9]) == 0
    (path,) = tmp_path.glob("*.geojson")
    safe = load_site(path, "unknown", DATUM).safe_ground
    assert safe.contains(shapely.LineString([(-20.0, -10.0), (-3.0, -1.5)]).buffer(3.0))
    assert safe.area < 400.0


# --- the vehicle's own site ------------------------------------------------------------------------------------------
def own_site(folder: Path, *, plan: Plan | None = None, outside: str = "safe") -> OwnSite:
    """30 m by 20 m with a keep-out, safe ground in the west, and a slope that is too steep in a corner."""
    grounds = {
        "work_area": shapely.box(0, 0, 30, 20),
        "keep_out": shapely.box(14, 9, 16, 11),
        "safe_ground": shapely.box(-12, -5, 0, 25),
    }
    rows = [row for role, ground in grounds.items() for row in features(role, ground, DATUM)]
    rows += features("slope", shapely.box(27, 17, 30, 20), DATUM, slope_deg=60.0)
    path = folder / "own.json"
    path.write_text(json.dumps(collection(rows, outside=outside, tripwires="none")))
    place = load_site(path, None, DATUM)
    kept = kept_out(place, settings_of(config()))
    ground = place.work_area.difference(kept)
    return OwnSite(
        path=path,
        outside=None,
        base_frame="EPSG:4326",
        place=place,
        ground=ground,
        kept_out_m=rings_of(kept),
        plan=plan,
    )


@pytest.mark.long
def test_the_own_site_is_planned_after_the_start(tmp_path: Path) -> None:
    own = own_site(tmp_path)
    made = Planned(tmp_path / "uploads", own=own)
    made.planning.begin()
    plan, boundary_m, words = made.held[-1]
    assert (plan, words) == (None, PLANNING)
    assert not area_of(boundary_m).contains(shapely.Point(15, 10))  # its keep-outs bind before there is a plan
    made.finish()
    (plan,) = made.plans
    assert plan == planned_at_once(own, config())
    assert not (tmp_path / "uploads").exists()


@pytest.mark.long
@pytest.mark.parametrize("outside", ["safe", "unknown"])
def test_a_fence_binds_the_own_site(tmp_path: Path, outside: str) -> None:
    own = own_site(tmp_path, outside=outside)
    made = Planned(tmp_path / "uploads", outside=None, own=own)
    made.planning.begin()
    zone = [at(-8, -15, 5001, 4.0), at(-8, 12, 5001, 4.0), at(28, 12, 5001, 4.0), at(28, -15, 5001, 4.0)]
    items_ = items(zone)
    assert made.link.desk.lists.take(FENCE, items_) is None
    made.finish()
    (plan,) = made.plans
    left_m2 = sum(row.area_m2 for row in plan.untreatable if row.reason is UntreatableReason.OUTSIDE_FENCE)
    assert left_m2 == pytest.approx(18.0 * 20.0 - 4.0, rel=0.02)  # a keep-out is nobody's ground
    assert shapely.intersection(ground_of(plan), shapely.box(12.5, -50, 90, 90)).area < 0.01
    assert plan.outside == outside
    allowed = area_of(made.held[-1][1])
    assert allowed.contains(shapely.Point(5, 5))
    assert not allowed.contains(shapely.Point(20, 5))


@pytest.mark.long
def test_a_fence_that_is_cleared_gives_back_what_it_took(tmp_path: Path) -> None:
    """The plan within it leaves that ground out, and nobody is told so again."""
    own = own_site(tmp_path)
    made = Planned(tmp_path / "uploads", own=own)
    desk = made.link.desk
    half = [at(-8, -15, 5001, 4.0), at(-8, 12, 5001, 4.0), at(28, 12, 5001, 4.0), at(28, -15, 5001, 4.0)]
    wide = [at(-80, -80, 5001, 4.0), at(-80, 90, 5001, 4.0), at(90, 90, 5001, 4.0), at(90, -80, 5001, 4.0)]
    hole = [at(3, 20, 5002, 3.0), at(9, 20, 5002, 3.0), at(6, 26, 5002, 3.0)]

    task: asyncio.Task[None]

    async def plan_after(zones: list[Row]) -> Plan:
        count = len(made.plans)
        assert desk.lists.take(FENCE, items(zones)) is None
        while made.planning.busy or len(made.plans) == count:
            await asyncio.wait({task}, timeout=0.02)
        desk.set_plan(made.plans[-1])
        return made.plans[-1]

    async def main() -> list[Plan]:
        nonlocal task
        task = asyncio.create_task(made.planning.run())
        made.planning.begin()
        async with asyncio.timeout(240.0):
            found = [await plan_after(zones) for zones in (half, [], wide, hole, half, half[:0])]
        task.cancel()
        return found

    within, cleared, wider, holed, again, whole = asyncio.run(main())
    expected = planned_at_once(own, config())
    assert within == again
    assert within.area_m2 < 0.7 * expected.area_m2
    assert cleared == wider == whole == expected
    assert holed.area_m2 < expected.area_m2 - 15.0


def test_what_the_files_own_fence_takes_away_stays_listed(tmp_path: Path) -> None:
    own = own_site(tmp_path)
    place = msgspec.structs.replace(own.place, outside_fence=shapely.box(40, 0, 50, 20))
    corners = [at(-8, -15, 5001, 4.0), at(-8, 12, 5001, 4.0), at(28, 12, 5001, 4.0), at(28, -15, 5001, 4.0)]
    zone = fence(items(corners), DATUM)
    made = made_of(Proposal(datum=DATUM, zones=zone, own=True), msgspec.structs.replace(own, place=place), "safe")
    assert made.left.contains(shapely.box(41, 1, 49, 19))
    assert made.left.contains(shapely.box(20, 1, 29, 5))


def test_a_fence_that_leaves_nothing_of_the_own_site_is_refused_while_it_is_planned(tmp_path: Path) -> None:
    made = Planned(tmp_path / "uploads", own=own_site(tmp_path))
    made.planning.begin()
    far = items(moved([*AROUND], 900))
    refused = made.link.desk.lists.take(FENCE, far)
    assert refused is not None
    assert refused.index == 0
    assert made.planning.busy


@pytest.mark.parametrize(("feature", "worked_m2"), [("one", 400.0), ("other", 200.0)])
def test_the_feature_that_the_configuration_chooses_is_planned(tmp_path: Path, feature: str, worked_m2: float) -> None:
    grounds = {"one": shapely.box(0, 0, 20, 20), "other": shapely.box(60, 0, 80, 10)}
    rows = [row for name, ground in grounds.items() for row in features("work_area", ground, DATUM, name=name)]
    path = tmp_path / "two.geojson"
    path.write_text(json.dumps(collection(rows, outside="safe", tripwires="none")))
    chosen = f"name={feature}"
    place = load_site(path, None, DATUM, feature=chosen)
    own = OwnSite(
        path=path,
        outside=None,
        base_frame="EPSG:4326",
        place=place,
        ground=place.work_area,
        kept_out_m=(),
        feature=chosen,
    )
    made = Planned(tmp_path / "uploads", own=own)
    made.planning.begin()
    made.finish()
    assert made.plans[0].area_m2 == pytest.approx(worked_m2, rel=0.01)


@pytest.mark.long
def test_the_keep_outs_of_the_own_site_hold_for_a_survey_too(tmp_path: Path) -> None:
    made = Planned(tmp_path / "uploads", own=own_site(tmp_path))
    assert made.link.desk.lists.take(MISSION, items(FIELD)) is None
    made.finish()
    plan = made.plans[-1]
    assert shapely.intersection(ground_of(plan), shapely.box(14, 9, 16, 11)).area < 0.01
    assert not area_of(made.held[-1][1]).contains(shapely.Point(15, 10))


@pytest.mark.real
def test_a_process_of_its_own_plans_the_same(tmp_path: Path) -> None:
    made = Planned(tmp_path, make=OwnProcess)
    assert made.send(MISSION, FIELD) == 0
    made.finish()
    (path,) = tmp_path.glob("*.geojson")
    assert planned(Wanted(path=path, outside="safe", datum=DATUM, config=config())) == made.plans[0]


@pytest.mark.real
def test_a_process_that_is_ended_says_so() -> None:
    executor = OwnProcess()
    future = executor.submit(input)  # waits for a line that never comes, or ends at once without a terminal
    executor.shutdown()
    with pytest.raises((EOFError, OSError)):
        future.result(30.0)
