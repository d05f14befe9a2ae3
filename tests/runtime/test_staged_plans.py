"""Plans that consoles hand over: taken when they are what they say, for this site, machine and datum; else refused."""

import asyncio
import base64
import json
import zlib
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
import shapely

from tests import builders
from tests.builders import DATUM, config
from tests.operator_link.small_plan import small_plan
from tests.operator_link.test_site_planning import own_site, thread
from vehicle.config.vehicle import footprint
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.plan import Plan, RecordSeal
from vehicle.operator_link.site_file import MachineFacts, site_file
from vehicle.operator_link.staging import CHECKING, REFUSED, TAKEN, SiteSource, packed_stage, read_stage
from vehicle.planning.coverage.closing import plan_hash_of
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import Goal, StartPose
from vehicle.planning.coverage.standing import Mark
from vehicle.planning.coverage.way_plan import WayRequest, way_plan
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.task.whole import agreed_role
from vehicle.polygons.boundary import Rings, area_of
from vehicle.runtime import staged_plans
from vehicle.runtime.own_site import OwnSite, settings_of
from vehicle.runtime.staged_plans import StagedPlans, areas_of, judge

pytestmark = pytest.mark.long


class Handed:
    """A console's plan of a site file, and the file by which it is handed over."""

    def __init__(self, folder: Path) -> None:
        self.own: OwnSite = own_site(folder)
        self.plan = plan_site(self.own.place, footprint(config().machine), settings_of(config()), WorkLimit(60.0))

    def data(self, plan: Plan | None = None, **other: Any) -> bytes:
        content = {
            "format": 1,
            "site_name": self.own.path.name,
            "site_base64": base64.b64encode(self.own.path.read_bytes()).decode(),
            "outside": self.own.outside,
            "plan": msgspec.to_builtins(plan if plan is not None else self.plan),
        }
        return zlib.compress(json.dumps(content | other).encode())


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Handed:
    return Handed(tmp_path_factory.mktemp("site"))


def test_a_plan_that_is_what_it_says_is_taken_and_keeps_out_what_its_site_does(handed: Handed, tmp_path: Path) -> None:
    found = judge(handed.data(), tmp_path, config(), DATUM, ())
    assert found.plan == handed.plan
    assert {area.role for area in found.areas} >= {"work_area"}
    assert not area_of(found.boundary_m).contains(shapely.Point(15.0, 10.0))
    assert area_of(found.boundary_m).contains(shapely.Point(5.0, 5.0))
    elsewhere = (((4.0, 4.0), (6.0, 4.0), (6.0, 6.0), (4.0, 6.0)),)
    kept = area_of(judge(handed.data(), tmp_path, config(), DATUM, elsewhere).boundary_m)
    assert not kept.contains(shapely.Point(5.0, 5.0))
    assert not kept.contains(shapely.Point(15.0, 10.0))
    shown = json.loads(zlib.decompress(site_file(found.plan, DATUM, {found.plan.site_hash: found.areas})))
    assert shown["hash"] == handed.plan.plan_hash
    assert len([one for one in shown["swaths"] if one["kind"] == "swath"]) >= 1
    assert shown["room_m"] is None
    assert json.loads(zlib.decompress(site_file(None, DATUM, {})))["hash"] is None


def test_consoles_are_shown_parking_points_and_benchmarks_of_the_site(handed: Handed) -> None:
    mark = Mark(
        role="parking", place="", east_m=2.0, north_m=-3.0, taken_down=False, keep_out=shapely.Polygon(), yaw_rad=None
    )
    site = msgspec.structs.replace(handed.own.place, marks=(mark,), benchmarks_m=((7.0, 8.0),))
    shown = json.loads(zlib.decompress(site_file(handed.plan, DATUM, {handed.plan.site_hash: areas_of(site)})))
    points = [(one["role"], one["point"]) for one in shown["areas"] if "point" in one]
    assert points == [("parking", [2.0, -3.0]), ("benchmark", [7.0, 8.0])]
    assert all("rings" in one for one in shown["areas"] if "point" not in one)


