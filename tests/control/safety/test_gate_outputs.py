"""What the gate puts on the wire, remembers, and reports, in each mode."""

import msgspec
import pytest

from firmware_bridge.types import ControllerFlag, EngineMode, OperatorEdge, ToolMode
from tests.control.safety.gate_inputs import ROTORLESS
from tests.control.safety.rig import Rig, frame
from vehicle.contracts import stop_reasons
from vehicle.contracts.messages import DriveRequest, FlailRequest, MissionPhase, Mode, RotorState
from vehicle.contracts.stop_codes import StopReason
from vehicle.control.safety import engine as engines
from vehicle.control.safety import gate, masks
from vehicle.control.safety.masks import mask
from vehicle.control.safety.modes import Want

E = OperatorEdge


def test_the_wish_of_every_phase() -> None:
    assert {phase: gate.WANTS.get(phase, Want.REST) for phase in MissionPhase} == {
        MissionPhase.IDLE: Want.REST,
        MissionPhase.PAUSED: Want.REST,
        MissionPhase.DONE: Want.REST,
        MissionPhase.SPIN_UP: Want.SPIN,
        MissionPhase.RAISE: Want.SPIN,
        MissionPhase.MOVE: Want.MOVE,
        MissionPhase.BACK_OFF: Want.BACK_OFF,
        MissionPhase.LOWER: Want.LOWER,
        MissionPhase.WORK: Want.WORK,
    }


def test_the_engine_of_every_mode() -> None:
    assert {mode: engines.ENGINES.get(mode, EngineMode.KEEP) for mode in Mode} == {
        Mode.BOOT: EngineMode.KEEP,
        Mode.DISARMED: EngineMode.KEEP,
        Mode.READY: EngineMode.KEEP,
        Mode.MANUAL: EngineMode.WORK,
        Mode.AUTO_MOVE: EngineMode.WORK,
        Mode.AUTO_WORK: EngineMode.WORK,
        Mode.WAIT: EngineMode.WORK,
        Mode.RECOVERY: EngineMode.WORK,
        Mode.STOPPING: EngineMode.IDLE,
        Mode.HOLD: EngineMode.IDLE,
        Mode.FAULT: EngineMode.IDLE,
        Mode.ESTOP: EngineMode.SHUTDOWN,
    }


def test_a_disarmed_machine_commands_nothing() -> None:
    rig = Rig().to_disarmed()
    command = rig.send()
    assert command.engine is EngineMode.KEEP
    assert (command.track_left_mps, command.track_right_mps, command.rotor_speed_radps) == (0.0, 0.0, 0.0)
    assert (command.tool_mode, command.tool_value_m) == (ToolMode.HOLD, 0.0)
    assert (command.brake, command.horn, command.beacon, command.kill, command.suppression) == (True, *[False] * 4)
    assert command.valid_for_ms == 150
    assert command.tick == rig.tick


def test_every_command_has_a_number_of_its_own() -> None:
    rig = Rig()
    numbers = [rig.send().sequence for _ in range(5)]
    assert numbers == [1, 2, 3, 4, 5]
    assert rig.state.sequence == 5


def test_a_turn_reaches_the_belts_and_the_report() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True, "turn": 0.5, "drive": 0.0}
    rig.send(turn=0.0)
    command = rig.send()
    rate = 0.5 * rig.config.machine.tracks.pivot_rate_radps
    half = rate * rig.config.machine.tracks.gauge_m / 2
    assert (command.track_left_mps, command.track_right_mps) == pytest.approx((-half, half))
    assert rig.report.drive_yaw_rate_radps == pytest.approx(rate)
    assert rig.report.drive_speed_mps == pytest.approx(0.0)
    assert rig.report.driving
    assert not command.brake
    assert rig.state.set_mps == (command.track_left_mps, command.track_right_mps)


def test_a_one_belt_turn_is_driving_too() -> None:
    rig = Rig().to_auto()
    gauge = rig.config.machine.tracks.gauge_m
    for sign in (1, -1):
        rig.auto = DriveRequest(speed_mps=0.1, yaw_rate_radps=sign * 0.2 / gauge)
        command = rig.send()
        assert min(command.track_left_mps, command.track_right_mps) == pytest.approx(0.0, abs=1e-12)
        assert rig.report.driving
        assert not command.brake


