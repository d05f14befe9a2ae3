"""The lease in numbers: ages, lives, and the budget of gaps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.mavlink.adapters import LEASE_MAX_MS
from vehicle.config.vehicle import SafetyConfig
from vehicle.control.safety import lease

MS = 1_000_000
SAFETY = SafetyConfig()
BEATS = tuple(range(0, 24 * 20 * MS, 20 * MS))


def test_age_counts_from_the_echoed_tick() -> None:
    now_ns = BEATS[-1] + 20 * MS
    assert lease.age_ms(99, 100, now_ns, BEATS) == 20
    assert lease.age_ms(90, 100, now_ns, BEATS) == 200


def test_age_is_rounded_up_never_down() -> None:
    assert lease.age_ms(99, 100, BEATS[-1] + 1, BEATS) == 1
    assert lease.age_ms(99, 100, BEATS[-1] + MS, BEATS) == 1
    assert lease.age_ms(99, 100, BEATS[-1] + MS + 1, BEATS) == 2


def test_age_counts_late_ticks_in_real_time() -> None:
    late_ns = BEATS[-1] + 90 * MS
    assert lease.age_ms(98, 100, late_ns, BEATS) == 110


def test_what_is_not_remembered_is_too_old() -> None:
    now_ns = BEATS[-1] + 20 * MS
    assert lease.age_ms(76, 100, now_ns, BEATS) == 480
    assert lease.age_ms(75, 100, now_ns, BEATS) == lease.NEVER_MS == 1_000_000
    assert lease.age_ms(99, 100, now_ns, ()) == lease.NEVER_MS


def test_the_memory_is_longer_than_the_longest_lease() -> None:
    assert lease.BEATS == 24
    assert lease.t_stop_ms(0.0, SAFETY) < lease.BEATS * lease.TICK_MS
    assert lease.TICK_MS == 20


@pytest.mark.parametrize(
    ("speed_mps", "stop_ms"),
    [(0.0, 450), (0.3, 450), (-0.3, 450), (0.301, 200), (-0.301, 200), (2.8, 200), (float("nan"), 200)],
)
def test_the_faster_the_shorter(speed_mps: float, stop_ms: int) -> None:
    assert lease.t_stop_ms(speed_mps, SAFETY) == stop_ms


@pytest.mark.parametrize(
    ("age", "stop_ms", "life_ms"),
    [(0, 450, 150), (340, 450, 150), (341, 450, 149), (489, 450, 1), (490, 450, 0), (60, 200, 130)],
)
def test_a_command_lives_no_longer_than_its_operators_frame(age: int, stop_ms: int, life_ms: int) -> None:
    assert lease.valid_for_ms(age, stop_ms, 0, SAFETY) == life_ms


@pytest.mark.long
@given(age=st.integers(0, 2_000_000), speed_mps=st.floats(-5, 5), line_ms=st.integers(0, 255))
def test_age_and_life_together_end_inside_t_stop_a_step_of_the_controller_early(
    age: int, speed_mps: float, line_ms: int
) -> None:
    stop_ms = lease.t_stop_ms(speed_mps, SAFETY)
    life_ms = lease.valid_for_ms(age, stop_ms, line_ms, SAFETY)
    assert 0 <= life_ms <= LEASE_MAX_MS
    assert life_ms == 0 or age + life_ms + lease.STEP_MS <= (500 if stop_ms == 450 else 200)
    assert (lease.STEP_MS, lease.LEAST_MS) == (10, 40)


def test_a_task_with_a_shorter_t_stop_has_its_leases_end_as_much_earlier() -> None:
    short = SafetyConfig(t_stop_slow_s=0.3, t_stop_fast_s=0.1)
    assert (lease.end_ms(300, short), lease.end_ms(100, short)) == (350, 100)
    assert (lease.end_ms(450, SAFETY), lease.end_ms(200, SAFETY)) == (500, 200)
    assert (lease.end_ms(201, SAFETY), lease.end_ms(460, SAFETY)) == (251, 500)
    alike = SafetyConfig(t_stop_slow_s=0.2)
    assert lease.end_ms(200, alike) == 200


@pytest.mark.parametrize(("line_ms", "life_ms"), [(0, 150), (90, 150), (91, 151), (160, 220), (200, 260), (255, 260)])
def test_what_the_line_takes_is_granted_beforehand_and_no_more_than_the_wire_carries(
    line_ms: int, life_ms: int
) -> None:
    assert lease.life_ms(line_ms, SAFETY) == life_ms <= LEASE_MAX_MS
    assert lease.valid_for_ms(0, 450, line_ms, SAFETY) == life_ms
    short = SafetyConfig(valid_max_ms=80)
    assert lease.life_ms(0, short) == 80
    assert lease.life_ms(21, short) == 81


@pytest.mark.parametrize(("line_ms", "oldest_ms"), [(0, 449), (1, 449), (2, 448), (20, 430), (200, 250), (255, 250)])
def test_a_frame_drives_while_its_lease_reaches_the_controller_with_two_ticks_to_live(
    line_ms: int, oldest_ms: int
) -> None:
    assert lease.live(oldest_ms, 450, line_ms, SAFETY)
    assert not lease.live(oldest_ms + 1, 450, line_ms, SAFETY)
    assert lease.valid_for_ms(oldest_ms, 450, line_ms, SAFETY) - min(line_ms, 200) >= 40


@given(age=st.integers(0, 1000), line_ms=st.integers(0, 255), stop_ms=st.sampled_from([200, 450]))
def test_no_live_frame_gives_a_lease_shorter_than_two_ticks_and_the_line(age: int, line_ms: int, stop_ms: int) -> None:
    if lease.live(age, stop_ms, line_ms, SAFETY):
        assert lease.valid_for_ms(age, stop_ms, line_ms, SAFETY) >= 40 + min(line_ms, lease.LINE_MAX_MS)


def test_more_than_slow_only_on_a_short_line_with_a_young_frame() -> None:
    assert lease.fast(110, 40, SAFETY)
    assert not lease.fast(111, 40, SAFETY)
    assert not lease.fast(20, 41, SAFETY)
    assert lease.fast(150, 0, SAFETY)
    assert not lease.fast(151, 0, SAFETY)


def test_a_line_that_slows_counts_at_the_second_answer_and_eases_bit_by_bit() -> None:
    assert lease.line_ms(20, 20, 180) == 20
    assert lease.line_ms(20, 180, 170) == 170
    assert lease.line_ms(180, 20, 20) == 179
    assert lease.line_ms(10, 20, 15) == 15
    assert lease.line_ms(0, 0, 0) == 0


def test_gaps_drain_and_good_time_refills_at_a_quarter() -> None:
    assert lease.budget_ms(300, 101) == 280
    assert lease.budget_ms(300, 100) == 305
    assert lease.budget_ms(15, 120) == 0
    assert lease.budget_ms(448, 20) == 450
    assert lease.budget_ms(450, 20) == 450


def test_flapping_lasts_until_half_is_back() -> None:
    assert lease.flapping(0, was=False)
    assert not lease.flapping(1, was=False)
    assert lease.flapping(224, was=True)
    assert not lease.flapping(225, was=True)
    assert not lease.flapping(224, was=False)


def flaps_after_ms(on_ms: int, off_ms: int) -> int | None:
    """Square wave of a 20 Hz link, budget full at first; time until it counts as flapping, within 60 s."""
    budget, flapping, heard_ms = lease.BUDGET_MS, False, 0
    for now_ms in range(0, 60_000, 20):
        if now_ms % (on_ms + off_ms) < on_ms and now_ms - heard_ms >= 40:
            heard_ms = now_ms
        budget = lease.budget_ms(budget, now_ms - heard_ms)
        flapping = lease.flapping(budget, was=flapping)
        if flapping:
            return now_ms
    return None


def test_row_3_flapping_is_found_within_two_seconds() -> None:
    found_ms = flaps_after_ms(200, 300)
    assert found_ms is not None
    assert found_ms <= 2000


@pytest.mark.parametrize("off_ms", [0, 20, 40, 60])
def test_row_3_a_good_link_never_flaps(off_ms: int) -> None:
    assert flaps_after_ms(1000, off_ms) is None


def test_row_3_a_worse_link_is_found_no_later() -> None:
    found = [flaps_after_ms(200, off_ms) or 60_000 for off_ms in range(100, 400, 20)]
    assert found == sorted(found, reverse=True)
