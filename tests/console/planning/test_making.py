"""Plans for the page: nothing is assumed that has to be chosen, and what is shown is what the planner made."""

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely

from campaign.fault_scenario import swath_plan
from console.server.planning import making
from console.server.planning.handing_over import staged
from console.server.planning.making import PlanRequest, depth_of, planned
from console.server.planning.names import ASKED, SHOWN
from console.server.planning.sites import SiteRequest
from tests.console.node import passes
from vehicle.config.footprint import footprint
from vehicle.config.load import load_machine
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan
from vehicle.contracts.plan_times import times_of
from vehicle.planning.files.export import segment_poses
from vehicle.planning.site.site import load_site

pytestmark = pytest.mark.long
WALK = Path(__file__).parents[1] / "map" / "walk.test.mjs"
SMALL = Path(__file__).parents[3] / "configs" / "sites" / "small.geojson"


def nobody(_: float, __: str) -> None:
    """No progress is shown."""


def request(folder: Path, **changed: Any) -> PlanRequest:
    site = SiteRequest(path=str(SMALL), name="small.geojson")
    return PlanRequest(
        **{"site": site, "machine": "mematt", "folder": str(folder), "outside": "safe", "tripwires": "none", **changed}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("plan")
    told: list[tuple[float, str]] = []
    planned(request(made), lambda share, text: told.append((share, text)))
    assert told
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][0] < 1.0
    assert told[-1][1].endswith("s of at most 120 s")
    return made


def shown(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / SHOWN).read_bytes())
    return found


def plan_of(folder: Path) -> Plan:
    return msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)


def test_the_plan_is_the_planners_own_and_its_certificate_misses_nothing(folder: Path) -> None:
    found, plan = shown(folder), plan_of(folder)
    assert found["hash"] == plan.plan_hash
    assert found["whole"] is True
    assert {key: value for key, value in found["certificate"].items() if key.startswith("missed")} == dict.fromkeys(
        ("missed_nominal_m2", "missed_shrunk_m2", "missed_bitmap_m2", "missed_shrunk_bitmap_m2"), 0.0
    )
    assert found["unworkable_m2"] == pytest.approx(sum(row.area_m2 for row in plan.untreatable))
    assert found["turns"] + found["swaths"] <= len(found["segments"])


def test_times_of_the_segments_are_those_of_the_poses(folder: Path) -> None:
    plan, rows = plan_of(folder), shown(folder)["segments"]
    for segment, time, row in zip(plan.segments, times_of(plan.segments, plan.machine), rows, strict=True):
        poses = segment_poses(segment, time)
        assert row["wait_s"] + (poses[-1, 0] - poses[0, 0]) + row["settle_s"] == pytest.approx(row["takes_s"], abs=0.02)
        assert row["points"][-1] == pytest.approx(poses[-1, 1:3].tolist(), abs=1e-3)
    starts = [row["start_s"] for row in rows]
    assert starts == sorted(starts)
    assert rows[-1]["start_s"] + rows[-1]["takes_s"] == pytest.approx(plan.time_s, abs=0.1)


@pytest.mark.real
def test_the_page_walks_where_the_planner_says(folder: Path, tmp_path: Path) -> None:
    plan, start_s, poses = plan_of(folder), 0.0, []
    for segment, time in zip(plan.segments, times_of(plan.segments, plan.machine), strict=True):
        rows = segment_poses(segment, time)
        poses += [[start_s + t_s, east, north, yaw] for t_s, east, north, yaw in rows[1:-1:3].tolist()]
        start_s += time.whole_s
    assert len(poses) > 100
    path = tmp_path / "poses.json"
    path.write_text(json.dumps({"segments": shown(folder)["segments"], "poses": poses}))
    assert "# skipped 0" in passes(WALK, PLAN_POSES=str(path))