def test_horn_for_exactly_three_seconds_before_anything_moves() -> None:
    rig = Rig().to_ready()
    rig.press(E.ARM)
    assert rig.mode is Mode.MANUAL
    began = rig.tick
    assert rig.state.horn_until_tick == began + 150
    rig.controls = {"hold_to_run": True, "rotor_request": True, "tool_mode": ToolMode.HEIGHT, "tool_value_m": 0.3}
    rig.send()
    while rig.tick < began + 149:
        command = rig.send()
        assert command.horn
        assert command.beacon
        assert (command.rotor_speed_radps, command.tool_mode, command.valid_for_ms) == (0.0, ToolMode.HOLD, 150)
    command = rig.send()
    assert not command.horn
    assert command.rotor_speed_radps > 0.0
    assert command.tool_mode is ToolMode.HEIGHT
    assert rig.state.horn_until_tick == began + 150


def test_the_horn_sounds_before_a_mission_starts_however_long_ago_it_was_armed() -> None:
    """Minutes by stick lie between: who came near meanwhile has heard no horn."""
    rig = Rig().to_manual()
    rig.run(1000, hold_to_run=True)
    rig.run(1)
    assert not rig.command.horn
    rig.press(E.MISSION_START, hold_to_run=True)
    began = rig.tick
    rig.phase, rig.auto_flail = MissionPhase.MOVE, FlailRequest(rotor_speed_radps=rig.rotor_radps)
    while rig.tick < began + 149:
        command = rig.send()
        assert (command.horn, command.brake, command.rotor_speed_radps) == (True, True, 0.0)
        assert rig.mode is Mode.AUTO_MOVE
    command = rig.send()
    assert (command.horn, command.brake, command.rotor_speed_radps) == (False, False, rig.rotor_radps)


@pytest.mark.parametrize("ratio", [0.0, 0.5])
def test_the_beacon_warns_while_armed_and_while_the_rotor_turns(ratio: float) -> None:
    rig = Rig().to_disarmed()
    rig.status = {"rotor_speed_radps": ratio * rig.rotor_radps}
    assert rig.send().beacon is (ratio > 0.0)
    assert Rig().to_manual().send().beacon


@pytest.mark.parametrize("reason", [StopReason.MOVED_WHILE_BRAKED, StopReason.TRACK_STUCK, StopReason.FENCE])
def test_the_horn_for_what_may_hit_someone(reason: StopReason) -> None:
    assert masks.HORN_MASK & mask(reason)
    assert masks.HORN_MASK.bit_count() == 3


@pytest.mark.parametrize("edge", [E.ESTOP, E.NONE])
def test_after_the_reset_the_engine_is_no_longer_held_off_and_no_mode_starts_it(edge: OperatorEdge) -> None:
    """The controller keeps SHUTDOWN through KEEP: nobody could start the engine before the last ARM."""
    rig = Rig().to_manual()
    if edge is E.NONE:
        rig.status = {"engine_speed_radps": 300.0}
        rig.run(20)
        rig.status = {}
    else:
        rig.send(edge)
    rig.status = {"engine_speed_radps": 0.0, "hydraulic_pressure_pa": 0.0}
    rig.run(60)
    assert rig.mode is (Mode.FAULT if edge is E.NONE else Mode.ESTOP)
    assert rig.command.engine is EngineMode.SHUTDOWN
    rig.press(E.RELEASE_ESTOP)
    rig.press(E.ACKNOWLEDGE)
    assert rig.command.engine is EngineMode.SHUTDOWN, "not before the RESET"
    rig.press(E.RESET)
    rig.send()
    assert (rig.mode, rig.command.engine) == (Mode.DISARMED, EngineMode.IDLE)
    rig.press(E.ARM)
    assert (rig.mode, rig.command.engine) == (Mode.READY, EngineMode.IDLE)


def test_a_reset_that_is_due_frees_no_engine() -> None:
    """A program that died after a reset and a new stop: the controller may hold the engine off for it."""
    rig = Rig().to_disarmed()
    for due, engine in ((True, EngineMode.KEEP), (False, EngineMode.IDLE)):
        rig.state = msgspec.structs.replace(rig.state, reset_due=due, reset_sequence=5)
        assert rig.send().engine is engine


