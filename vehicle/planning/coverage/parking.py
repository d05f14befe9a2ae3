"""Where the machine parks: points of role `parking` in the site, on safe ground, with room for tracks and tool."""

import math

import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.geometry import Ring
from vehicle.contracts.plan import Plan
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.coverage.ground import LEG_SLACK_M, swath_box, turned
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.settings import Goal
from vehicle.planning.coverage.standing import Mark
from vehicle.planning.site.site import Site
from vehicle.polygons.boundary import area_of

PARKING = "parking"
NO_PARKING = 'no parking point in it; draw a point of role "parking" on safe ground'
MARGIN_M = 0.01
"""Rounding between the keep-outs of a plan and those of its site."""
AWAY_MAX_M = 2_000.0
"""Largest distance of a parking point from the datum: no machine drives further to its parking."""


def parking_points(site: Site) -> tuple[Mark, ...]:
    """Return the points where the machine may park, in the order of the site file."""
    return tuple(mark for mark in site.marks if mark.role == PARKING)


def parking_goals(site: Site) -> tuple[Goal, ...]:
    """Return the parking points of a site. Raises InputError if it has none."""
    marks = parking_points(site)
    if not marks:
        raise InputError(f"{site.name}: {NO_PARKING}")
    return tuple(
        Goal(
            name=f"the parking at {mark.east_m:.1f} E {mark.north_m:.1f} N",
            east_m=mark.east_m,
            north_m=mark.north_m,
            yaw_rad=mark.yaw_rad,
        )
        for mark in marks
    )


def kept_out_since(work: Plan, site: Site) -> tuple[tuple[Ring, ...], ...]:
    """Return what the plan of the work keeps out beyond its site: craters and places that were marked meanwhile."""
    drawn = shapely.buffer(site.keep_out, MARGIN_M, join_style="mitre")
    more = polygons_of(robust_overlay.difference(area_of(work.keep_out_m), drawn))
    return tuple(rings_of(part) for part in parts_of(more))


def check_parking(ground: GroundModel) -> None:
    """Check the parking points of a site before any work.

    Raises:
        InputError: One is not on ground that bears the tracks, or leaves no room for the machine.
    """
    for mark in parking_points(ground.job.site):
        _check(mark, ground)


def _check(mark: Mark, ground: GroundModel) -> None:
    here, reach, machine = shapely.Point(mark.east_m, mark.north_m), ground.job.reach, ground.job.machine
    where = f"{mark.place}: the parking point {mark.east_m:.1f} E {mark.north_m:.1f} N"
    if math.hypot(mark.east_m, mark.north_m) > AWAY_MAX_M:
        raise InputError(f"{where} lies more than {AWAY_MAX_M:g} m away from the datum; check its coordinates")
    if bool(shapely.intersects(here, ground.first.closed).any()):
        raise InputError(f"{where} is not on safe ground that bears the tracks; move it")
    if mark.yaw_rad is None:
        rim_m = reach.pivot_solid_m + 1.0
        box = (mark.east_m - rim_m, mark.north_m - rim_m, mark.east_m + rim_m, mark.north_m + rim_m)
        if bool(shapely.intersects(here, ground.pivots(box, LEG_SLACK_M)).any()):
            raise InputError(
                f"{where} has no room to turn: {reach.pivot_ground_m:.1f} m of safe ground are needed all round it; "
                "move it, or write heading_deg for a bay that is driven into straight"
            )
        return
    x_m, y_m = (float(value) for value in turned(here, -mark.yaw_rad).coords[0])
    rear_m, tracks_m = reach.track_rear_m, reach.track_half_m
    front_m, tool_m = reach.ahead_m + reach.tool_long_m, reach.tool_half_m
    tracks = swath_box(mark.yaw_rad, x_m - rear_m, y_m - tracks_m, x_m + rear_m, y_m + tracks_m)
    whole = swath_box(mark.yaw_rad, x_m - machine.body_rear_m, y_m - tool_m, x_m + front_m, y_m + tool_m)
    on_closed = shapely.intersects(tracks, ground.first.closed).any()
    if bool(on_closed) or bool(shapely.intersects(whole, ground.first.barred()).any()):
        raise InputError(f"{where} has no room for the machine in its heading; move it, or change heading_deg")
