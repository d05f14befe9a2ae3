"""The filter's covariance as six rows of plain floats: at 10 Hz and this size they cost a third of what arrays do.

Order of the state: east, north, yaw, gyro bias, belt slip, creep. All functions keep it symmetric to the last bit.
"""

from typing import TypeAlias

from vehicle.control.estimate_state import Covariance, Drift

Vector: TypeAlias = list[float]
Pairs: TypeAlias = list[tuple[float, float]]
"""Per state, against east and north of the antenna."""


def diagonal(variances: tuple[float, ...]) -> Covariance:
    """The covariance of independent states, from six variances, each in the square of its state's unit."""
    return tuple(tuple(v if i == j else 0.0 for j in range(6)) for i, v in enumerate(variances))


def carried(p: Covariance, drift: Drift, elapsed_s: float, walk: Vector) -> Covariance:
    """P = F P F' + Q over what was driven in `elapsed_s`; `walk` is the diagonal of Q.

    F is the identity and seven more entries, so it is written out instead of multiplied.
    """
    a, b, c = -drift.north_m, -drift.belt_east_m, drift.side_east_m  # east against yaw, slip, creep
    d, e, f = drift.east_m, -drift.belt_north_m, drift.side_north_m  # north
    p0, p1, p2, p3, p4, p5 = p
    half = (
        [x + a * y + b * z + c * w for x, y, z, w in zip(p0, p2, p4, p5, strict=True)],
        [x + d * y + e * z + f * w for x, y, z, w in zip(p1, p2, p4, p5, strict=True)],
        [x - elapsed_s * y for x, y in zip(p2, p3, strict=True)],
        p3,
        p4,
        p5,
    )
    rows = [
        [x0 + a * x2 + b * x4 + c * x5, x1 + d * x2 + e * x4 + f * x5, x2 - elapsed_s * x3, x3, x4, x5]
        for x0, x1, x2, x3, x4, x5 in half
    ]
    for i, variance in enumerate(walk):
        rows[i][i] += variance
    return _mirrored(rows)


def less(p: Covariance, gain: Vector, spread: Vector) -> Covariance:
    """P - K h' after one measured number: `gain` K (6), `spread` h = P H' (6)."""
    return _mirrored([[x - k * h for x, h in zip(row, spread, strict=True)] for row, k in zip(p, gain, strict=True)])


def less_pair(p: Covariance, gain: Pairs, spread: Pairs) -> Covariance:
    """P - K h' after two numbers measured together: `gain` K and `spread` h = P H', (6, 2) each."""
    rows = zip(p, gain, strict=True)
    return _mirrored([[x - k * u - m * v for x, (u, v) in zip(row, spread, strict=True)] for row, (k, m) in rows])


def _mirrored(rows: list[Vector]) -> Covariance:
    """The upper triangle counts: rounding must not make the two halves differ."""
    r0, r1, r2, r3, r4, r5 = rows
    r1[0], r2[0], r3[0], r4[0], r5[0] = r0[1], r0[2], r0[3], r0[4], r0[5]
    r2[1], r3[1], r4[1], r5[1] = r1[2], r1[3], r1[4], r1[5]
    r3[2], r4[2], r5[2] = r2[3], r2[4], r2[5]
    r4[3], r5[3], r5[4] = r3[4], r3[5], r4[5]
    return tuple(map(tuple, rows))
