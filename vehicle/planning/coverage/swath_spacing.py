"""Positions of the swaths of one direction: evenly spaced, at the offset with the lowest cost."""

import numpy as np

from vehicle.contracts.plan_times import sweep_speed_mps
from vehicle.planning.coverage.job import PlanJob
from vehicle.planning.coverage.route import swath_change_s
from vehicle.planning.coverage.swath_candidates import SwathField
from vehicle.planning.coverage.swath_intervals import swath_intervals

COUNT_MAX_FOR_SEARCH = 60
"""Up to this many swaths eight offsets are tried, else two: a better one saves less than one swath in sixty."""


def swath_lines(field: SwathField, job: PlanJob) -> tuple[np.ndarray, float]:
    """Lines of the swaths across the field, shape (n,) [m], and the half width that each of them covers [m]."""
    _, y0, _, y1 = field.uncovered.bounds()
    pitch_m = job.reach.width_m - job.settings.overlap_at_m(field.theta_rad)
    count = max(1, int(np.ceil((y1 - y0) / pitch_m - 1e-9)))
    spare_m = count * pitch_m - (y1 - y0)
    tries = 8 if count <= COUNT_MAX_FOR_SEARCH else 2
    shifts_m = np.linspace(0.0, spare_m, tries)[:, None]
    y_m = y0 - shifts_m + pitch_m * (np.arange(count) + 0.5)
    costs_s = _costs_s(field, y_m, 0.5 * pitch_m, job)
    return y_m[int(np.argmin(costs_s > costs_s.min() + 1e-6))], 0.5 * pitch_m


def _costs_s(field: SwathField, y_m: np.ndarray, answer_m: float, job: PlanJob) -> np.ndarray:
    """Return (tries,) times [s] of swaths at (tries, n) ordinates without obstacles: sweeps and changes."""
    rows = swath_intervals(field.uncovered, y_m.ravel(), answer_m, field.x0_m, field.x1_m)
    ends_m = 2.0 * job.settings.end_at_m(field.theta_rad) + job.settings.run_in_m
    change_s, speed_mps = swath_change_s(job.machine, job.reach), sweep_speed_mps(job.machine)
    row_s = [sum((high - low + ends_m) / speed_mps + change_s for low, high in row) for row in rows]
    return np.asarray(np.array(row_s).reshape(y_m.shape).sum(axis=1))
