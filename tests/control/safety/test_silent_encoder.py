"""Rest where an encoder tells nothing: proven by what is left, never assumed, and lost with the first doubt."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.types import ControllerStatus, FixType
from tests.builders import gnss, imu, status
from tests.control.safety.gate_inputs import CONFIG, NOW_NS, TICK, gate_inputs
from tests.control.safety.rig import Rig, driving
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_MS, TICK_NS
from vehicle.control.safety import tracks
from vehicle.control.safety.fence import stopping_m
from vehicle.control.safety.gate_inputs import GateInputs
from vehicle.control.safety.measurements import Measurements, measure
from vehicle.control.state import GateState, MonitorState

NAN = math.nan
GAUGE_M = 1.6
TURN_RADPS = tracks.STANDSTILL_MPS / GAUGE_M
ONE, BOTH = {"track_left_mps": NAN}, {"track_left_mps": NAN, "track_right_mps": NAN}
SILENT = (ONE, {"track_right_mps": NAN}, BOTH)


def fix(speed_mps: float = 0.0, **changes: object) -> object:
    return gnss(0.0, 0.0, 0.0, 0.3, speed_mps=speed_mps, **changes)


def rests(belts: dict[str, float], yaw_rate_radps: float = 0.0, gnss_mps: float | None = 0.0) -> bool:
    heard = None if gnss_mps is None else fix(gnss_mps)
    return tracks.rests(status(**belts), imu(yaw_rate_radps=yaw_rate_radps), heard, GAUGE_M)  # type: ignore[arg-type]


@pytest.mark.parametrize(("left", "right", "silent"), [(0.0, 0.0, False), (NAN, 0.0, True), (0.0, NAN, True)])
def test_an_encoder_that_is_no_number_is_silent(left: float, right: float, silent: bool) -> None:
    assert tracks.silent(status(track_left_mps=left, track_right_mps=right)) is silent


@pytest.mark.parametrize("belts", SILENT)
def test_rest_needs_everything_that_is_left(belts: dict[str, float]) -> None:
    assert rests(belts)
    assert rests(belts, yaw_rate_radps=TURN_RADPS * 0.999, gnss_mps=0.0999)
    assert rests(belts, yaw_rate_radps=-TURN_RADPS * 0.999, gnss_mps=-0.0999)
    for turn_radps in (TURN_RADPS * 1.001, -TURN_RADPS * 1.001, NAN, math.inf):
        assert not rests(belts, yaw_rate_radps=turn_radps)
    for speed_mps in (0.1, -0.1, 0.5, NAN, math.inf):
        assert not rests(belts, gnss_mps=speed_mps)
    for applied_mps in (1e-6, -0.3, NAN):
        assert not rests(belts | {"applied_left_mps": applied_mps})
        assert not rests(belts | {"applied_right_mps": applied_mps})
    assert not tracks.rests(status(**belts), None, fix(), GAUGE_M)  # type: ignore[arg-type]


def test_exactly_the_turn_that_a_belt_at_the_limit_makes_is_no_rest() -> None:
    assert not tracks.rests(status(**ONE), imu(yaw_rate_radps=0.025), None, 2.0)


@pytest.mark.parametrize("known", ["track_left_mps", "track_right_mps"])
def test_the_belt_that_is_known_must_rest(known: str) -> None:
    belts = BOTH | {known: 0.0499}
    assert rests(belts)
    assert rests(BOTH | {known: -0.0499})
    for speed_mps in (0.05, -0.05, math.inf):
        assert not rests(BOTH | {known: speed_mps})


def test_without_gnss_one_known_belt_is_needed() -> None:
    assert rests(ONE, gnss_mps=None)
    assert rests({"track_right_mps": NAN}, gnss_mps=None)
    assert not rests(BOTH, gnss_mps=None)


ROLL = st.floats(-3.0, 3.0, allow_nan=False)


@given(left=ROLL, right=ROLL, applied=st.floats(), dead=st.sampled_from(SILENT), heard=st.booleans())
def test_a_machine_that_rolls_never_counts_as_resting(
    left: float, right: float, applied: float, dead: dict[str, float], heard: bool
) -> None:
    """Whatever is reported as applied: true belts turn the body and move the antenna, and one of these is seen."""
    belts = {"track_left_mps": left, "track_right_mps": right} | dead | {"applied_left_mps": applied}
    turn_radps = (right - left) / GAUGE_M
    seen = rests(belts, turn_radps, abs(left + right) / 2.0 if heard else None)
    if seen:
        assert max(abs(left), abs(right)) < tracks.REST_GNSS_MPS + tracks.STANDSTILL_MPS / 2.0 + 1e-9


# --- over time -------------------------------------------------------------------------------------------------------
def at_rest(**changes: object) -> GateInputs:
    """A machine whose left encoder is silent, seen at rest for one tick less than it takes."""
    monitor = MonitorState(
        beats_ns=(NOW_NS - TICK_NS,), boot_count=1, base_id=7, imu=(), gnss=(), rest_ticks=tracks.REST_TICKS - 1
    )
    return gate_inputs(**({"monitor": monitor, "status_": status(status_count=5, **ONE)} | changes))  # type: ignore[arg-type]


def sensed(now: GateInputs) -> Measurements:
    return measure(now, 0)[1]


def repeats(now: GateInputs, imu_ticks: int = 0, gnss_ticks: int = 0) -> GateInputs:
    """The same moment, its gyro and its receiver repeating themselves for so long."""
    told = measure(now, 0)[0]
    monitor = msgspec.structs.replace(
        told, rest_ticks=tracks.REST_TICKS - 1, imu_tick=TICK - imu_ticks, gnss_tick=TICK - gnss_ticks
    )
    return msgspec.structs.replace(now, state=msgspec.structs.replace(now.state, monitor=monitor))


def test_a_second_at_rest_is_standing_and_a_tick_less_is_not() -> None:
    assert sensed(at_rest()).standing
    assert measure(at_rest(), 0)[0].rest_ticks == tracks.REST_TICKS
    monitor = MonitorState(beats_ns=(NOW_NS - TICK_NS,), boot_count=1, base_id=7, rest_ticks=tracks.REST_TICKS - 2)
    early = at_rest(monitor=monitor)
    assert not sensed(early).standing
    assert measure(early, 0)[0].rest_ticks == tracks.REST_TICKS - 1


def test_the_first_doubt_takes_the_whole_second() -> None:
    assert measure(at_rest(imu_=imu(yaw_rate_radps=0.3)), 0)[0].rest_ticks == 0
    assert measure(at_rest(status_=None), 0)[0].rest_ticks == 0
    assert not sensed(at_rest(status_=None)).standing


def test_encoders_at_work_need_no_second_and_leave_none_behind() -> None:
    whole = at_rest(status_=status(status_count=5))
    assert measure(whole, 0)[0].rest_ticks == 0
    assert sensed(whole).standing
    moving = status(status_count=5, track_left_mps=0.06)
    assert not sensed(at_rest(status_=moving)).standing


def test_a_gyro_that_is_late_or_repeats_itself_proves_nothing() -> None:
    assert sensed(at_rest(wire={"imu_t_ns": NOW_NS - 200 * NS_PER_MS})).standing
    assert not sensed(at_rest(wire={"imu_t_ns": NOW_NS - 200 * NS_PER_MS - 1})).standing
    assert sensed(repeats(at_rest(), imu_ticks=9)).standing
    assert not sensed(repeats(at_rest(), imu_ticks=10)).standing
    assert not sensed(at_rest(imu_=None)).standing


def test_a_receiver_that_repeats_itself_or_is_late_is_none() -> None:
    silent = status(status_count=5, **BOTH)
    assert sensed(repeats(at_rest(status_=silent), gnss_ticks=49)).standing
    assert not sensed(repeats(at_rest(status_=silent), gnss_ticks=50)).standing
    assert sensed(repeats(at_rest(), gnss_ticks=50)).standing
    assert not sensed(at_rest(status_=silent, wire={"gnss_t_ns": NOW_NS - 501 * NS_PER_MS})).standing
    assert not sensed(at_rest(status_=silent, gnss_=fix(fix=FixType.FIX_2D))).standing


def test_the_gauge_is_the_machines() -> None:
    limit_radps = tracks.STANDSTILL_MPS / CONFIG.machine.tracks.gauge_m
    assert sensed(at_rest(imu_=imu(yaw_rate_radps=0.99 * limit_radps))).standing
    assert not sensed(at_rest(imu_=imu(yaw_rate_radps=1.01 * limit_radps))).standing


def fenced(*, speed_mps: float, told_mps: tuple[float, float], room_m: float) -> bool:
    """Whether a machine leaves its fence, `room_m` being left ahead."""
    monitor = MonitorState(boot_count=1, room_ahead_m=room_m, expected_mps=told_mps)
    now = gate_inputs(monitor=monitor, state={"fence": [[0, 0, 1, 1]], "set_mps": told_mps}, tick=TICK + 1)
    belief = msgspec.structs.replace(now.estimate, speed_mps=speed_mps)
    return sensed(msgspec.structs.replace(now, estimate=belief)).fenced_out


def test_before_the_fence_a_silent_encoder_hides_no_speed() -> None:
    assert fenced(speed_mps=NAN, told_mps=(0.5, 0.5), room_m=0.2)
    assert not fenced(speed_mps=NAN, told_mps=(0.5, -0.5), room_m=0.2)
    assert not fenced(speed_mps=NAN, told_mps=(0.0, 0.0), room_m=0.2)
    assert not fenced(speed_mps=0.0, told_mps=(0.5, 0.5), room_m=0.2)
    assert fenced(speed_mps=0.5, told_mps=(0.0, 0.0), room_m=0.2)
    needed_m = stopping_m(0.5, CONFIG)
    for told_mps in ((0.6, 0.4), (0.4, 0.6)):
        assert fenced(speed_mps=NAN, told_mps=told_mps, room_m=0.999 * needed_m)
        assert not fenced(speed_mps=NAN, told_mps=told_mps, room_m=1.001 * needed_m)


# --- through the gate ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dead", SILENT)
def test_row_52_a_silent_encoder_stops_and_recovery_drives_on(dead: dict[str, float]) -> None:
    rig = driving()
    rig.status = dict(dead)
    rig.run(24)
    assert rig.mode is Mode.MANUAL
    rig.run(1)
    assert rig.mode is Mode.STOPPING
    assert rig.report.stop_reason == "track_sensor"
    rig.controls = {}
    rig.run(49)
    assert rig.mode is Mode.STOPPING
    rig.run(200)
    assert rig.mode is Mode.HOLD
    rig.to_recovery()
    assert rig.mode is Mode.RECOVERY
    rig.run(151, hold_to_run=True)
    rig.controls = {"hold_to_run": True, "drive": -1.0}
    rig.send()
    assert rig.report.drive_speed_mps == pytest.approx(-0.1)
    rig.run(100)
    assert rig.mode is Mode.RECOVERY


def test_with_nothing_known_it_stays_unknown() -> None:
    rig = driving()
    rig.status, rig.wire = dict(BOTH), {"gnss": None}
    rig.run(60)
    rig.controls = {}
    rig.run(500)
    assert rig.mode is Mode.STOPPING


def braked(belts: dict[str, float], gnss_mps: float) -> Rig:
    """Long after a stop by a silent encoder, the machine goes on at such a speed."""
    rig = driving()
    rig.status = dict(ONE)
    rig.run(25)
    assert rig.mode is Mode.STOPPING
    rig.controls = {}
    rig.status, rig.gnss = dict(belts), {"speed_mps": gnss_mps}
    rig.run(300)
    return rig


@pytest.mark.long
def test_row_107_what_still_moves_is_a_runaway_whichever_source_is_left() -> None:
    for belts, gnss_mps in ((BOTH, 0.5), (BOTH, 0.2), (ONE, 0.5), (ONE | {"track_right_mps": 0.05}, 0.0)):
        assert braked(belts, gnss_mps).mode is Mode.ESTOP, (belts, gnss_mps)
    assert braked(BOTH, 0.19).mode is Mode.STOPPING
    assert braked(ONE | {"track_right_mps": 0.0499}, 0.19).mode is Mode.STOPPING


@pytest.mark.parametrize("dead", SILENT)
def test_row_70_a_slide_in_hold_is_seen_by_gnss(dead: dict[str, float]) -> None:
    rig = driving()
    rig.status = dict(dead)
    rig.run(25)
    rig.controls = {}
    rig.run(250)
    assert rig.mode is Mode.HOLD
    rig.gnss = {"speed_mps": 0.25}
    rig.run(20)
    assert "moved_while_braked" in rig.report.reasons
    assert rig.mode is Mode.STOPPING


def test_the_monitor_starts_without_any_rest() -> None:
    assert GateState().monitor.rest_ticks == 0
    assert isinstance(status(**BOTH), ControllerStatus)
