"""From site and machine to a plan, as a pipeline: job, ground, directions, passes in them, order, closing."""

import math

import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint, Plan
from vehicle.planning.coverage.attempt import Attempt, attempt_in
from vehicle.planning.coverage.closing import area_m2_of, bound_s_of
from vehicle.planning.coverage.directions import best_directions, swath_cost_s
from vehicle.planning.coverage.ground_model import GroundModel, first_model
from vehicle.planning.coverage.job import PlanJob, plan_job
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.sweep_cells import Parted, SweepCell, parted
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.work_limit import Stage, Work, WorkLimit
from vehicle.planning.site.site import Site

DIRECTIONS_MAX = 3
TRIES = ((3e4, 3), (1e5, 2))
"""(area up to m2, directions planned in full): a plan of a few hectares takes seconds and saves up to a tenth."""
NEAR_ESTIMATE = 1.015
"""On 22 small sites the best plan never began with a direction whose estimate was more than 1.1 % above the best."""
LEAST_GAINS, LEAST_GAIN_LARGE = ((3e4, 0.997), (1e5, 0.99)), 0.97
"""(area up to m2, closed form of cells by that of one direction): cells are one more plan where it is at most this."""
CLEAR_GAIN = 0.985
"""Nothing but cells is planned where the closed form says so clearly."""
ALL_IN_ORDER_M2 = 3e4
NEAR_BEST = 1.02
"""A better order saved up to 8 % on them, but never turned round plans that were more than 0.6 % apart."""
GOOD = 0.95
"""A plan this near to its bound is not worth another."""
OPENING_LOOKS = 20
"""The first model of the ground takes some twenty times as long as one look at all of it."""
CLOSING_PER_OPENING, CLOSING_SHARE = 3.0, 0.15
"""Closing takes up to three times what the first model of the ground took (1,000 keep-outs), and up to 0.15 of the time
spent on the passes (fields with few keep-outs, whose passes are quickly planned)."""


def plan_site(
    site: Site, machine: MachineFootprint, settings: PlanSettings | None = None, limit: WorkLimit | None = None
) -> Plan:
    """A plan with the six properties of `vehicle.contracts.plan`. Raises InputError if site and machine do not fit.

    When `limit` is reached, the plan so far is closed and the remaining ground is listed as `planning_time`. The limit
    counts work: the same limit ends the same plan at the same place, whatever else the computer does.
    """
    job = plan_job(site, machine, settings if settings is not None else PlanSettings(), limit)
    check_fit(site, machine)
    job.deadline.limit.at(Stage.GROUND, _nothing_driven)
    ground = opened_ground(job)
    directions = directions_for(ground)
    attempts = attempts_in(ground, directions)
    best = best_in_order(attempts)
    return best.closed()


def _nothing_driven() -> float:
    return 0.0


def opened_ground(job: PlanJob) -> GroundModel:
    """The ground before the first pass; closing is the same geometry once more, of which the limit keeps as much."""
    limit = job.deadline.limit
    before_s = limit.spent_s()
    ground = first_model(job)
    corners = shapely.get_num_coordinates([*ground.closed.parts, *ground.first.barred()]).sum()
    limit.tell(Work.CORNERS, OPENING_LOOKS * int(corners))
    limit.keep(CLOSING_PER_OPENING * (limit.spent_s() - before_s), CLOSING_SHARE)
    return ground


def directions_for(ground: GroundModel) -> list[float]:
    """The directions [rad] with the lowest estimated cost, the best first."""
    job = ground.job
    return best_directions(ground.unswept.whole(), job.reach, job.settings, job.machine, DIRECTIONS_MAX)


def attempts_in(ground: GroundModel, directions: list[float]) -> list[Attempt]:
    """Whole plans, in cells and each with another direction [rad] first, until one is good or time is up."""
    found, attempts = cells_for(ground), list[Attempt]()
    if found is not None:
        attempts.append(_attempt(ground, directions, found.cells))
        if is_clear(found, ground) or attempts[0].cut_short:
            return attempts
    whole = _attempt(ground, directions)
    if attempts and whole.cut_short:
        return attempts
    attempts.append(whole)
    for turn in range(1, tries_for(ground, directions)):
        best = cheapest(attempts)
        if ground.job.deadline.limit() or bound_s_of(ground.job, best.tour.direction_rad) > GOOD * best.time_s:
            break
        another = _attempt(ground, [directions[turn], *directions[:turn], *directions[turn + 1 :]])
        if another.cut_short:
            break
        attempts.append(another)
    return attempts


def _attempt(ground: GroundModel, directions: list[float], cells: tuple[SweepCell, ...] = ()) -> Attempt:
    """From the first ground on, which stays as it is."""
    return attempt_in(ground.afresh(), Tour(ground.job.machine), directions, cells)


def cells_for(ground: GroundModel) -> Parted | None:
    """Cells with a direction of their own, where their closed form says that a plan in them may be the best."""
    job = ground.job
    if job.settings.direction_rad is not None:
        return None
    found = parted(ground.unswept.whole(), job)
    area_m2 = area_m2_of(job.site)
    least = next((gain for limit_m2, gain in LEAST_GAINS if area_m2 <= limit_m2), LEAST_GAIN_LARGE)
    return found if len(found.cells) > 1 and found.cost_s < least * found.whole_s else None


def is_clear(found: Parted, ground: GroundModel) -> bool:
    """Whether the closed form can be trusted alone: closed and unknown ground cost more than it says."""
    open_all_round = ground.job.site.outside == "safe" and ground.first.kept_out.is_empty
    return found.cost_s < CLEAR_GAIN * found.whole_s and open_all_round


def tries_for(ground: GroundModel, directions: list[float]) -> int:
    """How many of the directions [rad] are planned completely: on small fields those with an estimate near the best."""
    job = ground.job
    costs_s = swath_cost_s(ground.unswept.whole(), np.array(directions), job.reach, job.settings, job.machine)
    near = int(np.count_nonzero(costs_s <= NEAR_ESTIMATE * costs_s[0]))
    area_m2 = area_m2_of(job.site)
    return min(near, next((tries for limit_m2, tries in TRIES if area_m2 <= limit_m2), 1))


def cheapest(attempts: list[Attempt]) -> Attempt:
    """The attempt that costs least."""
    return min(attempts, key=lambda attempt: attempt.cost_s)


def best_in_order(attempts: list[Attempt]) -> Attempt:
    """The cheapest once its stops are in order: on a small field all that are near the best, on a large one that."""
    best = cheapest(attempts)
    if area_m2_of(best.ground.job.site) > ALL_IN_ORDER_M2:
        return best.in_better_order()
    near = [attempt for attempt in attempts if attempt.cost_s <= NEAR_BEST * best.cost_s]
    return cheapest([attempt.in_better_order() for attempt in near])


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
            f"{site.name}: no ground bears the tracks at the start: the ground outside is unknown and no feature has "
            "the role safe_ground or access; draw one beside the work area, or declare outside = safe if it is"
        )


def min_width_m(geometry: shapely.Geometry) -> float:
    """Shorter side of the smallest rectangle around it."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(geometry))
    if len(corners) < 4:
        return 0.0
    return min(math.dist(corners[0], corners[1]), math.dist(corners[1], corners[2]))
