"""A short loss of the fix between two proven places: one run goes on; anything else breaks it where it was proven."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import builders
from tests.control.ledger.driving import ORIGIN_NS, Tick, block, cells, changed, readings, straight, truth_of, versions
from tests.marks import examples
from vehicle.contracts.detonation import LARGE_SHOCK, SHOCK
from vehicle.contracts.ledger_types import Knowledge, Observed, Order
from vehicle.contracts.messages import Margin
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control.ground import raster
from vehicle.control.ledger import bracket, masks, strokes, withdrawal
from vehicle.control.state import LedgerState
from vehicle.records import start

CONFIG = builders.config()
K_SIGMA = CONFIG.mission.k_sigma
YAW_RAD, SPEED_MPS, DECEL_MPS2, SIGMA_M = 0.31, 0.28, 0.8, 0.01
LATE_TICKS = 3
WAY_TICKS = 300
LOST_TICKS, LOOKED_TICKS = 200, 60
FLOAT: dict[str, Any] = {"proven": False, "reckoned": True, "sigma_m": 0.26}
"""What the estimate says of a float: it is the receiver's own sigma that grows."""
STATUS = builders.status()


def speeds(lost_ticks: int) -> list[float]:
    """Work, brake as soon as the fix is gone, stand until it is back and was looked at, go on."""
    brake = [max(0.0, SPEED_MPS - DECEL_MPS2 * TICK_S * n) for n in range(lost_ticks - LATE_TICKS)]
    again = [min(SPEED_MPS, 0.5 * TICK_S * n) for n in range(WAY_TICKS)]
    return [SPEED_MPS] * (WAY_TICKS + LATE_TICKS) + brake + [0.0] * LOOKED_TICKS + again


def stop_and_go(lost_ticks: int = LOST_TICKS, **lost: Any) -> list[Tick]:
    """One straight drive through such a loss; `lost`: what the ticks of the loss have otherwise."""
    ticks, way_m = [], 0.0
    for number, speed_mps in enumerate(speeds(lost_ticks)):
        way_m += speed_mps * TICK_S
        tick = Tick(
            east_m=way_m * math.cos(YAW_RAD), north_m=way_m * math.sin(YAW_RAD), yaw_rad=YAW_RAD, speed_mps=speed_mps
        )
        gone = WAY_TICKS <= number < WAY_TICKS + lost_ticks
        ticks.append(msgspec.structs.replace(tick, **(FLOAT | lost)) if gone else tick)
    return ticks


def at(lost_ticks: int = LOST_TICKS) -> int:
    """The first tick in which the place is proven again."""
    return WAY_TICKS + lost_ticks


def every(ticks: list[Tick]) -> list[LedgerState]:
    return list(versions(ticks, CONFIG, LedgerState(), ORIGIN_NS))


def middle(ticks: list[Tick]) -> set[tuple[int, int]]:
    """Cells across the place of the loss, within every allowance."""
    way_m = math.hypot(ticks[WAY_TICKS].east_m, ticks[WAY_TICKS].north_m)
    return block((0.0, 0.0), YAW_RAD, (way_m - 0.4, way_m + 0.4), (-0.6, 0.6), CONFIG.mission.cell_m)


def ended(ticks: list[Tick]) -> LedgerState:
    return every(ticks)[-1]


def unbroken(ticks: list[Tick]) -> bool:
    return middle(ticks) <= cells(ended(ticks), raster.CREDITED)


# --- what holds ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("lost_ticks", [20, 60, LOST_TICKS, 1000])
def test_a_loss_between_two_proven_places_leaves_no_seam(lost_ticks: int) -> None:
    ticks = stop_and_go(lost_ticks)
    assert unbroken(ticks)
    truth = truth_of(CONFIG)
    *_, state = versions(ticks, CONFIG, LedgerState(), ORIGIN_NS, truth)
    assert truth.false_credit_m2(state) == 0.0


def test_without_a_place_that_was_reckoned_it_does_leave_one() -> None:
    """The check above can fail."""
    assert not unbroken(stop_and_go(reckoned=False))


