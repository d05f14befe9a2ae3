"""Site and machine -> plan: the main swaths, then what they left, then the list of what nobody can reach."""

import hashlib
import math
from collections.abc import Callable
from typing import Any

import msgspec
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint, Plan, UntreatableReason
from vehicle.host.clock import TimeLimit
from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.certificate import certify, rings_of, sweeps_of, untreatable_of
from vehicle.planning.coverage.components import work_everything
from vehicle.planning.coverage.directions import across_safe_ground, best_directions
from vehicle.planning.coverage.ground import Opened
from vehicle.planning.coverage.order_improvement import improve_order
from vehicle.planning.coverage.path import segment_time_s
from vehicle.planning.coverage.progress import Progress, first_progress, never
from vehicle.planning.coverage.settings import PlanSettings, Reach, on_slopes, reach_of
from vehicle.planning.site.site import Site

DIRECTIONS_MAX = 3
FAN = 12
TRIES = ((3e4, 3), (1e5, 2))
"""(area up to m2, directions planned in full): a plan of a few hectares takes seconds and saves up to a tenth."""
ALL_IN_ORDER_M2 = 3e4
ORDER_MAX = 5_000
"""More stops stay in the order in which they were planned: the table of least times between them is 100 MB at this
number. Time is bounded by the limit of planning time; 120 s of it were worth 7 % of the hours of 3,079 stops."""
GOOD = 0.95
"""A plan this near to its bound is not worth another."""
ORDER_SHARE = 0.5
"""Which stop has to come before which takes about a third of what the passes took (150 ha, 50 keep-outs: 4.7 of
13.9 s): with less time left nothing would come of it."""
CLOSING_PER_OPENING, CLOSING_SHARE = 3.0, 0.15
"""Closing takes up to three times what the first books took (1,000 keep-outs), and up to 0.15 of the time spent on the
passes (fields with few keep-outs, whose passes are quickly planned)."""
BY_HAND = (UntreatableReason.NO_APPROACH, UntreatableReason.PLANNING_TIME, UntreatableReason.NARROWER_THAN_MACHINE)
BY_HAND_S_PER_M2 = 600.0
"""A weight, not a rate: no plan gains by leaving ground to be worked by hand."""
LEFT_M2 = 2.0
"""A part smaller than this is a corner at a keep-out, for which the direction of the swaths is no help."""


def plan_site(
    site: Site, machine: MachineFootprint, settings: PlanSettings | None = None, out_of_time: Callable[[], bool] = never
) -> Plan:
    """A plan with the five properties of design.md section 6. Raises InputError where site and machine do not fit.

    Once `out_of_time` says so the best plan so far is closed, and ground not yet planned is listed as `planning_time`;
    a `TimeLimit` is told to keep time for that.
    """
    wishes = on_slopes(settings if settings is not None else PlanSettings(), site.slopes)
    reach = reach_of(machine, wishes, site.tripwires)
    check_fit(site, machine)
    progress = opened_books(site, machine, wishes, reach, out_of_time)
    directions = directions_for(progress)
    work_in_directions(progress, directions)
    tries = tries_for(area_m2_of(site), len(directions))
    if tries == 1:
        return finished_in_order(progress)
    tried = [(finished(progress), progress)]
    for turn in range(1, tries):
        best = min(tried, key=_cost_of)[0]
        if out_of_time() or best.bound_s > GOOD * best.time_s:
            break
        progress = first_progress(site, machine, wishes, reach, out_of_time)
        work_in_directions(progress, [directions[turn], *directions[:turn], *directions[turn + 1 :]])
        if progress.cut_short:
            break
        tried.append((finished(progress), progress))
    return in_order(tried)


def opened_books(
    site: Site,
    machine: MachineFootprint,
    settings: PlanSettings,
    reach: Reach,
    out_of_time: Callable[[], bool],
    opened: Opened | None = None,
) -> Progress:
    """The first books; closing them is the same geometry once more, and time for that is kept back from the limit."""
    if not isinstance(out_of_time, TimeLimit):
        return first_progress(site, machine, settings, reach, out_of_time, opened)
    before_s = out_of_time.spent_s()
    progress = first_progress(site, machine, settings, reach, out_of_time, opened)
    out_of_time.keep(CLOSING_PER_OPENING * (out_of_time.spent_s() - before_s), CLOSING_SHARE)
    return progress


def in_order(tried: list[tuple[Plan, Progress]]) -> Plan:
    """The cheapest plan once its stops are put in order: of a small field every plan is, of a large one the best."""
    best, progress = min(tried, key=_cost_of)
    if progress.out_of_time():
        return best
    if best.area_m2 > ALL_IN_ORDER_M2:
        tried = [(best, progress)]
    return min((finished_in_order(progress) for _, progress in tried), key=cost_s)


def finished_in_order(progress: Progress) -> Plan:
    """The stops put in order where there is time and memory for it, and the books closed."""
    limit = progress.out_of_time
    room = not isinstance(limit, TimeLimit) or limit.has_room(ORDER_SHARE)
    if room and not progress.cut_short and len(progress.stops) <= ORDER_MAX:
        improve_order(progress)
    return finished(progress)


def area_m2_of(site: Site) -> float:
    """What is to be worked."""
    return float(robust_overlay.difference(site.work_area, site.keep_out).area)


