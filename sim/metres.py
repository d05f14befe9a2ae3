"""Metres of the true ground and metres of the plan: the same places, where the datum's height is not the ground's.

A plan counts in metres at its datum's height; the machine drives on the ground, which may lie elsewhere (a site file
often has no height at all). 1,800 m higher, 1.5 km from the datum, the two differ by 0.43 m. Kept apart from
`vehicle.contracts.frames`, so that a mistake there shows against the truth.
"""

import math

from vehicle.contracts.frames import WGS84_A_M, WGS84_E2, LocalFrame


class TrueMetres:
    """The true frame at the ground's height, and the share of a true metre that a metre of the plan is, each way.

    `height_m`: of the ground at the datum, above the ellipsoid; None: that of the datum.
    """

    def __init__(self, datum: LocalFrame, height_m: float | None = None) -> None:
        ground_m = datum.alt_m if height_m is None else height_m
        self.frame = LocalFrame(datum.lat_deg, datum.lon_deg, ground_m)
        bend = 1.0 - WGS84_E2 * math.sin(math.radians(datum.lat_deg)) ** 2
        east_radius_m = WGS84_A_M / math.sqrt(bend)
        north_radius_m = WGS84_A_M * (1.0 - WGS84_E2) / bend**1.5
        self._east = (east_radius_m + datum.alt_m) / (east_radius_m + ground_m)
        self._north = (north_radius_m + datum.alt_m) / (north_radius_m + ground_m)

    def of_plan(self, point_m: tuple[float, float]) -> tuple[float, float]:
        """True (east, north) of a place that the plan names."""
        return point_m[0] / self._east, point_m[1] / self._north

    def in_plan(self, point_m: tuple[float, float]) -> tuple[float, float]:
        """(east, north) by which the plan names a true place."""
        return point_m[0] * self._east, point_m[1] * self._north
