"""Observations: what becomes of each kind, what is due, and the margin that follows."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.types import ControllerFlag, Observation, ObservationKind, ObservationVerdict
from tests import builders
from vehicle.config.load import load_machine
from vehicle.contracts.detonation import CRATER_M, crater_m
from vehicle.contracts.hammers import Hammers, meaning, named_tracks
from vehicle.contracts.ledger_types import Claim, Confirm, Knowledge, Observed, Order
from vehicle.contracts.messages import Inputs
from vehicle.control.checks import calibrated, depth_reading, hammer_count, room
from vehicle.control.checks.on_record import new_on_record
from vehicle.control.checks_state import Calibration, ChecksState
from vehicle.control.depth import Depth
from vehicle.control.estimate_state import EstimateState, PlaceState
from vehicle.control.safety import gate
from vehicle.control.state import LedgerState, WireState
from vehicle.control.tick import tick
from vehicle.planning.coverage.settings import PlanSettings, ToolBounds
from vehicle.runtime.tool_bounds import planned_bounds

CONFIG = builders.config()
SESSION = 77
MACHINE = CONFIG.machine


def observation(kind: ObservationKind, value: float = 0.0, **rest: object) -> Observation:
    base = Observation(
        station_id=9,
        session_id=SESSION,
        sequence=1,
        kind=kind,
        value=value,
        who="leader",
    )
    return msgspec.structs.replace(base, **rest)


def step(
    state: ChecksState,
    *told: Observation,
    claimed_m: float | None = None,
    trial: bool = False,
    ledger: LedgerState | None = None,
    wire: WireState | None = None,
) -> tuple[ChecksState, tuple[Order | Observed, ...]]:
    return room.step(
        state,
        told,
        wire or WireState(),
        ledger or LedgerState(),
        lambda _: None if claimed_m is None else Claim(depth_m=claimed_m, number=1, trial=trial),
        config=CONFIG,
        datum=builders.DATUM,
        session_id=SESSION,
        now_ns=5,
    )


def orders(found: tuple[Order | Observed, ...]) -> list[Order]:
    return [order for order in found if isinstance(order, Order)]


BASE = observation(ObservationKind.BENCHMARK_CHECK, 0.01, sigma=0.01, text="control point 1")
DEPTH = observation(ObservationKind.DEPTH_CHECK, 0.17, lat_deg=39.99, lon_deg=46.93, text="strip")


def test_the_first_check_of_the_base_opens_and_the_next_one_closes() -> None:
    now_us = 1_795_000_000_000_000
    wire = WireState(gnss=builders.gnss(0.0, 0.0, 0.0, 0.3, time_utc_us=now_us), gnss_t_ns=5)
    now = msgspec.structs.replace(BASE, time_utc_us=now_us)
    state, found = step(ChecksState(), now, wire=wire)
    assert [(order.good, order.closing) for order in orders(found)] == [(True, False)]
    assert not state.due.base
    state, found = step(state, msgspec.structs.replace(now, sequence=2), wire=wire)
    assert [(order.good, order.closing) for order in orders(found)] == [(True, True)]


@pytest.mark.parametrize(("off_m", "flags"), [(0.021, 6), (0.3, 7)])
def test_a_base_that_is_off_takes_back_and_holds_back(off_m: float, flags: int) -> None:
    state, found = step(room.all_made(), msgspec.structs.replace(BASE, value=off_m))
    (order,) = orders(found)
    assert (order.kind, order.good, order.flags) == (Knowledge.BASE, False, flags)
    assert state.margin.withhold
    assert state.due.base
    state, found = step(state, msgspec.structs.replace(BASE, sequence=2))
    assert not state.margin.withhold
    assert not orders(found)[0].closing


def test_another_base_is_not_opened_by_the_check_of_the_one_before() -> None:
    def heard(base_id: int) -> WireState:
        return WireState(gnss=builders.gnss(0.0, 0.0, 0.0, 0.0, base_id=base_id), gnss_fresh=True)

    state, _ = step(ChecksState(), wire=heard(7))
    state, _ = step(state, BASE, wire=heard(7))
    assert not state.due.base
    state, _ = step(state, wire=heard(8))
    assert state.due.base
    _, found = step(state, msgspec.structs.replace(BASE, sequence=2), wire=heard(8))
    assert not orders(found)[0].closing


def test_a_depth_reading_that_reaches_the_claim_is_good() -> None:
    state, found = step(ChecksState(), DEPTH, claimed_m=0.16)
    assert [(order.kind, order.good) for order in orders(found)] == [(Knowledge.DEPTH, True)]
    assert (state.depth_bias_m, state.due.depth) == (0.0, False)
    assert state.margin.depth_bias_m == 0.0
    assert ChecksState().margin.depth_bias_m == 0.0
    assert step(ChecksState())[0].margin.depth_bias_m == pytest.approx(0.02)


def test_a_difference_becomes_the_bias_of_what_was_and_of_what_comes() -> None:
    state, found = step(room.all_made(), DEPTH, claimed_m=0.20)
    less, good = orders(found)
    assert (less.good, less.bias_m, good.good) == (False, pytest.approx(0.03 + depth_reading.ROD_LEAST_M), True)
    assert state.margin.depth_bias_m == pytest.approx(0.03 + depth_reading.ROD_LEAST_M)


@pytest.mark.parametrize(("sigma_m", "more_m"), [(None, 0.02), (0.0, 0.02), (0.0045, 0.02), (0.01, 0.02), (0.03, 0.06)])
def test_a_bias_holds_what_the_rod_may_be_wrong_by(sigma_m: float | None, more_m: float) -> None:
    told = msgspec.structs.replace(DEPTH, sigma=sigma_m)
    state, found = step(room.all_made(), told, claimed_m=0.20)
    assert orders(found)[0].bias_m == pytest.approx(0.03 + more_m)
    assert state.depth_bias_m == pytest.approx(0.03 + more_m)


def test_beyond_five_centimetres_all_is_withdrawn_until_a_reading_is_good() -> None:
    state, found = step(room.all_made(), DEPTH, claimed_m=0.221)
    (order,) = orders(found)
    assert (order.good, order.bias_m) == (False, 0.0)
    assert state.margin.withhold
    state, found = step(state, msgspec.structs.replace(DEPTH, sequence=2), claimed_m=0.16)
    assert (state.margin.withhold, found) == (True, ()), "old ground says nothing of a sensor that failed since"
    state, _ = step(state, msgspec.structs.replace(DEPTH, sequence=3), claimed_m=0.25, trial=True)
    assert not state.margin.withhold
    assert state.depth_bias_m == pytest.approx(0.08 + depth_reading.ROD_LEAST_M)


def test_a_sensor_that_no_bias_mends_stays_withheld() -> None:
    state, _ = step(room.all_made(), DEPTH, claimed_m=0.25)
    state, found = step(state, msgspec.structs.replace(DEPTH, sequence=2), claimed_m=0.38, trial=True)
    assert (state.margin.withhold, found) == (True, ())
    assert state.results[0].text == "the sensor is off by over 0.2 m: mend it"


def test_a_reading_on_old_ground_still_withdraws_while_the_sensor_is_wrong() -> None:
    state, _ = step(room.all_made(), DEPTH, claimed_m=0.25)
    state, found = step(state, msgspec.structs.replace(DEPTH, sequence=2), claimed_m=0.20)
    (order,) = orders(found)
    assert (order.good, order.bias_m, state.margin.withhold) == (
        False,
        pytest.approx(0.03 + depth_reading.ROD_LEAST_M),
        True,
    )


def test_unexplained_at_two_more_places_all_is_withdrawn() -> None:
    state, whole = room.all_made(), []
    for sequence in (1, 2, 3):
        state, found = step(state, msgspec.structs.replace(DEPTH, sequence=sequence), claimed_m=0.19)
        whole.append([order.bias_m for order in orders(found) if not order.good])
    held_m = pytest.approx(0.02 + depth_reading.ROD_LEAST_M)
    assert whole == [[held_m], [held_m], [0.0]], "what the rod may be wrong by makes no reading odd"
    assert state.margin.withhold


@pytest.mark.parametrize(
    ("change", "claimed_m", "told"),
    [
        ({"text": "in the middle"}, 0.15, "say where from"),
        ({"lat_deg": None, "lon_deg": None}, 0.15, "place"),
        ({}, None, "no depth is on record"),
        ({"session_id": 78}, 0.15, "restarted"),
    ],
)
def test_what_cannot_be_judged_is_refused_and_kept_nowhere(
    change: dict[str, object], claimed_m: float | None, told: str
) -> None:
    state, found = step(ChecksState(), msgspec.structs.replace(DEPTH, **change), claimed_m=claimed_m)
    assert found == ()
    (result,) = state.results
    assert result.result is ObservationVerdict.REFUSED
    assert told in result.text
    assert len(result.text.encode()) <= 50


def test_a_repeated_observation_is_answered_and_recorded_once() -> None:
    state, found = step(room.all_made(), DEPTH, claimed_m=0.20)
    state, again = step(state, DEPTH, claimed_m=0.20)
    assert len(found) == 3
    assert again == ()
    assert state.results[0].result is ObservationVerdict.RECORDED
    assert state.depth_bias_m == pytest.approx(0.03 + depth_reading.ROD_LEAST_M)


def test_the_gate_hears_once_who_observed_something(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sign of attention: new on the record, not refused, and not what a console repeats until it is answered."""
    heard: list[tuple[int, ...]] = []

    def hear(*args: Any) -> Any:
        heard.append(args[4].observers)
        return step_gate(*args)

    step_gate = gate.step
    monkeypatch.setattr(gate, "step", hear)
    state = msgspec.structs.replace(builders.vehicle_state(), session_id=SESSION)
    note = observation(ObservationKind.NOTE, text="dust")
    other = msgspec.structs.replace(note, station_id=4, sequence=2)
    refused = msgspec.structs.replace(note, session_id=SESSION + 1, sequence=3)
    for number, told in enumerate([(note, other), (note,), (refused,), ()]):
        state, _ = tick(state, Inputs(observations=told), number * 20_000_000)
    assert heard == [(9, 4), (), (), ()]


