"""A large area as many separate polygons, so that the cost of a change depends only on its neighbourhood."""

import numpy as np
import shapely

from vehicle.planning.coverage import robust_overlay
from vehicle.planning.coverage.area import parts_of, polygons_of

Box = tuple[float, float, float, float]


class TiledPolygons:
    """Disjoint polygons with a tree over their boxes. `least_m2`: smaller pieces come from rounding and are dropped."""

    def __init__(self, geometry: shapely.Geometry, least_m2: float) -> None:
        self.least_m2 = least_m2
        self._set(parts_of(polygons_of(geometry)))

    def _set(self, parts: np.ndarray) -> None:
        self.parts = parts[shapely.area(parts) > self.least_m2]
        self._tree = shapely.STRtree(self.parts)

    def become(self, parts: np.ndarray) -> None:
        """Take other polygons (n,) in place of all."""
        self._set(parts)

    def near(self, box: Box) -> np.ndarray:
        """Return the polygons (n,) whose boxes meet `box`, uncut."""
        return np.asarray(self.parts[np.sort(self._tree.query(shapely.box(*box)))])

    def clipped(self, box: Box) -> shapely.Geometry:
        """Return the part inside `box` as one (multi)polygon."""
        parts = self.near(box)
        window = shapely.box(*box)
        inside = shapely.covers(window, parts)
        pieces = [*parts[inside], *robust_overlay.intersection(parts[~inside], window)]
        if len(pieces) == 1:
            return polygons_of(pieces[0])
        return polygons_of(shapely.GeometryCollection(pieces)) if pieces else shapely.Polygon()

    def subtract(self, polygons: np.ndarray) -> None:
        """Subtract polygons (n,); each part is overlaid only with the polygons that meet it."""
        hit = self._shares(polygons)
        if not hit:
            return
        rest = [robust_overlay.difference(self.parts[part], share) for part, share in hit.items()]
        kept = np.delete(self.parts, list(hit))
        left = parts_of(polygons_of(shapely.GeometryCollection(rest)))
        self._set(np.concatenate([kept, left]) if len(left) else kept)

    def keep(self, geometry: shapely.Geometry) -> None:
        """Keep only what lies in `geometry`."""
        self._set(parts_of(polygons_of(robust_overlay.intersection(self.whole(), geometry))))

    def area_in(self, polygons: np.ndarray) -> float:
        """Area shared with the union of polygons (n,) [m2]."""
        hit = self._shares(polygons)
        return float(sum(robust_overlay.intersection(self.parts[part], share).area for part, share in hit.items()))

    def areas_in(self, polygons: np.ndarray) -> np.ndarray:
        """Return (n,) the area shared with each polygon [m2]."""
        if not len(self.parts) or not len(polygons):
            return np.zeros(len(polygons))
        polygon, part = self._tree.query(polygons, predicate="intersects")
        shared_m2 = shapely.area(robust_overlay.intersection(self.parts[part], polygons[polygon]))
        return np.bincount(polygon, shared_m2, minlength=len(polygons))

    def _shares(self, polygons: np.ndarray) -> dict[int, shapely.Geometry]:
        """Return: index of each part that is met -> union of the polygons that meet it."""
        if not len(self.parts) or not len(polygons):
            return {}
        pairs = self._tree.query(polygons, predicate="intersects")
        groups: dict[int, list[shapely.Polygon]] = {}
        for polygon, part in sorted(zip(*pairs.tolist(), strict=True), key=lambda pair: (pair[1], pair[0])):
            groups.setdefault(part, []).append(polygons[polygon])
        return {part: group[0] if len(group) == 1 else robust_overlay.union(group) for part, group in groups.items()}

    @property
    def area_m2(self) -> float:
        """Total area."""
        return float(shapely.area(self.parts).sum())

    def whole(self) -> shapely.Geometry:
        """All parts as one (multi)polygon."""
        if len(self.parts) == 1:
            return self.parts[0]
        return shapely.MultiPolygon(list(self.parts)) if len(self.parts) else shapely.Polygon()