def test_nothing_of_the_loss_is_claimed_before_its_other_end_is_proven() -> None:
    states = every(stop_and_go())
    credited_m2 = states[WAY_TICKS - 1].credited_m2
    looked = at() + bracket.LOOK_TICKS - 1
    for state in states[WAY_TICKS:looked]:
        assert masks.bracketed(state)
        assert not masks.crediting(state)
        assert (state.credited_m2, state.stroke) == (credited_m2, states[WAY_TICKS - 1].stroke)
    assert masks.crediting(states[looked])
    assert not masks.bracketed(states[looked])


def test_a_program_that_dies_in_the_loss_has_claimed_nothing_of_it() -> None:
    states = every(stop_and_go())
    died, plain = states[at() - 1], every(stop_and_go(reckoned=False))[at() - 1]
    assert cells(died, raster.CREDITED) <= cells(plain, raster.CREDITED) & cells(states[-1], raster.CREDITED)


def test_the_way_that_was_reckoned_draws_the_sides_in() -> None:
    """Wider than its own sigma allows nothing is claimed, and less wide where it may have gone aside."""
    through, whole = stop_and_go(), stop_and_go(proven=True, reckoned=False, sigma_m=SIGMA_M)
    lost, plain = cells(ended(through), raster.CREDITED), cells(ended(whole), raster.CREDITED)
    near = block((0.0, 0.0), YAW_RAD, (0.5, 2.5), (-1.0, 1.0), CONFIG.mission.cell_m)
    lost, plain = lost & near, plain & near
    assert lost < plain
    way_m = math.hypot(through[at()].east_m, through[at()].north_m) - WAY_TICKS * SPEED_MPS * TICK_S
    assert 0.05 < way_m < 0.1
    assert len(plain - lost) * CONFIG.mission.cell_m**2 < 4.0 * bracket.ASIDE_RATIO * way_m + 0.1


# --- what breaks it --------------------------------------------------------------------------------------------------
LEAP_M = bracket.LEAP_MAX_M + 0.005


@pytest.mark.parametrize(
    ("tick", "changes"),
    [
        (WAY_TICKS + 50, {"reckoned": False}),
        (WAY_TICKS + 50, {"rotor_radps": 40.0}),
        (WAY_TICKS + 50, {"depth_m": 0.1}),
        (WAY_TICKS + 50, {"fresh": False}),
        (WAY_TICKS + 50, {"valid": False}),
        (WAY_TICKS + 50, {"roll_rad": 1.0}),
        (at() + 20, {"rotor_radps": 40.0}),
        (at() + 20, {"proven": False, "reckoned": False}),
    ],
)  # fmt: skip
def test_whatever_else_is_not_proven_in_a_tick_breaks_it(tick: int, changes: dict[str, Any]) -> None:
    ticks = changed(stop_and_go(), lambda number: number == tick, **changes)
    assert not unbroken(ticks)
    credited, plain = cells(ended(ticks), raster.CREDITED), cells(ended(stop_and_go(reckoned=False)), raster.CREDITED)
    assert credited <= plain


@pytest.mark.parametrize("doubt_m", [0.001, 0.04])
def test_a_place_that_came_back_as_another_one_proves_nothing_between(doubt_m: float) -> None:
    ticks = stop_and_go()
    ticks = ticks[: at()] + [msgspec.structs.replace(tick, doubt_m=doubt_m) for tick in ticks[at() :]]
    assert not unbroken(ticks)


@pytest.mark.parametrize(("left_m", "through"), [(0.02, True), (LEAP_M, False)])
def test_a_place_that_leaps_as_it_comes_back_proves_nothing_between(left_m: float, through: bool) -> None:
    ticks, off = (
        stop_and_go(),
        {"error_east_m": -left_m * math.sin(YAW_RAD), "error_north_m": left_m * math.cos(YAW_RAD)},
    )
    ticks = ticks[: at()] + [msgspec.structs.replace(tick, **off) for tick in ticks[at() :]]
    assert unbroken(ticks) is through


