"""Whether a rotor's sensor stands (rows 55 and 59): by the scatter of what it shows, and by the power it would take."""

import math
from typing import Any

import msgspec
import pytest

from firmware_bridge.types import ControllerStatus
from tests.builders import status
from tests.control.safety.gate_inputs import CONFIG, ROTORLESS
from vehicle.contracts.units import TICK_NS
from vehicle.control.safety import rotor
from vehicle.control.state import RotorWatch

TOOL, BODY = CONFIG.machine.tool, CONFIG.machine.body
WORKING = TOOL.rotor_speed_radps
LEAST = CONFIG.mission.rotor_at_speed_ratio * WORKING
FIRST = 1000
NAN = math.nan
NONE = RotorWatch()


def at_work(
    number: int, span_radps: float = 0.5, shown: float = 0.4, load: float = 0.5, **changes: Any
) -> ControllerStatus:
    """A status of a rotor in the ground, whose shown speed goes up and down by the span; `shown`: of engine's power."""
    speed = WORKING + (span_radps if number % 2 else 0.0)
    torque_nm = shown * BODY.power_w * TOOL.rotor_efficiency_ratio / speed
    base = status(
        depth_m=0.2,
        rotor_speed_radps=speed,
        rotor_torque_nm=torque_nm,
        engine_load_ratio=load,
        track_left_mps=0.2,
        track_right_mps=0.2,
    )
    return msgspec.structs.replace(base, **changes)


def followed(
    count: int, watch: RotorWatch = NONE, first: int = FIRST, *, asked: bool = True, **told: Any
) -> RotorWatch:
    """So many ticks of the same, the first of them in tick `first`; `asked`: the rotor was told to turn."""
    for tick in range(first, first + count):
        watch = rotor.follow(watch, at_work(tick, **told), CONFIG, tick, tick * TICK_NS, asked=asked)
    return watch


def in_air(watch: RotorWatch = NONE, **changes: Any) -> RotorWatch:
    base = status(rotor_speed_radps=WORKING, depth_m=-0.3, engine_load_ratio=0.1)
    return rotor.follow(watch, msgspec.structs.replace(base, **changes), CONFIG, FIRST, FIRST * TICK_NS, asked=True)


def test_row_55_a_shown_speed_that_stands_is_doubted_after_two_seconds_and_from_a_second_before_them() -> None:
    assert followed(99, span_radps=0.0).doubt_tick == 0
    found = followed(100, span_radps=0.0)
    assert found.doubt_tick == FIRST - 50


@pytest.mark.parametrize(("span_radps", "doubted"), [(0.19, True), (0.2001, False), (0.5, False)])
def test_row_55_what_scatters_like_a_sensor_is_none_that_stands(span_radps: float, doubted: bool) -> None:
    assert (followed(100, span_radps=span_radps).doubt_tick > 0) is doubted


def test_the_span_begins_anew_at_the_reading_that_opens_it() -> None:
    lively = followed(60, span_radps=0.5)
    assert (lively.low_radps, lively.high_radps) == (WORKING + 0.5, WORKING + 0.5)
    assert (lively.still_tick, lively.before_tick) == (FIRST + 59, FIRST + 58)
    assert followed(99, lively, FIRST + 60, span_radps=0.0).doubt_tick == 0
    assert followed(100, lively, FIRST + 60, span_radps=0.0).doubt_tick == FIRST + 59 - 50


SPOT: dict[str, Any] = {"track_left_mps": 0.0, "track_right_mps": 0.0}
AIR: dict[str, Any] = {"depth_m": -0.3}
UNKNOWN_DEPTH: dict[str, Any] = {"depth_m": NAN}


@pytest.mark.parametrize(
    ("left_mps", "right_mps", "judged"),
    [
        (0.01, 0.01, False),
        (0.01, -0.0101, True),
        (0.0101, 0.0, True),
        (-0.0101, 0.0, True),
        (NAN, 0.2, False),
        (0.2, NAN, False),
    ],
)
def test_a_rotor_that_turns_on_the_spot_is_not_judged(left_mps: float, right_mps: float, judged: bool) -> None:
    """In a WAIT its speed may rest and its engine idle; what was found before stays."""
    belts: Any = {"track_left_mps": left_mps, "track_right_mps": right_mps}
    assert (followed(200, span_radps=0.0, load=0.0, **belts).doubt_tick > 0) is judged
    doubted = msgspec.structs.replace(followed(100, span_radps=0.0), air_ratio=0.1)
    after = followed(5, doubted, FIRST + 100, **belts)
    assert (after.doubt_tick, after.air_ratio) == (doubted.doubt_tick, 0.1)


