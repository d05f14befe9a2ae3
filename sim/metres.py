"""Converts between metres of the true ground and metres of the plan, if the ground is not at the datum's height.

A plan uses metres at its datum's height; the machine drives on the ground, which may be at another height (a site file
often has none at all). At 1,800 m above and 1.5 km from the datum the two differ by 0.43 m. Kept apart from
`vehicle.contracts.frames`, so that an error there shows in a comparison with the truth.
"""

import math

from vehicle.contracts.frames import WGS84_A_M, WGS84_E2, LocalFrame


class TrueMetres:
    """The true frame at the ground's height, and the scale factors between metres of the plan and of the ground.

    `height_m`: height of the ground at the datum, above the ellipsoid; None: that of the datum.
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
        """Return true (east, north) [m] of a place of the plan."""
        return point_m[0] / self._east, point_m[1] / self._north

    def in_plan(self, point_m: tuple[float, float]) -> tuple[float, float]:
        """Return (east, north) [m] in the plan of a true place."""
        return point_m[0] * self._east, point_m[1] * self._north