@pytest.mark.parametrize(
    ("mode", "standing", "engine"),
    [(Mode.FAULT, True, EngineMode.SHUTDOWN), (Mode.FAULT, False, EngineMode.IDLE), (Mode.HOLD, True, EngineMode.IDLE)],
)
def test_a_fault_shuts_the_engine_down_at_a_stand(mode: Mode, standing: bool, engine: EngineMode) -> None:
    rig = Rig().to_disarmed()
    rig.state = msgspec.structs.replace(rig.state, mode=mode, stop_tick=rig.tick)
    rig.status = {} if standing else {"track_left_mps": 0.1}
    assert rig.send().engine is engine
    assert rig.mode is mode


def test_a_driving_lease_is_what_is_left_of_the_operators_frame() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls["drive"] = 1.0
    rig.status = {"track_left_mps": 0.0, "track_right_mps": 0.0}
    command = rig.send()
    assert rig.report.drive_speed_mps > 0.3
    assert command.valid_for_ms == 150
    lives = [rig.step().valid_for_ms for _ in range(7)]
    assert lives == [150, 130, 110, 90, 70, 50, 150], "the last one drives slowly"
    assert rig.report.speed_cap_mps == 0.3
    rig.controls["drive"] = 0.1
    assert rig.send().valid_for_ms == 150


def test_a_fast_machine_shortens_the_lease_of_a_slow_command() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls["drive"] = 0.05
    rig.send()
    rig.status = {"track_left_mps": 0.5, "track_right_mps": 0.5}
    assert rig.send().valid_for_ms == 150
    assert rig.step().valid_for_ms == 150
    assert rig.step().valid_for_ms == 130


def test_a_rotor_alone_lives_on_the_lease_too() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True, "rotor_request": True}
    rig.send()
    assert rig.command.rotor_speed_radps > 0.0
    lives = [rig.step().valid_for_ms for _ in range(21)]
    assert lives[-1] == 500 - 10 - 440
    assert rig.step().rotor_speed_radps == 0.0


@pytest.mark.parametrize(
    ("ratio", "asked", "state"),
    [
        (0.0, False, RotorState.OFF),
        (0.0, True, RotorState.SPIN_UP),
        (0.5, True, RotorState.SPIN_UP),
        (0.5, False, RotorState.SPIN_DOWN),
        (0.95, True, RotorState.AT_SPEED),
        (0.95, False, RotorState.AT_SPEED),
    ],
)
def test_the_rotor_as_measured_and_told(ratio: float, asked: bool, state: RotorState) -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True, "rotor_request": asked}
    rig.send()
    rig.status = {"rotor_speed_radps": ratio * rig.rotor_radps}
    rig.send()
    assert rig.report.rotor is rig.state.rotor is state
    assert rig.state.monitor.rotor_on is asked


def test_a_blade_is_always_at_speed() -> None:
    rig = Rig(ROTORLESS).to_disarmed()
    assert rig.report.rotor is RotorState.AT_SPEED


def test_the_rotors_time_begins_with_each_change_of_its_command() -> None:
    rig = Rig().to_manual()
    rig.controls = {"hold_to_run": True, "rotor_request": True}
    rig.send()
    on = rig.tick
    rig.run(20)
    assert rig.state.monitor.rotor_tick == on
    rig.controls["rotor_request"] = False
    rig.send()
    assert rig.state.monitor.rotor_tick == on + 21
    rig.run(5)
    assert rig.state.monitor.rotor_tick == on + 21


def test_the_report_of_a_healthy_machine() -> None:
    rig = Rig().to_manual()
    rig.delay_ticks = 3
    rig.step()
    rig.step()
    rig.send()
    report = rig.report
    assert (report.mode, report.lease_holder, report.neutral_seen) == (Mode.MANUAL, 1, True)
    assert report.operator_age_s == pytest.approx(0.06)
    assert (report.reasons, report.worst_reason, report.reason_bits) == ((), 255, 0)
    assert (report.stop_reason, report.recovery, report.text) == ("", "", "")
    assert report.speed_cap_mps == 3.0
    assert not report.driving
    assert Rig().step() is not None