def count(present: int, text: str = "", sequence: int = 1) -> Observation:
    return observation(ObservationKind.HAMMER_COUNT, present, text=text, sequence=sequence)


def test_the_answer_after_a_failed_reading_names_safe_ground_and_sends_nobody_onto_the_strip() -> None:
    assert "edge of safe ground" in depth_reading.STRIP
    assert "there" not in depth_reading.STRIP.split()
    assert len(depth_reading.STRIP.encode()) <= 50


def test_all_hammers_there_is_good_and_one_missing_takes_its_stripe() -> None:
    state, found = step(ChecksState(), count(40))
    assert [(order.kind, order.good) for order in orders(found)] == [(Knowledge.HAMMERS, True)]
    assert not state.due.hammers
    state, found = step(state, count(39, "missing 1", 2))
    lost, good = orders(found)
    assert (lost.good, good.good) == (False, True)
    assert lost.across_m is not None
    assert lost.across_m[0] < -0.85
    assert lost.across_m[1] == pytest.approx(-0.85 + 1.7 / 40 + hammer_count.STRIPE_DOUBT_M + 0.75 * 0.05)
    assert state.due.hammers
    assert state.margin.withhold
    state, _ = step(state, count(40, "", 3))
    assert not state.margin.withhold


FLAILS = ("bozena5", "d250", "mematt", "mv4", "mw240", "mw370")


