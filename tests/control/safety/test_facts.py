"""The tick, put together for the interlocks."""

import msgspec
import pytest

from tests.control.safety.fields import BOX
from tests.control.safety.gate_inputs import BEATS, CONFIG, TICK, configured, gate_inputs
from tests.control.safety.rig import frame
from vehicle.contracts.messages import Due, MissionPhase, Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import attention, masks
from vehicle.control.safety.authority import AcceptedFrames
from vehicle.control.safety.facts import Facts, gather
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.measurements import measure
from vehicle.control.state import MonitorState, StationTrack


def track(**changes: int) -> StationTrack:
    values = {
        "station_id": 1,
        "sequence": 9,
        "echo_tick": 9,
        "edges": 0,
        "sample_count": 9,
        "sample_tick": 990,
        "tick": 995,
    }
    return StationTrack(**(values | changes))


def facts(
    now: GateInputs | None = None, frames: AcceptedFrames | None = None, monitor: MonitorState | None = None
) -> Facts:
    now = now or gate_inputs()
    new, measured = measure(now, 0)
    return gather(now, monitor or new, measured, frames or AcceptedFrames(frame=None, stations={}), 70)


def test_messages_are_passed_as_they_are() -> None:
    now = gate_inputs(requests={"auto_phase": MissionPhase.RAISE, "tracks_supported": False}, state={"flapping": True})
    seen = facts(now, AcceptedFrames(frame=frame(drive=0.5), stations={}, cloned=True, rival=True))
    assert (seen.mode, seen.phase, seen.tracks_supported) == (Mode.HOLD, MissionPhase.RAISE, False)
    assert seen.estimate is now.estimate
    assert seen.frame is not None
    assert seen.frame.drive == 0.5
    assert (seen.safety, seen.machine) == (CONFIG.safety, CONFIG.machine)
    assert (seen.age_ms, seen.flapping, seen.clone, seen.rival) == (70, True, True, True)
    other = facts(gate_inputs(state={"flapping": False}))
    assert (other.flapping, other.clone, other.rival) == (False, False, False)
    assert seen.measured.standing


def test_what_the_record_waits_for_and_what_the_wires_brought_is_passed_too() -> None:
    calm = facts()
    assert (calm.due, calm.impossible, calm.disorder, calm.recording) == (Due(), False, False, True)
    due = Due(hammers=True)
    now = gate_inputs(requests={"due": due}, wire={"impossible": True, "disorder": 1, "recording": False})
    seen = facts(now)
    assert (seen.due, seen.impossible, seen.disorder, seen.recording) == (due, True, True, False)


def test_row_16_the_age_of_the_holders_sample_when_it_was_last_heard() -> None:
    now = gate_inputs(state={"holder": 1})
    assert (
        facts(
            now, AcceptedFrames(frame=None, stations={1: track(), 2: track(station_id=2, sample_tick=10)})
        ).sample_age_ms
        == 100
    )
    assert facts(now, AcceptedFrames(frame=None, stations={2: track(station_id=2)})).sample_age_ms == 0
    assert facts(now).sample_age_ms == 0


def test_the_gate_knows_whether_it_has_a_fence() -> None:
    assert not facts(gate_inputs()).fenced
    assert facts(gate_inputs(state={"fence": BOX})).fenced


def test_times_since() -> None:
    now = gate_inputs(
        state={
            "attention_tick": TICK - 50,
            "attention_t_ns": (TICK - 50) * TICK_NS,
            "used_tick": TICK - 100,
            "stop_tick": TICK - 150,
        }
    )
    seen = facts(now)
    asked_s = attention.asked_s(now.state, TICK, now.now_ns, CONFIG.safety)
    assert (seen.asked_s, seen.unused_s, seen.rest_s) == (asked_s, 2.0, 3.0)


@pytest.mark.parametrize(
    ("field", "name", "count"),
    [("bad_ticks", "wire_errors", 6), ("broken_ticks", "stick_faults", 3), ("late_ticks", "late", 2)],
)
def test_rows_19_37_78_so_many_within_a_second(field: str, name: str, count: int) -> None:
    def told(ticks: tuple[int, ...]) -> bool:
        kept = msgspec.structs.replace(MonitorState(beats_ns=BEATS), **{field: ticks})
        return bool(getattr(facts(monitor=kept), name))

    assert told((TICK - 49,) * count)
    assert not told((TICK - 50,) * count)
    assert not told((TICK,) * (count - 1))


@pytest.mark.parametrize(
    ("bad", "foreign", "broken", "told"), [(0, 0, 0, False), (1, 0, 0, True), (0, 1, 0, True), (0, 0, 1, True)]
)
def test_dropped_frames_are_told(bad: int, foreign: int, broken: int, told: bool) -> None:
    frames = AcceptedFrames(frame=None, stations={}, foreign=foreign, broken=broken)
    assert facts(gate_inputs(wire={"bad_frames": bad}), frames).dropped_frames is told


def test_row_98_the_envelope_is_judged_before_anything_else() -> None:
    wild = configured("tracks", transit_speed_mps=9.0)
    assert not facts(gate_inputs(config=wild, state={"mode": Mode.BOOT})).envelope
    assert facts(gate_inputs(config=wild, state={"mode": Mode.HOLD})).envelope
    assert facts(gate_inputs(state={"mode": Mode.BOOT})).envelope


def test_a_small_shock_is_another_one_where_the_first_was_over_in_a_wait() -> None:
    small = 1 << StopReason.SHOCK_SMALL
    open_ = {"mode": Mode.WAIT, "latched": small}
    assert facts(gate_inputs(state=open_)).shock_again
    assert not facts(gate_inputs(state=open_ | {"active": small})).shock_again
    assert not facts(gate_inputs(state=open_ | {"latched": 0})).shock_again
    assert not facts(gate_inputs(state=open_ | {"mode": Mode.HOLD})).shock_again


def test_somebody_says_that_it_was_more_in_a_wait_or_while_a_small_shock_is_open() -> None:
    told = {"heavier": True}
    assert facts(gate_inputs(state={"mode": Mode.WAIT}, requests=told)).shock_heavier
    assert not facts(gate_inputs(state={"mode": Mode.AUTO_WORK}, requests=told)).shock_heavier
    assert not facts(gate_inputs(state={"mode": Mode.WAIT})).shock_heavier
    for open_ in ({"latched": masks.SHOCK_SMALL}, {"active": masks.SHOCK_SMALL}):
        assert facts(gate_inputs(state={"mode": Mode.HOLD} | open_, requests=told)).shock_heavier
        assert not facts(gate_inputs(state={"mode": Mode.HOLD} | open_)).shock_heavier
    assert not facts(gate_inputs(state={"mode": Mode.HOLD, "latched": masks.DETONATION}, requests=told)).shock_heavier
