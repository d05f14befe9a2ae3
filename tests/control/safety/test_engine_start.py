"""The engine start from a console in the gate: step by step, what ends it, what forbids it, how often it is tried."""

import copy
import functools
import itertools
from typing import Any

import pytest
from msgspec.structs import replace

from firmware_bridge.types import ControllerFlag, ControllerState, EngineMode, OperatorEdge, OperatorFrame
from tests.builders import config as memat
from tests.builders import status
from tests.control.safety.gate_inputs import TICK, gate_inputs
from tests.control.safety.rig import Rig
from vehicle.config.machine_parts import EngineConfig
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.engine_start import length_s, rest_left_s, secured, valve_shut
from vehicle.contracts.messages import EngineStart, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import masks, starting
from vehicle.control.safety.measurements import measure
from vehicle.control.safety.modes import Starter

E = OperatorEdge
OFF, ASKED, HELD = EngineStart.NONE, EngineStart.ASKED, EngineStart.HELD
WARNING, CRANKING = EngineStart.WARNING, EngineStart.CRANKING
HELD_TICKS, WARNING_TICKS, CRANK_TICKS, REST_TICKS, PAUSE_TICKS = 150, 250, 100, 1500, 15_000
STANDS: dict[str, Any] = {"engine_speed_radps": 0.0, "flags": ControllerFlag.BRAKE_ON}
NAN = float("nan")


def with_starter(**engine: Any) -> VehicleConfig:
    whole = memat()
    fitted = EngineConfig(**({"console_start": True, "crank_s": 2.0} | engine))
    return whole.model_copy(update={"machine": whole.machine.model_copy(update={"engine": fitted})})


@functools.cache
def rested() -> Rig:
    """Made once: five hundred ticks."""
    rig = Rig(with_starter())
    rig.status = dict(STANDS)
    rig.to_disarmed()
    rig.run(REST_TICKS - rig.tick)
    return rig


def again(rig: Rig) -> Rig:
    """Another one that goes on from there."""
    other = copy.copy(rig)
    for part in ("status", "gnss", "estimate", "wire", "controls"):
        setattr(other, part, dict(getattr(rig, part)))
    return other


def disarmed(config: VehicleConfig | None = None) -> Rig:
    """Disarmed under control, engine at rest, brakes on, and the starter has rested since the program began."""
    rig = again(rested())
    rig.config = config or rig.config
    return rig


def asked(rig: Rig) -> Rig:
    rig.press(E.ENGINE_START)
    assert rig.state.start is ASKED, rig.report.reasons
    return rig


def hold(rig: Rig, ticks: int) -> Rig:
    rig.run(ticks, hold_to_run=True)
    return rig


@functools.cache
def begun(step: EngineStart) -> Rig:
    """Made once for each step."""
    rig = asked(disarmed())
    if step is not ASKED:
        ticks = {HELD: 3, WARNING: HELD_TICKS + 4, CRANKING: HELD_TICKS + WARNING_TICKS + 4}[step]
        hold(rig, ticks)
    assert rig.state.start is step
    return rig


def at(step: EngineStart) -> Rig:
    """In this step for a few ticks."""
    return again(begun(step))


STEPS = (ASKED, HELD, WARNING, CRANKING)


def test_the_steps_in_order_and_their_times() -> None:
    rig = asked(disarmed())
    told = []
    for _ in range(HELD_TICKS + WARNING_TICKS + CRANK_TICKS + 3):
        command = rig.send(hold_to_run=True)
        told.append(rig.state.start)
        assert (rig.mode, command.brake, rig.report.driving) == (Mode.DISARMED, True, False)
        assert (command.track_left_mps, command.track_right_mps, command.rotor_speed_radps) == (0.0, 0.0, 0.0)
        assert command.horn is (rig.state.start is WARNING)
        assert command.beacon is (rig.state.start is not OFF)
        assert (command.engine is EngineMode.START) is (rig.state.start is CRANKING)
    lengths = [(step, len(list(run))) for step, run in itertools.groupby(told)]
    assert lengths == [(HELD, HELD_TICKS), (WARNING, WARNING_TICKS), (CRANKING, CRANK_TICKS), (OFF, 3)]