@pytest.mark.parametrize("name", FLAILS)
def test_a_withdrawn_stripe_reaches_further_than_what_the_credit_was_drawn_in_by(name: str) -> None:
    """k sigma of a MEMATT and its bound together; of every other flail what its credit has as a margin."""
    sigma_m, k_sigma = PlanSettings().tool_sigma_m, PlanSettings().k_sigma
    side_m = room.side_bound_m(room.MEASURED, load_machine(name))
    assert (k_sigma - 1.0) * sigma_m + side_m <= hammer_count.STRIPE_DOUBT_M
    if name == "mematt":
        assert k_sigma * sigma_m + side_m == pytest.approx(hammer_count.STRIPE_DOUBT_M, abs=1e-4)


def test_a_count_without_positions_takes_the_whole_width() -> None:
    for text in ("", "missing 3"):
        _, found = step(room.all_made(), count(38, text))
        assert orders(found)[0].across_m is None
    _, found = step(room.all_made(), count(38, "missing 3 17"))
    assert [order.across_m is None for order in orders(found)] == [False, False, True]


@pytest.mark.parametrize(
    ("missing", "text", "tracks"),
    [
        (2, "missing 17 17", 0),
        (2, "missing 17, 2 hammers", 0),
        (3, "missing 17 (found 12:30)", 0),
        (1, "17 is worn", 0),
        (2, "2 missing: 17", 0),
        (1, "missing 17 near stone 4", 0),
        (2, "Missing 3, 17", 2),
        (2, "at 12:30 missing: 3 and 17", 2),
    ],
)
def test_only_tracks_that_are_said_to_be_missing_save_the_rest_of_the_width(
    missing: int, text: str, tracks: int
) -> None:
    _, found = step(room.all_made(), count(40 - missing, text))
    lost = [order.across_m for order in orders(found) if not order.good]
    assert len(lost) == max(1, tracks)
    assert (None not in lost) is bool(tracks)
    tool = MACHINE.tool
    hammers = Hammers(count=tool.hammer_count, per_track=tool.hammers_per_track, stripe_m=tool.hammer_stripe_m)
    said = meaning(hammers, 40 - missing, named_tracks(text))  # as `flailpilot observe` tells it before it is sent
    assert ("all ground" in said) is (None in lost)


