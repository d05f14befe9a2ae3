"""Out of the swath again, the fault still there: an operator who reads the texts alone drives back by their rules."""

import math

import pytest

from sim import manual_text
from sim.drill import Drill
from sim.faults import FAULTS
from sim.hands import Goal
from tests.faults.scenes import work
from vehicle.messages import Mode
from vehicle.units import TICK_S

DRIVING = (Mode.MANUAL, Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.RECOVERY)
STAYS: tuple[tuple[str, float], ...] = (
    ("encoder_dead", 1.0),
    ("encoder_reversed", 1.0),
    ("tilt_offset", 0.25),
    ("imu_stuck", 1.0),
    ("imu_silent", 1.0),
    ("rotor_sensor_dead", 1.0),
    ("depth_lost", 1.0),
    ("gnss_float", 1.0),
    ("gnss_lost", 1.0),
    ("gnss_jump", 3.0),
    ("heading_lost", 1.0),
    ("heading_flip", 1.0),
    ("wrong_base", 1.0),
    ("supply_low", 7.0),
    ("oil_pressure_low", 1.0),
    ("oil_hot", 98.0),
    ("rotor_weak", 0.0),
)
BACK_M = 0.4
LIMIT_S = 120.0
RECOVERY_MPS = 0.1


def back_out(drill: Drill) -> bool:
    """Backward in RECOVERY where a text says so, else by hand; True once it has come far enough."""
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


@pytest.mark.parametrize(("name", "strength"), STAYS)
def test_the_machine_comes_back_by_the_texts_with_the_fault_still_there(name: str, strength: float) -> None:
    drill = work()
    drill.run(8.0)
    FAULTS[name].inject(drill, strength)
    stopped = drill.until((Mode.HOLD, Mode.ESTOP, Mode.FAULT), 10.0)
    assert stopped, (drill.mode, drill.reasons)
    drill.drive(Goal.REST).run(1.0)
    assert drill.hands.screen, "a stop without a text"
    drill.attended = True
    assert back_out(drill), (drill.mode, drill.reasons)
    assert drill.watch.finish() == ()
