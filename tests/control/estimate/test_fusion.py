"""The filter against a simulated truth: honest sigma at the tool, lever arm, quarantine of jumps, stillness at rest."""

import math

import msgspec
import numpy as np
import pytest

from firmware_bridge.types import FixType, GnssFix
from tests import builders
from tests.marks import some
from vehicle.contracts.frames import enu_offset_from_body
from vehicle.contracts.messages import Estimate, Inputs
from vehicle.contracts.units import TICK_NS, TICK_S, wrap_rad
from vehicle.control.estimate import fusion
from vehicle.control.estimate import wire as wires
from vehicle.control.estimate_state import EstimateState
from vehicle.control.state import WireState

pytestmark = pytest.mark.long

CONFIG = builders.config()
GNSS = CONFIG.machine.gnss
LEVER = (GNSS.antenna_x_m, GNSS.antenna_y_m, GNSS.antenna_z_m)
GAUGE_M = CONFIG.machine.tracks.gauge_m


class Run:
    """A machine on a straight course with slip, creep and noise; truth beside estimate."""

    def __init__(
        self, seed: int, speed_mps: float = 0.28, roll_rad: float = 0.0, slip: tuple[float, float] = (0.03, 0.05)
    ):
        self.random = np.random.default_rng(seed)
        self.speed_mps, self.roll_rad, self.slip = speed_mps, roll_rad, slip
        self.east, self.north, self.yaw = 3.0, -2.0, 0.6
        self.wire, self.state = WireState(), EstimateState()
        self.number = 0
        self.jump_m = 0.0
        self.fix = FixType.RTK_FIXED
        self.sigma_m = 0.02
        self.silent: dict[str, float] = {}

    def step(self) -> Estimate:
        left, right = self.speed_mps, self.speed_mps * (1.0 - self.slip[0]) / (1.0 - self.slip[1])
        true_speed = self.speed_mps * (1.0 - self.slip[0])
        creep = -abs(true_speed) * 0.05 * math.tan(self.roll_rad)
        self.east += (true_speed * math.cos(self.yaw) - creep * math.sin(self.yaw)) * TICK_S
        self.north += (true_speed * math.sin(self.yaw) + creep * math.cos(self.yaw)) * TICK_S
        self.number += 1
        noise = self.random.normal
        inputs = Inputs(
            status=builders.status(
                **(
                    {
                        "track_left_mps": left,
                        "track_right_mps": right,
                        "depth_m": 0.0,
                        "applied_left_mps": left,
                        "applied_right_mps": right,
                    }
                    | self.silent
                )
            ),
            imu=builders.imu(yaw_rate_radps=noise(0, math.radians(0.05)), roll_rad=self.roll_rad),
            gnss=self._fix() if self.number % 5 == 1 else None,
        )
        now_ns = self.number * TICK_NS
        self.wire = wires.step(self.wire, inputs, now_ns)
        self.state = fusion.step(self.state, self.wire, CONFIG, builders.DATUM, now_ns)
        return fusion.estimate(self.state, self.wire, CONFIG, now_ns)

    def _fix(self) -> GnssFix:
        dx, dy, dz = enu_offset_from_body(LEVER, self.yaw, 0.0, self.roll_rad)
        east = self.east + dx + self.random.normal(0, self.sigma_m) + self.jump_m
        north = self.north + dy + self.random.normal(0, self.sigma_m)
        yaw = wrap_rad(self.yaw + GNSS.heading_offset_rad + self.random.normal(0, math.radians(0.2)))
        speed_mps = self.speed_mps * (1.0 - self.slip[0]) + self.random.normal(0, 0.03)
        return builders.gnss(east, north, dz, yaw, fix=self.fix, speed_mps=speed_mps)

    def tool_error_m(self, estimate: Estimate) -> float:
        ahead = CONFIG.machine.tool.ahead_m
        east, north = self.east + ahead * math.cos(self.yaw), self.north + ahead * math.sin(self.yaw)
        return math.hypot(estimate.tool_east_m - east, estimate.tool_north_m - north)


@pytest.mark.parametrize(("seed", "roll_deg"), some([(2, 10.0), (1, 0.0), (3, -10.0)], 1, pytest.mark.release))
def test_the_tool_is_within_its_stated_uncertainty(seed: int, roll_deg: float) -> None:
    run = Run(seed, roll_rad=math.radians(roll_deg))
    ratios, errors = [], []
    for number in range(6000):
        estimate = run.step()
        if number > 1000:
            error = run.tool_error_m(estimate)
            errors.append(error)
            ratios.append(error / estimate.tool_sigma_m)
    assert math.sqrt(np.mean(np.square(errors))) < 0.02
    assert max(ratios) < 4.0
    assert np.median(ratios) > 0.1, "a sigma far above the error would withhold credit for nothing"


