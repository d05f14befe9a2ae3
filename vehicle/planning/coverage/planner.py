"""From site and machine to a plan, in stages: job, ground, directions, passes, order, closing."""

import math
from dataclasses import replace

import numpy as np
import shapely

from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import MachineFootprint, Plan
from vehicle.planning.coverage.attempt import ORDER_SHARE, Attempt, attempt_in
from vehicle.planning.coverage.closing import area_m2_of, bound_s_of
from vehicle.planning.coverage.directions import best_directions, swath_cost_s
from vehicle.planning.coverage.ground_model import GroundModel, first_model
from vehicle.planning.coverage.headlands import has_room_for_pockets
from vehicle.planning.coverage.job import PlanJob, plan_job
from vehicle.planning.coverage.parking import check_parking
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.sweep_cells import Parted, SweepCell, parted
from vehicle.planning.coverage.tour import Tour
from vehicle.planning.coverage.trials import WITHOUT_POCKETS, Trial, trials_for, with_first
from vehicle.planning.coverage.work_limit import Stage, Work, WorkLimit
from vehicle.planning.site.site import Site

DIRECTIONS_MAX = 3
TRIES, TRIES_UNKNOWN = ((3e4, 3), (1e5, 2)), ((4e4, 3), (1e5, 2))
"""(area up to [m2], directions planned completely): for a few hectares this takes seconds and saves up to 10 %."""
NEAR_ESTIMATE = 1.015
"""Directions within this ratio of the best estimate are tried; on 22 small sites the best plan was within 1.1 %."""
NEAR_UNKNOWN = 1.1
"""The same with unknown ground outside: the estimate knows no closed ends, and counting them did not make it better."""
LEAST_GAINS, LEAST_GAIN_LARGE = ((3e4, 0.997), (1e5, 0.99)), 0.97
"""(area up to [m2], largest ratio of estimates, cells to one direction): up to it, a plan in cells is tried too."""
CLEAR_GAIN = 0.985
"""Only cells are planned if the ratio of estimates is below this."""
ALL_IN_ORDER_M2 = 3e4
NEAR_BEST = 1.01
"""Plans within this ratio of the best are ordered: ordering never changed the ranking of plans over 0.6 % apart."""
GOOD = 0.95
"""If a plan is this near to its bound, no other is tried."""
OPENING_LOOKS = 20
"""The first model of the ground takes about this many times as long as one query of all ground."""
CLOSING_PER_OPENING, CLOSING_SHARE = 3.0, 0.15
"""Closing takes up to 3 times as long as the first ground model (1,000 keep-outs) plus 0.15 of the passes' time."""


def plan_site(
    site: Site, machine: MachineFootprint, settings: PlanSettings | None = None, limit: WorkLimit | None = None
) -> Plan:
    """Return a plan with the six properties of `vehicle.contracts.plan`. Raises InputError where no plan is possible.

    When `limit` is reached, the plan so far is closed and the remaining ground is listed as `planning_time`. The limit
    counts work: the same limit ends the same plan at the same place, whatever else the computer does.
    """
    job = plan_job(site, machine, settings if settings is not None else PlanSettings(), limit)
    check_fit(site, machine)
    job.deadline.limit.at(Stage.GROUND, _nothing_driven)
    ground = opened_ground(job)
    check_parking(ground)
    directions = directions_for(ground)
    attempts = attempts_with_pockets if has_room_for_pockets(job) else attempts_in
    return best_in_order(attempts(ground, directions)).spared().closed()


def _nothing_driven() -> float:
    return 0.0


def opened_ground(job: PlanJob) -> GroundModel:
    """Return the ground before the first pass; closing repeats this geometry, so the limit reserves as much time."""
    limit = job.deadline.limit
    before_s = limit.spent_s()
    ground = first_model(job)
    corners = shapely.get_num_coordinates([*ground.closed.parts, *ground.first.barred()]).sum()
    limit.tell(Work.CORNERS, OPENING_LOOKS * int(corners))
    limit.keep(CLOSING_PER_OPENING * (limit.spent_s() - before_s), CLOSING_SHARE)
    return ground


def directions_for(ground: GroundModel) -> list[float]:
    """Return the directions [rad] with the lowest estimated cost, the best first."""
    job = ground.job
    return best_directions(ground.unswept.whole(), job.reach, job.settings, job.machine, DIRECTIONS_MAX)


def attempts_in(ground: GroundModel, directions: list[float]) -> list[Attempt]:
    """Return complete attempts, in cells and with each direction [rad] first, until one is good or time is up."""
    found, attempts = cells_for(ground), list[Attempt]()
    if found is not None:
        attempts += _attempt(ground, directions, found.cells)
        if attempts and (is_clear(found, ground) or attempts[-1].cut_short):
            return attempts
    whole = _attempt(ground, directions, most_s=most_s(attempts))
    if attempts and any(attempt.cut_short for attempt in whole):
        return attempts
    attempts += whole
    for turn in range(1, tries_for(ground, directions)):
        best = cheapest(attempts)
        if ground.job.deadline.limit() or is_good(best):
            break
        another = _attempt(ground, with_first(directions, turn), most_s=most_s(attempts))
        if any(attempt.cut_short for attempt in another):
            break
        attempts += another
    return attempts


