"""The judge: places every half metre that a scene forbids or wants worked, found by counting edges."""

import numpy as np
import numpy.typing as npt

from tests.planning.site_files.scene import Ring, Scene
from tests.planning.site_files.writers import degrees

STEP_M = 0.5
RIM_M = 0.12
"""So near to an edge nothing is judged: files round, and readers thin outlines by up to 1 cm."""

Places = npt.NDArray[np.float64]
"""(n, 2): metres east and north of the scene's origin, or lon and lat."""


def inside(places: Places, rings: list[Ring]) -> npt.NDArray[np.bool_]:
    """(n,): even-odd over all rings of one polygon."""
    found = np.zeros(len(places), bool)
    x, y = places.T
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
            with np.errstate(divide="ignore", invalid="ignore"):
                crosses = ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
            found ^= crosses
    return found


def near(places: Places, rings: list[Ring]) -> npt.NDArray[np.bool_]:
    """(n,): within RIM_M of an edge."""
    close = np.zeros(len(places), bool)
    for ring in rings:
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
            start, way = np.array(a), np.array(b) - np.array(a)
            share = np.clip((places - start) @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
            close |= np.hypot(*(places - start - share[:, None] * way).T) < RIM_M
    return close


def judged(scene: Scene) -> tuple[Places, Places]:
    """Places [lon, lat] that nothing may work, and those that are to be worked."""
    everything = (*scene.worked, *scene.forbidden, *scene.holes)
    corners = np.array([corner for rings in everything for ring in rings for corner in ring])
    low, high = corners.min(axis=0) - 1.0, corners.max(axis=0) + 1.0
    axes = [np.arange(low[k], high[k], STEP_M) for k in (0, 1)]
    places = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    edges = [ring for rings in everything for ring in rings]
    places = places[~near(places, edges)]
    forbidden = _any(places, scene.forbidden) | (_any(places, scene.holes) & ~_any(places, scene.claimed))
    wanted = _any(places, scene.worked) & ~forbidden
    return _lonlat(scene, places[forbidden]), _lonlat(scene, places[wanted])


def _any(places: Places, polygons: list[list[Ring]]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(places), bool)
    for rings in polygons:
        found |= inside(places, rings)
    return found


def _lonlat(scene: Scene, places: Places) -> Places:
    rows = degrees(scene, [(float(x), float(y)) for x, y in places])
    return np.array(rows, dtype=float).reshape(-1, 2)
