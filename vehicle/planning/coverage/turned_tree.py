"""A tree over polygons whose boxes lie along the swaths: in east and north a long strip at an angle has a large box."""

import numpy as np
import shapely

from vehicle.planning.coverage.ground import rotated

SLACK_M = 1e-6
"""Turning moves a corner by less."""


class TurnedTree:
    """Which of (n,) polygons others meet; `theta_rad`: the direction along which their boxes lie."""

    def __init__(self, polygons: np.ndarray, theta_rad: float) -> None:
        self._polygons, self._theta_rad = polygons, theta_rad
        self._tree = shapely.STRtree(self._boxes(polygons))

    def near(self, shape: shapely.Geometry, rim_m: float) -> list[int]:
        """Return the polygons whose boxes come this near to a shape's box, by number."""
        found: list[int] = np.sort(self._tree.query(self._boxes(np.array([shape]), rim_m))[1]).tolist()
        return found

    def meeting(self, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pairs (k,) of one of (m,) shapes and a polygon that meet, by number."""
        shape, polygon = self._tree.query(self._boxes(shapes))
        meet = shapely.intersects(shapes[shape], self._polygons[polygon])
        return shape[meet], polygon[meet]

    def _boxes(self, shapes: np.ndarray, rim_m: float = SLACK_M) -> np.ndarray:
        """Return the boxes of (m,) shapes in the turned frame; None of an empty one, which meets nothing."""
        boxes = np.full(len(shapes), None)
        xy_m, owner = shapely.get_coordinates(shapes, return_index=True)
        if len(xy_m):
            first = np.flatnonzero(np.diff(owner, prepend=-1))
            turned_m = rotated(xy_m, -self._theta_rad)
            low_m, high_m = (extreme.reduceat(turned_m, first) for extreme in (np.minimum, np.maximum))
            boxes[owner[first]] = shapely.box(*(low_m - rim_m).T, *(high_m + rim_m).T)
        return boxes
