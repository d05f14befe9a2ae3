"""WGS 84 <-> local ENU, yaw <-> heading, lever arms. NED and FRD live in `firmware_bridge/mavlink` only.

A place is a latitude and a longitude. Site, plan, machine and record bring it to metres **at the datum's height**,
whatever height a receiver reports there, so that the same place has the same metres for all of them. Heights of points
are for the simulator, which knows the true ones.
"""

import math
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from vehicle.contracts.units import TAU_RAD, wrap_rad

WGS84_A_M = 6_378_137.0
WGS84_F = 1.0 / 298.257223563
WGS84_E2 = WGS84_F * (2.0 - WGS84_F)

FloatArray = npt.NDArray[np.float64]
AWAY_MAX_M = 50_000.0
"""Beyond this from the datum, coordinates are swapped or the datum is another site\'s: a local plane ends here."""


class LocalFrame(msgspec.Struct, frozen=True):
    """Tangent plane at a datum: x east, y north, z up [m].

    Exact (through ECEF); at 1 km from the datum the plane departs from the ellipsoid by 8 cm in height and by
    12 micrometres in the horizontal, so planning distances are ground distances. `alt_m` is above the ellipsoid; where
    it is wrong by 100 m, a metre of the plane is 16 micrometres longer or shorter than one on the ground.
    """

    lat_deg: float
    lon_deg: float
    alt_m: float = 0.0

    def enu_from_geodetic(
        self, lat_deg: float, lon_deg: float, alt_m: float | None = None
    ) -> tuple[float, float, float]:
        """East, north, up [m] of one point; without a height, of the place at the datum's height."""
        x, y, z = _ecef(lat_deg, lon_deg, self.alt_m if alt_m is None else alt_m)
        x0, y0, z0 = _ecef(self.lat_deg, self.lon_deg, self.alt_m)
        dx, dy, dz = x - x0, y - y0, z - z0
        lat, lon = math.radians(self.lat_deg), math.radians(self.lon_deg)
        sin_lat, cos_lat, sin_lon, cos_lon = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
        horizontal = cos_lon * dx + sin_lon * dy
        return (
            -sin_lon * dx + cos_lon * dy,
            -sin_lat * horizontal + cos_lat * dz,
            cos_lat * horizontal + sin_lat * dz,
        )

    def geodetic_from_enu(self, east_m: float, north_m: float, up_m: float | None = None) -> tuple[float, float, float]:
        """Latitude [deg], longitude [deg], altitude [m] of one point; without `up_m`, at the datum's height."""
        if up_m is None:
            up_m = float(self._drop_m(east_m, north_m))
        lat, lon = math.radians(self.lat_deg), math.radians(self.lon_deg)
        sin_lat, cos_lat, sin_lon, cos_lon = math.sin(lat), math.cos(lat), math.sin(lon), math.cos(lon)
        x0, y0, z0 = _ecef(self.lat_deg, self.lon_deg, self.alt_m)
        meridian = -sin_lat * north_m + cos_lat * up_m
        x = x0 - sin_lon * east_m + cos_lon * meridian
        y = y0 + cos_lon * east_m + sin_lon * meridian
        z = z0 + cos_lat * north_m + sin_lat * up_m
        return _geodetic(x, y, z)

    def enu_from_lonlat_array(self, lonlat_deg: FloatArray) -> FloatArray:
        """(n, 2) lon, lat [deg] -> (n, 2) east, north [m] at the datum's height."""
        lonlat = np.asarray(lonlat_deg, dtype=np.float64).reshape(-1, 2)
        lon, lat = np.radians(lonlat[:, 0]), np.radians(lonlat[:, 1])
        radius = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * np.sin(lat) ** 2)
        x0, y0, z0 = _ecef(self.lat_deg, self.lon_deg, self.alt_m)
        dx = (radius + self.alt_m) * np.cos(lat) * np.cos(lon) - x0
        dy = (radius + self.alt_m) * np.cos(lat) * np.sin(lon) - y0
        dz = (radius * (1.0 - WGS84_E2) + self.alt_m) * np.sin(lat) - z0
        lat0, lon0 = math.radians(self.lat_deg), math.radians(self.lon_deg)
        horizontal = math.cos(lon0) * dx + math.sin(lon0) * dy
        north = -math.sin(lat0) * horizontal + math.cos(lat0) * dz
        return np.column_stack([-math.sin(lon0) * dx + math.cos(lon0) * dy, north])

    def lonlat_from_enu_array(self, enu_m: FloatArray | list[Any]) -> FloatArray:
        """(n, 2) east, north [m] at the datum's height -> (n, 2) lon, lat [deg]."""
        enu = np.asarray(enu_m, dtype=np.float64).reshape(-1, 2)
        lat0, lon0 = math.radians(self.lat_deg), math.radians(self.lon_deg)
        x0, y0, z0 = _ecef(self.lat_deg, self.lon_deg, self.alt_m)
        up = self._drop_m(enu[:, 0], enu[:, 1])
        meridian = -math.sin(lat0) * enu[:, 1] + math.cos(lat0) * up
        x = x0 - math.sin(lon0) * enu[:, 0] + math.cos(lon0) * meridian
        y = y0 + math.cos(lon0) * enu[:, 0] + math.sin(lon0) * meridian
        z = z0 + math.cos(lat0) * enu[:, 1] + math.sin(lat0) * up
        p = np.hypot(x, y)
        lat = np.arctan2(z, p * (1.0 - WGS84_E2))
        for _ in range(4):
            sin_lat = np.sin(lat)
            radius = WGS84_A_M / np.sqrt(1.0 - WGS84_E2 * sin_lat * sin_lat)
            lat = np.arctan2(z + WGS84_E2 * radius * sin_lat, p)
        return np.column_stack([np.degrees(np.arctan2(y, x)), np.degrees(lat)])

    def _drop_m(self, east_m: Any, north_m: Any) -> Any:
        """How far the surface at the datum's height lies below the plane, negative; to 3 mm at 50 km."""
        sin_lat = math.sin(math.radians(self.lat_deg))
        bend = 1.0 - WGS84_E2 * sin_lat * sin_lat
        across_m = WGS84_A_M / math.sqrt(bend) + self.alt_m
        along_m = WGS84_A_M * (1.0 - WGS84_E2) / bend**1.5 + self.alt_m
        return -0.5 * (east_m * east_m / across_m + north_m * north_m / along_m)