def test_roll_without_the_lever_arm_would_be_a_quarter_metre() -> None:
    """The lever-arm check can fail: ignoring 5 degrees of roll moves the origin by most of 24 cm."""
    run = Run(5, roll_rad=math.radians(5.0))
    for _ in range(500):
        estimate = run.step()
    assert run.tool_error_m(estimate) < 0.05
    ignored_m = abs(enu_offset_from_body(LEVER, run.yaw, 0.0, run.roll_rad)[1]
                    - enu_offset_from_body(LEVER, run.yaw, 0.0, 0.0)[1])  # fmt: skip
    assert ignored_m > 0.1


@pytest.mark.parametrize("jump_m", [0.3, 1.0, 50.0])
def test_a_jump_is_quarantined_and_not_proven(jump_m: float) -> None:
    run = Run(7)
    for _ in range(1000):
        run.step()
    run.jump_m = jump_m
    for _ in range(10):
        estimate = run.step()
    assert not estimate.position_proven
    assert run.tool_error_m(estimate) < 0.1
    run.jump_m = 0.0
    for _ in range(10):
        estimate = run.step()
    assert estimate.position_proven


def test_a_lone_outlier_changes_nothing_and_two_in_a_row_do() -> None:
    run = Run(12)
    for _ in range(1000):
        run.step()
    proven = []
    for number in range(15):
        run.jump_m = 0.5 if number < 5 else 0.0
        proven.append(run.step().position_proven)
    assert all(proven)
    run.jump_m = 0.5
    assert not all(run.step().position_proven for _ in range(10))


@pytest.mark.parametrize("fix", [f for f in FixType if f is not FixType.RTK_FIXED])
def test_only_rtk_fixed_proves_a_position(fix: FixType) -> None:
    run = Run(8)
    for _ in range(300):
        run.step()
    run.fix = fix
    for _ in range(10):
        estimate = run.step()
    assert not estimate.position_proven


def refixed(speed_mps: float, silent_ticks: int) -> tuple[float, bool]:
    """Oldest age and least validity in the two seconds after the fix came back from 2 s of float or of nothing."""
    run = Run(8, speed_mps=speed_mps)
    for _ in range(300):
        run.step()
    run.fix = FixType.RTK_FLOAT
    for _ in range(100):
        run.step()
    run.fix = FixType.NO_FIX
    for _ in range(silent_ticks):
        run.step()
    run.fix = FixType.RTK_FIXED
    told = [run.step() for _ in range(100)]
    assert told[-1].position_proven
    assert not any(estimate.position_proven for estimate in told[:40]), "it is looked at for a second"
    return max(estimate.gnss_age_s for estimate in told), all(estimate.valid for estimate in told)


def test_a_machine_at_rest_is_not_without_gnss_while_its_new_fix_is_looked_at() -> None:
    age_s, valid = refixed(0.0, 0)
    assert age_s <= 0.2
    assert valid


def test_one_that_moves_or_knew_no_place_meanwhile_is() -> None:
    for speed_mps, silent_ticks in ((0.28, 0), (0.0, 50)):
        age_s, valid = refixed(speed_mps, silent_ticks)
        assert age_s > 0.5
        assert not valid


def test_nothing_is_assumed_before_the_first_fix() -> None:
    run = Run(9)
    run.fix = FixType.RTK_FLOAT
    for _ in range(100):
        estimate = run.step()
    assert not estimate.valid
    assert not estimate.position_proven


def test_a_parked_machine_stays_where_it_is() -> None:
    run = Run(10, speed_mps=0.0)
    for _ in range(1500):
        estimate = run.step()
    before = estimate
    for _ in range(3000):
        estimate = run.step()
    assert math.hypot(estimate.east_m - before.east_m, estimate.north_m - before.north_m) < 0.01


def test_slip_of_each_track_is_learned_as_curvature() -> None:
    run = Run(11, slip=(0.0, 0.1))
    for _ in range(1000):
        estimate = run.step()
    curvature_1pm = (1.0 / 0.9 - 1.0) / GAUGE_M / (0.5 * (1.0 + 1.0 / 0.9))
    assert estimate.slip_curvature_1pm == pytest.approx(curvature_1pm, abs=0.01)


def test_messages_are_not_used_twice() -> None:
    first = wires.step(WireState(), Inputs(imu=builders.imu()), 1)
    second = wires.step(first, Inputs(), 2)
    assert (first.imu_fresh, second.imu_fresh, second.imu_t_ns) == (True, False, 1)
    assert msgspec.structs.replace(second, imu_fresh=True) != second