def _cost_of(row: tuple[Plan, Progress]) -> float:
    return cost_s(row[0])


def directions_for(progress: Progress) -> list[float]:
    """The cheapest directions by estimate, the best first."""
    ground = progress.unswept.whole()
    return best_directions(ground, progress.reach, progress.settings, progress.machine, DIRECTIONS_MAX)


def tries_for(area_m2: float, directions: int) -> int:
    """On small fields the estimate of the best direction errs by several percent: whole plans are compared."""
    return min(directions, next((tries for limit_m2, tries in TRIES if area_m2 <= limit_m2), 1))


def cost_s(plan: Plan) -> float:
    """Time, and what is left without approach, which somebody has to work by hand."""
    left_m2 = sum(row.area_m2 for row in plan.untreatable if row.reason in BY_HAND)
    return plan.time_s + BY_HAND_S_PER_M2 * left_m2


def work_in_directions(progress: Progress, directions: list[float]) -> None:
    """The first direction for everything; what nobody can begin in it, other directions are tried on."""
    first, *others = directions
    others += [first + 0.5 * math.pi, *across_safe_ground(progress.site)]
    work_everything(progress, first)
    for direction in [*others, *(first + step * math.pi / FAN for step in range(1, FAN))]:
        if progress.over() or not (shapely.area(progress.unswept.parts) > LEFT_M2).any():
            return
        work_everything(progress, direction)


def finished(progress: Progress) -> Plan:
    """Close the books: what stays untreated and why, the certificate, the times, the name of the plan."""
    site, settings, machine = progress.site, progress.settings, progress.machine
    segments = tuple(progress.path.segments) if progress.path is not None else ()
    sweeps = sweeps_of(progress, segments)
    listed = untreatable_of(progress, sweeps)
    theta = progress.stops[0].theta_rad if progress.stops else 0.0
    area_m2 = area_m2_of(site)
    overlap_m = settings.overlap_at_m(theta)
    plan = Plan(
        datum=site.datum,
        site_hash=site.site_hash,
        plan_hash="",
        machine=machine,
        segments=segments,
        untreatable=listed,
        certificate=certify(progress, sweeps, listed),
        area_m2=area_m2,
        overlap_m=overlap_m,
        outside=site.outside,
        outside_assumed=site.outside_assumed,
        keep_out_m=rings_of(progress.kept_out),
        unproven_m=rings_of(progress.unproven),
        time_s=sum(segment_time_s(segment, machine) for segment in segments),
        bound_s=area_m2 / ((progress.reach.width_m - overlap_m) * machine.working_speed_mps),
        required_depth_m=settings.required_depth_m,
        required_depth_assumed=settings.required_depth_assumed,
    )
    return msgspec.structs.replace(plan, plan_hash=plan_hash_of(plan))


def is_whole(plan: Plan) -> bool:
    """Something is worked, nothing is missed by its certificate, and no ground is left for want of planning time."""
    return (
        bool(plan.segments)
        and plan.certificate.missed_nominal_m2 <= 0.0
        and not any(row.reason is UntreatableReason.PLANNING_TIME for row in plan.untreatable)
    )


def check_certificate(plan: Plan) -> None:
    """Raises InputError for a plan that its own certificate does not prove."""
    proof = plan.certificate
    missed_m2 = (
        proof.missed_nominal_m2, proof.missed_shrunk_m2, proof.missed_bitmap_m2, proof.missed_shrunk_bitmap_m2,
    )  # fmt: skip
    for value_m2 in missed_m2:
        if not value_m2 <= 0.0:  # also for what is no number
            raise InputError(
                f"plan {plan.plan_hash}: its certificate says {value_m2:g} m2 are missed; plan the site anew"
            )
    if not plan.segments:
        reasons = ", ".join(sorted({row.reason.value for row in plan.untreatable})) or "no ground"
        raise InputError(f"plan {plan.plan_hash}: no pass in it, nothing could be worked ({reasons}); change the site")


def plan_hash_of(plan: Plan) -> str:
    """Names the plan: segments, site, machine and required depth, all of it; not the times spent on planning it."""
    named = msgspec.structs.replace(plan, plan_hash="")
    return hashlib.sha256(msgspec.json.encode(named)).hexdigest()[:16]


def check_fit(site: Site, machine: MachineFootprint) -> None:
    """Raises InputError where a machine cannot begin on a site, whatever the plan."""
    narrowest_m = min_width_m(site.work_area)
    if narrowest_m < machine.tool_width_m:
        raise InputError(
            f"{site.name}: the work area is {narrowest_m:.2f} m wide, the tool of {machine.name} "
            f"{machine.tool_width_m:.2f} m: wider than the field; choose a narrower machine"
        )
    if site.outside == "unknown" and site.safe_ground.is_empty:
        raise InputError(
            f"{site.name}: nothing bears the tracks at the start: the ground outside is unknown and no feature has the "
            "role safe_ground or access; draw one beside the work area, or declare outside = safe if it is"
        )


def min_width_m(geometry: Any) -> float:
    """Shorter side of the smallest rectangle around it."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(geometry))
    if len(corners) < 4:
        return 0.0
    return min(math.dist(corners[0], corners[1]), math.dist(corners[1], corners[2]))
