"""The span of a rotor's shown speed: since when its sensor may have stood (row 55)."""

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from tests.builders import status
from tests.control.safety.gate_inputs import CONFIG
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import rotor
from vehicle.control.state import RotorWatch

WORKING = CONFIG.machine.tool.rotor_speed_radps


def test_a_span_of_exactly_the_limit_is_alive() -> None:
    for first, second in ((0.0, rotor.STILL_RADPS), (rotor.STILL_RADPS, 0.0)):
        watch = RotorWatch(low_radps=first, high_radps=first, still_tick=3, before_tick=2)
        assert rotor._span(watch, second, 9) == (second, second, 9, 3)
    watch = RotorWatch(low_radps=100.0, high_radps=100.0, still_tick=3, before_tick=2)
    assert rotor._span(watch, 100.1999, 9) == (100.0, 100.1999, 3, 2)
    assert rotor._span(watch, 99.8001, 9) == (99.8001, 100.0, 3, 2)


def test_a_span_begins_with_the_first_reading() -> None:
    assert rotor._span(RotorWatch(), 0.1, 9) == (0.1, 0.1, 9, 9)


def readings_radps(parts: list[tuple[float, float, bool, int]]) -> list[float]:
    """Of parts that each start at a speed and span a width: slowly up, or up and down; so many readings of each."""
    return [
        start_radps + span_radps * (place / count if slow else place * 0.37 % 1.0)
        for start_radps, span_radps, slow, count in parts
        for place in range(count)
    ]


JITTERS = [(0.0, 0.1, True, 50), (0.1, 0.19, True, 199)]
PART = st.tuples(
    st.sampled_from((0.0, 0.1, 0.15, 0.3)), st.sampled_from((0.0, 0.1, 0.19, 0.3)), st.booleans(), st.integers(1, 120)
)


@given(st.lists(PART, min_size=1, max_size=3).map(readings_radps))
@example(readings_radps(JITTERS))
def test_row_55_what_stands_is_doubted_within_four_seconds_and_never_from_later_than_its_beginning(
    speeds_radps: list[float],
) -> None:
    watch, begun = RotorWatch(), 0
    for count, speed_radps in enumerate(speeds_radps, start=1):
        low_radps, high_radps, still_tick, before_tick = rotor._span(watch, speed_radps, count)
        watch = RotorWatch(low_radps=low_radps, high_radps=high_radps, still_tick=still_tick, before_tick=before_tick)
        while max(speeds_radps[begun:count]) - min(speeds_radps[begun:count]) >= rotor.STILL_RADPS:
            begun += 1
        if count - still_tick >= rotor.STILL_TICKS - 1:
            assert begun + 1 <= still_tick
            assert before_tick <= begun + 1
            return
        assert count - begun < 2 * rotor.STILL_TICKS - 1


def test_row_55_a_sensor_that_jitters_is_doubted_from_before_the_span_that_its_jitter_began() -> None:
    """It stands from tick 51 on, at 0.1 to 0.29 rad/s above: the span begins anew within that."""
    watch = RotorWatch()
    at_work = status(depth_m=0.2, track_left_mps=0.2, track_right_mps=0.2)
    for tick, above_radps in enumerate(readings_radps(JITTERS), start=1):
        told = msgspec.structs.replace(at_work, rotor_speed_radps=WORKING + above_radps)
        watch = rotor.follow(watch, told, CONFIG, 1000 + tick, (1000 + tick) * TICK_NS, asked=True)
    assert watch.still_tick > 1051
    assert 1000 < watch.before_tick <= 1051
    assert watch.doubt_tick == watch.before_tick - 50
