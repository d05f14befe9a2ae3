import math

import pytest

from sim.flail_plant import FlailParams, FlailPlant
from sim.ground import GroundParams, PlaneGround
from tests.sim.conftest import FLAT, TOOL, body_on

WORKING = TOOL.rotor_speed_radps
FULL_W = TOOL.rotor_efficiency_ratio * TOOL.rotor_power_w
STEP_S = 0.02


def flail_on(ground: GroundParams = FLAT, params: FlailParams | None = None, tool=TOOL) -> FlailPlant:
    return FlailPlant(tool, 12_500.0, params or FlailParams(), PlaneGround(ground), seed=3)


def cut(flail, body, speed_mps, depth_m, seconds, rotor=WORKING) -> None:
    """Advance at a held speed and depth: the plant's own tracks and arm are taken out of the question."""
    for _ in range(round(seconds / STEP_S)):
        body.speed_mps, flail.arm_m = speed_mps, -depth_m
        flail.step(body, rotor, 0.0, engine_ratio=1.0)


def holds_speed(energy_mjpm3: float, depth_m: float, speed_mps: float) -> bool:
    flail, body = flail_on(GroundParams(specific_energy_mjpm3=energy_mjpm3)), body_on(FLAT)
    flail.rotor_radps = WORKING
    cut(flail, body, speed_mps, depth_m, 10.0)
    return flail.rotor_radps > 0.99 * WORKING


@pytest.mark.parametrize(("energy_mjpm3", "depth_m"), [(1.5, 0.2), (2.1, 0.25), (7.0, 0.25), (3.0, 0.1)])
def test_greatest_speed_is_that_of_the_power_balance(energy_mjpm3, depth_m):
    v_max = FULL_W / (energy_mjpm3 * 1e6 * TOOL.width_m * depth_m)
    assert holds_speed(energy_mjpm3, depth_m, 0.985 * v_max)
    assert not holds_speed(energy_mjpm3, depth_m, 1.015 * v_max)


def test_published_slow_down_of_a_crewed_flail_between_soils_is_reproduced():
    # Keiler: 0.7 km/h in its easiest, 0.2 km/h in its hardest soil at 25 cm, 4.7 m wide, 1,100 hp, efficiency 0.6;
    # published figures imply 2.1 and 7.5 MJ/m3.
    keiler = TOOL.model_copy(update={"width_m": 4.7, "rotor_power_w": 820_000.0})
    for energy_mjpm3, published_kmh in ((2.1, 0.7), (7.5, 0.2)):
        flail, body = flail_on(GroundParams(specific_energy_mjpm3=energy_mjpm3), tool=keiler), body_on(FLAT)
        flail.rotor_radps = WORKING
        low, high = 0.0, 1.0
        while high - low > 1e-3:
            speed = (low + high) / 2.0
            flail.rotor_radps = WORKING
            cut(flail, body, speed, 0.25, 5.0)
            low, high = (speed, high) if flail.rotor_radps > 0.99 * WORKING else (low, speed)
        assert low * 3.6 == pytest.approx(published_kmh, rel=0.06)


def test_energy_is_conserved_while_the_rotor_sags_and_recovers():
    flail, body = flail_on(GroundParams(specific_energy_mjpm3=4.0), FlailParams(bite_exponent=0.0)), body_on(FLAT)
    flail.rotor_radps = WORKING
    inertia = TOOL.rotor_inertia_kgm2
    work_in = work_out = 0.0
    lowest = WORKING
    for k in range(400):
        before = flail.rotor_radps
        cut(flail, body, 0.12 if k < 10 else 0.02, 0.2, STEP_S)
        middle = (before + flail.rotor_radps) / 2.0
        work_in += flail.drive_torque_nm * middle * STEP_S
        work_out += flail.soil_power_w * STEP_S * middle / before
        lowest = min(lowest, flail.rotor_radps)
    stored = inertia * (flail.rotor_radps**2 - WORKING**2) / 2.0
    assert lowest < 0.8 * WORKING
    assert work_in - work_out == pytest.approx(stored, abs=1e-6 * work_in)


