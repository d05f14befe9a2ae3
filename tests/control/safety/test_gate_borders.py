"""The gate at a fence and on the driven track: what it lets through, remembers and stops."""

import pytest

from firmware_bridge.types import OperatorEdge
from tests.control.safety.fields import BOX
from tests.control.safety.rig import Rig
from vehicle.contracts.messages import DriveRequest, Mode
from vehicle.control.state import GateState

E = OperatorEdge


def test_the_driven_track_is_kept_while_armed_only() -> None:
    rig = Rig().to_ready()
    assert len(rig.state.driven_path) == 0
    rig.press(E.ARM)
    assert rig.state.driven_path.tolist() == [[0.0, 0.0, 0.3]]
    rig.estimate = {"east_m": 5.0}
    rig.send()
    assert len(rig.state.driven_path) == 2
    rig.stop()
    rig.estimate = {"east_m": 9.0}
    rig.run(3)
    assert len(rig.state.driven_path) == 2


def test_the_driven_track_is_kept_in_missions_too() -> None:
    for rig in (Rig().to_auto(), Rig().to_work()):
        for east_m in (5.0, 5.4):
            rig.estimate = {"east_m": east_m}
            rig.send()
            assert rig.state.driven_path[-1].tolist() == [east_m, 0.0, 0.3]
        assert rig.mode in (Mode.AUTO_MOVE, Mode.AUTO_WORK)


def at_the_fence(east_m: float, yaw_rad: float = 0.3) -> Rig:
    rig = Rig()
    rig.state = GateState(session_id=rig.state.session_id, config_hash=rig.state.config_hash, fence=BOX)
    rig.estimate = {"east_m": east_m, "yaw_rad": yaw_rad}
    return rig


def test_row_102_by_stick_outside_the_fence_only_inwards_slowly_and_with_the_horn() -> None:
    rig = at_the_fence(40.0).to_manual()
    assert rig.report.reasons == ("fence",)
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls["drive"] = 1.0
    command = rig.send()
    assert command.horn
    assert not rig.report.driving
    rig.controls["drive"] = 0.0
    rig.send()
    rig.controls["drive"] = -1.0
    rig.send()
    assert rig.report.drive_speed_mps == pytest.approx(-0.3)
    inside = at_the_fence(0.0).to_manual()
    inside.controls = {"hold_to_run": True}
    inside.send()
    inside.controls["drive"] = 1.0
    assert not inside.send().horn
    assert inside.report.driving


def test_row_101_by_stick_it_goes_slower_towards_the_fence_and_away_from_it_as_it_likes() -> None:
    rig = at_the_fence(27.0, 0.0).to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls["drive"] = 1.0
    rig.send()
    room_m = rig.state.monitor.room_ahead_m
    assert 0.2 < room_m < 2.0
    ahead_mps = rig.report.drive_speed_mps
    decel = rig.config.machine.tracks.decel_mps2
    assert ahead_mps * 0.6 + ahead_mps * ahead_mps / (2.0 * decel) == pytest.approx(room_m)
    rig.controls["drive"] = -1.0
    rig.send()
    assert rig.report.drive_speed_mps == pytest.approx(-rig.config.machine.tracks.reverse_speed_mps)


def test_recovery_is_kept_on_the_driven_track() -> None:
    rig = Rig()
    place = {"east_m": 1.0, "north_m": 2.0, "yaw_rad": 0.0}
    rig.estimate = dict(place)
    rig.to_manual()
    rig.estimate = place | {"roll_rad": 0.6}
    rig.run(30)
    rig.to_recovery()
    assert rig.state.driven_path.tolist() == [[1.0, 2.0, 0.0]]
    rig.estimate |= {"east_m": 1.4, "position_proven": False}
    for drive, speed_mps in ((-1.0, -0.1), (1.0, 0.0), (-1.0, -0.1)):
        rig.controls = {"hold_to_run": True}
        rig.send()
        rig.controls["drive"] = drive
        rig.send()
        assert rig.report.drive_speed_mps == pytest.approx(speed_mps)


def test_row_101_a_mission_stops_inside_the_fence() -> None:
    rig = at_the_fence(0.0).to_auto()
    rig.auto = DriveRequest(speed_mps=0.2)
    assert rig.send().track_left_mps > 0.0
    rig.estimate = {"east_m": 27.5, "yaw_rad": 0.3, "speed_mps": 0.2}
    rig.run(5)
    assert rig.mode in (Mode.STOPPING, Mode.HOLD)
    assert rig.report.stop_reason == "fence"
