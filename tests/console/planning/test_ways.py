"""The way to the parking and back from the record that the console holds; the record stays that of the work."""

import asyncio
import json
import math
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from console.client.view import ConsoleView, LinkState
from console.server.planning import ledger_file
from console.server.planning.making import PlanRequest, planned
from console.server.planning.names import ASKED, SHOWN, WORK
from console.server.planning.sites import SiteRequest
from console.server.planning.ways import WayAsked, WorkLeft, way_made, work_left
from tests.console.planning.test_record_desk import Room, link_of
from tests.console.planning.test_replanning import CELL_M, nobody, plan_of, worked
from tests.console.server.support import frame
from tests.planning.coverage.support import ring_lonlat
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.plan import Plan, SegmentKind, works
from vehicle.control.state import LedgerState

pytestmark = pytest.mark.long
SMALL = Path(__file__).parents[3] / "configs" / "sites" / "small.geojson"
PARKING_M = (0.0, -30.0)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small site with a parking point south of it, planned."""
    folder = tmp_path_factory.mktemp("made")
    doc = json.loads(SMALL.read_text())
    (at, _) = ring_lonlat([PARKING_M])
    mark = {"type": "Feature", "properties": {"role": "parking"}, "geometry": {"type": "Point", "coordinates": at}}
    doc["features"].append(mark)
    (folder / "drawn.geojson").write_text(json.dumps(doc))
    site = SiteRequest(path=str(folder / "drawn.geojson"), name="small.geojson")
    planned(PlanRequest(site=site, machine="mematt", folder=str(folder), outside="safe", tripwires="none"), nobody)
    return folder


def asked(folder: Path, work: WorkLeft, ledger: LedgerState, **changed: Any) -> WayAsked:
    folder.mkdir()
    plan = plan_of(Path(work.made))
    (folder / "record.bin").write_bytes(ledger_file.encoded(ledger, plan.plan_hash, CELL_M))
    whole = {"to": "parking", "work": work, "ledger": str(folder / "record.bin"), "folder": str(folder), **changed}
    return WayAsked(**whole)


def in_swath(plan: Plan, index: int, along_m: float) -> tuple[float, float, float]:
    """Pose in a segment of a plan."""
    segment = plan.segments[index]
    (x, y), yaw = segment.points_m[0], segment.yaw_start_rad
    return (x + along_m * math.cos(yaw), y + along_m * math.sin(yaw), yaw)


def last_swath(plan: Plan) -> int:
    return max(n for n, segment in enumerate(plan.segments) if segment.kind is SegmentKind.SWATH)


def test_there_and_back_to_the_middle_of_a_swath(made: Path, tmp_path: Path) -> None:
    work = plan_of(made)
    index, ledger = last_swath(work), worked(work, None)
    pose = in_swath(work, index, 3.0)
    there = asked(tmp_path / "there", WorkLeft(made=str(made), index=index), ledger, pose=pose)
    told = way_made(there, nobody)
    plan = plan_of(tmp_path / "there")
    assert told == {"hash": plan.plan_hash, "time_s": plan.time_s}
    assert not works(plan)
    assert json.loads((tmp_path / "there" / SHOWN).read_bytes())["to"] == "parking"
    left = work_left(tmp_path / "there")
    assert left == WorkLeft(made=str(made), index=index, at_work=True)
    (east_m, north_m), yaw = plan.segments[-1].points_m[-1], plan.segments[-1].yaw_end_rad
    back = asked(tmp_path / "back", left, ledger, to="work", pose=(east_m, north_m, yaw))
    way_made(back, nobody)
    end = plan_of(tmp_path / "back").segments[-1]
    swath = work.segments[index]
    assert math.remainder(end.yaw_end_rad - swath.yaw_start_rad, 2.0 * math.pi) == pytest.approx(0.0, abs=1e-6)
    assert math.dist(end.points_m[-1], swath.points_m[0]) <= math.dist(swath.points_m[0], swath.points_m[-1])
    assert (tmp_path / "back" / WORK).read_bytes() == (tmp_path / "there" / WORK).read_bytes()
    assert json.loads((tmp_path / "back" / ASKED).read_bytes())["machine"] == "mematt"


@pytest.mark.parametrize(("along_m", "at_work"), [(0.1, False), (1.0, True)])
def test_a_swath_counts_as_begun_beyond_its_start(made: Path, tmp_path: Path, along_m: float, at_work: bool) -> None:
    work = plan_of(made)
    index = last_swath(work)
    work_at = WorkLeft(made=str(made), index=index)
    way_made(asked(tmp_path / "there", work_at, worked(work, None), pose=in_swath(work, index, along_m)), nobody)
    left = work_left(tmp_path / "there")
    assert left is not None
    assert left.at_work is at_work


def test_what_cannot_be_is_refused_in_one_sentence(made: Path, tmp_path: Path) -> None:
    work = plan_of(made)
    ledger, pose = worked(work, None), in_swath(work, last_swath(work), 3.0)
    done = WorkLeft(made=str(made), index=len(work.segments))
    with pytest.raises(InputError, match="is done; there is no work to go back to"):
        way_made(asked(tmp_path / "done", done, ledger, to="work", pose=pose), nobody)
    with pytest.raises(InputError, match="it leads to parking or work"):
        way_made(asked(tmp_path / "home", done, ledger, to="home", pose=pose), nobody)
    with pytest.raises(InputError, match="no way over safe or swept ground"):
        way_made(asked(tmp_path / "bare", done, LedgerState(), pose=pose), nobody)


def test_the_record_is_of_the_work_while_a_way_is_on_the_vehicle(tmp_path: Path) -> None:
    room = Room(tmp_path)
    for name in ("p", "q"):
        (tmp_path / "plans" / name).mkdir(parents=True)
        (tmp_path / "plans" / name / "plan.json").write_text(json.dumps({"plan_hash": name}, separators=(",", ":")))
    left = WorkLeft(made=str(tmp_path / "plans" / "p"), index=7, at_work=True)
    (tmp_path / "plans" / "q" / WORK).write_bytes(msgspec.json.encode(left))
    room.record_of("q")
    assert asyncio.run(room.desk.replan({}))["made"] == left.made
    _, head = ledger_file.read(tmp_path / "record.bin")
    assert head.plan_hash == "p"
    way = asyncio.run(room.desk.way({"to": "work"}))
    assert (way["to"], way["work"]) == ("work", msgspec.to_builtins(left))
    shutil.rmtree(tmp_path / "plans" / "p")
    with pytest.raises(InputError, match="can no longer be read"):
        asyncio.run(room.desk.way({"to": "work"}))


@pytest.mark.parametrize(("phase", "index"), [(MissionPhase.PAUSED, 3), (MissionPhase.DONE, 9)])
def test_the_segment_in_which_the_work_is_left_is_noted(tmp_path: Path, phase: MissionPhase, index: int) -> None:
    room = Room(tmp_path)
    (tmp_path / "plans" / "q").mkdir(parents=True)
    (tmp_path / "plans" / "q" / "plan.json").write_text('{"plan_hash":"q"}')
    room.record_of("q")
    number = list(MissionPhase).index(phase)
    seen = frame(mode=int(Mode.DISARMED), segment_seq=3, segment_count=9, phase=number)
    room.link = link_of("a")
    room.link.view = ConsoleView(state=LinkState.OPEN, session=True, vehicle=seen)
    way = asyncio.run(room.desk.way({"to": "parking", "craters": [[1.0, 2.0]]}))
    assert way["work"] == {"made": str(tmp_path / "plans" / "q"), "index": index, "at_work": None}
    assert way["craters"] == [[1.0, 2.0]]
