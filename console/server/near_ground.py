"""How far unproven ground is from each track, from the plan's site and the console's copy of the record.

Bearing ground is judged as in the vehicle (`vehicle.control.ground.support`): outside the plan's unproven ground, or
swept since, or beside swept ground.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from console.server.ground import GroundMirror
from vehicle.contracts.frames import FloatArray
from vehicle.control.ground import raster, support

REACH_M: Final = 2.0
"""Ground further away is not searched: 2 m means 2 m or more."""
SPACING_M: Final = 0.2


class Stand(NamedTuple):
    """Position of the body's origin [m] and heading [rad, ENU]."""

    east_m: float
    north_m: float
    yaw_rad: float


class Unproven(NamedTuple):
    """Distance [m] from each track to the nearest unproven ground: 0 under the track, `REACH_M` for that or more."""

    left_m: float | None = None
    right_m: float | None = None


UNKNOWN: Final = Unproven()


class NearGround:
    """Computes the distances for one console; caches the edges of a site and the answer for a pose."""

    def __init__(self) -> None:
        self._site: dict[str, Any] | None = None
        self._edges_m: FloatArray | None = None
        self._asked: tuple[Stand, int, int] | None = None
        self._answer = UNKNOWN

    def look(self, site: dict[str, Any] | None, mirror: GroundMirror, stand: Stand | None) -> Unproven:
        """Return the distances; unknown if the site has no such data, or if record or pose is not fully known."""
        if site is not self._site:
            self._site, self._edges_m, self._asked = site, edges_of(site), None
        if self._edges_m is None or site is None or stand is None or not mirror.complete:
            return UNKNOWN
        asked = (stand, mirror.epoch, mirror.version)
        if self._asked != asked:
            self._asked = asked
            self._answer = unproven(self._edges_m, site["machine"], mirror, stand)
        return self._answer


def edges_of(site: dict[str, Any] | None) -> FloatArray | None:
    """Return edges (n, 4) of ground that did not bear when the plan was made; None if the site does not give it."""
    rings, machine = (site or {}).get("unproven"), (site or {}).get("machine")
    if rings is None or machine is None:
        return None
    found = [np.hstack((np.asarray(ring, float), np.roll(np.asarray(ring, float), -1, axis=0))) for ring in rings]
    return np.concatenate(found) if found else np.zeros((0, 4))


def unproven(edges_m: FloatArray, machine: dict[str, Any], mirror: GroundMirror, stand: Stand) -> Unproven:
    """Return distances for both tracks, from points on a grid around each; `edges_m` (n, 4): of unproven ground."""
    half_m, reach_m = machine["track_outer_width_m"] / 2.0, machine["track_length_m"] / 2.0
    ahead_m = _places(-reach_m - REACH_M, reach_m + REACH_M)
    aside_m = _places(SPACING_M / 2.0, half_m + REACH_M)
    ahead, aside = (grid.ravel() for grid in np.meshgrid(ahead_m, aside_m))
    beyond_m = np.hypot(np.maximum(np.abs(ahead) - reach_m, 0.0), np.maximum(aside - half_m, 0.0))
    return Unproven(*(_nearest(edges_m, mirror, stand, ahead, side * aside, beyond_m) for side in (1.0, -1.0)))


def _places(first_m: float, last_m: float) -> FloatArray:
    return np.linspace(first_m, last_m, math.ceil((last_m - first_m) / SPACING_M) + 1)


def _nearest(
    edges_m: FloatArray, mirror: GroundMirror, stand: Stand, ahead: FloatArray, left: FloatArray, beyond_m: FloatArray
) -> float:
    cos, sin = math.cos(stand.yaw_rad), math.sin(stand.yaw_rad)
    places_m = np.stack((stand.east_m + ahead * cos - left * sin, stand.north_m + ahead * sin + left * cos), axis=1)
    bare = bares(edges_m, mirror, places_m)
    return min(REACH_M, float(beyond_m[bare].min())) if bare.any() else REACH_M


def bares(edges_m: FloatArray, mirror: GroundMirror, places_m: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which points (k, 2) do not bear tracks: the result of `support.bears` for each single point."""
    low, high = places_m.min(axis=0), places_m.max(axis=0)
    north = edges_m[:, 1::2]
    crossed = (north.min(axis=1, initial=math.inf) <= high[1]) & (north.max(axis=1, initial=-math.inf) >= low[1])
    found = support.inside(edges_m[crossed], places_m)
    open_m = places_m[found]
    if len(open_m):  # all points at once, so that each tile is unpacked once
        round_m = open_m[:, None, :] + np.array(((0.0, 0.0), *support.ASIDE_M))
        swept = raster.marked(mirror.ledger, round_m.reshape(-1, 2), mirror.cell_m, raster.SWEPT)
        found[found] = ~swept.reshape(len(open_m), -1).any(axis=1)
    return found