def test_overlap_is_what_the_strips_cover_twice(folder: Path) -> None:
    plan = plan_of(folder)
    strips = [making.strip_of(one, plan) for one in plan.segments if one.kind.value == "swath"]
    west, south, east, north = shapely.union_all(strips).bounds
    x, y = np.meshgrid(np.arange(west, east, 0.1) + 0.05, np.arange(south, north, 0.1) + 0.05)
    times = sum(shapely.contains_xy(strip, x, y).astype(int) for strip in strips)
    assert shown(folder)["overlap_m2"] == pytest.approx(float(np.maximum(times - 1, 0).sum()) * 0.01, rel=0.03)


def test_places_that_are_not_workable_carry_reason_and_a_point_inside(folder: Path) -> None:
    rows = shown(folder)["unworkable"]
    assert rows
    assert [row["area_m2"] for row in rows] == sorted((row["area_m2"] for row in rows), reverse=True)
    for row in rows:
        assert shapely.Polygon(row["rings"][0], row["rings"][1:]).contains(shapely.Point(row["at"]))
        assert row["reason"]


def test_the_site_file_stays_beside_its_plan(folder: Path) -> None:
    asked = msgspec.json.decode((folder / ASKED).read_bytes(), type=PlanRequest)
    assert Path(asked.site.path).parent == folder
    site = load_site(Path(asked.site.path), asked.outside, tripwires=asked.tripwires)
    assert site.site_hash == plan_of(folder).site_hash
    assert plan_of(folder).machine == footprint(load_machine("mematt"))


def test_what_is_staged_for_the_vehicle_holds_plan_and_site_whole(folder: Path, tmp_path: Path) -> None:
    assert staged(folder) == plan_of(folder).plan_hash
    content = json.loads(zlib.decompress((folder / "stage.z").read_bytes()))
    assert msgspec.convert(content["plan"], Plan) == plan_of(folder)
    assert base64.b64decode(content["site_base64"]) == SMALL.read_bytes()
    assert (content["outside"], content["tripwires"]) == ("safe", "none")
    with pytest.raises(InputError, match="plan it again"):
        staged(tmp_path)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"outside": None}, "Choose what the ground outside"),
        ({"outside": "fine"}, "Choose what the ground outside"),
        ({"tripwires": None}, "trip-wires"),
        ({"depth_m": 0.4}, "small.geojson says 0.15 m, the depth asked for says 0.4 m"),
        ({"depth_m": float("nan")}, "make them one value"),
        ({"overlap_m": 0.1}, "below 0.30 m the seams"),
        ({"overlap_m": 1.7}, "below the width of the tool, 1.7 m"),
        ({"limit_s": 0.0}, "up to an hour"),
        ({"machine": "nothing"}, "nothing"),
        ({"tool": "spoon"}, "spoon"),
    ],
)
def test_what_cannot_be_planned_is_one_sentence(changed: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence) as refusal:
        planned(request(tmp_path, **changed), nobody)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "plan.json").exists()


@pytest.mark.parametrize("depth_m", [0.26, 0.0, -0.1, float("nan"), float("inf")])
def test_a_depth_that_the_tool_does_not_reach_is_refused(depth_m: float) -> None:
    with pytest.raises(InputError, match=r"MEMATT works from 0\.01 m down to 0\.25 m"):
        making.check_depth(load_machine("mematt"), depth_m)


def test_a_depth_that_cannot_be_proven_is_refused() -> None:
    making.check_depth(load_machine("mematt"), 0.15)
    with pytest.raises(InputError, match=r"0\.25 m cannot be proven: "):
        making.check_depth(load_machine("mematt"), 0.25)


def test_the_least_overlap_is_the_planners_own_formula() -> None:
    least_m = {row["name"]: row["overlap_least_m"] for row in making.machines()}["mematt"]
    settings = making.settings_of(load_machine("mematt"), None, 0.15)
    in_any_direction_m = [settings.overlap_at_m(n * 0.01) for n in range(315)]
    assert least_m == pytest.approx(max(in_any_direction_m), abs=1e-4)


def test_a_plan_that_does_not_say_its_depth_is_no_plan_for_a_default() -> None:
    plan = swath_plan(load_machine("memat"))
    with pytest.raises(InputError, match="required depth"):
        depth_of(msgspec.structs.replace(plan, required_depth_m=None))
    assert depth_of(msgspec.structs.replace(plan, required_depth_m=0.12)) == 0.12