@pytest.mark.parametrize(("present", "text", "told"), [(41, "", "40 hammers"), (39, "missing 41", "1 to 40")])
def test_a_count_that_this_machine_cannot_have_is_refused(present: int, text: str, told: str) -> None:
    state, found = step(ChecksState(), count(present, text))
    assert found == ()
    assert told in state.results[0].text


def test_a_shock_a_detonation_and_two_hours_ask_for_a_count() -> None:
    shocked = WireState(status=builders.status(flags=ControllerFlag.SHOCK), status_fresh=True)
    assert step(room.all_made(), wire=shocked)[0].due.hammers
    heavy = step(room.all_made(), observation(ObservationKind.DETONATION_CLASS, 4))[0]
    assert (heavy.due.hammers, heavy.due.check) == (True, True)
    long = msgspec.structs.replace(room.all_made(), down_s=7_201.0)
    assert step(long)[0].due.hammers


MEASURED = CONFIG.model_copy(
    update={
        "machine": MACHINE.model_copy(
            update={"tool": MACHINE.tool.model_copy(update={"shock_small_g": 8.0, "shock_large_g": 30.0})}
        )
    }
)
AT_WORK = {"depth_m": 0.15, "rotor_speed_radps": MACHINE.tool.rotor_speed_radps}


def shaken(
    state: ChecksState,
    peak_g: float,
    now_s: float = 1.0,
    *,
    detonated: bool = False,
    tool_m: tuple[float, float] | None = (3.0, 4.0),
    error_m: float = 0.0,
) -> tuple[ChecksState, list[Observed]]:
    """One tick in which the controller tells this peak; 0: nothing."""
    wire = WireState(status=builders.status(**AT_WORK, shock_peak_g=peak_g), status_fresh=True)
    state, found = room.step(
        state, (), wire, LedgerState(), lambda _: None, config=MEASURED, datum=builders.DATUM, session_id=SESSION,
        now_ns=round(now_s * 1e9), tool_m=tool_m, tool_error_m=error_m, detonated=detonated,
    )  # fmt: skip
    return state, [one for one in found if isinstance(one, Observed)]


