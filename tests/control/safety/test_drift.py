"""Slow false drift of the position (row 46): what alarms, what does not, and how soon."""

import math
from typing import Any

import msgspec
import numpy as np
import pytest

from firmware_bridge.types import FixType
from tests.builders import DATUM, gnss, imu
from tests.control.safety.gate_inputs import CONFIG
from vehicle.contracts.frames import enu_offset_from_body
from vehicle.control.safety import drift
from vehicle.control.state import DriftState

MOUNT = CONFIG.machine.gnss
LEVER = (MOUNT.antenna_x_m, MOUNT.antenna_y_m, MOUNT.antenna_z_m)


class Drive:
    """A machine whose receiver may lie; one epoch per call, 10 Hz."""

    def __init__(self, yaw: float = 0.4, roll: float = 0.0, sigma_m: float = 0.0, seed: int = 1) -> None:
        self.east = self.north = 0.0
        self.yaw, self.roll, self.pitch = yaw, roll, 0.03
        self.false_m = (0.0, 0.0)
        self.sigma = sigma_m
        self.random = np.random.default_rng(seed)
        self.state = DriftState()

    def epoch(self, ahead_m: float = 0.0, left_m: float = 0.0, turn: float = 0.0, **changes: object) -> bool:
        self.east += ahead_m * math.cos(self.yaw) - left_m * math.sin(self.yaw)
        self.north += ahead_m * math.sin(self.yaw) + left_m * math.cos(self.yaw)
        self.yaw += turn
        lever = enu_offset_from_body(LEVER, self.yaw, self.pitch, self.roll)
        noise = self.random.normal(0.0, self.sigma, 2) if self.sigma else (0.0, 0.0)
        fix = gnss(
            self.east + lever[0] + self.false_m[0] + noise[0],
            self.north + lever[1] + self.false_m[1] + noise[1],
            lever[2],
            math.remainder(self.yaw + MOUNT.heading_offset_rad, math.tau),
            **changes,
        )
        belts = abs(ahead_m) + abs(turn) * 0.5
        since = DriftState(**{**{f: getattr(self.state, f) for f in self.state.__struct_fields__}, "belt_m": belts})
        self.state = drift.follow(since, fix, imu(roll_rad=self.roll, pitch_rad=self.pitch), CONFIG)
        return drift.alarm(self.state)

    def lie(self, ahead_m: float = 0.0, left_m: float = 0.0) -> None:
        east, north = self.false_m
        self.false_m = (
            east + ahead_m * math.cos(self.yaw) - left_m * math.sin(self.yaw),
            north + ahead_m * math.sin(self.yaw) + left_m * math.cos(self.yaw),
        )


def test_the_first_epoch_only_remembers() -> None:
    machine = Drive()
    assert not machine.epoch()
    assert machine.state.known
    assert (machine.state.left_m, machine.state.right_m, machine.state.ahead_m, machine.state.back_m) == (0, 0, 0, 0)
    assert machine.state.belt_m == 0.0


@pytest.mark.parametrize("changes", [{"fix": FixType.RTK_FLOAT}, {"yaw_rad": None}])
def test_without_rtk_fixed_or_heading_the_sums_start_anew(changes: dict[str, Any]) -> None:
    machine = Drive()
    machine.epoch()
    machine.lie(left_m=0.2)
    machine.epoch()
    assert machine.state.left_m == pytest.approx(0.2, abs=1e-3)
    yaw = changes.pop("yaw_rad", 0.1)
    fix = gnss(0.0, 0.0, 0.0, yaw, **changes)
    assert drift.follow(machine.state, fix, imu(), CONFIG) == DriftState()


@pytest.mark.parametrize(
    ("ahead", "left", "field"),
    [(0.2, 0.0, "ahead_m"), (-0.2, 0.0, "back_m"), (0.0, 0.2, "left_m"), (0.0, -0.2, "right_m")],
)
def test_at_a_stand_every_way_is_false(ahead: float, left: float, field: str) -> None:
    machine = Drive(yaw=1.1)
    machine.epoch()
    machine.lie(ahead, left)
    assert not machine.epoch()
    for name in ("ahead_m", "back_m", "left_m", "right_m"):
        assert getattr(machine.state, name) == pytest.approx(0.2 if name == field else 0.0, abs=2e-3)
    machine.lie(ahead / 2, left / 2)
    machine.epoch()
    machine.lie(ahead / 2, left / 2)
    assert machine.epoch()
    assert drift.alarm(machine.state)


@pytest.mark.parametrize("field", ["ahead_m", "back_m", "left_m", "right_m"])
def test_the_alarm_is_above_thirty_centimetres(field: str) -> None:
    assert not drift.alarm(msgspec.structs.replace(DriftState(), **{field: 0.3}))
    assert drift.alarm(msgspec.structs.replace(DriftState(), **{field: 0.3001}))