@pytest.mark.parametrize(("standing_ticks", "through"), [(0, True), (30, False)])
def test_a_tool_that_came_back_behind_its_last_proven_line_proves_nothing_between(
    standing_ticks: int, through: bool
) -> None:
    """Three centimetres less than was reckoned are no harm while it braked, and a way back where it stood."""
    ticks, begins = stop_and_go(proven=True, reckoned=False, sigma_m=SIGMA_M), WAY_TICKS + standing_ticks
    ticks = changed(ticks, lambda number: begins <= number < at(), **FLOAT)
    off = {"error_east_m": -0.03 * math.cos(YAW_RAD), "error_north_m": -0.03 * math.sin(YAW_RAD)}
    states = every(changed(ticks, lambda number: number >= at(), **off))
    assert masks.bracketed(states[at() - 1])
    assert masks.bracketed(states[at()]) is through
    assert not masks.crediting(states[at()])
    if through:
        assert middle(ticks) <= cells(states[-1], raster.CREDITED)


def test_a_tool_that_is_reckoned_to_fall_back_is_credited_nowhere_before_it_is_proven() -> None:
    """As a machine that rolls back, by its belts."""
    begins = WAY_TICKS + 30
    ticks = changed(stop_and_go(proven=True, reckoned=False), lambda number: begins <= number < at(), **FLOAT)
    off = {"error_east_m": -0.03 * math.cos(YAW_RAD), "error_north_m": -0.03 * math.sin(YAW_RAD)}
    states = every(changed(ticks, lambda number: number >= begins + 20, **off))
    assert masks.bracketed(states[begins + 19])
    for state in states[begins + 20 : at()]:
        assert (masks.crediting(state), masks.bracketed(state)) == (False, False)


def test_a_long_way_without_a_fix_is_no_bracket() -> None:
    """As by stick: work goes on in float, and comes back."""
    ticks = changed(stop_and_go(20), lambda number: WAY_TICKS - 60 <= number < WAY_TICKS, **FLOAT)
    states = every(ticks)
    assert any(masks.bracketed(state) for state in states)
    assert not masks.bracketed(states[WAY_TICKS])
    assert not unbroken(ticks)
    assert cells(states[-1], raster.UNPROVEN), "the record says what it was"


def test_a_long_time_without_a_fix_is_no_bracket() -> None:
    assert unbroken(stop_and_go(1150))
    assert not unbroken(stop_and_go(1260))


def test_a_second_of_looking_is_wanted_on_end() -> None:
    ticks = stop_and_go()
    short = ticks[: at() + bracket.LOOK_TICKS - 1]
    assert cells(ended(short), raster.CREDITED) <= cells(ended(ticks[:WAY_TICKS]), raster.CREDITED)
    flaps = changed(ticks, lambda number: number == at() + 40, **FLOAT)
    states = every(flaps)
    assert masks.bracketed(states[at() + bracket.LOOK_TICKS])
    assert masks.crediting(states[at() + 41 + bracket.LOOK_TICKS - 1])


def test_where_it_breaks_a_tick_tells_that_neither_holds() -> None:
    """The job looks once a tick whether a swath must be re-entered."""
    ticks = changed(stop_and_go(), lambda number: number == WAY_TICKS + 50, reckoned=False)
    state = every(ticks)[WAY_TICKS + 50]
    assert (masks.crediting(state), masks.bracketed(state)) == (False, False)
    proven = changed(stop_and_go(), lambda number: number >= at(), doubt_m=0.04)
    told = every(proven)
    assert (masks.crediting(told[at()]), masks.bracketed(told[at()])) == (False, False)
    assert masks.crediting(told[at() + 1])


def test_what_was_below_depth_before_is_not_bracketed() -> None:
    states = every([msgspec.structs.replace(tick, depth_m=0.12) for tick in stop_and_go()])
    assert not any(masks.bracketed(state) for state in states)


def test_what_is_withdrawn_meanwhile_ends_it_where_it_was_proven() -> None:
    ticks = stop_and_go()
    state, now_ns = every(ticks[: at() - 10])[-2], ORIGIN_NS + (at() - 10) * TICK_NS
    assert masks.bracketed(state)
    order = Order(kind=Knowledge.BASE, good=False, reason="moved", by="test", since_t_ns=now_ns - TICK_NS)
    estimate, status = readings(ticks[at() - 10])
    told = masks.step(state, estimate, status, CONFIG, now_ns + TICK_NS, status_fresh=True, orders=(order,))
    assert (told.run, told.bracket) == (None, None)