def test_a_small_shock_asks_for_a_count_and_withholds_nothing() -> None:
    state, (felt,) = shaken(room.all_made(), 12.0)
    assert (state.due.hammers, state.margin.withheld) == (True, "")
    assert (felt.kind, felt.value, felt.place_m, felt.by) == ("shock", 1.0, (3.0, 4.0), "vehicle")
    assert felt.text == "small shock, 12 g"


def test_the_crater_of_a_detonation_at_the_end_of_the_tool_lies_inside_the_keep_out() -> None:
    half_m = 0.5 * MACHINE.tool.width_m
    _, (felt,) = shaken(room.all_made(), 60.0)
    assert crater_m(felt) == (3.0, 4.0, pytest.approx(CRATER_M + half_m))
    _, (off,) = shaken(room.all_made(), 60.0, error_m=0.7)
    assert off.within_m == pytest.approx(half_m + 0.7)
    _, (nowhere,) = shaken(room.all_made(), 60.0, tool_m=None)
    assert (crater_m(nowhere), nowhere.within_m) == (None, 0.0)
    heavy = observation(ObservationKind.DETONATION_CLASS, 4)
    _, (told, *_) = step(room.all_made(), msgspec.structs.replace(heavy, lat_deg=39.99, lon_deg=46.93))
    assert isinstance(told, Observed)
    assert told.within_m == half_m
    _, (unplaced, *_) = step(room.all_made(), heavy)
    assert isinstance(unplaced, Observed)
    assert unplaced.within_m == 0.0
    _, (note, *_) = step(room.all_made(), observation(ObservationKind.NOTE, text="fox", lat_deg=39.99, lon_deg=46.93))
    assert isinstance(note, Observed)
    assert note.within_m == 0.0


def test_without_a_fix_the_place_of_a_blast_is_the_last_good_one_with_its_error() -> None:
    state = builders.vehicle_state()
    belief = EstimateState(
        ready=True, x=(7.0, 8.0, 0.0, 0.0, 0.0, 0.0), sigmas=(0.1, 0.1, 0.01, 0.2), accepted_t_ns=0,
        place=PlaceState(gap_m=0.5),
    )  # fmt: skip
    shock = builders.status(flags=ControllerFlag.SHOCK)
    lost = msgspec.structs.replace(state, estimate=belief)
    after, _ = tick(lost, Inputs(status=shock, imu=builders.imu()), 60_000_000_000)
    (felt,) = (act for act in after.ledger.acts if isinstance(act, Observed))
    assert felt.place_m == pytest.approx((7.0 + MACHINE.tool.ahead_m, 8.0), abs=0.05)
    k_sigma = state.config.mission.k_sigma
    assert felt.within_m == pytest.approx(0.5 * MACHINE.tool.width_m + 0.2 * k_sigma + 0.5)
    after, _ = tick(state, Inputs(status=shock), 60_000_000_000)
    (felt,) = (act for act in after.ledger.acts if isinstance(act, Observed))
    assert felt.place_m is None, "no place was ever known"


def test_after_a_large_shock_nothing_is_credited_before_count_and_check() -> None:
    state, (felt,) = shaken(room.all_made(), 60.0)
    assert (felt.value, felt.text) == (2.0, "large shock, 60 g")
    assert state.margin.withheld == "hammers not counted since the detonation"
    state, _ = step(state, count(40))
    assert state.margin.withheld == "no daily or full check since the detonation"
    full = msgspec.structs.replace(state, machine_struck=False)
    assert step(full)[0].margin.withheld == ""