def test_overloaded_rotor_sags_and_an_unloaded_one_recovers():
    flail, body = flail_on(GroundParams(specific_energy_mjpm3=3.0)), body_on(FLAT)
    flail.rotor_radps = WORKING
    cut(flail, body, 0.28, 0.2, 0.6)
    sagged = flail.rotor_radps
    assert sagged < 0.9 * WORKING
    cut(flail, body, 0.0, 0.2, 3.0)
    assert flail.rotor_radps == pytest.approx(WORKING, rel=1e-3)


def test_longer_bites_settle_a_mild_overload_where_the_exponent_says():
    v_max = FULL_W / (3.0e6 * TOOL.width_m * 0.2)
    flail, body = flail_on(GroundParams(specific_energy_mjpm3=3.0), FlailParams(bite_exponent=0.5)), body_on(FLAT)
    flail.rotor_radps = WORKING
    cut(flail, body, 1.1 * v_max, 0.2, 60.0)
    # eta P / w = e W d v (w/w0)^0.5 / w  ->  w/w0 = (v_max / v)^2
    assert flail.rotor_radps / WORKING == pytest.approx(1.0 / 1.21, rel=0.01)


def test_free_run_down_lasts_as_long_as_the_profile_says():
    flail, body = flail_on(), body_on(FLAT)
    flail.rotor_radps = WORKING
    seconds = 0.0
    while flail.rotor_radps > 0.0 and seconds < 60.0:
        cut(flail, body, 0.0, -0.3, STEP_S, rotor=0.0)
        seconds += STEP_S
    assert seconds == pytest.approx(TOOL.spin_down_s, rel=0.02)


def test_rotor_above_its_set_point_runs_down_like_a_free_one():
    flail, body = flail_on(), body_on(FLAT)
    flail.rotor_radps = WORKING
    cut(flail, body, 0.0, -0.3, 2.0, rotor=0.5 * WORKING)
    free = flail_on()
    free.rotor_radps = WORKING
    cut(free, body, 0.0, -0.3, 2.0, rotor=0.0)
    assert flail.rotor_radps == pytest.approx(free.rotor_radps)
    assert flail.rotor_radps < 0.85 * WORKING


def test_rotor_is_not_driven_without_an_engine():
    flail, body = flail_on(), body_on(FLAT)
    for _ in range(200):
        flail.step(body, WORKING, 0.0, engine_ratio=0.0)
    assert flail.rotor_radps == 0.0


def test_half_the_engine_is_half_the_power():
    v_half = 0.5 * FULL_W / (3.0e6 * TOOL.width_m * 0.2)
    for factor, held in ((0.97, True), (1.03, False)):
        flail, body = flail_on(GroundParams(specific_energy_mjpm3=3.0)), body_on(FLAT)
        flail.rotor_radps = WORKING
        for _ in range(500):
            body.speed_mps, flail.arm_m = factor * v_half, -0.2
            flail.step(body, WORKING, 0.0, engine_ratio=0.5)
        assert (flail.rotor_radps > 0.99 * WORKING) is held


def test_arm_moves_at_the_lift_rate_and_stays_in_its_travel():
    flail, body = flail_on(), body_on(FLAT)
    flail.rotor_radps = WORKING
    start = flail.arm_m
    for _ in range(100):
        flail.step(body, WORKING, -5.0, engine_ratio=1.0)
    assert start - flail.arm_m == pytest.approx(TOOL.lift_rate_mps * (2.0 - FlailParams().arm_lag_s), rel=0.1)
    for _ in range(1_000):
        flail.step(body, WORKING, -5.0, engine_ratio=1.0)
    assert flail.arm_m == -TOOL.depth_max_m - 0.05


def test_standing_rotor_cannot_be_pushed_into_the_ground_but_a_turning_one_cuts_in():
    for rotor, deep in ((0.0, False), (WORKING, True)):
        flail, body = flail_on(), body_on(FLAT)
        flail.rotor_radps = rotor
        for _ in range(1_000):
            flail.step(body, rotor, -5.0, engine_ratio=1.0)
        assert (max(flail.depths_m) > 0.2) is deep
        assert deep or max(flail.depths_m) == pytest.approx(FlailParams().contact_m, abs=2e-3)


def test_depth_counts_from_the_undisturbed_ground_under_the_tool():
    ground = GroundParams(slope_rad=math.radians(9.0), uphill_yaw_rad=1.9)
    flail, body = flail_on(ground), body_on(ground)
    flail.arm_m = -0.17
    flail.step(body, WORKING, 0.0, engine_ratio=1.0)
    # On a plane the tool is as deep as the arm is low, whatever the slope.
    assert flail.depths_m == pytest.approx((0.17,) * 3, abs=1e-9)


