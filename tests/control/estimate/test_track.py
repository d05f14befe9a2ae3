"""A step of the place against what belts and gyro reckon: aside there is no slip that could explain one."""

import math

import pytest

from vehicle.control.estimate import track
from vehicle.control.estimate_state import PlaceSample

SIGMA_M = 0.02
NOISE_M = 4.5 * SIGMA_M * math.sqrt(2.0 / 10.0)
HEADINGS = [0.0, 0.3, 2.0, -2.5]


def driven(
    heading_rad: float, speed_mps: float, step_m: tuple[float, float], *, slip: float = 0.0, off_rad: float = 0.0
) -> tuple[PlaceSample, ...]:
    """Two seconds at 10 Hz; half-way the receiver steps (along, left). Slip begins there too; the heading is off."""
    samples: list[PlaceSample] = []
    for count in range(1, 21):
        time_s, late_s = count / 10.0, max(0.0, (count - 10) / 10.0)
        way_m = speed_mps * time_s
        along_m, left_m = step_m if count > 10 else (0.0, 0.0)
        along_m += way_m * math.cos(off_rad) - slip * speed_mps * late_s
        left_m += way_m * math.sin(off_rad)
        east_m = along_m * math.cos(heading_rad) - left_m * math.sin(heading_rad)
        north_m = along_m * math.sin(heading_rad) + left_m * math.cos(heading_rad)
        reckoned_m = way_m * math.cos(heading_rad), way_m * math.sin(heading_rad)
        samples.append((time_s, east_m, north_m, *reckoned_m, (*reckoned_m, way_m, 0.0), (0.0, 0.0)))
    return tuple(samples)


@pytest.mark.parametrize("heading_rad", HEADINGS)
@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_step_of_six_and_a_half_centimetres_aside_is_told_at_working_speed(heading_rad: float, side: float) -> None:
    assert track.stepped(driven(heading_rad, 0.28, (0.0, side * 0.065)), SIGMA_M)
    assert not track.stepped(driven(heading_rad, 0.28, (side * 0.065, 0.0)), SIGMA_M), "slip may be that"
    assert track.stepped(driven(heading_rad, 0.28, (side * 0.08, 0.0)), SIGMA_M)


@pytest.mark.parametrize("heading_rad", HEADINGS)
def test_noise_slip_and_a_heading_that_is_off_are_no_step(heading_rad: float) -> None:
    assert not track.stepped(driven(heading_rad, 0.28, (0.0, 0.05)), SIGMA_M)
    assert not track.stepped(driven(heading_rad, 0.28, (0.02, 0.0), slip=0.1), SIGMA_M)
    for speed_mps in (0.28, 1.0, 2.0):
        off = driven(heading_rad, speed_mps, (0.0, NOISE_M), off_rad=math.radians(2.0))
        assert not track.stepped(off, SIGMA_M), speed_mps


@pytest.mark.parametrize("angle_rad", [0.0, 0.7, 1.6, 3.0])
def test_at_a_stand_every_direction_is_alike(angle_rad: float) -> None:
    for size_m, told in ((0.058, False), (0.062, True)):
        step_m = size_m * math.cos(angle_rad), size_m * math.sin(angle_rad)
        assert track.stepped(driven(0.3, 0.0, step_m), SIGMA_M) is told