def test_a_shock_is_told_once_and_again_where_it_grows_or_another_one_comes() -> None:
    state, first = shaken(room.all_made(), 12.0, 1.0)
    state, same = shaken(state, 12.0, 2.0)
    state, grown = shaken(state, 60.0, 2.5)
    state, smaller = shaken(state, 12.0, 3.5)
    state, another = shaken(state, 12.0, 4.52)
    assert [len(told) for told in (first, same, grown, smaller, another)] == [1, 0, 1, 0, 1]
    assert (grown[0].value, another[0].value) == (2.0, 1.0)


def test_what_the_gate_took_for_a_large_one_is_one_in_the_record() -> None:
    state, (felt,) = shaken(room.all_made(), 0.0, detonated=True)
    assert (felt.value, felt.text) == (2.0, "large shock")
    assert state.hammers_struck
    assert state.machine_struck


@pytest.mark.parametrize(("told", "struck"), [(1, False), (2, True), (4, True)])
def test_people_make_a_detonation_a_heavier_one_and_never_a_lighter_one(told: int, struck: bool) -> None:
    word = observation(ObservationKind.DETONATION_CLASS, told)
    state, _ = step(room.all_made(), word)
    assert (state.hammers_struck, state.machine_struck) == (struck, struck)
    large, _ = shaken(room.all_made(), 60.0)
    assert step(large, word)[0].hammers_struck


def test_only_what_this_tick_recorded_is_new_and_of_two_with_one_number_the_first() -> None:
    good = observation(ObservationKind.DETONATION_CLASS, 1, text="AP, picture good")
    state, _ = step(room.all_made(), good)
    assert new_on_record((good,), room.all_made(), state) == (good,)
    other = observation(ObservationKind.NOTE, text="neighbour gone: B")
    again, _ = step(state, other)
    assert again.results == state.results, "answered as the one before it"
    assert new_on_record((other,), state, again) == ()
    both, _ = step(room.all_made(), other, good)
    assert new_on_record((other, good), room.all_made(), both) == (other,)
    late = observation(ObservationKind.DETONATION_CLASS, 1, session_id=SESSION + 1)
    refused, _ = step(room.all_made(), late)
    assert new_on_record((late,), room.all_made(), refused) == ()


def test_depth_is_due_after_ground_time_and_another_soil() -> None:
    made = room.all_made()
    assert not step(made)[0].due.depth
    assert step(made, ledger=LedgerState(swept_m2=2_001.0))[0].due.depth
    assert step(msgspec.structs.replace(made, down_s=7_201.0))[0].due.depth
    assert step(made, observation(ObservationKind.NOTE, text="Soil wetter than before"))[0].due.depth
    assert not step(made, observation(ObservationKind.NOTE, text="fox"))[0].due.depth


def test_a_frame_that_contradicts_itself_takes_back_once() -> None:
    ledger = LedgerState(depth=Depth(apart_m=0.07))
    state, found = step(room.all_made(), ledger=ledger)
    assert [(order.kind, order.good) for order in orders(found)] == [(Knowledge.DEPTH, False)]
    assert state.due.depth_contradicts
    assert state.margin.withhold, "nor is anything credited until they go together again"
    assert step(state, ledger=ledger)[1] == ()


def test_two_degrees_cost_nine_centimetres_a_side_and_a_check_wins_them_back() -> None:
    unmeasured = step(ChecksState())[0].margin.side_m
    measured = step(room.all_made())[0].margin.side_m
    assert unmeasured == pytest.approx(0.10, abs=0.005)
    assert measured == pytest.approx(0.036, abs=0.002)
    heading_alone = room.side_bound_m(Calibration(tilt_bound_rad=0.0, place_bound_m=0.0), MACHINE)
    assert heading_alone == pytest.approx(math.hypot(0.02, room.UNSEEN_STEP_M, math.radians(2.0) * 2.55))


