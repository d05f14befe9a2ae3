"""Who is heard: sessions, sequences, ages, edges, rivals and clones."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.control.safety.rig import SESSION, frame
from vehicle.control.safety import authority
from vehicle.control.safety.authority import AcceptedFrames, accept_frames
from vehicle.control.state import GateState, MonitorState

E = OperatorEdge
MS = 1_000_000
TICK = 1000
OLD_MS = 450


class Listener:
    """Hears tick after tick; station 1 holds the lease."""

    def __init__(self, holder: int = 1) -> None:
        self.state = GateState(session_id=SESSION, holder=holder)
        self.tick = TICK

    def accept(self, *frames: OperatorFrame, ticks: int = 1) -> AcceptedFrames:
        self.tick += ticks
        beats = tuple((self.tick - back) * 20 * MS for back in range(24, 0, -1))
        state = msgspec.structs.replace(self.state, monitor=MonitorState(beats_ns=beats))
        seen = accept_frames(state, frames, OLD_MS, self.tick, self.tick * 20 * MS)
        self.state = msgspec.structs.replace(self.state, stations=tuple(seen.stations.values()), frame=seen.frame)
        return seen

    def new(self, **changes: object) -> OperatorFrame:
        """The next frame of station 1, made in the tick before."""
        number = changes.pop("number", self.tick)
        base = frame(sequence=number, sample_count=number, echo_tick=self.tick)
        return msgspec.structs.replace(base, **changes)


def known(**changes: object) -> Listener:
    listener = Listener()
    listener.accept(listener.new(**changes))
    return listener


def test_the_first_frame_makes_a_station_known_and_nothing_else() -> None:
    listener = Listener()
    seen = listener.accept(listener.new(edges=E.ARM, drive=0.5))
    assert (seen.accepted, seen.edges, seen.frame) == (False, 0, None)
    track = seen.stations[1]
    assert (track.sequence, track.edges, track.tick) == (TICK, E.ARM, TICK + 1)
    assert type(track.edges) is int


def test_the_second_is_obeyed_and_its_edges_rise_once() -> None:
    listener = known()
    new = listener.new(edges=E.ARM | E.RESET)
    seen = listener.accept(new)
    assert (seen.accepted, seen.edges, seen.frame) == (True, E.ARM | E.RESET, new)
    assert listener.accept(listener.new(edges=E.ARM | E.RESET | E.RECOVERY)).edges == E.RECOVERY
    assert listener.accept(listener.new()).edges == 0
    assert listener.accept(listener.new(edges=E.ARM)).edges == E.ARM


def test_edges_of_all_frames_of_a_tick_count_and_the_newest_sticks() -> None:
    listener = known()
    seen = listener.accept(listener.new(edges=E.ARM, number=5000), listener.new(drive=0.3, number=5001))
    assert seen.edges == E.ARM
    assert seen.frame is not None
    assert seen.frame.drive == 0.3


def test_without_a_new_frame_the_old_one_stays_in_force() -> None:
    listener = known()
    listener.accept(listener.new(drive=0.2))
    seen = listener.accept()
    assert not seen.accepted
    assert seen.frame is not None
    assert seen.frame.drive == 0.2


@pytest.mark.parametrize(
    "changes",
    [
        {"session_id": SESSION + 1},
        {"station_id": 0},
        {"station_id": -3},
        {"echo_tick": TICK + 2},
        {"echo_tick": TICK + 9},
    ],
)
def test_foreign_frames_are_counted_and_change_nothing(changes: dict[str, object]) -> None:
    listener = known()
    before = listener.state.stations
    seen = listener.accept(
        listener.new(edges=E.STOP | E.ESTOP | E.ARM, **changes), listener.new(edges=E.ESTOP, **changes)
    )
    assert seen.foreign == 2
    assert not any((seen.accepted, seen.stop, seen.estop, seen.cloned, seen.rival))
    assert tuple(seen.stations.values()) == before


def test_an_echo_of_the_tick_before_is_the_youngest_there_is() -> None:
    listener = known()
    assert listener.accept(listener.new(echo_tick=listener.tick)).accepted


def test_row_9_duplicates_change_nothing() -> None:
    listener = known()
    new = listener.new(edges=E.ARM)
    listener.accept(new)
    seen = listener.accept(new, new, new)
    assert (seen.accepted, seen.edges, seen.cloned) == (False, 0, False)


def test_row_8_older_frames_change_nothing_even_a_stop() -> None:
    listener = known()
    late = listener.new(edges=E.STOP | E.ESTOP | E.ARM)
    listener.tick += 2
    listener.accept(listener.new())
    seen = listener.accept(late)
    assert not any((seen.accepted, seen.stop, seen.estop, seen.cloned))


@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=6))
def test_rows_8_9_12_whatever_the_order_the_newest_wins_and_edges_count_once(
    order: list[int], again: list[int]
) -> None:
    listener = known()
    frames = [
        listener.new(number=2000 + number, drive=number / 10, edges=E.ARM if number >= 4 else E.NONE)
        for number in range(8)
    ]
    armed = accepted = newest = 0
    for number in [*order, *again]:
        seen = listener.accept(frames[number])
        armed += bool(seen.edges & E.ARM)
        assert not seen.cloned
        assert seen.accepted is (number >= newest if not accepted else number > newest)
        if seen.accepted:
            accepted, newest = accepted + 1, number
    assert armed == 1
    assert seen.frame == frames[7]


@pytest.mark.parametrize(("age_ticks", "young"), [(1, True), (22, True), (23, False), (24, False), (100, False)])
def test_row_7_old_frames_only_stop(age_ticks: int, young: bool) -> None:
    listener = known(echo_tick=TICK - 200)
    listener.tick += 100
    seen = listener.accept(listener.new(echo_tick=listener.tick + 1 - age_ticks, edges=E.ARM | E.STOP))
    assert seen.accepted is young
    assert seen.stop


def test_the_age_at_which_frames_only_stop_is_the_one_given() -> None:
    listener = known(echo_tick=TICK - 200)
    listener.tick += 100
    # 440 ms is below 450, and an age equal to the limit is too old
    beats = tuple((listener.tick - back) * 20 * MS for back in range(24, 0, -1))
    state = msgspec.structs.replace(listener.state, monitor=MonitorState(beats_ns=beats))
    new = listener.new(echo_tick=listener.tick - 22)
    assert accept_frames(state, (new,), 441, listener.tick, listener.tick * 20 * MS).accepted
    assert not accept_frames(state, (new,), 440, listener.tick, listener.tick * 20 * MS).accepted


def test_every_station_may_stop_at_once() -> None:
    for edge in (E.STOP, E.ESTOP):
        listener = known()
        seen = listener.accept(frame(station_id=9, edges=edge, echo_tick=1, sequence=1))
        assert (seen.stop, seen.estop) == (edge is E.STOP, edge is E.ESTOP)
        assert not seen.accepted
        assert not listener.accept(listener.new()).stop


def test_a_stop_is_not_forgotten_for_what_comes_after_it_in_the_same_tick() -> None:
    listener = known()
    seen = listener.accept(listener.new(edges=E.STOP, number=5000), listener.new(number=5001))
    assert (seen.stop, seen.estop) == (True, False)
    seen = listener.accept(listener.new(edges=E.ESTOP, number=5002), listener.new(number=5003))
    assert (seen.stop, seen.estop) == (False, True)
    rival = other(listener, echo_tick=listener.tick - 1)
    clones = (frame(sequence=7, echo_tick=listener.tick, sample_count=7), rival, other(listener, sequence=1))
    seen = listener.accept(*clones)
    assert seen.cloned
    assert seen.stations[2].clone_tick == listener.tick


def test_a_stop_is_a_level_and_not_an_edge() -> None:
    listener = known(edges=E.STOP)
    assert listener.accept(listener.new(edges=E.STOP)).stop
    assert not listener.accept(listener.new(edges=E.ARM)).stop
    assert not listener.accept(listener.new(edges=E.ARM)).estop


@pytest.mark.parametrize(
    "changes",
    [
        {"drive": 1.0001},
        {"drive": -1.0001},
        {"turn": 1.0001},
        {"turn": -1.0001},
        {"drive": math.nan},
        {"turn": math.nan},
        {"turn": math.inf},
        {"tool_value_m": math.nan},
        {"tool_value_m": 3.001},
        {"tool_value_m": -3.001},
    ],
)
def test_row_19_impossible_sticks_are_dropped_and_counted_but_stop(changes: dict[str, object]) -> None:
    listener = known()
    seen = listener.accept(listener.new(edges=E.ARM | E.STOP, **changes), listener.new(number=9999, **changes))
    assert (seen.accepted, seen.edges, seen.broken, seen.stop) == (False, 0, 2, True)


@pytest.mark.parametrize(
    "changes", [{"drive": 1.0}, {"drive": -1.0}, {"turn": 1.0}, {"turn": -1.0}, {"tool_value_m": 3.0}]
)
def test_full_deflection_is_possible(changes: dict[str, object]) -> None:
    listener = known()
    assert listener.accept(listener.new(**changes)).accepted


@pytest.mark.parametrize(
    ("drive", "turn", "centred"),
    [
        (0.0, 0.0, True),
        (0.05, -0.05, True),
        (0.051, 0.0, False),
        (-0.051, 0.0, False),
        (0.0, 0.051, False),
        (0.0, -0.051, False),
    ],
)
def test_neutral(drive: float, turn: float, centred: bool) -> None:
    assert authority.neutral(frame(drive=drive, turn=turn)) is centred


def other(listener: Listener, **changes: object) -> OperatorFrame:
    return msgspec.structs.replace(listener.new(), station_id=2, **changes)


def test_row_27_a_rival_is_ignored_and_told() -> None:
    for changes in ({"drive": 0.5}, {"turn": 0.5}, {"hold_to_run": True}):
        listener = known()
        listener.accept(other(listener))
        seen = listener.accept(other(listener, edges=E.TAKE | E.ARM, **changes))
        assert seen.rival
        assert (seen.accepted, seen.edges, seen.taker) == (False, 0, 0)
    listener = known()
    listener.accept(other(listener))
    assert not listener.accept(other(listener)).rival


def test_row_29_a_take_needs_a_rising_edge_with_hands_off() -> None:
    listener = known()
    assert listener.accept(other(listener, edges=E.TAKE)).taker == 0
    assert listener.accept(other(listener, edges=E.TAKE)).taker == 0
    assert listener.accept(other(listener)).taker == 0
    seen = listener.accept(other(listener, edges=E.TAKE | E.ARM))
    assert (seen.taker, seen.edges, seen.accepted) == (2, 0, False)
    assert listener.accept(other(listener, edges=E.ARM)).taker == 0


def test_the_holder_does_not_take_from_itself() -> None:
    listener = known()
    assert listener.accept(listener.new(edges=E.TAKE)).taker == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"sequence": TICK, "echo_tick": TICK - 1, "sample_count": TICK},
        {"sequence": TICK, "echo_tick": TICK, "sample_count": TICK + 1},
        {"sequence": TICK + 5, "echo_tick": TICK - 1, "sample_count": TICK + 5},
        {"sequence": TICK + 5, "echo_tick": TICK + 1, "sample_count": TICK - 1},
        {"sequence": 7, "echo_tick": TICK + 1, "sample_count": 7},
        {"sequence": 7, "echo_tick": TICK - 3, "sample_count": TICK + 7},
    ],
)
def test_row_25_two_senders_under_one_name_are_found_in_one_frame(changes: dict[str, object]) -> None:
    listener = known()
    seen = listener.accept(frame(**changes, edges=E.ARM))
    assert seen.cloned
    assert (seen.accepted, seen.edges) == (False, 0)
    assert seen.stations[1].clone_tick == listener.tick
    assert seen.stations[1].sequence == TICK


def test_row_25_what_one_sender_may_do_is_no_clone() -> None:
    listener = known()
    assert not listener.accept(frame(sequence=TICK + 1, echo_tick=TICK, sample_count=TICK)).cloned
    assert not listener.accept(frame(sequence=TICK - 1, echo_tick=TICK, sample_count=TICK)).cloned


def test_row_25_the_name_is_locked_out_for_five_seconds_but_still_stops() -> None:
    listener = known()
    listener.accept(frame(sequence=7, echo_tick=TICK + 1, sample_count=7, edges=E.STOP | E.ESTOP))
    began = listener.tick
    for _ in range(249):
        seen = listener.accept(listener.new(edges=E.STOP))
        assert (seen.accepted, seen.stop, seen.cloned) == (False, True, False)
    assert listener.tick == began + 249
    assert listener.accept(listener.new()).accepted


def test_row_25_a_clone_stops_too() -> None:
    listener = known()
    seen = listener.accept(frame(sequence=7, echo_tick=TICK + 1, sample_count=7, edges=E.STOP))
    assert (seen.stop, seen.estop) == (True, False)
    seen = listener.accept(frame(sequence=8, echo_tick=TICK + 2, sample_count=8, edges=E.ESTOP))
    assert (seen.stop, seen.estop) == (False, True)


def test_a_clone_of_somebody_else_does_not_touch_the_holder() -> None:
    listener = known()
    listener.accept(other(listener))
    seen = listener.accept(other(listener, sequence=7, edges=E.TAKE))
    assert not seen.cloned
    assert seen.stations[2].clone_tick == listener.tick
    seen = listener.accept(listener.new(), other(listener, sequence=TICK + 50, edges=E.TAKE))
    assert seen.accepted
    assert seen.taker == 0


def test_a_silent_station_may_begin_anew_after_five_seconds() -> None:
    listener = known()
    listener.tick += 249
    assert 1 in listener.accept().stations
    assert 1 not in listener.accept().stations
    seen = listener.accept(frame(sequence=1, sample_count=1, echo_tick=listener.tick))
    assert not seen.cloned
    assert listener.accept(frame(sequence=2, sample_count=2, echo_tick=listener.tick)).accepted


def test_only_so_many_stations_are_remembered_and_the_holder_is_never_pushed_out() -> None:
    listener = known()
    crowd = [frame(station_id=number, echo_tick=TICK) for number in range(2, 12)]
    seen = listener.accept(*crowd)
    assert list(seen.stations) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert listener.accept(listener.new()).accepted
    assert listener.accept(frame(station_id=99, edges=E.STOP)).stop


def test_row_16_the_time_of_the_last_new_sample_is_kept() -> None:
    listener = known()
    seen = listener.accept(listener.new(sample_count=TICK))
    assert seen.stations[1].sample_tick == TICK + 1
    seen = listener.accept(listener.new())
    assert seen.stations[1].sample_tick == TICK + 3


def test_a_known_station_keeps_its_lock_out() -> None:
    listener = known()
    listener.accept(frame(sequence=7, echo_tick=TICK + 1, sample_count=7))
    locked = listener.state.stations[0].clone_tick
    seen = listener.accept(listener.new())
    assert seen.stations[1].clone_tick == locked == TICK + 2


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 50), st.integers(-60, 3), st.floats(), st.integers(0, 8191)))
)
def test_no_frame_whatever_it_says_gets_a_strange_stick_through(rows: list[tuple[int, int, int, float, int]]) -> None:
    listener = known()
    for station, number, echo, stick, edges in rows:
        new = frame(
            station_id=station,
            sequence=TICK + number,
            sample_count=TICK + number,
            echo_tick=listener.tick + echo,
            drive=stick,
            edges=E(edges),
        )
        seen = listener.accept(new)
        if seen.frame is not None:
            assert seen.frame.station_id == 1
            assert abs(seen.frame.drive) <= 1.0
        assert seen.taker in (0, 2, 3)
