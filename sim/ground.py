"""The ground: a sloping plane with gentle unevenness, and the hardness of the soil. Seeded, without state."""

import math
from typing import Protocol

import msgspec

from sim.noise import generator
from vehicle.contracts.units import TAU_RAD


class Ground(Protocol):
    """What the simulation asks of the ground; a measured terrain model can replace `PlaneGround`."""

    def height_m(self, east_m: float, north_m: float) -> float:
        """Height of the undisturbed surface above the datum's plane [m]."""
        ...

    def specific_energy_jpm3(self, east_m: float, north_m: float) -> float:
        """Energy to loosen this soil with the tool [J/m3]."""
        ...


class SoilPatch(msgspec.Struct, frozen=True, kw_only=True):
    """A disc of other soil."""

    east_m: float
    north_m: float
    radius_m: float
    specific_energy_mjpm3: float


class GroundParams(msgspec.Struct, frozen=True, kw_only=True):
    """Shape and soil of a field.

    `specific_energy_mjpm3`: published depths and speeds of flails imply 1 (loose) to 7 (hard, dry clay) MJ/m3 at an
    efficiency of 0.6. `uphill_yaw_rad`: direction of steepest ascent, from east, anticlockwise. `soil_variation_ratio`:
    1-sigma relative variation of the soil's hardness over the field. The shortest wave is longer than a machine, which
    bridges shorter ones.
    """

    slope_rad: float = 0.0
    uphill_yaw_rad: float = 0.0
    unevenness_rms_m: float = 0.0
    wavelength_min_m: float = 6.0
    wavelength_max_m: float = 30.0
    wave_count: int = 4
    specific_energy_mjpm3: float = 2.5
    soil_variation_ratio: float = 0.0
    patches: tuple[SoilPatch, ...] = ()


Wave = tuple[float, float, float, float]
"""Amplitude, wave number east and north [rad/m], phase [rad]."""


class PlaneGround:
    """A tilted plane through the datum with a seeded sum of sinusoids on it."""

    def __init__(self, params: GroundParams, seed: int = 0) -> None:
        self.params = params
        grade = math.tan(params.slope_rad)
        self._grade_east = grade * math.cos(params.uphill_yaw_rad)
        self._grade_north = grade * math.sin(params.uphill_yaw_rad)
        self._waves = _draw_waves(params, params.unevenness_rms_m, seed, "ground.surface")
        self._soil_waves = _draw_waves(params, params.soil_variation_ratio, seed, "ground.soil")
        self._energy_jpm3 = params.specific_energy_mjpm3 * 1e6

    def height_m(self, east_m: float, north_m: float) -> float:
        """Height of the undisturbed surface above the datum's plane [m]."""
        height_m = self._grade_east * east_m + self._grade_north * north_m
        sin = math.sin  # needed seven times a tick
        for amplitude_m, k_east, k_north, phase in self._waves:
            height_m += amplitude_m * sin(k_east * east_m + k_north * north_m + phase)
        return height_m

    def specific_energy_jpm3(self, east_m: float, north_m: float) -> float:
        """Energy to loosen the soil [J/m3]; a patch replaces the field's value, the variation applies to both."""
        energy_jpm3 = self._energy_jpm3
        for patch in self.params.patches:
            if math.hypot(east_m - patch.east_m, north_m - patch.north_m) <= patch.radius_m:
                energy_jpm3 = patch.specific_energy_mjpm3 * 1e6
        factor = 1.0
        for amplitude, k_east, k_north, phase in self._soil_waves:
            factor += amplitude * math.sin(k_east * east_m + k_north * north_m + phase)
        # No soil cuts itself: the variation goes down to a tenth of the value.
        return energy_jpm3 * max(0.1, factor)


def _draw_waves(params: GroundParams, rms: float, seed: int, name: str) -> tuple[Wave, ...]:
    """Return waves of random direction and phase; amplitude grows with wavelength, as on natural ground."""
    if rms <= 0.0:
        return ()
    draw = generator(seed, name)
    drawn = []
    for _ in range(params.wave_count):
        length_m = math.exp(draw.uniform(math.log(params.wavelength_min_m), math.log(params.wavelength_max_m)))
        direction_rad, phase_rad = draw.uniform(0.0, TAU_RAD, 2).tolist()
        drawn.append((length_m, direction_rad, phase_rad))
    # A sum of sinusoids of different wave numbers has the variance sum(a^2) / 2.
    scale = rms / math.sqrt(sum(length_m**2 for length_m, _, _ in drawn) / 2.0)
    return tuple(
        (scale * length, TAU_RAD / length * math.cos(course), TAU_RAD / length * math.sin(course), phase)
        for length, course, phase in drawn
    )
