import math

import numpy as np
import pytest

from sim.ground import GroundParams, PlaneGround, SoilPatch


@pytest.mark.parametrize("uphill_deg", [17.0, 133.0, -71.0])
def test_plane_rises_with_the_slope_along_its_uphill_direction_and_not_across(uphill_deg):
    ground = PlaneGround(GroundParams(slope_rad=math.radians(7.0), uphill_yaw_rad=math.radians(uphill_deg)))
    up = (math.cos(math.radians(uphill_deg)), math.sin(math.radians(uphill_deg)))
    assert ground.height_m(10.0 * up[0], 10.0 * up[1]) == pytest.approx(10.0 * math.tan(math.radians(7.0)))
    assert ground.height_m(-10.0 * up[1], 10.0 * up[0]) == pytest.approx(0.0, abs=1e-12)


def test_unevenness_has_the_asked_rms_and_its_seed():
    params = GroundParams(unevenness_rms_m=0.03, wavelength_max_m=20.0)
    heights = [
        [
            PlaneGround(params, seed).height_m(e, n)
            for e in np.arange(0.0, 400.0, 7.3)
            for n in np.arange(0.0, 400.0, 7.9)
        ]
        for seed in (3, 3, 4)
    ]
    assert np.std(heights[0]) == pytest.approx(0.03, rel=0.08)
    assert heights[0] == heights[1]
    assert heights[0] != heights[2]


def test_unevenness_stays_gentle():
    ground = PlaneGround(GroundParams(unevenness_rms_m=0.02), seed=8)
    steepest = max(
        abs(ground.height_m(x + 0.1, 5.0) - ground.height_m(x, 5.0)) / 0.1 for x in np.arange(0.0, 200.0, 0.3)
    )
    # All of a 2 cm rms (2.8 cm amplitude) in the shortest wave of 6 m would climb 2 pi / 6 x 2.8 cm a metre.
    assert steepest < 2.0 * math.pi / 6.0 * 0.02 * math.sqrt(2.0)


def test_patch_replaces_the_soil_of_the_field():
    patch = SoilPatch(east_m=12.0, north_m=-4.0, radius_m=3.0, specific_energy_mjpm3=6.0)
    ground = PlaneGround(GroundParams(specific_energy_mjpm3=1.5, patches=(patch,)))
    assert ground.specific_energy_jpm3(12.0, -1.1) == 6.0e6
    assert ground.specific_energy_jpm3(12.0, -0.9) == 1.5e6


def test_soil_wanders_around_its_mean():
    ground = PlaneGround(GroundParams(specific_energy_mjpm3=2.0, soil_variation_ratio=0.15), seed=2)
    energies = [
        ground.specific_energy_jpm3(e, n) for e in np.arange(0.0, 400.0, 7.3) for n in np.arange(0.0, 400.0, 7.9)
    ]
    assert np.mean(energies) == pytest.approx(2.0e6, rel=0.03)
    assert np.std(energies) == pytest.approx(0.3e6, rel=0.1)
