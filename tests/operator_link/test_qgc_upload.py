"""QGroundControl connects and uploads all: nothing times out, and the fence binds what is planned."""

import random
from pathlib import Path

import pytest
import shapely

from tests.builders import DATUM
from tests.operator_link.qgc_plan import QGroundControl, Row
from tests.operator_link.test_one_site import HALF
from tests.operator_link.test_site_planning import Planned
from tests.operator_link.test_transfer import FENCE, HOLE, MISSION, RALLY, at
from vehicle.contracts.plan import UntreatableReason
from vehicle.operator_link.items import survey
from vehicle.operator_link.proposal import ground_of
from vehicle.operator_link.transfer import Item
from vehicle.polygons.boundary import area_of

HOME = at(-5, -5, frame=0)


def qgc_survey(width_m: int, depth_m: int, spacing_m: int = 3, *, trigger_in_turns: bool) -> list[Row]:
    """As its survey tool builds it: HOME, transects there and back; the camera triggers in them, or in turns too."""
    on, off = {"command": 206, "frame": 2, "param1": 3.0}, {"command": 206, "frame": 2, "param1": 0.0}
    rows: list[Row] = [HOME]
    for number, north in enumerate(range(0, depth_m, spacing_m)):
        ends = (0, width_m) if number % 2 == 0 else (width_m, 0)
        first = number == 0 or not trigger_in_turns
        rows += [at(north, ends[0], frame=3), *([on] if first else []), at(north, ends[1], frame=3)]
        rows += [] if trigger_in_turns else [off]
    return [*rows, off] if trigger_in_turns else rows


def fenced(rows: list[Row]) -> list[Row]:
    """In its frame, GLOBAL."""
    return [{**row, "frame": 0} for row in rows]


@pytest.mark.long
@pytest.mark.parametrize("trigger_in_turns", [False, True])
def test_connect_upload_all_and_the_fence_binds(tmp_path: Path, trigger_in_turns: bool) -> None:
    made = Planned(tmp_path)
    station = QGroundControl(made.link)
    before = station.connect()
    assert [row["command"] for row in before[MISSION]].count(206) == 2
    assert before[FENCE] == before[RALLY] == []

    mission = qgc_survey(40, 21, trigger_in_turns=trigger_in_turns)
    fence, rally = fenced([*HALF, *HOLE]), [at(-5, 0, 5100, frame=3)]
    assert station.upload_all(mission, fence, rally) == [True, True, True]
    made.finish()
    plan = made.plans[-1]
    work = ground_of(plan)
    hole = shapely.Polygon([(8, 8), (12, 8), (10, 12)]).buffer(-0.2)
    assert shapely.intersection(work, shapely.box(15.5, -99, 99, 99)).area < 0.01
    assert shapely.intersection(work, hole).area < 0.01
    assert sum(row.area_m2 for row in plan.untreatable if row.reason is UntreatableReason.OUTSIDE_FENCE) > 400.0
    assert area_of(made.held[-1][1]).area == pytest.approx(35.0 * 50.0 - 8.0, rel=0.03)

    # what it reads back is what it sent, and that binds
    assert station.read(MISSION) == [
        {"command": row["command"], "frame": row["frame"], "x": row.get("x", 0), "y": row.get("y", 0)}
        | {"param1": row.get("param1", 0.0)}
        for row in mission
    ]
    assert [row["x"] for row in station.read(FENCE)] == [row["x"] for row in fence]
    assert len(station.read(RALLY)) == 1
    assert (station.errors, station.late) == ([], 0)