def test_a_standing_machine_never_adopts_a_jump_by_waiting() -> None:
    run = Run(8)
    for _ in range(500):
        run.step()
    run.jump_m, run.speed_mps = 2.0, 0.0
    for _ in range(10):
        run.step()
    assert not any(run.step().position_proven for _ in range(3000))
    assert run.tool_error_m(run.step()) < 0.1, "the place held is the old one"
    run.jump_m = 0.0
    assert not any(run.step().position_proven for _ in range(1500)), "nor does it come back by itself after a minute"


def test_a_moving_machine_never_adopts_a_jump() -> None:
    run = Run(9)
    for _ in range(500):
        run.step()
    run.jump_m = 30.0
    for _ in range(10):  # until the second fix in a row lies off, the position of the last good one holds
        assert run.tool_error_m(run.step()) < 0.1
    assert not any(run.step().position_proven for _ in range(800))


def test_belts_of_a_silent_controller_drive_nothing() -> None:
    run = Run(10)
    for _ in range(300):
        run.step()
    east, north = run.state.x[:2]
    wire = msgspec.structs.replace(run.wire, status_fresh=False, imu_fresh=False, gnss_fresh=False)
    state = run.state
    for number in range(301, 501):
        state = fusion.step(state, wire, CONFIG, builders.DATUM, number * TICK_NS)
    gone_m = math.hypot(state.x[0] - east, state.x[1] - north)
    assert 0.02 < gone_m < 0.28 * 0.25


def test_belts_that_the_receivers_speed_denies_make_the_tools_place_doubtful() -> None:
    run = Run(5)
    for _ in range(1500):
        calm = run.step()
    assert run.state.slid_m < fusion.SLID_FREE_M
    run.speed_mps, run.slip = 0.28, (0.95, 0.95)
    doubts = [run.step().tool_sigma_m for _ in range(20)]
    assert doubts[-1] > 3.0 * calm.tool_sigma_m
    run.slip = (0.03, 0.05)
    for _ in range(250):
        estimate = run.step()
    assert estimate.tool_sigma_m < 1.5 * calm.tool_sigma_m, "it is forgotten again"


@pytest.mark.parametrize("measured_mps", [0.28, 5.0, math.nan, math.inf])
def test_a_receiver_that_is_as_fast_or_knows_no_speed_makes_no_doubt(measured_mps: float) -> None:
    state = EstimateState(slid_m=0.0)
    wire = WireState(gnss=builders.gnss(0.0, 0.0, 0.0, 0.3, speed_mps=measured_mps))
    assert fusion._slid_m(state, wire, 0.28) == 0.0
    assert fusion._slid_m(state, WireState(), 0.28) == 0.0
    assert fusion._slid_m(msgspec.structs.replace(state, slid_m=0.1), WireState(), 0.28) == pytest.approx(0.098)


@pytest.mark.parametrize(
    ("depth_m", "pitch_deg", "roll_deg", "ahead_m", "left_m"),
    [
        (0.2, 0.0, 0.0, 0.0, 0.0),
        (0.2, 14.0, 0.0, -0.0484, 0.0),
        (0.2, -14.0, 0.0, 0.0484, 0.0),
        (0.2, 0.0, 9.0, 0.0, 0.0313),
        (-0.5, 14.0, 0.0, 0.121, 0.0),
        (9.0, 14.0, 0.0, 0.0, 0.0),
        (math.nan, 14.0, 0.0, 0.0, 0.0),
    ],
)
def test_the_tool_is_where_it_cuts_and_not_where_it_would_be_on_level_ground(
    depth_m: float, pitch_deg: float, roll_deg: float, ahead_m: float, left_m: float
) -> None:
    pitch, roll, yaw = math.radians(pitch_deg), math.radians(roll_deg), 0.6
    state = EstimateState(ready=True, x=(3.0, -2.0, yaw, 0.0, 0.0, 0.0))
    wire = WireState(imu=builders.imu(pitch_rad=pitch, roll_rad=roll), status=builders.status(depth_m=depth_m))
    seen = fusion.estimate(state, wire, CONFIG, 1)
    east, north = seen.tool_east_m - 3.0, seen.tool_north_m + 2.0
    ahead = east * math.cos(yaw) + north * math.sin(yaw) - CONFIG.machine.tool.ahead_m * math.cos(pitch)
    left = north * math.cos(yaw) - east * math.sin(yaw)
    assert (ahead, left) == pytest.approx((ahead_m, left_m), abs=1e-4)
    assert seen.tool_aside_m == pytest.approx(left_m, abs=1e-4)
