"""Headlands where they save time: strips across the swaths, in which the machine turns before closed swath ends.

The end of a swath is closed if the ground beyond it does not allow a pivot: at a keep-out, or at a boundary with
unknown ground outside. Reversing out of a swath costs its length at reverse speed. A headland of swaths along the
closed ends is worked first, so that the machine can turn in it. Rows of swaths with closed ends form chains. Dynamic
programming over the cost of both cuts a chain into runs with and without a headland. A headland follows the chord of
its run, so that it also lies along the edge.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import shapely

from vehicle.contracts.pace import line_s
from vehicle.contracts.plan_times import sweep_speed_mps
from vehicle.planning.coverage.ground import pivot_disc_m, rim_of_m, turned
from vehicle.planning.coverage.job import Opening, PlanJob
from vehicle.planning.coverage.phases import Swaths
from vehicle.planning.coverage.route import swath_change_s

STUB_S = 8.0
"""Extra cost of a stub beyond a headland: a second start and a half turn, besides its sweep and its way back."""
SEAM_S = 3.0
"""Cost of a row that ends at a headland: it overlaps the headland and has one more start or end."""
NOBODY_S = 600.0
"""Cost of a row closed at both ends without a headland: it must be worked in another way."""
BREAKS_MAX = 48
SLOPE_MAX = 4.0
"""A chord within 14 degrees of the swaths' direction gives no room to turn from them."""
ROOM_SPARE_M = 0.1
FLUSH_M = 1e-3
LOOK_M = 6.0
SPARE_M = 0.003


@dataclass(frozen=True)
class End:
    """A closed end of a row, mirrored if needed so that its headland is on the -x side."""

    row: int
    x_m: float
    y_m: float
    low_m: float
    back_s: float


@dataclass(frozen=True)
class Headland:
    """A headland: ENU direction of its swaths, and in that direction's frame their ordinates and their extent.

    `turning`: number of swaths in which the machine can turn if the outermost is worked, too.
    """

    theta_rad: float
    lines_m: tuple[float, ...]
    span_m: tuple[float, float]
    rows: tuple[int, int]
    turning: int


def headland_swaths(job: PlanJob, theta_rad: float) -> int:
    """Number of swaths in a headland, and in a column from which it starts: enough room for the machine to turn."""
    room_m = 2.0 * pivot_disc_m(job.reach) + ROOM_SPARE_M
    overlap_m = job.settings.overlap_at_m(theta_rad)
    return max(1, int(np.ceil((room_m - overlap_m) / pitch_of(job, theta_rad))))


def pitch_of(job: PlanJob, theta_rad: float) -> float:
    """Spacing [m] of neighbouring swaths in a direction."""
    return job.reach.width_m - job.settings.overlap_at_m(theta_rad)


def pocket_m(job: PlanJob, theta_rad: float) -> float:
    """How far [m] beyond a closed edge a pass must run, so that the machine can turn on the row along that edge."""
    if not job.opening.pockets:
        return 0.0
    return pivot_disc_m(job.reach) + 2.0 * SPARE_M - 0.5 * pitch_of(job, theta_rad)


def has_room_for_pockets(job: PlanJob) -> bool:
    """Whether the disc of a pivot on a row along a closed edge fits within the overrun."""
    with_pockets = replace(job, opening=Opening(pockets=True))
    rim_m = rim_of_m(job.site.overrun.agreed_m(job.settings.overrun_m), job.reach)
    return job.site.outside == "unknown" and pocket_m(with_pockets, 0.0) <= rim_m


def find_headlands(swaths: Swaths, job: PlanJob) -> list[Headland]:
    """Return headlands that are worth their cost for the closed ends of these swaths, by side."""
    headlands: list[Headland] = []
    for mirror in (1.0, -1.0):
        for chain in _chains(_closed_ends(swaths, job, mirror)):
            runs = _runs(chain, job, swaths.field.theta_rad)
            headlands.extend(_headland(chain[first : last + 1], swaths, job, mirror) for first, last in runs)
    return headlands


def _closed_ends(swaths: Swaths, job: PlanJob, mirror: float) -> list[End]:
    rows = {float(y): k for k, y in enumerate(swaths.y_m)}
    ends = []
    for piece in swaths.pieces:
        low, high = sorted((mirror * piece.uncovered[0], mirror * piece.uncovered[1]))
        if any(move.sign * mirror < 0.0 or not move.reverse for move in piece.moves):
            continue
        from_low = any(move.sign * mirror > 0.0 for move in piece.moves)
        back_s = (high - low) / job.machine.reverse_speed_mps if from_low else NOBODY_S
        ends.append(End(row=rows[piece.y_m], x_m=high, y_m=piece.y_m, low_m=low, back_s=back_s))
    return ends


def _chains(ends: list[End]) -> list[list[End]]:
    """Group the ends of consecutive rows whose pieces are side by side."""
    chains: list[list[End]] = []
    for end in sorted(ends, key=lambda e: (e.row, e.x_m)):
        fitting = [
            chain
            for chain in chains
            if chain[-1].row == end.row - 1 and min(chain[-1].x_m, end.x_m) > max(chain[-1].low_m, end.low_m)
        ]
        if fitting:
            min(fitting, key=lambda chain: abs(chain[-1].x_m - end.x_m)).append(end)
        else:
            chains.append([end])
    return chains