# --- what it leaves behind -------------------------------------------------------------------------------------------
SHOCKED = Observed(
    kind=SHOCK, value=LARGE_SHOCK, sigma=None, place_m=None, by="vehicle", text="", station_id=0, t_ns=0, utc_us=None
)


@pytest.mark.parametrize("lost", [{}, {"reckoned": False}, {"rotor_radps": 40.0}])
def test_the_strokes_alone_add_up_to_the_same_masks(lost: dict[str, Any]) -> None:
    states = every(stop_and_go(**lost))
    summed = LedgerState()
    for before, state in zip([LedgerState(), *states], states, strict=False):
        if state.stroke is not before.stroke:
            assert state.stroke is not None
            assert state.stroke.number == (before.stroke.number if before.stroke else 0) + 1
            summed = strokes.apply(summed, state.stroke, CONFIG.mission.cell_m)
    for flag in (raster.SWEPT, raster.CREDITED, raster.UNPROVEN):
        assert cells(summed, flag) == cells(states[-1], flag)


@pytest.mark.parametrize("taken", [WAY_TICKS - 60, WAY_TICKS + 50, at() + 20])
def test_a_replay_from_any_tick_comes_to_the_same_ledger(taken: int) -> None:
    """A recording may begin in each tick: what is written of a ledger is all that counts of it."""
    ticks = [msgspec.structs.replace(tick, sigma_m=0.02 - 1e-5 * n) for n, tick in enumerate(stop_and_go())]
    states = every(ticks)
    first = next(n for n in range(taken, 0, -1) if states[n].stroke is not states[n - 1].stroke)
    for begin in (first, taken):
        plain = start.decoded(start.encoded(start.plain_of(states[begin])), start.PlainLedger)
        state = start.ledger_of(plain, start.tiles_of(states[begin]))
        again = list(versions(ticks[begin + 1 :], CONFIG, state, ORIGIN_NS + (begin + 1) * TICK_NS))
        for number in (0, 1, -1):
            live = states[begin + 1 :][number]
            assert start.encoded(start.plain_of(again[number])) == start.encoded(start.plain_of(live)), number


def test_a_blade_that_stood_in_a_bracket_has_passed_as_much_as_without_a_loss() -> None:
    """But for the seam that each of its stands leaves."""
    tool = CONFIG.machine.tool.model_copy(update={"kind": "blade", "rotor_speed_rpm": 0.0})
    config = CONFIG.model_copy(update={"machine": CONFIG.machine.model_copy(update={"tool": tool})})
    swept = []
    for drive in (stop_and_go(), stop_and_go(proven=True, reckoned=False, sigma_m=SIGMA_M)):
        ticks = [msgspec.structs.replace(tick, rotor_radps=0.0) for tick in drive]
        *_, state = versions(ticks, config, LedgerState(), ORIGIN_NS)
        assert middle(ticks) <= cells(state, raster.CREDITED)
        swept.append(middle(ticks) & cells(state, raster.SWEPT))
    assert len(swept[0]) >= len(swept[1])


def shocked(ticks: list[Tick]) -> tuple[LedgerState, LedgerState]:
    """The ledger before and in the tick after these, in which a large shock is told and all is withheld."""
    state = every(ticks)[-2]
    estimate, status = readings(ticks[-1])
    now_ns = ORIGIN_NS + (len(ticks) + 1) * TICK_NS
    after = masks.step(
        state, estimate, status, CONFIG, now_ns, status_fresh=True, orders=(SHOCKED,), margin=Margin(withheld="hammers")
    )
    return state, after


@pytest.mark.parametrize("ticks", [straight(1.05, 0.3), stop_and_go()[: at() - 10]], ids=["working", "bracketed"])
def test_what_was_worked_until_a_large_shock_waits_for_the_count_of_the_hammers(ticks: list[Tick]) -> None:
    before, after = shocked(ticks)
    assert before.stroke is not None
    assert after.stroke is not None
    assert after.stroke.number == before.stroke.number + 1
    # as the journal has it: a tick's stroke, then what was told in it
    summed = withdrawal.noted(strokes.apply(before, after.stroke, CONFIG.mission.cell_m), SHOCKED)
    assert after.shaken == summed.shaken == (1, after.stroke.number)