def attempts_with_pockets(ground: GroundModel, directions: list[float]) -> list[Attempt]:
    """Return complete attempts on a field with room for pockets, and one without them: they do not pay everywhere.

    Directions [rad], the best first.
    """
    attempts: list[Attempt] = []
    for trial in trials_for(ground, directions, cells_for(ground), tries_for(ground, directions)):
        attempts = _tried(ground, trial, attempts)
    best = cheapest(attempts)
    return _tried(ground, Trial([best.direction_rad, *directions], WITHOUT_POCKETS, best.cells), attempts)


def _tried(ground: GroundModel, trial: Trial, attempts: list[Attempt]) -> list[Attempt]:
    """Return attempts with one more; without it if it cannot be kept, or if one is good or time is up."""
    if attempts and (not ground.job.deadline.limit.has_room(ORDER_SHARE) or is_good(cheapest(attempts))):
        return attempts
    opened = replace(ground, job=replace(ground.job, opening=trial.opening))
    made = _attempt(opened, trial.directions, trial.cells, most_s(attempts))
    return attempts if attempts and any(attempt.cut_short for attempt in made) else [*attempts, *made]


def is_good(attempt: Attempt) -> bool:
    """Whether an attempt is so near to its bound that no other is tried."""
    return bound_s_of(attempt.ground.job, attempt.tour.direction_rad) > GOOD * attempt.time_s


def most_s(attempts: list[Attempt]) -> float:
    """Return the cost [s] above which a further attempt can neither be kept nor put in order; it is then given up."""
    if not attempts:
        return math.inf
    best = cheapest(attempts)
    return best.cost_s * (NEAR_BEST if is_small(best) else 1.0) + 1.0


def is_small(attempt: Attempt) -> bool:
    """Whether the field is so small that all attempts near the best are put in order."""
    return area_m2_of(attempt.ground.job.site) <= ALL_IN_ORDER_M2


def _attempt(
    ground: GroundModel, directions: list[float], cells: tuple[SweepCell, ...] = (), most_s: float = math.inf
) -> list[Attempt]:
    """Make one attempt from the first ground, which is not changed; no attempt if it was given up at `most_s`."""
    attempt = attempt_in(ground.afresh(), Tour(ground.job.machine), directions, cells, most_s)
    return [] if attempt.given_up else [attempt]


def cells_for(ground: GroundModel) -> Parted | None:
    """Return cells with their own directions, if their closed-form cost says that a plan in cells may be best."""
    job = ground.job
    if job.settings.direction_rad is not None:
        return None
    found = parted(ground.unswept.whole(), job)
    area_m2 = area_m2_of(job.site)
    least = next((gain for limit_m2, gain in LEAST_GAINS if area_m2 <= limit_m2), LEAST_GAIN_LARGE)
    return found if len(found.cells) > 1 and found.cost_s < least * found.whole_s else None


def is_clear(found: Parted, ground: GroundModel) -> bool:
    """Whether the closed-form cost can decide alone; it underestimates closed and unknown ground."""
    open_all_round = ground.job.site.outside == "safe" and ground.first.kept_out.is_empty
    return found.cost_s < CLEAR_GAIN * found.whole_s and open_all_round


def tries_for(ground: GroundModel, directions: list[float]) -> int:
    """Number of directions [rad] to plan completely: on small fields, those with an estimate near the best."""
    job = ground.job
    costs_s = swath_cost_s(ground.unswept.whole(), np.array(directions), job.reach, job.settings, job.machine)
    unknown = job.site.outside == "unknown"
    ratio, tries_to = (NEAR_UNKNOWN, TRIES_UNKNOWN) if unknown else (NEAR_ESTIMATE, TRIES)
    near = int(np.count_nonzero(costs_s <= ratio * costs_s[0]))
    area_m2 = area_m2_of(job.site)
    return min(near, next((tries for limit_m2, tries in tries_to if area_m2 <= limit_m2), 1))


def cheapest(attempts: list[Attempt]) -> Attempt:
    """Return the cheapest attempt."""
    return min(attempts, key=lambda attempt: attempt.cost_s)


def best_in_order(attempts: list[Attempt]) -> Attempt:
    """Return the cheapest attempt after ordering: on a small field all near the best, on a large one only the best."""
    best = cheapest(attempts)
    if not is_small(best):
        return best.in_better_order()
    near = [attempt for attempt in attempts if attempt.cost_s <= NEAR_BEST * best.cost_s]
    return cheapest([attempt.in_better_order() for attempt in near])


def check_fit(site: Site, machine: MachineFootprint) -> None:
    """Check site and machine. Raises InputError if the machine cannot start on the site with any plan."""
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
    """Shorter side [m] of the smallest rectangle around a polygon."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(geometry))
    if len(corners) < 4:
        return 0.0
    return min(math.dist(corners[0], corners[1]), math.dist(corners[1], corners[2]))
