"""What changes while the machine stands: no mean over a longer time hides it from the checks."""

import math
from statistics import fmean

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.types import FixType
from tests import builders
from tests.control.checks.test_machine_check import MACHINE, NOTHING, course, said
from vehicle.control.checks import full_check, machine_check, room
from vehicle.control.checks_state import Calibration, ChecksState, MachineCheck
from vehicle.control.state import WireState

replace = msgspec.structs.replace


class Shown(msgspec.Struct, frozen=True):
    """What the machine shows at rest."""

    east_m: float = 0.0
    yaw_rad: float = 0.4
    roll_rad: float = 0.0
    pitch_rad: float = 0.0
    fix: FixType = FixType.RTK_FIXED

    def wire(self, belt_mps: float = 0.0) -> WireState:
        return WireState(
            status=builders.status(track_left_mps=belt_mps, track_right_mps=belt_mps),
            gnss=replace(builders.gnss(self.east_m, 1.0, 0.0, self.yaw_rad), fix=self.fix),
            imu=builders.imu(roll_rad=self.roll_rad, pitch_rad=self.pitch_rad),
            gnss_fresh=True,
        )


NEWEST = machine_check.PART_FIXES + machine_check.PART_LEAST
"""So many fixes have a part of their own for certain: four seconds."""
HERE = Shown()
BUMPED = Shown(east_m=0.3, yaw_rad=0.4 + math.radians(2.0), roll_rad=math.radians(2.0))


def stood(check: MachineCheck, fixes: int, shown: Shown = HERE) -> MachineCheck:
    wire = shown.wire()
    for _ in range(fixes):
        check = machine_check.watched(check, wire, MACHINE, builders.DATUM)
    return check


def silent(check: MachineCheck, ticks: int) -> MachineCheck:
    wire = replace(HERE.wire(), gnss_fresh=False)
    for _ in range(ticks):
        check = machine_check.watched(check, wire, MACHINE, builders.DATUM)
    return check


def drove(check: MachineCheck) -> MachineCheck:
    return machine_check.watched(check, HERE.wire(0.3), MACHINE, builders.DATUM)


KNOWN = machine_check.stored(room.all_made().calibration, stood(MachineCheck(), 400).now)


def day(check: MachineCheck) -> ChecksState:
    return replace(room.all_made(KNOWN), machine=check)


def test_the_daily_check_sees_what_was_moved_while_the_machine_stood_in_its_bay() -> None:
    """Long before, and for three minutes."""
    check = stood(stood(MachineCheck(), 15_000), 1_800, BUMPED)
    state, (order,), why = said(day(check), "daily check")
    assert (why, order.good, state.calibration_failed) == ("", False, True)
    assert "place 0.300 m" in order.reason, "of the newest half minute alone"


def test_nor_is_it_stored_as_the_bay() -> None:
    check = stood(stood(MachineCheck(), 15_000), 1_800, BUMPED)
    state = replace(room.all_made(), machine=check)
    assert said(state, "bay") == (state, (), machine_check.CHANGED)
    again, _, why = said(replace(state, machine=stood(drove(check), 400, BUMPED)), "bay")
    assert (why, again.calibration.bay is None) == ("", False)


# By an eighth more: fixes of before, in a part of the half minute, may be a tenth of its mean and do not stand out.
OFF = (
    st.floats(0.056, 1.0).map(lambda off_m: Shown(east_m=off_m)),
    st.floats(0.34, 90.0).map(lambda deg: Shown(yaw_rad=0.4 + math.radians(deg))),
    st.floats(0.34, 8.0).map(lambda deg: Shown(roll_rad=math.radians(deg))),
    st.floats(-8.0, -0.34).map(lambda deg: Shown(pitch_rad=math.radians(deg))),
)


@pytest.mark.long
@settings(max_examples=60)
@given(st.integers(0, 700), st.integers(NEWEST, 700), st.one_of(*OFF))
def test_whenever_something_moved_by_more_than_the_check_lets_pass_neither_check_nor_bay_is_good(
    before: int, since: int, off: Shown
) -> None:
    check = stood(stood(MachineCheck(), before), since, off)
    after, orders, why = said(day(check), "daily check")
    assert why == machine_check.STAND_LONGER or [getattr(order, "good", None) for order in orders] == [False]
    assert why or after.calibration_due
    if before >= machine_check.PART_FIXES:
        state = replace(room.all_made(), machine=check)
        assert said(state, "bay")[0] == state