def test_a_way_is_taken_like_every_plan_also_where_the_site_is_surveyed(handed: Handed, tmp_path: Path) -> None:
    site = handed.own.place
    stands = handed.plan.segments[0]
    (east_m, north_m), yaw_rad = stands.points_m[0], stands.yaw_start_rad
    request = WayRequest(
        site_hash=site.site_hash,
        swept=(),
        pose=StartPose(east_m=east_m, north_m=north_m, yaw_rad=yaw_rad),
        goals=(Goal(name="parking", east_m=-12.0, north_m=-12.0),),
    )
    way = way_plan(site, footprint(config().machine), settings_of(config()), request)
    assert judge(handed.data(way), tmp_path, config(), DATUM, ()).plan == way
    surveyed = msgspec.structs.replace(site, task_role="technical_survey")
    assert agreed_role(surveyed, way) == "technical_survey"
    with pytest.raises(InputError, match="swaths apart"):
        agreed_role(surveyed, handed.plan)


def test_consoles_are_told_the_limits_and_what_a_swath_leaves_beside_it(handed: Handed) -> None:
    facts = MachineFacts(roll_max_deg=20.0, pitch_max_deg=25.0, withheld_m=0.02)
    shown = json.loads(zlib.decompress(site_file(handed.plan, DATUM, {}, facts)))
    assert shown["limits"] == {"roll_deg": 20.0, "pitch_deg": 25.0}
    assert shown["room_m"] == pytest.approx(handed.plan.certificate.cross_track_budget_m - 0.02)
    narrow = msgspec.structs.replace(facts, withheld_m=1.0)
    assert json.loads(zlib.decompress(site_file(handed.plan, DATUM, {}, narrow)))["room_m"] == 0.0
    assert json.loads(zlib.decompress(site_file(None, DATUM, {}, facts)))["limits"]["roll_deg"] == 20.0


def changed(plan: Plan, **other: Any) -> Plan:
    """The same with something else in it, and the hash that goes with it."""
    plan = msgspec.structs.replace(plan, **other)
    return msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))


def test_what_it_is_not_is_refused_in_one_line(handed: Handed, tmp_path: Path) -> None:
    plan = handed.plan
    missed = msgspec.structs.replace(plan.certificate, missed_shrunk_m2=1.0)
    other = msgspec.structs.replace(plan.machine, name="another", tool_width_m=1.0)
    for data, words in (
        (b"x", "no plan in it"),
        (zlib.compress(b"{}"), "no plan in it"),
        (handed.data(format=2), "format 2"),
        (handed.data(msgspec.structs.replace(plan, overlap_m=0.0)), "changed since it was made"),
        (handed.data(changed(plan, certificate=missed)), "m2"),
        (handed.data(changed(plan, site_hash="0" * 16)), "made for site"),
        (handed.data(changed(plan, machine=other)), "made for another"),
        (handed.data(changed(plan, required_depth_m=0.05)), "depth"),
        (handed.data(site_base64=base64.b64encode(b"{}").decode()), "not GeoJSON"),
    ):
        with pytest.raises(InputError) as refused:
            judge(data, tmp_path, config(), DATUM, ())
        assert words in str(refused.value), (words, str(refused.value))
        assert "\n" not in str(refused.value)
    with pytest.raises(InputError, match="datum"):
        judge(handed.data(), tmp_path, config(), LocalFrame(DATUM.lat_deg + 1e-4, DATUM.lon_deg, DATUM.alt_m), ())


def test_the_site_of_a_refused_plan_replaces_none_that_is_kept(handed: Handed, tmp_path: Path) -> None:
    """The same plan with another site file is refused; the file of the run is the ground of its record."""
    judge(handed.data(), tmp_path, config(), DATUM, ())
    (kept,) = tmp_path.iterdir()
    content = kept.read_bytes()
    assert content == handed.own.path.read_bytes()
    with pytest.raises(InputError, match="GeoJSON"):
        judge(handed.data(site_base64=base64.b64encode(b"{}").decode()), tmp_path, config(), DATUM, ())
    assert kept.read_bytes() == content
    judge(handed.data(), tmp_path, config(), DATUM, ())
    assert len(list(tmp_path.iterdir())) == 2


class Vehicle:
    """Holds what it is told to, or says why not."""

    def __init__(self, folder: Path, refuses: str = "", make: Callable[[], Executor] = thread) -> None:
        self.held, self.told, self.refuses = "", [], refuses
        self.taken: list[tuple[Plan, Rings]] = []
        self.areas: dict[str, Any] = {}
        self.sources: dict[str, SiteSource] = {}
        self.staged = StagedPlans(
            config(),
            DATUM,
            folder,
            self.hold,
            lambda: self.held,
            self.areas,
            self.sources,
            self.told.append,
            make=make,
        )

    def hold(self, plan: Plan, boundary_m: Rings) -> str:
        self.taken.append((plan, boundary_m))
        return self.refuses

    def hand(self, data: bytes) -> None:
        async def main() -> None:
            self.staged.take(data)
            task = asyncio.create_task(self.staged.run())
            async with asyncio.timeout(240.0):
                while not self.told:
                    await asyncio.wait({task}, timeout=0.02)
            task.cancel()

        asyncio.run(main())