def test_the_report_names_what_is_in_force_while_nothing_stopped() -> None:
    rig = Rig().to_manual()
    rig.run(1, battery_ratio=0.1, tilt_rad=0.2)
    assert rig.report.stop_reason == "console_battery_low"
    assert rig.report.recovery == "A"
    assert rig.report.text == stop_reasons.RULES[StopReason.CONSOLE_BATTERY_LOW].text
    rig.status = {"flags": ControllerFlag.SHOCK}
    rig.run(1, battery_ratio=0.1)
    assert rig.report.reasons == ("detonation", "console_battery_low")
    assert rig.report.worst_reason == StopReason.DETONATION
    assert rig.report.stop_reason == "detonation"
    rig.status = {}
    rig.run(2, battery_ratio=0.04)
    assert rig.report.reasons[:2] == ("console_battery_empty", "detonation")
    assert rig.report.stop_reason == "detonation", "the stop's own reason, not what came after it"


def test_the_cap_in_the_report_knows_latched_and_active_reasons() -> None:
    rig = Rig().to_manual()
    rig.run(1, video_age_ms=350)
    assert rig.report.speed_cap_mps < 0.3
    rig.status = {"hydraulic_temp_degc": 90.0}
    rig.run(51)
    assert rig.report.speed_cap_mps == 0.3


def test_counters_and_ticks_of_the_state() -> None:
    rig = Rig().to_disarmed()
    rig.step(frame(session_id=99), frame(session_id=98))
    assert rig.state.foreign_count == 2
    heard = rig.state.frame_tick
    rig.send()
    assert rig.state.frame_tick == rig.tick == heard + 2
    rig.step()
    assert rig.state.frame_tick == rig.tick - 1
    assert rig.state.act_tick < rig.tick - 20
    rig.press(E.ARM)
    assert rig.state.act_tick == rig.tick
    rig.press(E.ATTENTION)
    assert rig.state.act_tick == rig.tick - 26
    assert rig.state.attention_tick == rig.tick


def test_attention_counts_from_the_start_of_the_mission() -> None:
    rig = Rig().to_auto(warned=False)
    began = rig.state.attention_tick
    assert began == rig.tick - 1, "START is a sign of attention itself"
    rig.run(30)
    assert rig.state.attention_tick == began
    rig.press(E.ATTENTION)
    assert rig.state.attention_tick == rig.tick


def test_the_gap_budget_fills_while_frames_come_and_empties_while_none_do() -> None:
    rig = Rig()
    rig.step()
    assert rig.state.budget_ms == 0
    assert rig.state.flapping
    rig.to_disarmed()
    rig.run(100)
    assert rig.state.budget_ms == 450
    assert not rig.state.flapping
    for _ in range(6):
        rig.step()
    assert rig.state.budget_ms == 430
    for _ in range(30):
        rig.step()
    assert rig.state.budget_ms == 0
    assert rig.state.flapping


def test_an_acknowledgement_of_a_moving_machine_forgives_no_drift() -> None:
    rig = Rig().to_disarmed()
    drifted = msgspec.structs.replace(rig.state.monitor.drift, back_m=0.2)
    rig.state = msgspec.structs.replace(rig.state, monitor=msgspec.structs.replace(rig.state.monitor, drift=drifted))
    rig.status = {"track_left_mps": 0.1}
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.monitor.drift.back_m == 0.2
    rig.send()
    rig.status = {}
    rig.send()
    assert rig.state.monitor.drift.back_m == 0.2
    rig.send(E.ACKNOWLEDGE)
    assert rig.state.monitor.drift.back_m == 0.0


def test_the_reset_reaches_the_controller_only_from_clean_hands_at_a_stop() -> None:
    rig = Rig().to_disarmed()
    rig.press(E.RESET)
    assert rig.command.reset
    rig.run(30)
    rig.press(E.RESET, drive=0.2)
    assert not rig.command.reset
    rig.send()
    rig.press(E.ARM)
    assert not rig.command.reset


def test_the_gate_never_raises_and_never_drives_on_nothing() -> None:
    rig = Rig()
    rig.wire = {"status": None, "imu": None, "gnss": None, "hello": None}
    rig.estimate = {"valid": False, "gnss_age_s": float("inf"), "imu_age_s": float("inf"), "roll_rad": float("nan")}
    for _ in range(20):
        command = rig.send(E.ARM | E.RESET | E.TAKE)
        assert command.brake
    assert rig.mode is Mode.BOOT