# --- any loss --------------------------------------------------------------------------------------------------------
class Loss(msgspec.Struct, frozen=True, kw_only=True):
    """A drive that stops for a loss, goes aside while it brakes, shifts while it stands, and errs within k sigma.

    `aside`: share of `ASIDE_RATIO` of the way; `turn_rad` while it brakes, told by the gyro; `shift_*_m` while it
    stands, told by nobody before the fix is back. `error_*`: at both ends, as shares of k sigma.
    """

    yaw_rad: float
    lost_ticks: int
    aside: float
    turn_rad: float
    shift_along_m: float
    shift_aside_m: float
    error_rad: tuple[float, float]
    error_share: tuple[float, float]

    def ticks(self) -> Iterator[Tick]:
        along_m = left_m = turned_rad = reckoned_left_m = 0.0
        stands = WAY_TICKS + self.lost_ticks - 1
        for number, speed_mps in enumerate(speeds(self.lost_ticks)):
            gone, back = WAY_TICKS <= number <= stands, number > stands
            along_m += speed_mps * TICK_S
            if gone and speed_mps > 0.0:
                turned_rad += self.turn_rad / 20.0
                left_m += self.aside * bracket.ASIDE_RATIO * speed_mps * TICK_S
            if back and number == stands + 1:
                along_m, left_m = along_m + self.shift_along_m, left_m + self.shift_aside_m
                reckoned_left_m = left_m
            error_m = [K_SIGMA * SIGMA_M * share for share in self.error_share][back]
            error_rad = self.error_rad[back]
            cos_yaw, sin_yaw = math.cos(self.yaw_rad), math.sin(self.yaw_rad)
            unseen_m = reckoned_left_m - left_m  # how far the place that is reckoned stays behind the true one
            yield Tick(
                east_m=along_m * cos_yaw - left_m * sin_yaw,
                north_m=along_m * sin_yaw + left_m * cos_yaw,
                yaw_rad=self.yaw_rad + turned_rad,
                speed_mps=speed_mps,
                error_east_m=error_m * math.cos(error_rad) - unseen_m * sin_yaw,
                error_north_m=error_m * math.sin(error_rad) + unseen_m * cos_yaw,
                **(FLOAT if gone else {"sigma_m": SIGMA_M}),
            )


LOSSES = st.builds(
    Loss,
    yaw_rad=st.floats(-3.1, 3.1),
    lost_ticks=st.integers(LATE_TICKS + 22, 150),
    aside=st.floats(-1.0, 1.0),
    turn_rad=st.floats(-0.03, 0.03),
    shift_along_m=st.floats(-0.03, 0.03),
    shift_aside_m=st.floats(-0.03, 0.03),
    error_rad=st.tuples(st.floats(-3.1, 3.1), st.floats(-3.1, 3.1)),
    error_share=st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
)


@pytest.mark.long
@settings(max_examples=examples(60), deadline=None)
@given(loss=LOSSES)
def test_through_any_loss_credit_is_a_part_of_the_truth(loss: Loss) -> None:
    truth = truth_of(CONFIG)
    *_, state = versions(loss.ticks(), CONFIG, LedgerState(), ORIGIN_NS, truth)
    assert truth.false_credit_m2(state) == 0.0


def test_a_loss_in_which_it_goes_further_aside_than_allowed_does_make_false_credit() -> None:
    """The check above can fail: so much would be a machine that slides half a metre aside and back."""
    loss = Loss(
        yaw_rad=0.4, lost_ticks=100, aside=30.0, turn_rad=0.0, shift_along_m=0.0, shift_aside_m=-0.25,
        error_rad=(0.0, 0.0), error_share=(0.0, 0.0),
    )  # fmt: skip
    truth = truth_of(CONFIG)
    *_, state = versions(loss.ticks(), CONFIG, LedgerState(), ORIGIN_NS, truth)
    assert truth.false_credit_m2(state) > 0.0
