"""Planning the rest: missed cells, an interrupted swath, a task that continues after a break.

A request gives a result. The functions are pure and run outside the tick. The ledger's `swept` mask, less the position
error, bears the tracks. The ledger's gaps are to be worked. The six properties of a plan hold as for a first plan, from
the place where the machine stands.
"""

import math
from dataclasses import replace

import msgspec
import numpy as np
import shapely

from vehicle.contracts.detonation import CRATER_M
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint, Plan, Untreatable, UntreatableReason
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.attempt import Attempt, attempt_in
from vehicle.planning.coverage.ground import Opened, first_ground, mitre_buffer
from vehicle.planning.coverage.ground_model import GroundModel
from vehicle.planning.coverage.job import plan_job
from vehicle.planning.coverage.own_axis import gates_of, is_behind, places_to_turn
from vehicle.planning.coverage.path import PathBuilder
from vehicle.planning.coverage.planner import directions_for, opened_ground
from vehicle.planning.coverage.settings import PlanSettings, StartPose
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.site.site import Site
from vehicle.polygons.fences import mended

Rings = tuple[tuple[tuple[float, float], ...], ...]
"""A polygon: shell and holes as closed rings of (east, north) [m]."""


class ReplanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`missed`: ground to be worked (gaps of the ledger). `swept`: ground that bears the tracks (its swept mask).

    `craters` are keep-outs and are listed. `error_m`: error of position between old and new work, taken off the edge
    of `swept`.
    """

    request_id: int
    plan_hash: str
    site_hash: str
    missed: tuple[Rings, ...]
    swept: tuple[Rings, ...]
    pose: StartPose
    craters: tuple[Rings, ...] = ()
    error_m: float = 0.0


class ReplanResult(msgspec.Struct, frozen=True, kw_only=True):
    """The plan for the remaining ground, with the id of its request. `replaces`: hash of the plan that it continues."""

    request_id: int
    replaces: str
    plan: Plan


def replan(
    site: Site,
    machine: MachineFootprint,
    settings: PlanSettings,
    request: ReplanRequest,
    limit: WorkLimit | None = None,
) -> ReplanResult:
    """Plan the remaining ground. Raises InputError for a request of another site, or if the machine cannot leave."""
    check_site(request.site_hash, site)
    opened = Opened(swept=united(request.swept), craters=united(request.craters), error_m=request.error_m)
    job = plan_job(site, machine, settings, limit, opened)
    ground = opened_ground(job)
    rest = ground.within(replace(job, site=rest_of(site, request, job.settings.cell_m)))
    path = PathBuilder(machine, (request.pose.east_m, request.pose.north_m, request.pose.yaw_rad))
    if not len(rest.uncovered()):
        attempt = Attempt(rest, Tour(machine, path), tuple(path.segments), cut_short=False)
    else:
        # its own strip bears it regardless of the position error, because the tracks stand on it
        own = Opened(swept=opened.swept, craters=opened.craters, error_m=0.0)
        closed = first_ground(site, job.reach, job.settings, own)[0]
        leave_strip(path, rest, closed)
        here = path.pose[:2]
        strips = [(here, gate) for gate in gates_of(here, opened.swept, rest, closed)]
        attempt = attempt_in(rest, Tour(machine, path, np.array(strips).reshape(-1, 2, 2)), directions_for(rest))
    return ReplanResult(
        request_id=request.request_id, replaces=request.plan_hash, plan=attempt.in_better_order().closed()
    )


def crater(place_m: tuple[float, float], radius_m: float = CRATER_M) -> Rings:
    """Return the keep-out round the place of a large detonation: a ring outside its circle."""
    circle = shapely.Point(place_m).buffer(radius_m / math.cos(math.pi / 16.0), quad_segs=4)
    return (tuple((float(x), float(y)) for x, y in shapely.get_coordinates(circle.exterior)),)


def for_good(*plans: Plan) -> tuple[Untreatable, ...]:
    """Return what plans list as not workable; ground left only for lack of planning time belongs to the rest."""
    return tuple(row for plan in plans for row in plan.untreatable if row.reason is not UntreatableReason.PLANNING_TIME)


def rest_of(site: Site, request: ReplanRequest, cell_m: float) -> Site:
    """Return the site with only the missed ground to be worked, including all cells that it touches."""
    grown = polygons_of(mitre_buffer(united(request.missed), math.sqrt(2.0) * cell_m))
    asked = polygons_of(robust_overlay.intersection(grown, site.work_area))
    return msgspec.structs.replace(site, work_area=asked, outside_fence=shapely.Polygon())


def check_site(site_hash: str, site: Site) -> None:
    """Compare site hashes. Raises InputError if a plan or request names another site."""
    if site_hash != site.site_hash:
        raise InputError(
            f"the plan was made for site {site_hash}, this is {site.name} ({site.site_hash}): plan this site anew"
        )


def leave_strip(path: PathBuilder, model: GroundModel, closed_ground: shapely.Geometry) -> None:
    """Reverse, else drive forward, on the machine's own axis to the nearest place where it can turn.

    `closed_ground`: ground that the tracks may not use on that line. Raises InputError if there is no such place.
    """
    places = places_to_turn(path.pose, model, closed_ground)
    if not places:
        east, north, _ = path.pose
        raise InputError(
            f"the machine at {east:.1f} E {north:.1f} N has no way along its own line to ground where it can turn; "
            "drive it by stick to safe ground and plan again"
        )
    path.straight_to(places[0], reverse=is_behind(places[0], path.pose))


def united(polygons: tuple[Rings, ...]) -> shapely.Geometry:
    """Return all polygons of a request as one geometry; self-crossing ones are repaired by structure."""
    if not polygons:
        return shapely.Polygon()
    shapes = [mended(shapely.Polygon(rings[0], list(rings[1:]))) for rings in polygons]
    return polygons_of(robust_overlay.union(parts_of(polygons_of(shapely.GeometryCollection(shapes)))))