def test_an_engine_that_runs_ends_it_and_motion_needs_reset_arm_arm() -> None:
    rig = at(CRANKING)
    rig.status |= {"engine_speed_radps": 60.0}
    hold(rig, 1)
    assert rig.state.start is CRANKING
    rig.status |= {"engine_speed_radps": 60.1}
    hold(rig, 1)
    assert (rig.state.start, rig.mode, rig.command.engine) == (OFF, Mode.DISARMED, EngineMode.KEEP)
    assert (rig.state.reset_due, rig.state.neutral_seen, rig.state.start_tries) == (True, False, 0)
    rig.press(E.ARM)
    assert rig.mode is Mode.DISARMED
    assert rig.reset() is Mode.DISARMED
    assert rig.command.engine is EngineMode.IDLE
    rig.press(E.ARM)
    assert rig.mode is Mode.READY
    rig.press(E.ARM)
    assert rig.mode is Mode.MANUAL


@pytest.mark.parametrize("step", STEPS[1:])
def test_released_it_ends_at_once(step: EngineStart) -> None:
    rig = at(step)
    rig.send()
    assert (rig.state.start, rig.command.horn, rig.command.engine is EngineMode.START) == (OFF, False, False)
    assert rig.state.reset_due is (step is CRANKING)


def test_hold_is_waited_for_a_while() -> None:
    rig = at(ASKED)
    rig.run(249)
    assert rig.state.start is ASKED
    rig.run(1)
    assert rig.state.start is OFF


def test_who_holds_already_asks_for_nothing() -> None:
    """A button that is stuck starts no engine: hold-to-run must be seen to be pressed after the act."""
    rig = disarmed()
    rig.press(E.ENGINE_START, hold_to_run=True)
    assert rig.state.start is OFF


ENDS: dict[str, dict[str, Any]] = {
    "brake": {"status": {"flags": ControllerFlag(0)}},
    "kill": {"status": {"flags": ControllerFlag.BRAKE_ON | ControllerFlag.KILL}},
    "suppression": {"status": {"flags": ControllerFlag.BRAKE_ON | ControllerFlag.SUPPRESSION}},
    "left applied": {"status": {"applied_left_mps": 0.01}},
    "right applied": {"status": {"applied_right_mps": -0.01}},
    "rotor driven": {"status": {"applied_rotor_radps": 0.1}},
    "rotor turns": {"status": {"rotor_speed_radps": 3.3}},
    "rotor unknown": {"status": {"rotor_speed_radps": NAN}},
    "engine unknown": {"status": {"engine_speed_radps": NAN}},
    "tracks move": {"status": {"track_left_mps": 0.06, "track_right_mps": 0.06}, "gnss": {"speed_mps": 0.06}},
    "controller safe": {"status": {"state": ControllerState.SAFE}},
    "controller at fault": {"status": {"state": ControllerState.FAULT}},
    "steep": {"estimate": {"pitch_rad": 0.6}},
    "silent": {"wire": {"status": None}},
}


@pytest.mark.parametrize("step", [OFF, *STEPS])
@pytest.mark.parametrize("name", ENDS)
def test_each_condition_is_needed_in_each_step(name: str, step: EngineStart) -> None:
    rig = disarmed() if step is OFF else at(step)
    for part, values in ENDS[name].items():
        setattr(rig, part, getattr(rig, part) | values)
    lasting = 30 if name == "steep" else 1  # half a second is its onset
    rig.run(lasting, hold_to_run=step in (HELD, WARNING, CRANKING))
    if step is OFF:
        rig.press(E.ENGINE_START)
    assert rig.state.start is OFF
    assert rig.command.engine is not EngineMode.START


F = ControllerFlag


@pytest.mark.parametrize(
    ("changed", "holds"),
    [
        ({}, True),
        ({"flags": F.BRAKE_ON | F.SHOCK | F.OIL_PRESSURE_LOW | F.LEASE_EXPIRED}, True),
        ({"flags": F.BRAKE_ON | F.ESTOP_CHAIN_OPEN}, False),
        ({"flags": F.BRAKE_ON | F.FIRE}, False),
        ({"flags": F.BRAKE_ON | F.KILL}, False),
        ({"flags": F.BRAKE_ON | F.SUPPRESSION}, False),
        ({"flags": F(0)}, False),
        *(({"state": state}, state is ControllerState.RUN) for state in ControllerState),
        ({"applied_left_mps": -0.01}, False),
        ({"applied_right_mps": 0.01}, False),
        ({"applied_rotor_radps": -0.1}, False),
    ],
)
def test_what_the_controller_must_say_of_a_machine_that_is_secured(changed: dict[str, Any], holds: bool) -> None:
    told = status(**({"state": ControllerState.RUN, "flags": F.BRAKE_ON} | changed))
    assert secured(told, 0.0) is holds


@pytest.mark.parametrize(
    ("ratio", "shut"), [(0.05, True), (-0.05, True), (0.051, False), (-0.051, False), (NAN, False)]
)
def test_a_rotor_that_is_not_measured_to_rest_is_not_shut(ratio: float, shut: bool) -> None:
    assert valve_shut(status(), ratio) is shut


