"""Where the lanes of one direction lie: the offset of their lattice that costs least over the ground in need."""

import numpy as np
import shapely

from vehicle.coverage.progress import Progress
from vehicle.coverage.route import lane_change_s
from vehicle.coverage.swaths import LaneField, spans

COUNT_MAX_FOR_SEARCH = 60
"""With more lanes than this a better offset saves less than one lane in sixty; two offsets are tried, else eight."""


def lane_lines(field: LaneField, progress: Progress) -> tuple[np.ndarray, float]:
    """(n,) lane ordinates and the half width each answers for."""
    _, y0, _, y1 = shapely.total_bounds(field.need)
    pitch_m = progress.reach.width_m - progress.settings.overlap_at_m(field.theta_rad)
    count = max(1, int(np.ceil((y1 - y0) / pitch_m - 1e-9)))
    spare_m = count * pitch_m - (y1 - y0)
    tries = 8 if count <= COUNT_MAX_FOR_SEARCH else 2
    best = (np.inf, np.empty(0))
    for shift_m in np.linspace(0.0, spare_m, tries):
        y_m = y0 - shift_m + pitch_m * (np.arange(count) + 0.5)
        cost_s = _cost_s(field, y_m, 0.5 * pitch_m, progress)
        if cost_s < best[0] - 1e-6:
            best = (cost_s, y_m)
    return best[1], 0.5 * pitch_m


def _cost_s(field: LaneField, y_m: np.ndarray, answer_m: float, progress: Progress) -> float:
    """Time of the lanes if nothing hindered them: their lengths and a change for each piece."""
    rows = spans(field.need, y_m, answer_m, field.x0_m, field.x1_m)
    ends_m = progress.settings.overlap_at_m(field.theta_rad) + progress.settings.run_in_m
    pieces = [span for row in rows for span in row]
    sweep_m = sum(high - low + ends_m for low, high in pieces)
    change_s = lane_change_s(progress.machine, progress.reach)
    return sweep_m / progress.machine.working_speed_mps + len(pieces) * change_s
