"""Which passes of a finished tour may have little ground of their own, or ends on ground of others: by samples.

An overlay for each pass would take longer than all samples together. Where one sample of an end is its own ground, the
pass cannot begin later, or end earlier, by enough to be worth a change.
"""

import numpy as np

from vehicle.contracts.plan_times import sweep_speed_mps
from vehicle.planning.coverage.ground import rotated
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.own_ground import OwnGround
from vehicle.planning.coverage.route import TourStop
from vehicle.planning.coverage.strips import CLAIM_SLACK_M

OWN_MAX_M2 = 1.5
"""Others that run on are not looked for if a pass has more ground of its own."""
SPARE_M = 0.01
"""A shortened pass begins and ends this far beyond its own ground."""
SAMPLE_M, SIDE_M = 0.3, 0.45
"""Samples of a strip: how far apart along it, and how far beside its axis, per width."""
COLUMNS, ACROSS, EDGE = 3, 11, 0.98
"""Samples of an end: columns up to the least change, how many in each, and how far out of half the width."""
EVEN_SHARE = 0.8
"""The least change of an end, of what saves the least time at even speeds: ramps of short legs save a little more."""


def little_own(passes: OwnGround, short: list[int]) -> list[int]:
    """Return those of some stops that may have little ground of their own."""
    width_m, rows = passes.ground.job.reach.width_m, []
    for k in short:
        stop = passes.stops[k]
        assert stop is not None, "asked before any is left out"
        low_m, high_m = sorted((stop.move.a_m, stop.move.b_m))
        x, y = np.meshgrid(np.arange(low_m, high_m, SAMPLE_M), np.linspace(-SIDE_M, SIDE_M, 5))
        rows.append(_places(stop, x.ravel(), y.ravel() * width_m))
    if not rows:
        return []
    owner = np.repeat(np.arange(len(short)), [len(row) for row in rows])
    alone = np.bincount(owner, passes.alone(np.concatenate(rows), claims=False), minlength=len(short))
    own_m2 = alone * SAMPLE_M * 0.2 * width_m
    return [k for k, area_m2 in zip(short, own_m2.tolist(), strict=True) if area_m2 <= 2.0 * OWN_MAX_M2]


def shared_ends(passes: OwnGround, saved_least_s: float) -> list[tuple[int, bool]]:
    """Return the starts and ends (True) of stops that may be moved inward by enough to save this time."""
    kept = [(k, stop) for k, stop in enumerate(passes.stops) if stop is not None]
    if not kept:
        return []
    machine = passes.ground.job.machine
    out_mps = min(machine.transit_speed_mps, machine.reverse_speed_mps)
    least_m = EVEN_SHARE * saved_least_s / (1.0 / sweep_speed_mps(machine) + 1.0 / out_mps)
    stops = [stop for _, stop in kept]
    own = np.logical_or(*(_own_ends(passes, stops, least_m, claims=claims) for claims in (False, True)))
    return [(kept[row][0], bool(end)) for row, end in np.argwhere(~own).tolist()]


def _own_ends(passes: OwnGround, stops: list[TourStop], least_m: float, *, claims: bool) -> np.ndarray:
    """Return (n, 2) bool: whether a sample up to this far inside the start, and the end, of n stops is its own."""
    rows = []
    for stop in stops:
        start_m, end_m, half_m = rims_m(passes.ground.job, stop, claims=claims)
        sides = (stop.move.a_m, stop.move.sign, start_m), (stop.move.b_m, -stop.move.sign, end_m)
        for at_m, inward, rim_m in sides:
            depths_m = rim_m + np.linspace(SPARE_M, least_m, COLUMNS)
            x, y = np.meshgrid(at_m + inward * depths_m, np.linspace(-EDGE, EDGE, ACROSS) * half_m)
            rows.append(_places(stop, x.ravel(), y.ravel()))
    alone = passes.alone(np.concatenate(rows), claims=claims).reshape(len(stops), 2, -1)
    return np.asarray(alone.any(axis=2))


def rims_m(job: PlanJob, stop: TourStop, *, claims: bool) -> tuple[float, float, float]:
    """Return how much [m] of a pass does not count at its start and its end, and half the width that counts.

    Nothing counts, not even as swept, before depth and speed are proven.
    """
    half_m = 0.5 * job.reach.width_m
    if not claims:
        return job.settings.run_in_m, 0.0, half_m
    end_m = job.settings.end_at_m(stop.theta_rad) - CLAIM_SLACK_M
    side_m = 0.5 * job.settings.overlap_at_m(stop.theta_rad) - CLAIM_SLACK_M
    return end_m + job.settings.run_in_m, end_m, half_m - side_m


def _places(stop: TourStop, x_m: np.ndarray, y_m: np.ndarray) -> np.ndarray:
    """Return places (n, 2) in ENU at (n,) distances along a stop's axis and beside it."""
    return rotated(np.column_stack([x_m, stop.y_m + y_m]), stop.theta_rad)