def test_the_times_of_the_steps_and_of_the_rest() -> None:
    assert [length_s(step, 7.0) for step in STEPS] == [5.0, 3.0, 5.0, 7.0]
    assert [rest_left_s(tries, 10.0) for tries in (0, 2, 3, 4)] == [20.0, 20.0, 290.0, 290.0]
    assert rest_left_s(0, 30.0) == rest_left_s(3, 300.0) == rest_left_s(0, 31.0) == 0.0


@pytest.mark.parametrize(("speed_radps", "starts"), [(5.0, True), (5.1, False), (-5.1, False), (105.0, False)])
def test_only_an_engine_at_rest_is_started(speed_radps: float, starts: bool) -> None:
    rig = disarmed()
    rig.status |= {"engine_speed_radps": speed_radps}
    rig.press(E.ENGINE_START)
    assert (rig.state.start is ASKED) is starts


@pytest.mark.parametrize("step", STEPS[1:3])
def test_an_engine_that_turns_before_the_crank_ends_it(step: EngineStart) -> None:
    rig = at(step)
    rig.status |= {"engine_speed_radps": 20.0}
    hold(rig, 1)
    assert rig.state.start is OFF


def test_a_machine_without_a_starter_has_no_start() -> None:
    rig = disarmed(with_starter(console_start=False))
    rig.press(E.ENGINE_START)
    assert rig.state.start is OFF
    assert not EngineConfig().console_start


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "edge",
    [
        E.STOP, E.DISARM, E.RELEASE, E.RESET, E.ARM, E.MISSION_PAUSE, E.MISSION_START, E.TAKE, E.ENGINE_START,
        E.ATTENTION, E.ACKNOWLEDGE,
    ],
)  # fmt: skip
def test_any_act_of_the_holder_ends_it(step: EngineStart, edge: E) -> None:
    rig = at(step)
    rig.run(30, hold_to_run=step is not ASKED)  # acts are half a second apart
    if rig.state.start is not step:
        return  # only a step that is shorter than that
    rig.send(edge, hold_to_run=step is not ASKED)
    assert rig.state.start is OFF
    assert rig.mode is Mode.DISARMED


def other(rig: Rig, edges: E, **changes: Any) -> OperatorFrame:
    """A frame of another console."""
    return replace(rig.frame(edges, **changes), station_id=2)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("edge", "mode"), [(E.STOP, Mode.DISARMED), (E.ESTOP, Mode.ESTOP)])
def test_a_stop_of_any_station_ends_it(step: EngineStart, edge: E, mode: Mode) -> None:
    rig = at(step)
    rig.step(rig.frame(hold_to_run=step is not ASKED), other(rig, edge))
    assert (rig.state.start, rig.mode) == (OFF, mode)
    assert rig.command.kill is (mode is Mode.ESTOP)
    assert rig.state.reset_due is (step is CRANKING or mode is Mode.ESTOP)


@pytest.mark.parametrize("axis", ["drive", "turn"])
@pytest.mark.parametrize("step", STEPS)
def test_a_stick_ends_it(step: EngineStart, axis: str) -> None:
    rig = at(step)
    rig.run(2, hold_to_run=step is not ASKED, **{axis: 0.5})
    assert rig.state.start is OFF


def test_a_lost_link_ends_the_crank_and_its_lease_ends_before() -> None:
    """No command with START outlives what is left of the operator's own frame."""
    rig = at(CRANKING)
    lives = []
    for _ in range(30):
        rig.step()
        lives.append(rig.command.valid_for_ms if rig.state.start is CRANKING else 0)
    assert lives[0] == 150
    assert lives[-1] == 0
    ends_ms = [20 * n + life for n, life in enumerate(lives, 1) if life]
    assert max(ends_ms) <= 490


def test_a_stop_ends_it_that_a_reason_asks_for() -> None:
    rig = at(CRANKING)
    rig.status |= {"supply_voltage_v": 20.0}
    hold(rig, 100)
    assert rig.state.start is OFF
    assert "supply_low" not in rig.report.reasons, "the crank was over before"
    slow = asked(disarmed(with_starter(crank_s=15.0)))
    hold(slow, HELD_TICKS + WARNING_TICKS + 1)
    slow.status |= {"supply_voltage_v": 20.0}
    hold(slow, 248)
    assert slow.state.start is CRANKING
    hold(slow, 3)
    assert (slow.state.start, "supply_low" in slow.report.reasons) == (OFF, True)


