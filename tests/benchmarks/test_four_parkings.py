"""A shift with parkings: when a visit is due, a person's sticks along a way, what the truth calls missed."""

import math

import msgspec
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.trials.parkings import (
    TURNED_RAD,
    Part,
    Shift,
    due_m2,
    figures,
    good,
    missed_truth_m2,
    sticks,
)
from sim.truth import GroundTruth
from vehicle.contracts.plan import Segment, SegmentKind
from vehicle.contracts.units import wrap_rad


def piece(kind: SegmentKind, length_m: float, yaw_rad: float, end_rad: float | None = None) -> Segment:
    course = yaw_rad + (math.pi if kind is SegmentKind.REVERSE else 0.0)
    end = (5.0 + length_m * math.cos(course), 7.0 + length_m * math.sin(course))
    return Segment(
        seq=0, kind=kind, tool_down=False, points_m=((5.0, 7.0), end), yaw_start_rad=yaw_rad,
        yaw_end_rad=yaw_rad if end_rad is None else end_rad, speed_mps=1.0,
    )  # fmt: skip


def test_visits_are_even_and_none_at_the_end() -> None:
    assert due_m2(100.0, 4) == (20.0, 40.0, 60.0, 80.0)
    assert due_m2(100.0, 0) == ()


@given(
    kind=st.sampled_from((SegmentKind.TRANSIT, SegmentKind.REVERSE)),
    length_m=st.floats(0.5, 60.0),
    yaw_rad=st.floats(-3.1, 3.1),
    off_m=st.floats(-0.5, 0.5),
    off_rad=st.floats(-0.4, 0.4),
)
def test_a_straight_piece_is_driven_to_its_end_and_along_its_line(
    kind: SegmentKind, length_m: float, yaw_rad: float, off_m: float, off_rad: float
) -> None:
    segment, dt_s = piece(kind, length_m, yaw_rad), 0.1
    east, north, yaw = 5.0 - off_m * math.sin(yaw_rad), 7.0 + off_m * math.cos(yaw_rad), yaw_rad + off_rad
    for _ in range(4_000):
        found = sticks(segment, (east, north, wrap_rad(yaw)), 0.6)
        if found is None:
            break
        drive, turn = found
        assert (drive < 0.0) is (kind is SegmentKind.REVERSE)
        assert abs(drive) <= 0.6
        yaw += turn * math.radians(15.0) * dt_s
        east, north = east + drive * math.cos(yaw) * dt_s, north + drive * math.sin(yaw) * dt_s
    else:
        raise AssertionError("never there")
    course = yaw_rad + (math.pi if kind is SegmentKind.REVERSE else 0.0)
    across = -(east - 5.0) * math.sin(course) + (north - 7.0) * math.cos(course)
    assert abs(across) <= abs(off_m) + 0.6 * math.sin(abs(off_rad)) * 3.0 + 0.05
    if length_m > 20.0:
        assert abs(across) < 0.1


@given(start=st.floats(-3.1, 3.1), end=st.floats(-3.1, 3.1))
def test_a_turn_ends_where_it_points(start: float, end: float) -> None:
    segment, yaw = piece(SegmentKind.TURN, 0.0, start, end), start
    for _ in range(4_000):
        found = sticks(segment, (5.0, 7.0, wrap_rad(yaw)), 0.6)
        if found is None:
            break
        assert found[0] == 0.0
        yaw += found[1] * math.radians(15.0) * 0.1
    assert abs(wrap_rad(yaw - end)) <= TURNED_RAD


def truth_of(first_m: float, last_m: float) -> GroundTruth:
    """A tool of 2 m, northwards from `first_m` to `last_m`, its ends at 0 and 2 m east."""
    truth = GroundTruth(cell_m=0.05, rotor_min_radps=50.0, depth_min_m=0.1)
    for step in range(round((last_m - first_m) / 0.05) + 1):
        north = first_m + step * 0.05
        truth.observe((0.0, north), (2.0, north), 60.0, 0.15, 0.3)
    truth.flush()
    return truth


def test_missed_by_the_truth_is_what_the_tool_left() -> None:
    asked = shapely.box(0.2, 0.0, 1.8, 4.0)
    assert missed_truth_m2(asked, truth_of(-0.5, 4.5), 0.05) == 0.0
    assert missed_truth_m2(asked, truth_of(1.0, 4.5), 0.05) == pytest.approx(1.6, abs=0.2)
    assert missed_truth_m2(asked, GroundTruth(cell_m=0.05, rotor_min_radps=50.0, depth_min_m=0.1), 0.05) > 5.5


def shift(**changes: float) -> Shift:
    whole = Shift(
        credited_m2=500.0, parkings=4, unasked=0, bare_s=0.0, false_m2=0.0, missed_m2=0.0, missed_truth_m2=0.0,
        work=Part(3000.0, 40, 1, 0.0), ways=Part(600.0, 60, 8, 400.0), bay=Part(90.0, 8, 0, 0.0),
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


def test_the_bay_counts_by_the_minutes_of_people() -> None:
    found = figures(shift(), 30.0)
    assert found["m2 per hour, bay left out"] == pytest.approx(500.0)
    assert found["m2 per hour, bay included"] == pytest.approx(500.0 / 3.0)
    assert found["minutes of a way there and back"] == pytest.approx(2.5)
    assert (found["presses"], found["presses of a visit"]) == (108, 17)
    assert (found["metres by stick"], found["full stops"]) == (400.0, 9)


@pytest.mark.parametrize("wrong", ["false_m2", "missed_m2", "missed_truth_m2"])
def test_a_shift_with_false_or_missed_ground_is_not_good(wrong: str) -> None:
    assert good(figures(shift(), 30.0), 4)
    assert not good(figures(shift(**{wrong: 0.0025}), 30.0), 4)
    assert not good(figures(shift(), 30.0), 5)
