"""What an observation can be: its time and sigma; an unknown base; what a reading shows while it is due."""

import pytest
from msgspec.structs import replace

from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict
from tests import builders
from tests.control.checks.test_room import CONFIG, observation, step
from vehicle.contracts.messages import Due, Inputs
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks import calibrated, room
from vehicle.control.checks.depth_reading import ROD_LEAST_M
from vehicle.control.checks_state import Calibration, ChecksState
from vehicle.control.depth import DUE_M
from vehicle.control.state import WireState
from vehicle.runtime import kept_checks

NOW_US = 1_795_000_000_000_000
HOUR_US = 3_600_000_000
KNOWN = WireState(gnss=builders.gnss(0.0, 0.0, 0.0, 0.3, time_utc_us=NOW_US), gnss_t_ns=0)
UNKNOWN = WireState(gnss=builders.gnss(0.0, 0.0, 0.0, 0.3))


def answer(told: Observation, wire: WireState = UNKNOWN, state: ChecksState | None = None) -> tuple[ChecksState, str]:
    after, _ = step(state or ChecksState(), told, claimed_m=0.15, wire=wire)
    result = after.results[-1]
    assert (result.result is ObservationVerdict.REFUSED) is bool(result.text)
    assert len(result.text.encode()) <= 50
    return after, result.text


@pytest.mark.parametrize("kind", ObservationKind)
@pytest.mark.parametrize(
    ("time_us", "wire", "says"),
    [
        (None, KNOWN, ""),
        (0, UNKNOWN, "never set"),
        (1_000_000_000_000_000, UNKNOWN, "never set"),
        (NOW_US + 900 * HOUR_US, UNKNOWN, ""),
        (2**62, UNKNOWN, "never set"),
        (NOW_US + HOUR_US // 10, KNOWN, ""),
        (NOW_US + HOUR_US, KNOWN, "10 min"),
        (NOW_US - 15 * HOUR_US, KNOWN, ""),
        (NOW_US - 17 * HOUR_US, KNOWN, "16 h"),
    ],
)
def test_a_time_outside_the_shift_is_refused_in_a_line(
    kind: ObservationKind, time_us: int | None, wire: WireState, says: str
) -> None:
    before = ChecksState()
    after, text = answer(observation(kind, 0.0, time_utc_us=time_us), wire, before)
    assert says in text
    if says:
        assert after.answers[-1].result is ObservationVerdict.REFUSED
        assert replace(after, results=(), answers=(), due=before.due, margin=before.margin, base_id=-1) == before


@pytest.mark.parametrize(("sigma_m", "refused"), [(None, False), (0.03, False), (0.031, True), (0.08, True)])
def test_a_rod_that_is_worth_no_centimetres_is_refused(sigma_m: float | None, refused: bool) -> None:
    told = observation(ObservationKind.DEPTH_CHECK, 0.15, text="arm", sigma=sigma_m, lat_deg=39.99, lon_deg=46.93)
    after, text = answer(told)
    assert ("0.03 m" in text) is refused
    assert after.depth_known is not refused


@pytest.mark.parametrize(("base_id", "due"), [(0, True), (7, False)])
def test_a_base_without_a_name_is_told(base_id: int, due: bool) -> None:
    state = replace(room.all_made(), base_id=base_id)
    assert room.due(state, CONFIG).base is due


@pytest.mark.parametrize(
    ("off_m", "claimed_m", "bias_m"),
    [
        (0.0, 0.15 - 0.014 - DUE_M, 0.0),
        (0.0139, 0.1499 - DUE_M, 0.0),
        (0.02, 0.156 - DUE_M, 0.006 + ROD_LEAST_M),
        (0.03, 0.166 - DUE_M, 0.016 + ROD_LEAST_M),
        (0.05, 0.186 - DUE_M, 0.036 + ROD_LEAST_M),
    ],
)
def test_what_is_held_while_a_reading_is_due_hides_no_sensor(off_m: float, claimed_m: float, bias_m: float) -> None:
    """Rod 0.15 m; the sensor reads `off_m` too deep, 1.4 cm of it are within k_depth sigmas and stay withheld."""
    told = observation(ObservationKind.DEPTH_CHECK, 0.15, text="arm", lat_deg=39.99, lon_deg=46.93)
    due = ChecksState(due=Due(depth=True), depth_due_number=0)
    after, _ = step(due, told, claimed_m=claimed_m)
    assert after.depth_known
    assert after.depth_bias_m == pytest.approx(bias_m), off_m
    assert claimed_m - bias_m <= 0.15
    later = replace(due, depth_due_number=1)
    after, _ = step(later, told, claimed_m=claimed_m)
    less_m = claimed_m - 0.15
    wanted_m = less_m + ROD_LEAST_M if less_m > 0.0 else 0.0
    assert after.depth_bias_m == pytest.approx(wanted_m), "claimed before it was due"


@pytest.mark.parametrize(("claimed_m", "due"), [(0.19, False), (0.145, True)])
def test_a_bias_never_grows_in_steps_past_what_can_be_kept(claimed_m: float, due: bool) -> None:
    """Each reading corrects a little; the last one would leave a file that the next start refuses."""
    told = observation(ObservationKind.DEPTH_CHECK, 0.15, text="arm", lat_deg=39.99, lon_deg=46.93)
    state = ChecksState(depth_known=True, depth_bias_m=0.19, due=Due(depth=due), depth_due_number=0)
    after, _ = step(state, told, claimed_m=claimed_m)
    assert after.depth_bias_m == 0.19
    assert after.depth_failed
    assert after.margin.withhold
    again = kept_checks.restored(kept_checks.encode(after))
    assert (again.depth_bias_m, again.depth_failed) == (0.19, True)


def test_a_fix_without_a_heading_is_shifted_by_the_yaw_that_is_held() -> None:
    known, machine = Calibration(lever_left_m=0.1), CONFIG.machine
    blind = Inputs(gnss=builders.gnss(0.0, 0.0, 0.0, None))
    seen = Inputs(gnss=builders.gnss(0.0, 0.0, 0.0, 0.3))
    by_held = calibrated.corrected(blind, known, machine, 0.3 - machine.gnss.heading_offset_rad).gnss
    by_fix = calibrated.corrected(seen, known, machine).gnss
    assert by_held is not None
    assert by_fix is not None
    assert (by_held.lat_deg, by_held.lon_deg) == pytest.approx((by_fix.lat_deg, by_fix.lon_deg), abs=1e-12)
    assert by_held.yaw_rad is None
    assert calibrated.corrected(blind, known, machine).gnss is blind.gnss


def test_the_margin_holds_the_step_that_nobody_sees() -> None:
    """At sigma 2 cm: k sigma of the tool and what is added exceed the gate of a step."""
    gate_m = 0.02 + 4.5 * 0.02 * (2.0 / 10.0) ** 0.5 + 0.03 * 2.0 * 0.28
    side_m, sigma_m = room.side_bound_m(room.MEASURED, CONFIG.machine), 0.016
    assert CONFIG.mission.k_sigma * sigma_m + side_m - sigma_m > gate_m


def test_now_is_what_the_receiver_says_and_what_passed_since() -> None:
    told = observation(ObservationKind.NOTE, time_utc_us=NOW_US + HOUR_US)
    wire = replace(KNOWN, gnss_t_ns=5 - 3600 * NS_PER_S)
    assert answer(told, wire)[1] == ""
