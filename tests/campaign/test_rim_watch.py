"""Inv-6 from the true pose: only unknown ground beyond the rim counts."""

import math

import pytest
from shapely.geometry import Polygon, box

from campaign.invariants import Invariants
from campaign.rim_watch import RimWatch
from tests.builders import config
from vehicle.config.vehicle import footprint
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.site.rim import Overrun
from vehicle.planning.site.site import Site

MACHINE = footprint(config().machine)
FRONT_M = MACHINE.tool_ahead_m + 0.5 * MACHINE.tool_length_m


def site(outside: str = "unknown", overrun: Overrun | None = None) -> Site:
    return Site(
        name="square",
        datum=LocalFrame(40.0, 46.0),
        work_area=box(0.0, 0.0, 60.0, 60.0),
        keep_out=Polygon(),
        safe_ground=box(0.0, -20.0, 60.0, 0.0),
        access=Polygon(),
        outside=outside,
        overrun=overrun if overrun is not None else Overrun(),
    )


def told(ground: Site, east_m: float, north_m: float, yaw_rad: float) -> set[str]:
    watch = Invariants(MACHINE, ground.keep_out, 1.0, RimWatch(MACHINE, ground))
    watch.check_ground(east_m, north_m, yaw_rad, 1.0)
    return {breach.name for breach in watch.breaches}


def test_a_tool_beyond_the_rim_is_told() -> None:
    north = math.radians(90.0)
    assert told(site(), 30.0, 61.9 - FRONT_M, north) == set()
    assert told(site(), 30.0, 62.1 - FRONT_M, north) == {"tool_beyond_rim"}
    assert told(site(), 30.0, 63.0, north) == {"tool_beyond_rim", "track_beyond_rim"}


@pytest.mark.parametrize("ground", [site("safe"), site(overrun=Overrun(9.0, said=True))])
def test_what_the_site_allows_is_not(ground: Site) -> None:
    assert told(ground, 30.0, 68.9 - FRONT_M, math.radians(90.0)) == set()


def test_safe_ground_is_not_unknown() -> None:
    assert told(site(), 30.0, -10.0, math.radians(-90.0)) == set()
    assert told(site(), 30.0, -21.0 + FRONT_M, math.radians(-90.0)) == {"tool_beyond_rim"}