def test_hollow_under_the_tool_leaves_it_shallow_and_a_bump_makes_it_deep():
    ground = GroundParams(unevenness_rms_m=0.04, wavelength_min_m=8.0, wavelength_max_m=8.0, wave_count=1)
    surface = PlaneGround(ground, 5)
    body = body_on(ground)
    flail = FlailPlant(TOOL, 12_500.0, FlailParams(), surface, seed=3)
    flail.arm_m = -0.15
    flail.step(body, WORKING, 0.0, engine_ratio=1.0)
    east, north, up = body.point_m(TOOL.ahead_m, 0.0, flail.arm_m)
    assert flail.depths_m[1] == pytest.approx((surface.height_m(east, north) - up) * body.upright_ratio, abs=1e-6)
    assert abs(flail.depths_m[1] - 0.15) > 1e-3


def test_tool_line_is_as_wide_as_the_tool_and_ahead_of_the_body():
    ground = GroundParams(slope_rad=math.radians(10.0), uphill_yaw_rad=0.4 + math.pi / 2.0)
    flail, body = flail_on(ground), body_on(ground)
    left, right = flail.line_m(body)
    assert math.hypot(left[0] - right[0], left[1] - right[1]) == pytest.approx(1.7 * math.cos(math.radians(10.0)))
    ahead = ((left[0] + right[0]) / 2.0 - 3.0) * math.cos(0.4) + ((left[1] + right[1]) / 2.0 + 2.0) * math.sin(0.4)
    assert ahead == pytest.approx(TOOL.ahead_m)


def test_lost_hammers_open_stripes_that_stay():
    flail = flail_on()
    assert flail.lost_stripes_m() == ()
    flail.lose_hammers(3)
    first = flail.lost_stripes_m()
    flail.lose_hammers(2)
    assert len(first) == 3
    assert len(set(flail.lost_hammers)) == 5
    assert set(first) < set(flail.lost_stripes_m())
    pitch = TOOL.width_m / TOOL.hammer_count
    assert all(b - a == pytest.approx(pitch) and -0.85 - 1e-9 <= a < b <= 0.85 + 1e-9 for a, b in first)


def test_track_of_two_hammers_opens_only_with_the_second():
    flail = flail_on(tool=TOOL.model_copy(update={"hammers_per_track": 2}))
    flail.lost_hammers = (4,)
    assert flail.lost_stripes_m() == ()
    flail.lost_hammers = (4, 24)
    assert flail.lost_stripes_m() == ((pytest.approx(-0.85 + 4 * 0.085), pytest.approx(-0.85 + 5 * 0.085)),)


def test_stuck_rotor_valve_turns_an_uncommanded_rotor():
    flail, body = flail_on(), body_on(FLAT)
    flail.rotor_stuck_radps = 20.0
    for _ in range(300):
        flail.step(body, 0.0, 0.0, engine_ratio=1.0)
    assert flail.rotor_radps == pytest.approx(20.0, rel=1e-3)


def test_drive_that_falls_short_turns_the_rotor_slower_than_commanded_until_it_is_switched_off():
    flail, body = flail_on(), body_on(FLAT)
    flail.rotor_radps, flail.drive_speed_ratio = WORKING, 0.8
    cut(flail, body, 0.02, 0.2, 15.0)
    assert flail.rotor_radps == pytest.approx(0.8 * WORKING, rel=1e-3)
    cut(flail, body, 0.0, -0.5, 60.0, rotor=0.0)
    assert flail.rotor_radps == 0.0


def test_blade_needs_no_rotor_and_loads_the_tracks():
    blade = TOOL.model_copy(update={"kind": "blade", "rotor_speed_rpm": 0.0, "rotor_inertia_kgm2": 0.0})
    flail, body = flail_on(tool=blade), body_on(FLAT)
    cut(flail, body, 0.5, 0.2, 1.0, rotor=0.0)
    assert flail.rotor_radps == 0.0
    assert flail.cutting
    assert flail.load_ratio == pytest.approx(60_000.0 * 1.7 * 0.2 / (0.5 * 12_500.0 * 9.80665))
