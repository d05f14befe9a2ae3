import math

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.ground import GroundParams
from sim.plant import Pose
from tests.sim.conftest import FLAT, PLAIN, TRACKS, body_on, roll
from vehicle.contracts.frames import enu_offset_from_body

LAG_S = PLAIN.belt_lag_s


def gear(**changes: float):
    return msgspec.structs.replace(PLAIN, **changes)


def travelled_m(body, start=(3.0, -2.0)) -> float:
    return math.hypot(body.east_m - start[0], body.north_m - start[1])


def test_belt_lag_is_exact_first_order():
    body = body_on(FLAT)
    roll(body, 0.5, 0.5, 0.3)
    assert body.belt_left_mps == pytest.approx(0.5 * (1.0 - math.exp(-0.3 / LAG_S)), rel=1e-12)


def test_straight_run_goes_where_it_points():
    body = body_on(FLAT)
    body.belt_left_mps = body.belt_right_mps = 0.28
    roll(body, 0.28, 0.28, 50.0)
    assert travelled_m(body) == pytest.approx(14.0, rel=1e-9)
    assert math.atan2(body.north_m + 2.0, body.east_m - 3.0) == pytest.approx(0.4, abs=1e-12)


def test_slip_asymmetry_gives_the_expected_yaw_rate():
    body = body_on(FLAT, gear(slip_left_ratio=0.1, skid_ratio=1.25))
    body.belt_left_mps = body.belt_right_mps = 0.28
    roll(body, 0.28, 0.28, 20.0)
    # The left track loses a tenth, so the machine turns left at 0.1 v / (gauge x skid ratio).
    assert body.yaw_rad == pytest.approx(0.4 + 20.0 * 0.1 * 0.28 / (1.4 * 1.25), rel=1e-9)
    assert body.speed_mps == pytest.approx(0.28 * 0.95)


def test_slip_asymmetry_turns_the_other_way_in_reverse():
    body = body_on(FLAT, gear(slip_left_ratio=0.1))
    roll(body, -0.28, -0.28, 10.0)
    assert body.yaw_rad < 0.4 - 0.1


@pytest.mark.long
@given(
    left=st.floats(-1.1, 1.1).filter(lambda v: abs(v) > 0.01),
    right=st.floats(-1.1, 1.1).filter(lambda v: abs(v) > 0.01),
)
@settings(max_examples=40, deadline=None)
def test_constant_belts_drive_a_circle(left, right):
    body = body_on(FLAT)
    body.belt_left_mps, body.belt_right_mps = left, right
    roll(body, left, right, 6.0)
    turn = (right - left) / 1.4
    speed = (left + right) / 2.0
    chord = speed * 6.0 if abs(turn) < 1e-9 else 2.0 * speed / turn * math.sin(turn * 3.0)
    assert travelled_m(body) == pytest.approx(abs(chord), abs=2e-4)
    assert math.remainder(body.yaw_rad - 0.4 - 6.0 * turn, math.tau) == pytest.approx(0.0, abs=1e-9)


def test_pivot_skids_round_its_instant_centre_and_needs_more_belt_than_geometry_says():
    body = body_on(FLAT, gear(skid_ratio=1.4, icr_ahead_m=0.1))
    centre = body.point_m(0.1, 0.0, 0.0)
    body.belt_left_mps, body.belt_right_mps = -0.2, 0.2
    roll(body, -0.2, 0.2, 5.0)
    assert body.yaw_rad == pytest.approx(0.4 + 5.0 * 0.4 / (1.4 * 1.4), rel=1e-9)
    assert body.point_m(0.1, 0.0, 0.0)[:2] == pytest.approx(centre[:2], abs=1e-5)
    assert travelled_m(body) > 0.05


def side_slope(slope_deg: float) -> GroundParams:
    # The machine heads 0.4 rad; uphill lies to its left.
    return GroundParams(slope_rad=math.radians(slope_deg), uphill_yaw_rad=0.4 + math.pi / 2.0)


@pytest.mark.parametrize(("speed", "slope_deg"), [(0.28, 10.0), (-0.28, 10.0), (0.28, -6.0)])
def test_side_slope_creep_is_downhill_and_grows_with_travel_and_slope(speed, slope_deg):
    body = body_on(side_slope(slope_deg), gear(crab_ratio=0.1))
    body.belt_left_mps = body.belt_right_mps = speed
    roll(body, speed, speed, 50.0)
    cross = -math.sin(0.4) * (body.east_m - 3.0) + math.cos(0.4) * (body.north_m + 2.0)
    slope = math.radians(slope_deg)
    # 14 m of travel; the creep along the slope shows in plan shortened by its cosine.
    assert cross == pytest.approx(-0.1 * math.tan(slope) * 14.0 * math.cos(slope), rel=1e-6)


def test_standing_machine_does_not_creep_on_a_slope():
    body = body_on(side_slope(20.0), gear(crab_ratio=0.1))
    roll(body, 0.0, 0.0, 10.0)
    assert (body.east_m, body.north_m) == (3.0, -2.0)


def test_climbing_slips_more_and_descending_less():
    distances = []
    for uphill_rad in (0.4, 0.4 + math.pi):
        body = body_on(
            GroundParams(slope_rad=math.radians(12.0), uphill_yaw_rad=uphill_rad), gear(slip_per_grade_ratio=0.2)
        )
        body.belt_left_mps = body.belt_right_mps = 0.5
        roll(body, 0.5, 0.5, 10.0)
        distances.append(travelled_m(body))
    flat_m = 5.0 * math.cos(math.radians(12.0))
    loss = 0.2 * math.sin(math.radians(12.0))
    assert distances == pytest.approx([flat_m * (1.0 - loss), flat_m * (1.0 + loss)], rel=1e-9)