# --- which runs of a chain get a headland ----------------------------------------------------------------------------
def _runs(chain: list[End], job: PlanJob, theta_rad: float) -> list[tuple[int, int]]:
    """Divide a chain at its corners; return (first, last) of the runs that get a headland, both inclusive."""
    x, y = np.array([end.x_m for end in chain]), np.array([end.y_m for end in chain])
    low, back_s = np.array([end.low_m for end in chain]), np.array([end.back_s for end in chain])
    breaks = _breaks(x, y)
    without_s = np.r_[0.0, np.cumsum(back_s)]
    best_s, cut = {-1: 0.0}, {}
    for last in breaks:
        starts = [-1] + [b for b in breaks if b < last]
        best_s[last], cut[last] = min((best_s[b] + without_s[last + 1] - without_s[b + 1], (b, False)) for b in starts)
        for before in starts:
            run = slice(before + 1, last + 1)
            cost_s = best_s[before] + _headland_s(x[run], y[run], low[run], job, theta_rad)
            if cost_s < best_s[last]:
                best_s[last], cut[last] = cost_s, (before, True)
    runs, last = [], breaks[-1]
    while last >= 0:
        before, banded = cut[last]
        if banded:
            runs.append((before + 1, last))
        last = before
    return runs[::-1]


def _breaks(x: np.ndarray, y: np.ndarray) -> list[int]:
    """Return the rows at which runs may end: corners of the profile (Douglas-Peucker) and the last row."""
    rows = np.arange(len(x))
    line = shapely.LineString(np.column_stack([x, y])) if len(x) > 1 else None
    if line is None:
        return [0]
    for tolerance_m in (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0):
        kept = shapely.get_coordinates(shapely.simplify(line, tolerance_m))[:, 1]
        if len(kept) <= BREAKS_MAX:
            break
    corners = rows[np.isin(y, kept)][:BREAKS_MAX]
    return sorted({*(int(row) for row in corners if row > 0), len(x) - 1})


def _chord(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return (slope, offset) of the line x = slope y + offset along the ends of a run, moved inside all of them."""
    slope = (x[-1] - x[0]) / (y[-1] - y[0]) if len(x) > 1 else 0.0
    slope = max(-SLOPE_MAX, min(SLOPE_MAX, slope))
    return float(slope), float(np.min(x - slope * y))


def _headland_s(x: np.ndarray, y: np.ndarray, low: np.ndarray, job: PlanJob, theta_rad: float) -> float:
    """Cost [s] of a headland over a run: reversing out of its own swaths, stubs beyond it, a seam for each row."""
    machine, reach = job.machine, job.reach
    slope, offset_m = _chord(x, y)
    stretch = math.hypot(1.0, slope)
    count, pitch_m = headland_swaths(job, theta_rad), pitch_of(job, theta_rad)
    line = slope * y + offset_m
    if np.count_nonzero(line - count * pitch_m * stretch < low) > 0.3 * len(x):
        return math.inf
    length_m = (float(y[-1] - y[0]) + pitch_m) * stretch
    own_s = count * (swath_change_s(machine, reach) + line_s(length_m, machine.reverse_speed_mps, machine.pace))
    stub_m = x - line
    stubs_s = float(np.sum(stub_m / machine.reverse_speed_mps + STUB_S * np.minimum(1.0, stub_m)))
    seam_s = SEAM_S + 0.5 * reach.width_m * abs(slope) / sweep_speed_mps(machine)
    return own_s + stubs_s + seam_s * len(x)


# --- where a headland lies -------------------------------------------------------------------------------------------
def _headland(run: list[End], swaths: Swaths, job: PlanJob, mirror: float) -> Headland:
    """The first swath lies flush with the closed edge, the others follow inwards."""
    x, y = np.array([end.x_m for end in run]), np.array([end.y_m for end in run])
    slope, offset_m = _chord(x, y)
    along_rad = math.atan2(1.0, mirror * slope)
    ends_y = np.array([y[0] - swaths.answer_m, y[-1] + swaths.answer_m])
    ends = np.column_stack([mirror * (slope * ends_y + offset_m), ends_y])
    cos, sin = math.cos(along_rad), math.sin(along_rad)
    # no matrix product: its last digits depend on the processor
    span = sorted(float(x_m * cos + y_m * sin) for x_m, y_m in ends)
    edge_m = float(ends[0, 1] * cos - ends[0, 0] * sin)
    outward = -mirror  # in the headland's frame x runs along the rows' y: to its right (-y) the rows' x is larger
    frame = swaths.field.theta_rad + along_rad
    solid_m = _nearest_solid(swaths, frame, (span[0], span[1]), edge_m, outward)
    pitch_m, half_m = pitch_of(job, frame), 0.5 * job.reach.width_m
    unknown = job.site.outside == "unknown"
    first_m = edge_m - outward * 0.5 * pitch_m if solid_m is None else solid_m - outward * (half_m + FLUSH_M)
    turning = headland_swaths(job, frame)
    count = turning + int(unknown and solid_m is None)
    lines = tuple(first_m - outward * k * pitch_m for k in range(count))
    rim_m = pivot_disc_m(job.reach) - swaths.answer_m  # the machine also turns in the outermost rows
    span_m = (span[0] - rim_m, span[1] + rim_m)
    return Headland(theta_rad=frame, lines_m=lines, span_m=span_m, rows=(run[0].row, run[-1].row), turning=turning)


def _nearest_solid(
    swaths: Swaths, frame_rad: float, span: tuple[float, float], edge_m: float, outward: float
) -> float | None:
    """Return the ordinate of the nearest keep-out on the closed side of the headland's line, if there is one."""
    if not len(swaths.ground.solid):
        return None
    ends = sorted((edge_m, edge_m + outward * LOOK_M))
    window = shapely.box(span[0], ends[0], span[1], ends[1])
    near = swaths.solids.query(turned(window, frame_rad))
    touched = shapely.intersection(turned(swaths.ground.solid[np.sort(near)], -frame_rad), window)
    touched = touched[~shapely.is_empty(touched)]
    if not len(touched):
        return None
    _, y0, _, y1 = shapely.total_bounds(touched)
    return float(y0 if outward > 0.0 else y1)
