"""The machine's own checks: what a full one recovers, what a daily one lets pass, and what they refuse."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.types import Observation, ObservationKind
from tests import builders
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import wrap_rad
from vehicle.control.checks import calibrated, full_check, judge, machine_check, room, seen
from vehicle.control.checks_state import Calibration, ChecksState, MachineCheck, Stand
from vehicle.control.state import WireState
from vehicle.runtime import kept_checks

CONFIG = builders.config()
MACHINE = CONFIG.machine
LEVER_M = MACHINE.gnss.antenna_y_m
GNSS = MACHINE.gnss


def stand(along_m: float, yaw_rad: float, errors: dict[str, float], slope_rad: float, fixes: int = 25) -> Stand:
    """The machine at rest on a line through the origin at 0.4 rad; the ground leans across that line."""
    line_rad = 0.4
    facing = math.cos(yaw_rad - line_rad)
    roll_rad = slope_rad * facing
    left_m = LEVER_M + errors["lever"] - GNSS.antenna_z_m * math.sin(roll_rad)
    east_m = along_m * math.cos(line_rad) + GNSS.antenna_x_m * math.cos(yaw_rad) - left_m * math.sin(yaw_rad)
    north_m = along_m * math.sin(line_rad) + GNSS.antenna_x_m * math.sin(yaw_rad) + left_m * math.cos(yaw_rad)
    return Stand(
        fixes=fixes,
        east_m=east_m,
        north_m=north_m,
        yaw_rad=wrap_rad(yaw_rad + errors["heading"]),
        roll_rad=roll_rad + errors["roll"],
        pitch_rad=errors["pitch"],
    )


def course(errors: dict[str, float], slope_rad: float = 0.0, crab_rad: float = 0.0) -> MachineCheck:
    """Out, pivot, back, and out again in reverse; crabbing downhill turns the body against the line."""
    out, back = 0.4 + crab_rad, 0.4 + math.pi - crab_rad
    way = ((0.0, out), (12.0, out), (12.0, back), (0.0, back), (12.0, back))
    stands = tuple(stand(along_m, yaw_rad, errors, slope_rad) for along_m, yaw_rad in way)
    return MachineCheck(under_way=True, stands=stands)


ERRORS = st.fixed_dictionaries(
    {
        "heading": st.floats(-0.06, 0.06),
        "roll": st.floats(-0.1, 0.1),
        "pitch": st.floats(-0.1, 0.1),
        "lever": st.floats(-0.12, 0.12),
    }
)


@given(errors=ERRORS, slope_rad=st.floats(-0.05, 0.05), crab_rad=st.floats(-0.01, 0.01))
def test_a_full_check_recovers_what_is_off(errors: dict[str, float], slope_rad: float, crab_rad: float) -> None:
    found = full_check.full(course(errors, slope_rad, crab_rad), Calibration(), MACHINE)
    assert isinstance(found, Calibration)
    assert found.heading_rad == pytest.approx(errors["heading"], abs=math.radians(0.1))
    assert found.roll_rad == pytest.approx(errors["roll"], abs=1e-3)
    assert found.pitch_rad == pytest.approx(errors["pitch"], abs=1e-3)
    assert found.lever_left_m == pytest.approx(errors["lever"], abs=0.015)
    assert found.heading_bound_rad == math.radians(0.3)


NOTHING = dict.fromkeys(("heading", "roll", "pitch", "lever"), 0.0)


@pytest.mark.parametrize("lever_m", [0.08, -0.08])
@pytest.mark.parametrize("yaw_rad", [0.0, 2.5, -1.2])
def test_an_antenna_that_sits_too_far_left_or_right_is_put_where_the_profile_has_it(
    lever_m: float, yaw_rad: float
) -> None:
    found = full_check.full(course(NOTHING | {"lever": lever_m}), Calibration(), MACHINE)
    assert isinstance(found, Calibration)
    kept = kept_checks.restored(kept_checks.encode(room.all_made(found))).calibration
    place_m = (-lever_m * math.sin(yaw_rad), lever_m * math.cos(yaw_rad))
    fix = calibrated.corrected(
        Inputs(gnss=builders.gnss(*place_m, 0.0, yaw_rad + GNSS.heading_offset_rad)), kept, MACHINE
    )
    assert fix.gnss is not None
    east_m, north_m, _ = builders.DATUM.enu_from_geodetic(fix.gnss.lat_deg, fix.gnss.lon_deg)
    assert (east_m, north_m) == pytest.approx((0.0, 0.0), abs=0.005)


@pytest.mark.parametrize(
    ("stands", "told"),
    [
        ((), "12 m out"),
        (course(NOTHING).stands[:2], "12 m out"),
        (course(NOTHING).stands[:4], "reverse"),
        (course(NOTHING | {"heading": 0.2}).stands, "profile"),
        (course(NOTHING | {"lever": 0.5}).stands, "profile"),
        (course(NOTHING, crab_rad=0.04).stands, "level"),
    ],
)
def test_what_says_nothing_is_refused(stands: tuple[Stand, ...], told: str) -> None:
    found = full_check.full(MachineCheck(under_way=True, stands=stands), Calibration(), MACHINE)
    assert isinstance(found, str)
    assert told in found
    assert len(found) <= 50


def note(text: str, sequence: int) -> Observation:
    return Observation(
        station_id=9, session_id=1, sequence=sequence, kind=ObservationKind.NOTE, who="leader", text=text
    )


def said(state: ChecksState, text: str) -> seen.Judged:
    return judge.judged(state, note(text, 1), seen.Seen(config=CONFIG, claim=None, swept_m2=0.0))


PARKED = stand(3.0, 0.4, NOTHING, 0.0, fixes=300)


def test_from_the_full_check_to_the_bay_and_the_day_after() -> None:
    state, _, why = said(ChecksState(), "full check begins")
    assert (why, state.machine.under_way) == ("", True)
    state = msgspec.structs.replace(state, machine=course(NOTHING | {"heading": 0.03}))
    state, orders, why = said(state, "full check ends")
    assert (why, len(orders), state.calibration_due) == ("", 1, False)
    assert state.calibration.profile == full_check.profile_of(MACHINE)
    assert room.margin(state, room.due(state, CONFIG), CONFIG).side_m < 0.045
    assert said(state, "daily check")[2].startswith("no bay")
    assert said(state, "bay")[2].startswith("stand in the bay")
    state = msgspec.structs.replace(state, machine=MachineCheck(now=PARKED))
    state, _, why = said(state, "bay")
    assert why == ""
    _, (order,), why = said(state, "daily check")
    assert (why, order.good) == ("", True)


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({"yaw_rad": PARKED.yaw_rad + math.radians(0.29)}, True),
        ({"yaw_rad": PARKED.yaw_rad + math.radians(0.31)}, False),
        ({"roll_rad": math.radians(0.31)}, False),
        ({"pitch_rad": -math.radians(0.31)}, False),
        ({"east_m": PARKED.east_m + 0.051}, False),
        ({"north_m": PARKED.north_m + 0.049}, True),
    ],
)
def test_the_daily_check_lets_a_third_of_a_degree_and_five_centimetres_pass(
    change: dict[str, float], good: bool
) -> None:
    known = machine_check.stored(Calibration(), PARKED)
    now = MachineCheck(now=msgspec.structs.replace(PARKED, **change))
    state = msgspec.structs.replace(room.all_made(known), machine=now)
    state, (order,), why = said(state, "daily check")
    assert (why, order.good, state.calibration_due) == ("", good, not good)
    assert good or ("off" in order.reason and order.flags == 7)


def test_stands_are_means_and_end_with_motion() -> None:
    def wire(east_m: float, yaw_rad: float, belt_mps: float) -> WireState:
        return WireState(
            status=builders.status(track_left_mps=belt_mps, track_right_mps=belt_mps),
            gnss=builders.gnss(east_m, 1.0, 0.0, yaw_rad),
            imu=builders.imu(roll_rad=0.02),
            gnss_fresh=True,
        )

    check = MachineCheck(under_way=True)
    for n in range(40):
        check = machine_check.watched(
            check, wire(0.01 * (n % 2), math.pi - 0.001 * (n % 2), 0.0), MACHINE, builders.DATUM
        )
    assert (check.now.fixes, check.stands) == (40, ())
    assert check.now.east_m == pytest.approx(0.005, abs=1e-3)
    assert check.now.roll_rad == pytest.approx(0.02)
    check = machine_check.watched(check, wire(0.0, 0.0, 0.3), MACHINE, builders.DATUM)
    assert (check.now.fixes, len(check.stands)) == (0, 1)
    assert machine_check.watched(check, wire(0.0, 0.0, 0.3), MACHINE, builders.DATUM) is check


@pytest.mark.parametrize(
    ("change", "withheld"),
    [
        ({"yaw_rad": PARKED.yaw_rad + math.radians(5.0)}, True),
        ({"yaw_rad": PARKED.yaw_rad + math.radians(1.0)}, False),
        ({"roll_rad": math.radians(0.7)}, True),
        ({"east_m": PARKED.east_m + 0.3}, True),
    ],
)
def test_what_no_margin_covers_is_not_credited_and_no_new_bay_hides_it(
    change: dict[str, float], withheld: bool
) -> None:
    known = machine_check.stored(Calibration(), PARKED)
    now = MachineCheck(now=msgspec.structs.replace(PARKED, **change))
    state, _, _ = said(msgspec.structs.replace(room.all_made(known), machine=now), "daily check")
    assert room.margin(state, room.due(state, CONFIG), CONFIG).withhold is withheld
    after, orders, why = said(state, "bay")
    assert (after, orders) == (state, ())
    assert why.startswith("the full check is due")
    back = msgspec.structs.replace(state, machine=MachineCheck(now=PARKED))
    state, _, _ = said(back, "daily check")
    assert state.calibration_failed is withheld, "back in its place it is not checked yet"
    state, _, _ = said(state, "full check begins")
    state, _, why = said(msgspec.structs.replace(state, machine=course(NOTHING)), "full check ends")
    assert (why, state.calibration_failed) == ("", False)