@pytest.mark.long
@given(kind=st.sampled_from(list(ObservationKind)), value=st.integers(0, 500), text=st.text(max_size=12))
def test_no_observation_raises_or_moves_anything(kind: ObservationKind, value: int, text: str) -> None:
    state = builders.vehicle_state()
    state = msgspec.structs.replace(state, session_id=SESSION)
    told = observation(kind, float(value), text=text, lat_deg=39.99, lon_deg=46.93)
    after, outputs = tick(state, Inputs(observations=(told, told)), 20_000_000)
    _, quiet = tick(state, Inputs(), 20_000_000)
    assert outputs.command == quiet.command
    assert len(outputs.results) == 2
    assert len({result.result for result in outputs.results}) == 1
    recorded = outputs.results[0].result is ObservationVerdict.RECORDED
    assert sum(isinstance(act, Observed) for act in after.ledger.acts) == recorded


def test_acts_reach_the_log_in_words() -> None:
    state = msgspec.structs.replace(builders.vehicle_state(), session_id=SESSION)
    after, outputs = tick(state, Inputs(observations=(BASE,)), 20_000_000)
    assert [event.text for event in outputs.events if event.kind == "record"] == [
        "benchmark check: 0.01, control point 1 (leader)",
        "base: checked and good, nothing before it is closed",
    ]
    assert [type(act) for act in after.ledger.acts] == [Observed, Confirm]


@pytest.mark.parametrize("there", [CONFIG.machine.tool.hammer_count, CONFIG.machine.tool.hammer_count - 2])
def test_a_count_of_hammers_is_told_as_counted_and_never_as_good(there: int) -> None:
    count = observation(
        ObservationKind.HAMMER_COUNT, there, text="" if there == CONFIG.machine.tool.hammer_count else "missing 3 4"
    )
    state = msgspec.structs.replace(builders.vehicle_state(), session_id=SESSION)
    after, outputs = tick(state, Inputs(observations=(count,)), 20_000_000)
    texts = [event.text for event in outputs.events if event.kind == "record"]
    assert [text for text in texts if text.startswith("hammers")] == ["hammers: counted, nothing before it is closed"]
    assert not any("good" in text for text in texts)
    assert sum(isinstance(act, Confirm) for act in after.ledger.acts) == 1


def test_readings_are_corrected_by_what_the_full_check_found() -> None:
    known = Calibration(heading_rad=0.02, roll_rad=0.01, pitch_rad=-0.01, belt_scale=1.1)
    inputs = Inputs(
        imu=builders.imu(roll_rad=0.05, pitch_rad=0.0),
        gnss=builders.gnss(0.0, 0.0, 0.0, 1.0),
        status=builders.status(track_left_mps=0.2, track_right_mps=math.nan),
    )
    out = calibrated.corrected(inputs, known, MACHINE)
    assert out.imu is not None
    assert out.gnss is not None
    assert out.status is not None
    assert (out.imu.roll_rad, out.imu.pitch_rad) == (pytest.approx(0.04), pytest.approx(0.01))
    assert out.gnss.yaw_rad == pytest.approx(0.98)
    assert out.status.track_left_mps == pytest.approx(0.22)
    assert calibrated.corrected(inputs, Calibration(), MACHINE) is inputs


def test_a_plan_allows_for_more_than_the_ledger_withholds() -> None:
    made = room.all_made()
    held = room.margin(made, room.due(made, CONFIG), CONFIG)
    settings = PlanSettings(bounds=planned_bounds(MACHINE))
    assert settings.bounds.side_m >= held.side_m
    assert settings.bounds.end_m >= held.side_m + 0.5 * MACHINE.tool.width_m * held.yaw_rad
    assert settings.end_m() > PlanSettings(bounds=ToolBounds(side_m=settings.bounds.side_m)).end_m() + 0.009
    assert room.planned_end_bound_m(MACHINE, checked=False) == pytest.approx(0.13, abs=0.005)