@pytest.mark.parametrize("rest", [SPOT, {"depth_m": 0.0}, AIR, UNKNOWN_DEPTH])
def test_row_55_a_sensor_that_stood_before_a_rest_of_the_work_is_found_after_it(rest: dict[str, Any]) -> None:
    """The time of the rest counts for nothing; of the cutting there must be two seconds."""
    stood = followed(60, followed(10), FIRST + 10, span_radps=0.0)
    rests = followed(500, stood, FIRST + 70, span_radps=0.0, load=0.0, **rest)
    assert (rests.still_tick, rests.before_tick, rests.restless_ticks) == (FIRST + 10, FIRST + 9, 60)
    assert (rests.still_t_ns, rests.before_t_ns) == ((FIRST + 10) * TICK_NS, (FIRST + 9) * TICK_NS)
    assert (rests.short_tick, rests.short_t_ns, rests.load_ratio, rests.shown_ratio) == (0, 0, 0.0, 0.0)
    assert rests.doubt_tick == 0
    assert followed(39, rests, FIRST + 570, span_radps=0.0).doubt_tick == 0
    found = followed(40, rests, FIRST + 570, span_radps=0.0)
    assert (found.doubt_tick, found.doubt_t_ns) == (FIRST + 9 - 50, (FIRST + 9 - 50) * TICK_NS)


@pytest.mark.parametrize("rest", [SPOT, AIR])
def test_row_55_a_sensor_that_lives_in_a_rest_of_the_work_begins_anew(rest: dict[str, Any]) -> None:
    stood = followed(60, span_radps=0.0)
    lives = followed(2, stood, FIRST + 60, **rest)
    assert lives.restless_ticks == 0
    assert followed(99, lives, FIRST + 62, span_radps=0.0).doubt_tick == 0
    assert followed(100, lives, FIRST + 62, span_radps=0.0).doubt_tick == lives.still_tick - 50


def test_a_speed_that_rests_in_a_rest_of_the_work_is_none_that_stands() -> None:
    rests = followed(2000, span_radps=0.0, **SPOT)
    assert rests.restless_ticks == 0
    assert followed(500, rests, FIRST + 2000).doubt_tick == 0


@pytest.mark.parametrize("where", [{}, SPOT, AIR, {"depth_m": 0.0}, UNKNOWN_DEPTH])
def test_row_55_a_rotor_that_should_run_down_and_shows_one_speed_is_doubted(where: dict[str, Any]) -> None:
    """A stop came 1.2 s after its sensor had begun to stand: that is what was worked falsely."""
    stood = followed(60, followed(10), FIRST + 10, span_radps=0.0)
    assert followed(39, stood, FIRST + 70, asked=False, span_radps=0.0, **where).doubt_tick == 0
    found = followed(40, stood, FIRST + 70, asked=False, span_radps=0.0, **where)
    assert (found.doubt_tick, found.doubt_t_ns) == (FIRST + 9 - 50, (FIRST + 9 - 50) * TICK_NS)
    stays = followed(50, found, FIRST + 110, asked=False, **where)
    assert (stays.doubt_tick, stays.doubt_t_ns) == (found.doubt_tick, found.doubt_t_ns)
    assert followed(500, stood, FIRST + 70, asked=False, **where).doubt_tick == 0
    assert followed(1, found, FIRST + 110, asked=False, rotor_speed_radps=0.5 * WORKING, **where).doubt_tick == 0


def test_a_rotor_that_runs_down_is_no_matter_of_power() -> None:
    assert followed(500, asked=False, shown=0.5, load=0.1, **SPOT).doubt_tick == 0
    lacks = followed(100, shown=0.5, load=0.1)
    assert followed(100, lacks, FIRST + 100, asked=False, shown=0.5, load=0.1, **SPOT).short_tick == 0


@pytest.mark.parametrize("where", [AIR, {"depth_m": 0.0}, UNKNOWN_DEPTH])
def test_a_doubt_ends_when_the_tool_is_lifted_and_is_there_again_when_it_cuts(where: dict[str, Any]) -> None:
    assert followed(300, span_radps=0.0, **where).doubt_tick == 0
    doubted = followed(100, span_radps=0.0)
    lifted = followed(1, doubted, FIRST + 100, span_radps=0.0, **where)
    assert (lifted.doubt_tick, lifted.doubt_t_ns) == (0, 0)
    assert followed(1, lifted, FIRST + 101, span_radps=0.0).doubt_tick == doubted.doubt_tick
    assert followed(1, lifted, FIRST + 101, span_radps=0.0, **SPOT).doubt_tick == 0
    assert followed(300, lifted, FIRST + 101).doubt_tick == 0