def test_cutting_load_slips_the_tracks_forward_only():
    speeds = []
    for belt in (0.28, -0.28):
        body = body_on(FLAT, gear(slip_per_load_ratio=0.05))
        body.belt_left_mps = body.belt_right_mps = belt
        roll(body, belt, belt, 0.1, load_ratio=0.8)
        speeds.append(body.speed_mps)
    assert speeds == pytest.approx([0.28 * 0.96, -0.28])


def test_roll_and_pitch_are_those_of_the_slope_under_the_heading():
    slope = math.radians(8.0)
    for heading_from_uphill_deg in (23.0, 111.0, -160.0):
        yaw = 0.4 + math.radians(heading_from_uphill_deg)
        body = body_on(GroundParams(slope_rad=slope, uphill_yaw_rad=0.4), start=Pose(1.0, 2.0, yaw))
        normal = (-math.tan(slope) * math.cos(0.4), -math.tan(slope) * math.sin(0.4), 1.0)
        for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)):
            offset = enu_offset_from_body(axis, yaw, body.pitch_rad, body.roll_rad)
            assert sum(a * b for a, b in zip(offset, normal, strict=True)) == pytest.approx(0.0, abs=1e-9)


def test_body_points_follow_the_same_rotation_as_the_vehicle_uses():
    params = GroundParams(slope_rad=0.2, uphill_yaw_rad=-1.1, unevenness_rms_m=0.05)
    body = body_on(params, start=Pose(4.0, 9.0, 2.2))
    antenna = (-0.35, 0.12, 2.8)
    offset = enu_offset_from_body(antenna, body.yaw_rad, body.pitch_rad, body.roll_rad)
    point = body.point_m(*antenna)
    assert (point[0] - 4.0, point[1] - 9.0, point[2] - body.up_m) == pytest.approx(offset, abs=1e-12)


def test_antenna_at_2_8_m_moves_24_cm_at_5_degrees_of_roll():
    flat, tilted = body_on(FLAT), body_on(side_slope(5.0))
    a, b = flat.point_m(0.0, 0.0, 2.8), tilted.point_m(0.0, 0.0, 2.8)
    assert tilted.roll_rad == pytest.approx(math.radians(5.0))
    assert math.hypot(b[0] - a[0], b[1] - a[1]) == pytest.approx(0.244, abs=1e-3)


def test_body_rates_of_a_pivot_on_a_slope_are_about_its_own_up_axis():
    body = body_on(GroundParams(slope_rad=math.radians(10.0), uphill_yaw_rad=1.3))
    body.belt_left_mps, body.belt_right_mps = -0.2, 0.2
    roll(body, -0.2, 0.2, 0.1)
    for _ in range(200):
        body.step(-0.2, 0.2, brake=False, load_ratio=0.0)
        # A turn on a plane is a turn about its normal: neither roll nor pitch rate, whatever the Euler angles do.
        assert body.yaw_rate_radps == pytest.approx(0.4 / 1.4, rel=2e-3)
        assert body.roll_rate_radps == pytest.approx(0.0, abs=1e-3)
        assert body.pitch_rate_radps == pytest.approx(0.0, abs=1e-3)


def test_settles_to_an_exact_stand():
    body = body_on(FLAT, gear(slip_wander_ratio=0.02))
    roll(body, 0.28, 0.28, 3.0)
    roll(body, 0.0, 0.0, 2.0)
    assert body.standing
    before = (body.east_m, body.north_m, body.yaw_rad)
    roll(body, 0.0, 0.0, 2.0)
    assert (body.east_m, body.north_m, body.yaw_rad) == before


def test_brake_stops_and_holds_against_a_set_point():
    body = body_on(FLAT)
    roll(body, 1.1, 1.1, 3.0)
    for _ in range(15):
        body.step(1.1, 1.1, brake=True, load_ratio=0.0)
    assert body.standing
    body.brake_holds = False
    roll(body, 1.1, 1.1, 0.0)
    body.step(1.1, 1.1, brake=True, load_ratio=0.0)
    assert not body.standing


def test_stuck_valve_drives_its_belt_whatever_is_commanded():
    body = body_on(FLAT)
    body.stuck_right_mps = 0.4
    roll(body, 0.0, 0.0, 3.0)
    assert body.belt_left_mps == 0.0
    assert body.belt_right_mps == pytest.approx(0.4, rel=1e-6)
    assert body.yaw_rad > 0.4 + 0.5


def test_wander_of_slip_has_its_sigma_and_differs_by_seed():
    paths = []
    for seed in (5, 5, 6):
        body = body_on(FLAT, gear(slip_wander_ratio=0.01), seed=seed)
        roll(body, 0.28, 0.28, 20.0)
        paths.append((body.east_m, body.north_m, body.yaw_rad))
    assert paths[0] == paths[1]
    assert paths[0] != paths[2]
    assert 1e-4 < abs(paths[0][2] - 0.4) < 0.1


def test_four_contact_points_bridge_a_short_bump():
    ground = GroundParams(unevenness_rms_m=0.05, wavelength_min_m=2.2, wavelength_max_m=2.2, wave_count=1)
    body = body_on(ground, start=Pose(0.0, 0.0, 0.4))
    # Front and rear stand one whole wave apart along a wave's direction at worst: tilt is bounded by its chord.
    assert abs(body.pitch_rad) <= math.atan(0.05 * math.sqrt(2.0) * 2.0 / TRACKS.length_m)
