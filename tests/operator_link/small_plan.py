"""A plan small enough for a test in real time: drive up, one swath, done."""

import math

from tests.builders import config, plan, swath
from vehicle.config.vehicle import footprint
from vehicle.contracts.plan import Plan, Segment, SegmentKind

YAW_RAD = 0.4


def small_plan(transit_m: float = 3.0, swath_m: float = 6.0) -> Plan:
    """A move forward with the tool up, then a swath."""
    mid = (transit_m * math.cos(YAW_RAD), transit_m * math.sin(YAW_RAD))
    transit = Segment(
        seq=0,
        kind=SegmentKind.TRANSIT,
        tool_down=False,
        points_m=((0.0, 0.0), mid),
        yaw_start_rad=YAW_RAD,
        yaw_end_rad=YAW_RAD,
        speed_mps=0.25,
    )
    return plan((transit, swath(1, swath_m, YAW_RAD, mid)), footprint(config().machine))
