"""Printed parts add up to the printed whole, to the last digit, and a sum that is wrong is not hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vehicle.reports.rounding import areas_of, parts_of

AREAS = st.lists(st.floats(0.0, 1e5, allow_nan=False), min_size=1, max_size=40)


def units(value: float, digits: int) -> int:
    return round(float(f"{value:.{digits}f}") * 10**digits)


@given(values=AREAS, digits=st.integers(0, 3))
def test_parts_add_up_and_none_is_moved_by_a_unit(values: list[float], digits: int) -> None:
    unit = 10.0**-digits
    values = [value + unit for value in values]  # none rounds to nothing
    found = parts_of(values, sum(values), digits)
    assert sum(units(value, digits) for value in found) == units(sum(values), digits)
    assert all(abs(shown - value) < unit * (1.0 + 1e-6) for shown, value in zip(found, values, strict=True))


def test_shares_and_seconds_of_a_report_add_up() -> None:
    assert parts_of([98.165, 1.835], 100.0, 2) == pytest.approx([98.17, 1.83])
    assert parts_of([0.4, 0.4, 0.4, 59.6], 60.8, 0) == [0.0, 0.0, 0.0, 61.0]


@given(values=AREAS)
def test_what_is_nothing_stays_nothing_and_what_is_more_never_becomes_nothing(values: list[float]) -> None:
    for value, text in zip(values, areas_of(values, sum(values)), strict=True):
        assert (text == "0.00") is (value == 0.0)


def test_a_wrong_sum_is_not_hidden() -> None:
    assert parts_of([1.0, 2.0], 3.02, 2) == [1.0, 2.0]
    assert areas_of([1.004, 2.004], 3.5) == ["1.00", "2.00"]


def test_withdrawn_ground_of_a_run_counts_below_nothing() -> None:
    found = parts_of([5.556, -2.223, 1.003], 4.336, 2)
    assert sum(found) == pytest.approx(4.34)
