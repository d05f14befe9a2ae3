"""Out of the swath again, the fault still there: an operator who reads the texts alone drives back by their rules."""

import math

import pytest

from campaign.fault_scenario import FaultScenario
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from sim import manual_text
from tests.campaign.scenes import work
from tests.marks import some
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import Level
from vehicle.contracts.stop_reasons import RULES
from vehicle.contracts.units import TICK_S

pytestmark = pytest.mark.long

DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
STAYS: tuple[tuple[str, float, str], ...] = (
    # fault, strength, a reason that it must show
    ("encoder_dead", 1.0, "track_sensor"),
    ("encoder_silent", 1.0, "track_sensor"),
    ("encoders_silent", 1.0, "track_sensor"),
    ("encoder_reversed", 1.0, "track_sensor"),
    ("tilt_offset", 0.25, "tilt_disagrees"),
    ("too_steep", 0.5, "slope"),
    ("imu_stuck", 1.0, "tilt_unknown"),
    ("imu_silent", 1.0, "tilt_unknown"),
    ("rotor_sensor_dead", 1.0, "rotor_sensor"),
    ("detonation", 1.0, "detonation"),
    ("small_shock", 12.0, "shock_small"),
    ("depth_lost", 1.0, "tool_height_unknown"),
    ("gnss_float", 1.0, "position_float"),
    ("gnss_lost", 1.0, "gnss_lost"),
    ("gnss_jump", 3.0, "position_jump"),
    ("gnss_jump", 0.3, "position_unproven"),
    ("heading_lost", 1.0, "heading_lost"),
    ("heading_flip", 1.0, "heading_lost"),
    ("heading_offset", 3.0, "heading_disagrees"),
    ("heading_frozen", 1.0, "heading_stuck"),
    ("position_frozen", 1.0, "position_stuck"),
    ("wrong_fix", 0.3, "position_jump"),
    ("wrong_base", 1.0, "wrong_base"),
    ("depth_offset", 0.12, "depth_contradicts"),
    ("supply_low", 7.0, "supply_low"),
    ("oil_pressure_low", 1.0, "oil_pressure_low"),
    ("oil_hot", 98.0, "too_hot"),
    ("oil_hot", 110.0, "overheated"),
    ("rotor_weak", 0.0, "rotor_sag"),
    ("stick_off_centre", 0.3, "mission_left"),
)
PASSES = ("stick_off_centre", "detonation", "small_shock")
"""A stick is let go, a shock is over; every other cause stays."""
ELSEWHERE = {
    "ring_overlap": "a cause outside of the machine: tests/control/safety/test_rings.py",
    "maintenance": "it is on from the start or not at all: test_borders.py",
    "fence": "test_borders.py",
    "attention": "no fault of the machine: test_scenes.py",
    "track_slip": "the position is doubted first: test_scenes.py",
    "position_drift": "the position is doubted first: test_table.py",
    "unprocessed_ground": "test_borders.py",
}
BACK_M = 0.4
LIMIT_S = 120.0
RECOVERY_MPS = 0.1


def back_out(drill: FaultScenario) -> bool:
    """Backward in RECOVERY where a text says so, else by stick; True once it has come far enough."""
    start = drill.world.tracks.east_m, drill.world.tracks.north_m
    yaw_rad = drill.world.tracks.yaw_rad
    for _ in range(round(LIMIT_S / TICK_S)):
        if drill.mode not in DRIVING:
            drill.hands.goal = Goal.RETREAT if manual_text.retreats(drill.hands.screen) else Goal.MANUAL
        drill.hands.drive = -0.6
        drill.step()
        if drill.mode is Mode.RECOVERY:
            assert abs(drill.watch.setpoint_mps) <= RECOVERY_MPS + 1e-6
            assert drill.world.controller.outputs.rotor_radps == 0.0
        east, north = drill.world.tracks.east_m - start[0], drill.world.tracks.north_m - start[1]
        if east * math.cos(yaw_rad) + north * math.sin(yaw_rad) <= -BACK_M:
            return True
    return False


@pytest.mark.parametrize(("name", "strength", "reason"), some([*STAYS[::2], *STAYS[1::2]], 6, pytest.mark.release))
def test_the_machine_comes_back_by_the_texts_with_the_fault_still_there(
    name: str, strength: float, reason: str
) -> None:
    drill = work()
    drill.run(8.0)
    FAULTS[name].inject(drill, strength)
    seen: set[str] = set()
    act = FAULTS[name].act
    for _ in range(round(20.0 / TICK_S)):
        if act is not None:
            act(drill, strength)
        drill.step()
        seen |= set(drill.reasons)
        if drill.mode in (Mode.HOLD, Mode.ESTOP, Mode.FAULT):
            break
    drill.drive(Goal.REST).run(1.0)
    assert reason in seen | set(drill.reasons), seen
    if name in PASSES:
        FAULTS[name].heal(drill)
    assert drill.hands.screen, "a stop without a text"
    drill.attended = True
    assert back_out(drill), (drill.mode, drill.reasons)
    assert drill.watch.finish() == ()


def test_every_reason_that_can_stop_a_swath_and_leave_the_machine_able_to_drive_is_tried_or_told() -> None:
    drives = {rule.name for rule in RULES if rule.retreat or rule.level < Level.STOP <= rule.auto_level}
    assert drives <= {reason for _, _, reason in STAYS} | set(ELSEWHERE)
    assert set(ELSEWHERE) <= drives
