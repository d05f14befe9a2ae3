"""Plans for ground stations: what real programs read back is the plan, swath by swath, the tool's changes included."""

import json
from types import SimpleNamespace

import msgspec
import pytest
from pymavlink import mavutil, mavwp

from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.operator_link.items import items_of_plan, same_path, survey
from vehicle.operator_link.transfer import Item
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.files.stations import TOOL, WAYPOINT, mission_items, write_plan, write_waypoints
from vehicle.planning.site.site import load_site

FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
POST = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
SIMPLE_KEYS = {"autoContinue": bool, "command": int, "doJumpId": int, "frame": int, "params": list, "type": str}
MISSION_KEYS = {
    "cruiseSpeed": float, "firmwareType": int, "globalPlanAltitudeMode": int, "hoverSpeed": float, "items": list,
    "plannedHomePosition": list, "vehicleType": int, "version": int,
}  # fmt: skip


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    doc = document(feature("work_area", ring_lonlat(FIELD)), feature("keep_out", ring_lonlat(POST)), outside="safe")
    return plan_site(load_site(saved(tmp_path_factory.mktemp("site"), doc)), BENCH)


def wire_item(command, frame, tool, lat_deg, lon_deg):
    """As a station sends it."""
    at = (0, 0) if command == TOOL else (round(lat_deg * 1e7), round(lon_deg * 1e7))
    return Item(command=command, frame=frame, params=(tool, 0.0, 0.0, 0.0), x=at[0], y=at[1])


@pytest.mark.long
def test_waypoints_through_the_loader_of_mavproxy(plan, tmp_path):
    write_waypoints(plan, tmp_path / "plan.waypoints")
    loader = mavwp.MAVWPLoader()
    assert loader.load(str(tmp_path / "plan.waypoints")) == len(mission_items(plan))
    sent = [loader.wp(k) for k in range(loader.count())]
    assert [row.seq for row in sent] == list(range(len(sent)))
    back = tuple(wire_item(row.command, row.frame, row.param1, row.x, row.y) for row in sent)
    assert same_path(back, items_of_plan(plan))


def test_a_file_sent_back_is_the_plan_and_one_swath_less_is_not(plan):
    items = [wire_item(row.command, row.frame, row.tool, row.lat_deg, row.lon_deg) for row in mission_items(plan)]
    assert same_path(items, items_of_plan(plan))
    assert not same_path(items[:-3], items_of_plan(plan))
    assert survey(items, plan.datum).ground.area > 0.9 * plan.area_m2


def test_the_tool_is_down_on_swaths_and_only_there(plan):
    tool_down, here, swaths = False, None, []
    for row in mission_items(plan)[1:]:
        if row.command == TOOL:
            tool_down = row.tool > 0.0
            continue
        place = plan.datum.enu_from_lonlat_array([(row.lon_deg, row.lat_deg)])[0]
        if tool_down:
            assert here is not None
            swaths.append((*here, *place))
        here = place
    wanted = [(*s.points_m[0], *s.points_m[-1]) for s in plan.segments if s.tool_down]
    assert len(wanted) > 10
    assert swaths == [pytest.approx(swath, abs=0.02) for swath in wanted]


def test_plan_has_the_form_that_qgroundcontrol_reads(plan, tmp_path):
    write_plan(plan, tmp_path / "plan.plan")
    found = json.loads((tmp_path / "plan.plan").read_text(encoding="utf-8"))
    assert (found["fileType"], found["version"], found["groundStation"]) == ("Plan", 1, "QGroundControl")
    assert found["geoFence"] == {"circles": [], "polygons": [], "version": 2}
    assert found["rallyPoints"] == {"points": [], "version": 2}
    mission = found["mission"]
    assert {key: type(value) for key, value in mission.items()} == MISSION_KEYS
    assert mission["version"] == 2
    assert (mission["firmwareType"], mission["vehicleType"]) == (
        mavutil.mavlink.MAV_AUTOPILOT_ARDUPILOTMEGA,
        mavutil.mavlink.MAV_TYPE_GROUND_ROVER,
    )
    items = mission["items"]
    assert [item["doJumpId"] for item in items] == list(range(1, len(items) + 1))
    for item in items:
        assert {key: type(value) for key, value in item.items()} == SIMPLE_KEYS
        assert item["type"] == "SimpleItem"
        assert len(item["params"]) == 7
    rows = [SimpleNamespace(**item) for item in items]
    back = [
        wire_item(
            row.command,
            row.frame,
            row.params[0] if row.command == TOOL else 0.0,
            *(row.params[4:6] if row.command == WAYPOINT else (0.0, 0.0)),
        )
        for row in rows
    ]
    home = wire_item(WAYPOINT, 0, 0.0, *mission["plannedHomePosition"][:2])
    assert same_path([home, *back], items_of_plan(plan))


def test_a_plan_without_work_is_home_alone(plan, tmp_path):
    idle = msgspec.structs.replace(plan, segments=())
    write_waypoints(idle, tmp_path / "plan.waypoints")
    assert mavwp.MAVWPLoader().load(str(tmp_path / "plan.waypoints")) == 1
    write_plan(idle, tmp_path / "plan.plan")
    assert json.loads((tmp_path / "plan.plan").read_text(encoding="utf-8"))["mission"]["items"] == []