def test_a_station_of_another_maker_starts_no_engine() -> None:
    rig = disarmed()
    rig.press(E.ENGINE_START, native=False)
    assert rig.state.start is OFF
    rig = at(CRANKING)
    hold(rig, 1)
    rig.run(1, hold_to_run=True, native=False)
    assert rig.state.start is OFF


@pytest.mark.parametrize(
    ("step", "ticks", "after"), [(ASKED, 250, OFF), (HELD, 150, HELD), (WARNING, 250, WARNING), (CRANKING, 100, OFF)]
)
@pytest.mark.parametrize("late", ["ticks", "clock"])
def test_late_ticks_shorten_no_warning_and_lengthen_no_crank(
    step: EngineStart, ticks: int, after: EngineStart, late: str
) -> None:
    """What brings the crank nearer has its time by ticks and by the clock; what ends it, by one of them."""
    rig = at(step)
    began = rig.tick + 1 - ticks
    early = began + 1
    by_ticks, by_clock = (early, began) if late == "ticks" else (began, early)
    rig.state = replace(rig.state, start_tick=by_ticks, start_t_ns=by_clock * TICK_NS)
    rig.run(1, hold_to_run=step is not ASKED)
    assert rig.state.start is after
    rig = at(step)
    rig.state = replace(rig.state, start_tick=early, start_t_ns=early * TICK_NS)
    rig.run(1, hold_to_run=step is not ASKED)
    assert rig.state.start is step


# --- how often -------------------------------------------------------------------------------------------------------
def tried(rig: Rig) -> Rig:
    """One try that starts nothing, and its RESET."""
    asked(rig)
    hold(rig, HELD_TICKS + WARNING_TICKS + CRANK_TICKS + 1)
    assert rig.state.start is OFF
    rig.reset()
    assert not rig.state.reset_due
    return rig


def can_ask(rig: Rig) -> bool:
    rig.press(E.ENGINE_START)
    return rig.state.start is ASKED


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_after_three_tries_the_starter_rests_ten_times_as_long_and_they_count_anew(tries: int) -> None:
    rest = REST_TICKS if tries < 3 else PAUSE_TICKS
    for spare, rests in ((0, False), (1, True)):
        rig = disarmed()
        ended = rig.tick + 26 - rest + spare  # `press` waits for half a second
        rig.state = replace(rig.state, start_tries=tries, crank_tick=ended, crank_t_ns=ended * TICK_NS)
        assert can_ask(rig) is not rests
        if not rests:
            hold(rig, HELD_TICKS + WARNING_TICKS + 2)
            assert (rig.state.start, rig.state.start_tries) == (CRANKING, tries + 1 if tries < 3 else 1)


@pytest.mark.parametrize(("rested_ticks", "tries"), [(PAUSE_TICKS - 1, 3), (PAUSE_TICKS, 1), (PAUSE_TICKS + 1, 1)])
def test_tries_count_anew_once_the_starter_has_rested_for_the_whole_pause(rested_ticks: int, tries: int) -> None:
    state: dict[str, Any] = {"start": WARNING, "start_tries": 2, "crank_tick": TICK - rested_ticks}
    state["crank_t_ns"] = state["crank_tick"] * TICK_NS
    now = gate_inputs(config=with_starter(), state=state)
    assert starting.followed(now, CRANKING, Starter.ABLE).start_tries == tries


def test_the_end_of_a_crank_is_kept_by_tick_and_by_clock() -> None:
    late_ns = TICK * TICK_NS + 7
    now = gate_inputs(config=with_starter(), state={"start": CRANKING, "start_tries": 2}, now_ns=late_ns)
    ended = starting.followed(now, OFF, Starter.OVER)
    assert (ended.crank_tick, ended.crank_t_ns, ended.start_tries) == (TICK, late_ns, 2)
    assert (ended.start, ended.start_tick, ended.start_t_ns) == (OFF, TICK, late_ns)


def test_without_a_status_no_engine_is_started() -> None:
    now = gate_inputs(config=with_starter(), status_=None, state={"start": CRANKING})
    _, silent = measure(now, 0)
    assert silent.status is None
    assert starting.starter(now, silent, 0, able=True) is Starter.UNABLE


@pytest.mark.release
def test_the_starter_rests_between_tries_and_after_three() -> None:
    rig = disarmed()
    for count in (1, 2, 3):
        tried(rig)
        assert rig.state.start_tries == count
        ended = rig.state.crank_tick
        rest = REST_TICKS if count < 3 else PAUSE_TICKS
        rig.run(ended + rest - rig.tick - 28)
        assert not can_ask(rig), count
        if count == 3:
            break
        rig.run(30)
    rig.run(30)
    assert can_ask(rig)
    hold(rig, HELD_TICKS + WARNING_TICKS + 2)
    assert (rig.state.start, rig.state.start_tries) == (CRANKING, 1), "they count anew"