@pytest.mark.parametrize("fixes", [300, 600])
def test_what_was_put_right_in_the_bay_says_nothing_good_of_the_way_it_worked(fixes: int) -> None:
    check = stood(stood(MachineCheck(), 300, BUMPED), fixes)
    if fixes == 300:
        check = stood(check, 30)
    state = day(check)
    assert said(state, "daily check") == (state, (), machine_check.CHANGED)
    _, (order,), why = said(day(stood(drove(check), 300)), "daily check")
    assert (why, order.good) == ("", True)


def test_what_moved_a_moment_ago_asks_for_another_half_minute() -> None:
    check = stood(stood(MachineCheck(), 600), machine_check.PART_LEAST, BUMPED)
    assert said(day(check), "daily check")[2] == machine_check.STAND_LONGER
    assert said(day(stood(check, 330, BUMPED)), "daily check")[1][0].good is False


@pytest.mark.parametrize("lost", [FixType.RTK_FLOAT, None])
def test_fixes_of_before_a_loss_say_nothing_of_now(lost: FixType | None) -> None:
    """A knock that takes the antenna's cable off, too."""
    check = stood(MachineCheck(), 600)
    ticks = machine_check.SILENT_TICKS
    short = stood(check, ticks, Shown(fix=lost)) if lost else silent(check, ticks)
    assert said(day(short), "daily check")[1][0].good
    check = silent(short, 1)
    assert (check.now.fixes, check.first.fixes) == (0, machine_check.PART_FIXES)
    assert said(day(check), "daily check")[2] == machine_check.STAND_LONGER
    assert silent(check, 1) is check
    check = stood(check, 300, BUMPED)
    state = replace(room.all_made(), machine=check)
    assert said(state, "bay") == (state, (), machine_check.CHANGED), "how the stand began is remembered"


def test_how_a_stand_began_is_its_first_three_seconds() -> None:
    check = stood(MachineCheck(), 29)
    assert check.first == check.now
    began = stood(check, 1).first
    assert began.fixes == 30
    assert stood(check, 900).first == began
    few = silent(stood(MachineCheck(), 19), machine_check.SILENT_TICKS + 1)
    assert few.first.fixes == 0, "two seconds are no beginning"
    assert stood(few, 25, BUMPED).first.fixes == 25


def test_a_check_that_begins_in_a_stand_remembers_how_that_began() -> None:
    check = stood(stood(MachineCheck(), 300), 400, BUMPED)
    state, _, _ = said(replace(room.all_made(), machine=check), "full check begins")
    assert state.machine.under_way
    assert said(state, "bay")[2] == machine_check.CHANGED


@pytest.mark.parametrize("at", range(5))
def test_a_full_check_in_which_something_moved_in_a_stand_is_refused(at: int) -> None:
    stands = list(course(NOTHING).stands)
    stands[at] = replace(stands[at], changed=True)
    check = MachineCheck(under_way=True, stands=tuple(stands))
    assert full_check.full(check, Calibration(), MACHINE) == full_check.CHANGED_STAND


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize(("since", "off", "changed"), [(20, BUMPED, True), (300, BUMPED, True), (20, HERE, False)])
def test_a_stand_tells_whether_something_moved_in_it(since: int, off: Shown, changed: bool, ends: bool) -> None:
    check = stood(stood(MachineCheck(under_way=True), 30), since, off)
    if ends:
        check = drove(check)
        assert [stand.changed for stand in check.stands] == [changed]
    assert (full_check.full(check, Calibration(), MACHINE) == full_check.CHANGED_STAND) is changed


@settings(max_examples=20)
@given(st.lists(st.tuples(st.floats(-3.0, 3.0), st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)), min_size=1, max_size=400))
def test_a_stand_is_the_mean_of_the_newest_half_minute(rows: list[tuple[float, float, float]]) -> None:
    """Also where the heading is about west and its angle turns over."""
    check = MachineCheck()
    for east_m, turned_rad, roll_rad in rows:
        shown = Shown(east_m=east_m, yaw_rad=math.pi + turned_rad, roll_rad=roll_rad)
        check = machine_check.watched(check, shown.wire(), MACHINE, builders.DATUM)
    now = check.now
    assert min(len(rows), 300) <= now.fixes < 300 + machine_check.PART_FIXES
    newest = rows[-now.fixes :]
    assert now.east_m == pytest.approx(fmean(row[0] for row in newest), abs=1e-4)
    off_rad = now.yaw_rad + MACHINE.gnss.heading_offset_rad - math.pi - fmean(row[1] for row in newest)
    assert math.remainder(off_rad, math.tau) == pytest.approx(0.0, abs=1e-9)
    assert now.roll_rad == pytest.approx(fmean(row[2] for row in newest), abs=1e-9)