@pytest.mark.parametrize("speed_radps", [0.0, math.nextafter(LEAST, 0.0), NAN])
@pytest.mark.parametrize("asked", [True, False])
def test_a_speed_that_is_not_credited_is_not_judged_and_ends_the_doubt(speed_radps: float, asked: bool) -> None:
    assert followed(300, span_radps=0.0, asked=asked, rotor_speed_radps=speed_radps).doubt_tick == 0
    doubted = followed(100, span_radps=0.0)
    after = followed(1, doubted, FIRST + 100, asked=asked, rotor_speed_radps=speed_radps)
    assert msgspec.structs.replace(after, air_ratio=math.inf) == NONE


@pytest.mark.parametrize("changes", [{"rotor_speed_radps": math.nextafter(LEAST, 200.0)}, {"depth_m": 1e-6}])
def test_all_that_may_be_credited_is_judged(changes: dict[str, Any]) -> None:
    assert followed(100, **changes).doubt_tick > 0 or "depth_m" in changes
    assert followed(100, span_radps=0.0, **changes).doubt_tick > 0


def test_the_least_speed_that_may_be_credited_is_judged_in_the_ground_and_learnt_from_in_the_air() -> None:
    assert CONFIG.mission.rotor_at_speed_ratio == LEAST / WORKING
    assert followed(100, rotor_speed_radps=LEAST).doubt_tick > 0
    assert in_air(rotor_speed_radps=LEAST).air_ratio == 0.1


def test_what_was_found_stays_while_the_rotor_works() -> None:
    doubted = followed(100, span_radps=0.0)
    lively = followed(200, doubted, FIRST + 100, span_radps=0.5)
    assert lively.doubt_tick == doubted.doubt_tick
    again = followed(200, lively, FIRST + 300, span_radps=0.0)
    assert (again.doubt_tick, again.doubt_t_ns) == (doubted.doubt_tick, doubted.doubt_t_ns)


def test_a_tool_without_a_rotor_is_not_judged() -> None:
    watch = msgspec.structs.replace(followed(100, span_radps=0.0), air_ratio=0.1)
    after = rotor.follow(watch, at_work(0), ROTORLESS, FIRST, FIRST * TICK_NS, asked=True)
    assert after == RotorWatch(air_ratio=0.1)


def test_a_status_that_does_not_come_is_no_sign_of_life() -> None:
    stood = followed(60, span_radps=0.0, shown=0.5, load=0.4)
    lost = rotor.follow(stood, None, CONFIG, FIRST + 60, (FIRST + 60) * TICK_NS, asked=True)
    without = {"short_tick": 0, "short_t_ns": 0, "shown_ratio": 0.0, "load_ratio": 0.0}
    assert lost == msgspec.structs.replace(stood, **without)
    assert followed(39, lost, FIRST + 70, span_radps=0.0).doubt_tick == 0
    assert followed(40, lost, FIRST + 70, span_radps=0.0).doubt_tick == FIRST - 50
    doubted = followed(100, span_radps=0.0)
    assert rotor.follow(doubted, None, CONFIG, FIRST + 100, (FIRST + 100) * TICK_NS, asked=True).doubt_tick > 0


# --- the power --------------------------------------------------------------------------------------------------------
def test_row_59_an_engine_that_gives_less_than_the_shown_speed_asks_for_is_told_after_three_seconds() -> None:
    assert followed(150, shown=0.5, load=0.4).doubt_tick == 0
    assert followed(151, shown=0.5, load=0.4).doubt_tick == FIRST - 50


@pytest.mark.parametrize(("load", "doubted"), [(0.439, True), (0.441, False), (0.3, True), (0.6, False)])
def test_row_59_the_engine_must_give_nine_tenths_less_a_hundredth(load: float, doubted: bool) -> None:
    assert (followed(200, shown=0.5, load=load).doubt_tick > 0) is doubted


def test_what_the_engine_gives_in_the_air_is_none_of_the_rotors() -> None:
    watch = in_air()
    assert watch.air_ratio == 0.1
    assert followed(200, watch, shown=0.5, load=0.539).doubt_tick > 0
    assert followed(200, watch, shown=0.5, load=0.541).doubt_tick == 0


def test_a_load_at_its_end_tells_nothing() -> None:
    assert rotor._short(0.9799, 0.0, 1.2)
    assert not rotor._short(0.98, 0.0, 1.2)
    assert not rotor._short(0.44, 0.0, 0.5)
    assert rotor._short(0.43999, 0.0, 0.5)