def test_what_comes_back_cancels_itself_and_what_was_right_is_not_saved_up() -> None:
    machine = Drive()
    machine.epoch()
    for _ in range(20):
        machine.lie(left_m=0.15)
        assert not machine.epoch()
        machine.lie(left_m=-0.15)
        assert not machine.epoch()
    assert machine.state.left_m == pytest.approx(0.0, abs=1e-3)
    assert machine.state.right_m == pytest.approx(0.15, abs=1e-3)


def test_driving_straight_ahead_is_no_drift() -> None:
    for way in (0.028, -0.028, 0.2):
        machine = Drive(yaw=0.9)
        for _ in range(600):
            assert not machine.epoch(ahead_m=way)
        assert max(machine.state.left_m, machine.state.right_m) < 0.01


def test_moving_off_forgets_what_a_stand_had_summed_along() -> None:
    machine = Drive()
    machine.epoch()
    machine.lie(ahead_m=0.2)
    machine.epoch()
    machine.epoch(ahead_m=0.02)
    assert (machine.state.ahead_m, machine.state.back_m) == (0.0, 0.0)
    machine = Drive()
    machine.epoch()
    machine.lie(ahead_m=-0.2)
    machine.epoch()
    machine.epoch(ahead_m=0.02)
    assert (machine.state.ahead_m, machine.state.back_m) == (0.0, 0.0)


def test_the_allowance_sideways_per_way_tilt_and_turn() -> None:
    for roll, share in ((0.0, 0.02), (0.2, 0.02 + 0.2 * math.tan(0.2)), (-0.2, 0.02 + 0.2 * math.tan(0.2))):
        for side, field in ((1.0, "left_m"), (-1.0, "right_m")):
            # due east, so that the sphere's 0.3 % of the way ahead does not show up sideways
            machine = Drive(yaw=0.0, roll=roll)
            machine.epoch()
            machine.epoch(ahead_m=20.0, left_m=side * (20.0 * share + 0.2))
            assert getattr(machine.state, field) == pytest.approx(0.2, abs=5e-3)
    for turn in (2.0, -2.0):
        machine = Drive()
        machine.epoch()
        machine.yaw += turn
        machine.lie(left_m=0.5)
        machine.yaw -= turn
        machine.epoch(turn=turn)
        allowed = 0.1 * 2.0 + 0.5 * 2.0 * 0.02
        assert machine.state.left_m == pytest.approx(0.5 - allowed, abs=2.5e-3)


def test_a_turn_across_south_west_is_a_small_one() -> None:
    machine = Drive(yaw=3.1)
    machine.epoch()
    machine.lie(left_m=0.2)
    machine.epoch(turn=0.1)
    assert machine.state.left_m == pytest.approx(0.2 - 0.011, abs=3e-3)


def test_the_antenna_on_its_mast_swings_and_that_is_no_drift() -> None:
    machine = Drive()
    for number in range(400):
        machine.roll = 0.1 * math.sin(number / 7)
        machine.pitch = 0.1 * math.cos(number / 5)
        assert not machine.epoch(turn=0.02)
    assert max(machine.state.left_m, machine.state.right_m, machine.state.ahead_m, machine.state.back_m) < 0.01


def test_noise_alone_is_no_drift() -> None:
    machine = Drive(sigma_m=0.02)
    assert not any(machine.epoch() for _ in range(20_000))


def seconds_to_alarm(rate_mps: float, speed_mps: float, sigma_m: float = 0.02) -> float | None:
    machine = Drive(yaw=0.7, sigma_m=sigma_m)
    for _ in range(50):
        machine.epoch(ahead_m=speed_mps / 10)
    for number in range(1, 2000):
        machine.lie(left_m=rate_mps / 10)
        if machine.epoch(ahead_m=speed_mps / 10):
            return number / 10
    return None


@pytest.mark.parametrize("rate_mps", [0.05, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("speed_mps", [0.0, 0.28])
def test_row_46_a_spoofer_is_found_within_ten_seconds_or_half_a_metre(rate_mps: float, speed_mps: float) -> None:
    found_s = seconds_to_alarm(rate_mps, speed_mps)
    assert found_s is not None
    assert found_s <= 10.0 or found_s * rate_mps <= 0.5
    assert found_s * rate_mps <= 0.5


def test_distance_on_the_ground_is_metres() -> None:
    machine = Drive(yaw=0.0)
    machine.epoch()
    east, north, _ = DATUM.enu_from_geodetic(machine.state.lat_deg, machine.state.lon_deg, 350.0)
    machine.lie(left_m=0.25, ahead_m=0.1)
    machine.epoch()
    assert machine.state.left_m == pytest.approx(0.25, rel=5e-3)
    assert machine.state.ahead_m == pytest.approx(0.1, rel=1e-2)
    assert math.hypot(east, north) < 5.0