def test_taken_is_what_the_vehicle_holds(handed: Handed, tmp_path: Path) -> None:
    vehicle = Vehicle(tmp_path)
    vehicle.hand(handed.data())
    assert vehicle.staged.staged.state == CHECKING
    vehicle.held = handed.plan.plan_hash
    assert (vehicle.staged.staged.state, vehicle.staged.staged.plan_hash) == (TAKEN, handed.plan.plan_hash)
    assert handed.plan.site_hash in vehicle.areas
    # every console may continue it: the vehicle gives it out as it came
    given = read_stage(packed_stage(handed.plan, vehicle.sources[handed.plan.site_hash]))
    assert given == read_stage(handed.data())


def test_a_refusal_is_told_with_its_words(handed: Handed, tmp_path: Path) -> None:
    vehicle = Vehicle(tmp_path, refuses="a station's mission is held")
    vehicle.hand(handed.data())
    assert (vehicle.staged.staged.state, vehicle.staged.staged.text) == (REFUSED, "a station's mission is held")
    other = Vehicle(tmp_path)
    other.hand(b"nothing")
    assert other.staged.staged.state == REFUSED
    assert other.taken == []


class Stuck(Executor):
    """Begins, and never ends by itself; `full`: the system takes no new thread."""

    def __init__(self, *, full: bool = False) -> None:
        self.full, self.ended = full, False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        del fn, args, kwargs
        if self.full:
            raise RuntimeError("can't start new thread")
        return Future()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        del wait, cancel_futures
        self.ended = True


def test_a_plan_whose_check_does_not_end_is_replaced_by_the_next_one(handed: Handed, tmp_path: Path) -> None:
    stuck, begun = Stuck(), asyncio.Event()

    def make() -> Executor:
        if begun.is_set():
            return thread()
        begun.set()
        return stuck

    vehicle = Vehicle(tmp_path, make=make)

    async def main() -> None:
        task = asyncio.create_task(vehicle.staged.run())
        vehicle.staged.take(handed.data())
        await begun.wait()
        vehicle.staged.take(handed.data())
        async with asyncio.timeout(240.0):
            while not vehicle.told:
                await asyncio.wait({task}, timeout=0.02)
        task.cancel()

    asyncio.run(main())
    assert stuck.ended
    assert vehicle.told == [f"Plan {handed.plan.plan_hash} handed over"]


@pytest.mark.parametrize(
    ("full", "words"), [(False, "its check took more than 0.01 s"), (True, "it could not be read (RuntimeError)")]
)
def test_a_check_that_does_not_end_or_cannot_begin_is_told_and_stops_no_vehicle(
    full: bool, words: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(staged_plans, "CHECK_S", 0.01)
    stuck = Stuck(full=full)
    vehicle = Vehicle(tmp_path, make=lambda: stuck)
    vehicle.hand(b"")
    assert stuck.ended
    assert vehicle.staged.staged.state == REFUSED
    assert words in vehicle.staged.staged.text


def test_a_plan_on_ground_of_another_vehicle_is_refused_with_its_words_and_the_one_before_stays(tmp_path: Path) -> None:
    """It had taken the plan away that was held, and was *being checked* for good."""
    state = builders.vehicle_state(config())
    taken: list[Plan] = []
    files = SimpleNamespace(areas={}, sources={}, taker=None)
    desk = SimpleNamespace(site=SimpleNamespace(survey=None))
    planning = SimpleNamespace(folder=tmp_path, take=lambda plan, _: taken.append(plan))
    made = staged_plans.staged_plans(
        cast("Any", SimpleNamespace(vehicle=config())),
        state,
        None,
        cast("Any", SimpleNamespace(files=files)),
        cast("Any", planning),
        cast("Any", desk),
        lambda _: None,
        now=lambda: state,
    )
    plan = msgspec.structs.replace(small_plan(), datum=state.datum, required_depth_m=config().mission.required_depth_m)
    assert made._hold(plan, ()) == ""
    other = msgspec.structs.replace(plan, rests_on=(RecordSeal(vehicle_id="another", seal="5" * 64),))
    assert "has not taken over" in made._hold(other, ())
    assert taken == [plan]