@pytest.mark.parametrize("changes", [{"engine_load_ratio": NAN}, {"rotor_torque_nm": NAN}])
def test_without_a_gauge_there_is_no_balance_and_one_that_comes_back_is_judged_again(
    changes: dict[str, Any],
) -> None:
    silent = followed(300, shown=0.5, load=0.3, **changes)
    assert silent.doubt_tick == 0
    assert followed(151, silent, FIRST + 300, shown=0.5, load=0.3).doubt_tick >= FIRST + 249


def test_a_short_lack_as_when_the_tool_enters_the_ground_is_none() -> None:
    low = followed(100, shown=0.5, load=0.1)
    even = followed(70, low, FIRST + 100, shown=0.1, load=0.9)
    assert even.short_tick == FIRST + 169
    assert even.doubt_tick == 0


def test_the_means_begin_with_the_first_value_and_follow_in_a_second() -> None:
    first = followed(1, shown=0.5, load=0.4)
    assert (first.shown_ratio, first.load_ratio, first.short_tick) == (pytest.approx(0.5), 0.4, FIRST)
    second = followed(1, first, FIRST + 1, shown=0.6, load=0.5)
    assert (second.shown_ratio, second.load_ratio) == (pytest.approx(0.502), pytest.approx(0.402))


@pytest.mark.parametrize(
    "changes",
    [
        {"track_left_mps": 0.051},
        {"track_right_mps": -0.051},
        {"depth_m": 1e-9, "rotor_speed_radps": LEAST * 0.99},
        {"depth_m": NAN},
        {"rotor_speed_radps": LEAST * 0.99},
        {"engine_load_ratio": NAN},
        {"rotor_torque_nm": NAN},
    ],
)
def test_the_load_in_the_air_is_learnt_at_speed_and_standing_only(changes: dict[str, Any]) -> None:
    assert in_air(**changes).air_ratio == math.inf


def test_the_load_in_the_air_is_the_least_since_the_rotor_rested() -> None:
    watch = in_air(track_left_mps=0.05, track_right_mps=-0.05, depth_m=0.0)
    assert watch.air_ratio == 0.1
    assert in_air(watch, engine_load_ratio=0.3).air_ratio == 0.1
    assert in_air(watch, engine_load_ratio=0.05).air_ratio == 0.05
    assert in_air(watch, rotor_speed_radps=0.051 * WORKING).air_ratio == 0.1
    assert in_air(watch, rotor_speed_radps=-0.051 * WORKING).air_ratio == 0.1
    for speed_ratio in (0.05, 0.049, -0.05):
        assert in_air(watch, rotor_speed_radps=speed_ratio * WORKING).air_ratio == math.inf
    in_ground = status(depth_m=0.5, engine_load_ratio=0.05)
    assert rotor._air_ratio(watch, in_ground, 1.0, 0.0, CONFIG) == 0.1
    torque_nm = 0.04 * BODY.power_w * TOOL.rotor_efficiency_ratio / WORKING
    assert in_air(rotor_torque_nm=torque_nm).air_ratio == pytest.approx(0.06)


def test_a_load_below_the_rotors_own_takes_nothing_off() -> None:
    assert rotor._known(-0.1) == 0.0
    assert rotor._known(math.inf) == 0.0
    assert rotor._known(0.1) == 0.1


def test_a_doubt_from_before_the_first_tick_is_still_one() -> None:
    assert rotor._doubted_from(20, 20 * TICK_NS, 120, 120 * TICK_NS) == (1, TICK_NS)
    assert rotor._doubted_from(51, 51 * TICK_NS, 150, 150 * TICK_NS) == (1, TICK_NS)
    assert rotor._doubted_from(52, 52 * TICK_NS, 151, 151 * TICK_NS) == (2, 2 * TICK_NS)
    assert rotor._doubted_from(60, 30 * TICK_NS, 160, 160 * TICK_NS) == (10, 1)


@pytest.mark.parametrize(
    ("since", "first"), [((950, 980), 900), ((980, 950), 900), ((1000, 950), 900), ((950, 1000), 900)]
)
def test_of_two_findings_the_one_that_began_earlier_counts(since: tuple[int, int], first: int) -> None:
    before, lacks = since
    watch = RotorWatch(
        low_radps=WORKING, high_radps=WORKING, still_tick=1001, still_t_ns=1001 * TICK_NS, before_tick=before,
        before_t_ns=before * TICK_NS, restless_ticks=99, shown_ratio=0.5, load_ratio=0.1, short_tick=lacks,
        short_t_ns=lacks * TICK_NS,
    )  # fmt: skip
    found = rotor.follow(watch, at_work(0, span_radps=0.0), CONFIG, 1150, 1150 * TICK_NS, asked=True)
    assert (found.doubt_tick, found.doubt_t_ns) == (first, first * TICK_NS)


