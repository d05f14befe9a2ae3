"""A plan for a task: `plan_site` for the whole area, or for the strips of a survey with the rest listed."""

import msgspec
import numpy as np
import shapely

from vehicle.contracts.plan import MachineFootprint, Plan, Untreatable, UntreatableReason
from vehicle.contracts.task_role import SurveyFacts, TaskFacts
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.coverage.closing import area_m2_of, plan_hash_of
from vehicle.planning.coverage.ground import MARGIN_UNKNOWN_M
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.site.site import Site
from vehicle.planning.task.strips import Strips, strips_of
from vehicle.planning.task.wish import TaskWish

SLIVER_M2 = 1e-4


def plan_task(
    site: Site, machine: MachineFootprint, settings: PlanSettings, wish: TaskWish, limit: WorkLimit | None = None
) -> Plan:
    """Return the plan of a task. Raises InputError if site, machine and request do not fit.

    A survey works its strips and the ground around evidence. Ground between them does not bear tracks, even with safe
    ground outside. It is listed as `not_in_task`: the plan says nothing about it.
    """
    if not wish.is_survey:
        return with_task(plan_site(site, machine, settings, limit), site, wish)
    strips = strips_of(site, machine, settings, wish)
    part = strip_site(site, strips)
    ahead = msgspec.structs.replace(settings, direction_rad=strips.direction_rad)
    return with_task(plan_site(part, machine, ahead, limit), site, wish, strips)


def strip_site(site: Site, strips: Strips) -> Site:
    """Return the site with only the strips to be worked; ground that bears the tracks is unchanged."""
    bears = site.safe_ground
    if site.outside == "safe":
        x0, y0, x1, y1 = robust_overlay.union([site.work_area, site.keep_out, site.safe_ground]).bounds
        pad_m = 2.0 * MARGIN_UNKNOWN_M
        around = shapely.box(x0 - pad_m, y0 - pad_m, x1 + pad_m, y1 + pad_m)
        bears = robust_overlay.union([bears, robust_overlay.difference(around, site.work_area)])
    work = polygons_of(robust_overlay.intersection(strips.ground, site.work_area))
    return msgspec.structs.replace(site, work_area=work, safe_ground=polygons_of(bears), outside="unknown")


def with_task(plan: Plan, site: Site, wish: TaskWish, strips: Strips | None = None) -> Plan:
    """Return the plan with the facts of its task; for a survey also the whole area and the part outside the task."""
    listed, area_m2, survey = plan.untreatable, area_m2_of(site), None
    if strips is not None:
        listed = (*listed, *_rest(site, strips))
        survey = _facts(site, wish, strips)
    left_m2 = sum(row.area_m2 for row in listed)
    facts = TaskFacts(
        role=wish.role,
        share=max(0.0, 1.0 - left_m2 / area_m2) if area_m2 > 0.0 else 0.0,
        net_h_per_day=wish.net_h_per_day,
        stop_after_detonations=wish.stop_after_detonations,
        survey=survey,
    )
    told = msgspec.structs.replace(
        plan, task=facts, untreatable=listed, area_m2=area_m2, outside=site.outside, plan_hash=""
    )
    return msgspec.structs.replace(told, plan_hash=plan_hash_of(told))


def _rest(site: Site, strips: Strips) -> list[Untreatable]:
    """Return the work area outside the strips."""
    rest = robust_overlay.difference(site.work_area, robust_overlay.union([strips.ground, site.keep_out]))
    parts = [part for part in parts_of(polygons_of(rest)) if part.area > SLIVER_M2]
    return [
        Untreatable(reason=UntreatableReason.NOT_IN_TASK, rings_m=rings_of(part), area_m2=float(part.area))
        for part in parts
    ]


def _facts(site: Site, wish: TaskWish, strips: Strips) -> SurveyFacts:
    lonlat = np.array([(lon, lat) for lat, lon in wish.evidence_deg]).reshape(-1, 2)
    places = site.datum.enu_from_lonlat_array(lonlat)[:, :2] if len(lonlat) else np.empty((0, 2))
    return SurveyFacts(
        base_line_m=strips.base_m,
        spacing_m=strips.spacing_m,
        widths=wish.widths,
        strips=strips.count,
        length_m=wish.length_m,
        branch_m=wish.branch_m,
        evidence_m=tuple((float(east), float(north)) for east, north in places),
    )