def _ecef(lat_deg: float, lon_deg: float, alt_m: float) -> tuple[float, float, float]:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sin_lat, cos_lat = math.sin(lat), math.cos(lat)
    radius = WGS84_A_M / math.sqrt(1.0 - WGS84_E2 * sin_lat * sin_lat)
    return (
        (radius + alt_m) * cos_lat * math.cos(lon),
        (radius + alt_m) * cos_lat * math.sin(lon),
        (radius * (1.0 - WGS84_E2) + alt_m) * sin_lat,
    )


def _geodetic(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Bowring's start and two Newton-like turns: below 1e-9 m near the ground."""
    p = math.hypot(x, y)
    lat = math.atan2(z, p * (1.0 - WGS84_E2))
    radius = WGS84_A_M
    for _ in range(4):
        sin_lat = math.sin(lat)
        radius = WGS84_A_M / math.sqrt(1.0 - WGS84_E2 * sin_lat * sin_lat)
        lat = math.atan2(z + WGS84_E2 * radius * sin_lat, p)
    cos_lat = math.cos(lat)
    alt_m = p / cos_lat - radius if abs(cos_lat) > 1e-6 else abs(z) - radius * (1.0 - WGS84_E2)
    return math.degrees(lat), math.degrees(math.atan2(y, x)), alt_m


def heading_deg_from_yaw(yaw_rad: float) -> float:
    """Compass heading [deg, 0..360) of an ENU yaw, for people and MAVLink."""
    return math.degrees((math.pi / 2.0 - yaw_rad) % TAU_RAD)


def yaw_from_heading_rad(heading_rad: float) -> float:
    """ENU yaw in (-pi, pi] of a heading from true north, clockwise."""
    return wrap_rad(math.pi / 2.0 - heading_rad)


def enu_offset_from_body(
    point_body_m: tuple[float, float, float], yaw_rad: float, pitch_rad: float, roll_rad: float
) -> tuple[float, float, float]:
    """ENU offset [m] of a body-fixed point (FLU) under yaw-pitch-roll, Rz(yaw) Ry(pitch) Rx(roll).

    FLU pitch is positive nose down, roll positive right side down.
    """
    x, y, z = point_body_m
    sin_r, cos_r = math.sin(roll_rad), math.cos(roll_rad)
    sin_p, cos_p = math.sin(pitch_rad), math.cos(pitch_rad)
    sin_y, cos_y = math.sin(yaw_rad), math.cos(yaw_rad)
    y1, z1 = cos_r * y - sin_r * z, sin_r * y + cos_r * z
    x2, z2 = cos_p * x + sin_p * z1, -sin_p * x + cos_p * z1
    return cos_y * x2 - sin_y * y1, sin_y * x2 + cos_y * y1, z2