# --- its times, where ticks come late ---------------------------------------------------------------------------------
def slow(count: int, slot_ns: int, watch: RotorWatch = NONE, first: int = FIRST, **told: Any) -> RotorWatch:
    """As `followed`, but each tick comes so long after the one before it; the first in its slot."""
    for number in range(count):
        now_ns = FIRST * TICK_NS + (first + number - FIRST) * slot_ns
        watch = rotor.follow(watch, at_work(first + number, **told), CONFIG, first + number, now_ns, asked=True)
    return watch


SLOT_NS = TICK_NS * 3 // 2


def test_row_55_a_doubt_goes_back_by_the_clock_where_ticks_come_late() -> None:
    found = slow(100, SLOT_NS, span_radps=0.0)
    assert (found.doubt_tick, found.doubt_t_ns) == (FIRST - 50, FIRST * TICK_NS - 50 * SLOT_NS)
    later = slow(150, SLOT_NS, found, FIRST + 100, span_radps=0.0)
    assert (later.doubt_tick, later.doubt_t_ns) == (found.doubt_tick, found.doubt_t_ns)


def test_row_55_ticks_that_come_early_take_nothing_off_a_doubt() -> None:
    found = slow(100, TICK_NS // 2, span_radps=0.0)
    assert (found.doubt_tick, found.doubt_t_ns) == (FIRST - 50, (FIRST - 50) * TICK_NS)


def test_row_55_part_of_a_nanosecond_counts_as_a_whole_one() -> None:
    now_ns = FIRST * TICK_NS + 99 * SLOT_NS + 1
    assert rotor._doubted_from(FIRST, FIRST * TICK_NS, FIRST + 99, now_ns) == (
        FIRST - 50,
        FIRST * TICK_NS - 50 * (SLOT_NS + 1),
    )


def test_row_55_the_times_of_both_spans_are_those_of_their_ticks() -> None:
    for count in (1, 2, 3, 60):
        lively = slow(count, SLOT_NS, span_radps=0.5)
        last, before = FIRST + count - 1, max(FIRST, FIRST + count - 2)
        assert (lively.still_tick, lively.before_tick) == (last, before)
        assert lively.still_t_ns == FIRST * TICK_NS + (last - FIRST) * SLOT_NS
        assert lively.before_t_ns == FIRST * TICK_NS + (before - FIRST) * SLOT_NS
    stands = slow(40, SLOT_NS, lively, FIRST + 60, span_radps=0.0)
    assert (stands.still_tick, stands.before_tick) == (FIRST + 60, FIRST + 59)
    assert stands.still_t_ns == FIRST * TICK_NS + 60 * SLOT_NS
    assert stands.before_t_ns == FIRST * TICK_NS + 59 * SLOT_NS


def test_row_59_a_lack_of_power_has_the_time_of_the_tick_that_it_began_in() -> None:
    even = slow(30, SLOT_NS, shown=0.5, load=0.5)
    assert (even.short_tick, even.short_t_ns) == (FIRST + 29, FIRST * TICK_NS + 29 * SLOT_NS)
    lacks = slow(100, SLOT_NS, even, FIRST + 30, shown=0.5, load=0.1)
    began = lacks.short_tick
    assert FIRST + 29 < began < FIRST + 60
    assert lacks.short_t_ns == FIRST * TICK_NS + (began - FIRST) * SLOT_NS
    found = slow(100, SLOT_NS, lacks, FIRST + 130, shown=0.5, load=0.1)
    assert found.doubt_tick == began - 50
    assert found.doubt_t_ns == lacks.short_t_ns - 50 * SLOT_NS
    first = slow(1, SLOT_NS, shown=0.5, load=0.1)
    assert (first.short_tick, first.short_t_ns) == (FIRST, FIRST * TICK_NS)


def test_on_the_spot_the_time_of_a_doubt_stays_with_it() -> None:
    found = slow(100, SLOT_NS, span_radps=0.0)
    after = slow(5, SLOT_NS, found, FIRST + 100, **SPOT)
    assert (after.doubt_tick, after.doubt_t_ns) == (found.doubt_tick, found.doubt_t_ns)
