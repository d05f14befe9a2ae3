"""A plan as mission files of ground stations: `.waypoints` (QGC WPL 110) and QGroundControl's `.plan`.

The items are the same that the operator link sends: HOME, the corners of the path, and before each change of the tool
one DO_SET_CAM_TRIGG_DIST, above 0 for tool down. A station that uploads such a file sends the vehicle's own plan back.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from vehicle.contracts.plan import Plan, corners_and_tool

WAYPOINT, TOOL = 16, 206
"""MAV_CMD_NAV_WAYPOINT; MAV_CMD_DO_SET_CAM_TRIGG_DIST, with which every station draws a survey's swaths."""
RELATIVE_ALT, MISSION = 3, 2
"""MAV_FRAME of a place, and of an item without one."""
ARDUPILOT, ROVER = 3, 10
"""MAV_AUTOPILOT and MAV_TYPE that the operator link reports."""
DIGITS = 7
"""Resolution of the protocol as a fraction of a degree: 1 cm."""


class MissionItem(msgspec.Struct, frozen=True):
    """One row of a mission; a tool change has no position: (0, 0)."""

    command: int
    frame: int
    tool: float
    lat_deg: float
    lon_deg: float


def mission_items(plan: Plan) -> tuple[MissionItem, ...]:
    """Return HOME at the datum, then the path: positions of the body origin, with tool changes between them."""
    steps = ((0.0, 0.0), *corners_and_tool(plan.segments))
    corners = [step for step in steps if not isinstance(step, bool)]
    lonlat = iter(plan.datum.lonlat_from_enu_array(corners).tolist())
    return tuple(
        MissionItem(TOOL, MISSION, float(step), 0.0, 0.0) if isinstance(step, bool) else _place(*next(lonlat))
        for step in steps
    )


def _place(lon_deg: float, lat_deg: float) -> MissionItem:
    return MissionItem(WAYPOINT, RELATIVE_ALT, 0.0, round(lat_deg, DIGITS), round(lon_deg, DIGITS))


def write_waypoints(plan: Plan, path: Path) -> None:
    """Write `QGC WPL 110`, which Mission Planner, MAVProxy and QGroundControl open."""
    lines = ["QGC WPL 110"]
    for number, item in enumerate(mission_items(plan)):
        head = (number, int(number == 0), 0 if number == 0 else item.frame, item.command)
        params = (f"{item.tool:g}", 0, 0, 0, f"{item.lat_deg:.{DIGITS}f}", f"{item.lon_deg:.{DIGITS}f}", 0, 1)
        lines.append("\t".join(str(value) for value in (*head, *params)))
    path.write_text("\n".join(lines) + "\n", encoding="ascii")


def write_plan(plan: Plan, path: Path, names: dict[str, Any] | None = None) -> None:
    """Write QGroundControl's own file: the same items for a rover; its home is no item. It ignores `names`."""
    home, *rows = mission_items(plan)
    speed_mps = plan.machine.transit_speed_mps
    mission = {
        "cruiseSpeed": speed_mps,
        "firmwareType": ARDUPILOT,
        "globalPlanAltitudeMode": 1,
        "hoverSpeed": speed_mps,
        "items": [_simple_item(number, item) for number, item in enumerate(rows, start=1)],
        "plannedHomePosition": [home.lat_deg, home.lon_deg, 0],
        "vehicleType": ROVER,
        "version": 2,
    }
    document = {
        "fileType": "Plan",
        "geoFence": {"circles": [], "polygons": [], "version": 2},
        "groundStation": "QGroundControl",
        "mission": mission,
        "rallyPoints": {"points": [], "version": 2},
        "version": 1,
        "flailpilot": names or {},
    }
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")


def _simple_item(number: int, item: MissionItem) -> dict[str, Any]:
    """Return an item; its yaw is `null`: not specified."""
    last = [item.tool, 0, 0, 0, 0, 0, 0] if item.command == TOOL else [0, 0, 0, None, item.lat_deg, item.lon_deg, 0]
    return {
        "autoContinue": True,
        "command": item.command,
        "doJumpId": number,
        "frame": item.frame,
        "params": last,
        "type": "SimpleItem",
    }