@pytest.mark.parametrize("late", ["ticks", "clock"])
def test_the_starter_has_rested_by_ticks_and_by_the_clock(late: str) -> None:
    for spare, rests in ((0, False), (1, True)):
        rig = disarmed()
        pressed = rig.tick + 26  # `press` waits for half a second
        rested, short = pressed - REST_TICKS - 500, pressed - REST_TICKS + spare
        by_ticks, by_clock = (short, rested) if late == "ticks" else (rested, short)
        rig.state = replace(rig.state, crank_tick=by_ticks, crank_t_ns=by_clock * TICK_NS)
        assert can_ask(rig) is not rests


def test_after_a_start_of_the_program_the_starter_rests_too() -> None:
    rig = Rig(with_starter())
    rig.status = dict(STANDS)
    rig.to_disarmed()
    assert rig.tick < REST_TICKS - 30
    assert not can_ask(rig)


def test_without_a_reset_there_is_no_other_try() -> None:
    rig = at(CRANKING)
    rig.run(1)
    rig.run(REST_TICKS + 5)
    assert not can_ask(rig)
    rig.reset()
    assert can_ask(rig)


# --- never after -----------------------------------------------------------------------------------------------------
BARRED = {
    "estop_machine", "fire", "roll_over", "runaway", "rotor_unrequested", "rotor_stuck_on", "rotor_not_stopping",
    "hydraulic_pressure_lost", "moved_while_braked", "track_stuck",
}  # fmt: skip


def test_what_bars_a_start() -> None:
    assert {reason.name.lower() for reason in StopReason if masks.START_BAR_MASK >> reason & 1} == BARRED


@pytest.mark.parametrize(
    "reason", [StopReason.FIRE, StopReason.RUNAWAY, StopReason.TRACK_STUCK, StopReason.ENGINE_STALL, None]
)
def test_only_a_hand_at_the_machine_ends_a_bar(reason: StopReason | None) -> None:
    state = disarmed().state
    bits = 0 if reason is None else 1 << reason
    bars = reason is not None and reason is not StopReason.ENGINE_STALL
    assert starting.barred_after(state, bits, chain_reset=False) is bars
    barred = replace(state, start_barred=True)
    assert starting.barred_after(barred, bits, chain_reset=False)
    assert starting.barred_after(barred, bits, chain_reset=True) is bars


def test_after_a_rotor_that_turned_unasked_no_console_starts_the_engine() -> None:
    """Acknowledged and reset, but nobody was at the machine; then somebody was."""
    rig = disarmed()
    rig.status |= {"rotor_speed_radps": 10.0}
    rig.run(12)
    assert rig.mode is Mode.ESTOP
    rig.status |= {"rotor_speed_radps": 0.0}
    rig.run(2)
    rig.press(E.ACKNOWLEDGE)
    assert rig.reset() is Mode.DISARMED
    rig.run(REST_TICKS)
    assert not can_ask(rig)
    rig.status |= {"flags": ControllerFlag.BRAKE_ON | ControllerFlag.ESTOP_CHAIN_OPEN}
    rig.run(5)
    rig.status |= {"flags": ControllerFlag.BRAKE_ON}
    rig.run(5)
    assert rig.reset() is Mode.DISARMED
    rig.run(30)
    assert can_ask(rig)


def test_a_controller_that_has_not_answered_the_newest_reset_starts_nothing() -> None:
    for answered, step in ((0, OFF), (1, ASKED)):
        rig = disarmed()
        rig.run(25)
        rig.state = replace(rig.state, reset_sequence=rig.state.sequence - answered)
        rig.send(E.ENGINE_START)
        assert rig.state.start is step, rig.report.reasons


@pytest.mark.parametrize("speed_mps", [0.3, 0.1])
def test_a_runaway_that_the_machine_itself_finds_bars_it(speed_mps: float) -> None:
    """Also one so slow that nothing but the time of the brakes tells."""
    rig = Rig(with_starter()).to_manual()
    rig.controls = {"hold_to_run": True}
    rig.send()
    rig.controls = {"hold_to_run": True, "drive": 0.1}
    rig.run(40)
    rig.controls = {}
    rig.status = {"track_left_mps": speed_mps, "track_right_mps": speed_mps}
    rig.gnss = {"speed_mps": speed_mps}
    rig.send(E.STOP)
    while rig.mode is Mode.STOPPING:
        rig.send()
    assert rig.mode is Mode.ESTOP
    assert rig.state.start_barred, rig.report.reasons