def test_uploading_a_plan_without_a_fence_takes_the_old_fence_away(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    station = QGroundControl(made.link)
    mission = qgc_survey(40, 21, trigger_in_turns=False)
    assert station.upload_all(mission, fenced(HALF), []) == [True, True, True]
    assert station.upload_all(mission, [], []) == [True, True, True]
    assert made.held[-1][1] == ()
    made.finish()
    assert UntreatableReason.OUTSIDE_FENCE not in {row.reason for row in made.plans[-1].untreatable}
    assert (station.errors, station.late) == ([], 0)


def test_an_empty_plan_and_remove_all_clear_the_mission(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    station = QGroundControl(made.link)
    assert station.write(MISSION, [])
    assert [row["command"] for row in station.read(MISSION)] == [16]
    assert station.upload_all(qgc_survey(40, 21, trigger_in_turns=False), fenced(HALF), []) == [True] * 3
    assert station.clear(MISSION)
    assert station.clear(FENCE)
    assert station.clear(RALLY)
    assert made.held[-1][0] is None
    made.finish()
    assert made.plans == []
    assert (station.errors, station.late) == ([], 0)


def test_a_refusal_reaches_the_screen_with_its_item(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    station = QGroundControl(made.link)
    assert station.write(MISSION, qgc_survey(40, 21, trigger_in_turns=False))
    far = fenced([{**row, "y": row["y"] + 100_000} for row in HALF])
    assert not station.write(FENCE, far)
    assert any("fence item 0:" in words for words in station.texts)
    assert station.read(FENCE) == []
    assert station.late == 0


def test_another_field_goes_up_once_the_old_fence_is_cleared(tmp_path: Path) -> None:
    made = Planned(tmp_path)
    station = QGroundControl(made.link)
    there = [qgc_survey(40, 21, trigger_in_turns=False), fenced(HALF)]
    elsewhere = [[{**row, "y": row["y"] + 100_000} if "y" in row else row for row in rows] for rows in there]
    assert station.upload_all(there[0], there[1], []) == [True, True, True]
    assert station.upload_all(elsewhere[0], elsewhere[1], []) == [False, False, True]
    assert any("clear it first" in words for words in station.texts)
    assert all(station.clear(kind) for kind in (MISSION, FENCE, RALLY))
    assert station.upload_all(elsewhere[0], elsewhere[1], []) == [True, True, True]


@pytest.mark.parametrize("seed", range(20))
def test_on_a_lossy_link_a_list_is_whole_or_the_old_one(tmp_path: Path, seed: int) -> None:
    """A tenth of all frames is lost: an upload ends, and afterwards all of it holds or nothing."""
    draws = random.Random(seed)
    made = Planned(tmp_path)
    station = QGroundControl(made.link, lambda: draws.random() < 0.1)
    mission = qgc_survey(40, 21, trigger_in_turns=False)
    before = made.link.link.lists.held(MISSION)
    done = station.write(MISSION, mission)
    held = made.link.link.lists.held(MISSION)
    assert held == before or len(held) == len(mission)
    assert not done or len(held) == len(mission)
    made.link.hear(9.0)  # nothing hangs
    assert not made.link.link.lists.uploading


def test_a_concave_survey_works_no_ground_beside_it() -> None:
    """An L in one long line with the tool on all the way: not the area round its corners."""
    shape = shapely.Polygon([(0, 0), (60, 0), (60, 20), (20, 20), (20, 60), (0, 60)])
    line: list[tuple[float, float]] = []
    for number in range(20):
        north = 1.5 + 3.0 * number
        run = [(0.0, north), (59.9 if north < 20.0 else 19.9, north)]
        line += run if number % 2 == 0 else run[::-1]
    corners = [Item(command=16, x=round(lat * 1e7), y=round(lon * 1e7)) for lat, lon in map(_degrees, line)]
    on = Item(command=206, frame=2, params=(3.0, 0.0, 0.0, 0.0))
    ground = survey((corners[0], corners[0], on, *corners[1:]), DATUM).ground
    assert shapely.difference(ground, shape).area < 0.06 * shape.area
    assert shapely.difference(shape, ground).area < 0.01 * shape.area


def _degrees(point: tuple[float, float]) -> tuple[float, float]:
    lat_deg, lon_deg, _ = DATUM.geodetic_from_enu(*point)
    return lat_deg, lon_deg
