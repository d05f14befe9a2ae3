"""Who is heard: sessions, sequences, ages, edges, rivals and clones."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.builders import config, estimate
from tests.safety.rig import SESSION, frame
from vehicle.contracts.messages import DriveRequest, FlailRequest, MissionPhase, Requests
from vehicle.control.safety import authority
from vehicle.control.safety.authority import Heard, hear
from vehicle.control.safety.moment import Moment
from vehicle.control.state import GateState, SenseState, WireState

E = OperatorEdge
MS = 1_000_000
TICK = 1000
OLD_MS = 450
IDLE = Requests(
    auto_drive=DriveRequest(),
    auto_flail=FlailRequest(),
    auto_phase=MissionPhase.IDLE,
    manual_drive=DriveRequest(),
    manual_flail=FlailRequest(),
)
CONFIG = config()
BELIEF = estimate()


class Ear:
    """Hears tick after tick; station 1 holds the lease."""

    def __init__(self, holder: int = 1) -> None:
        self.state = GateState(session_id=SESSION, holder=holder)
        self.tick = TICK

    def hear(self, *frames: OperatorFrame, ticks: int = 1) -> Heard:
        self.tick += ticks
        beats = tuple((self.tick - back) * 20 * MS for back in range(24, 0, -1))
        state = msgspec.structs.replace(self.state, senses=SenseState(beats_ns=beats))
        wire = WireState(operator=frames)
        heard = hear(Moment(state, wire, BELIEF, IDLE, CONFIG, self.tick, self.tick * 20 * MS), OLD_MS)
        self.state = msgspec.structs.replace(self.state, stations=tuple(heard.stations.values()), frame=heard.frame)
        return heard

    def new(self, **changes: object) -> OperatorFrame:
        """The next frame of station 1, made in the tick before."""
        number = changes.pop("number", self.tick)
        base = frame(sequence=number, sample_count=number, echo_tick=self.tick)
        return msgspec.structs.replace(base, **changes)


def known(**changes: object) -> Ear:
    ear = Ear()
    ear.hear(ear.new(**changes))
    return ear


def test_the_first_frame_makes_a_station_known_and_nothing_else() -> None:
    ear = Ear()
    heard = ear.hear(ear.new(edges=E.ARM, drive=0.5))
    assert (heard.accepted, heard.edges, heard.frame) == (False, 0, None)
    track = heard.stations[1]
    assert (track.sequence, track.edges, track.tick) == (TICK, E.ARM, TICK + 1)
    assert type(track.edges) is int


def test_the_second_is_obeyed_and_its_edges_rise_once() -> None:
    ear = known()
    new = ear.new(edges=E.ARM | E.RESET)
    heard = ear.hear(new)
    assert (heard.accepted, heard.edges, heard.frame) == (True, E.ARM | E.RESET, new)
    assert ear.hear(ear.new(edges=E.ARM | E.RESET | E.RECOVERY)).edges == E.RECOVERY
    assert ear.hear(ear.new()).edges == 0
    assert ear.hear(ear.new(edges=E.ARM)).edges == E.ARM


def test_edges_of_all_frames_of_a_tick_count_and_the_newest_sticks() -> None:
    ear = known()
    heard = ear.hear(ear.new(edges=E.ARM, number=5000), ear.new(drive=0.3, number=5001))
    assert heard.edges == E.ARM
    assert heard.frame is not None
    assert heard.frame.drive == 0.3


def test_without_a_new_frame_the_old_one_stays_in_force() -> None:
    ear = known()
    ear.hear(ear.new(drive=0.2))
    heard = ear.hear()
    assert not heard.accepted
    assert heard.frame is not None
    assert heard.frame.drive == 0.2


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
    ear = known()
    before = ear.state.stations
    heard = ear.hear(ear.new(edges=E.STOP | E.ESTOP | E.ARM, **changes), ear.new(edges=E.ESTOP, **changes))
    assert heard.foreign == 2
    assert not any((heard.accepted, heard.stop, heard.estop, heard.cloned, heard.rival))
    assert tuple(heard.stations.values()) == before


def test_an_echo_of_the_tick_before_is_the_youngest_there_is() -> None:
    ear = known()
    assert ear.hear(ear.new(echo_tick=ear.tick)).accepted


def test_row_9_duplicates_change_nothing() -> None:
    ear = known()
    new = ear.new(edges=E.ARM)
    ear.hear(new)
    heard = ear.hear(new, new, new)
    assert (heard.accepted, heard.edges, heard.cloned) == (False, 0, False)


def test_row_8_older_frames_change_nothing_even_a_stop() -> None:
    ear = known()
    late = ear.new(edges=E.STOP | E.ESTOP | E.ARM)
    ear.tick += 2
    ear.hear(ear.new())
    heard = ear.hear(late)
    assert not any((heard.accepted, heard.stop, heard.estop, heard.cloned))


@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=6))
def test_rows_8_9_12_whatever_the_order_the_newest_wins_and_edges_count_once(
    order: list[int], again: list[int]
) -> None:
    ear = known()
    frames = [
        ear.new(number=2000 + number, drive=number / 10, edges=E.ARM if number >= 4 else E.NONE) for number in range(8)
    ]
    armed = accepted = newest = 0
    for number in [*order, *again]:
        heard = ear.hear(frames[number])
        armed += bool(heard.edges & E.ARM)
        assert not heard.cloned
        assert heard.accepted is (number >= newest if not accepted else number > newest)
        if heard.accepted:
            accepted, newest = accepted + 1, number
    assert armed == 1
    assert heard.frame == frames[7]


@pytest.mark.parametrize(("age_ticks", "young"), [(1, True), (22, True), (23, False), (24, False), (100, False)])
def test_row_7_old_frames_only_stop(age_ticks: int, young: bool) -> None:
    ear = known(echo_tick=TICK - 200)
    ear.tick += 100
    heard = ear.hear(ear.new(echo_tick=ear.tick + 1 - age_ticks, edges=E.ARM | E.STOP))
    assert heard.accepted is young
    assert heard.stop


def test_the_age_at_which_frames_only_stop_is_the_one_given() -> None:
    ear = known(echo_tick=TICK - 200)
    ear.tick += 100
    # 440 ms is below 450, and an age equal to the limit is too old
    assert hear(_moment(ear, ear.new(echo_tick=ear.tick - 22)), 441).accepted
    assert not hear(_moment(ear, ear.new(echo_tick=ear.tick - 22)), 440).accepted


def _moment(ear: Ear, new: OperatorFrame) -> Moment:
    beats = tuple((ear.tick - back) * 20 * MS for back in range(24, 0, -1))
    state = msgspec.structs.replace(ear.state, senses=SenseState(beats_ns=beats))
    return Moment(state, WireState(operator=(new,)), BELIEF, IDLE, CONFIG, ear.tick, ear.tick * 20 * MS)


def test_every_station_may_stop_at_once() -> None:
    for edge in (E.STOP, E.ESTOP):
        ear = known()
        heard = ear.hear(frame(station_id=9, edges=edge, echo_tick=1, sequence=1))
        assert (heard.stop, heard.estop) == (edge is E.STOP, edge is E.ESTOP)
        assert not heard.accepted
        assert not ear.hear(ear.new()).stop


def test_a_stop_is_not_forgotten_for_what_comes_after_it_in_the_same_tick() -> None:
    ear = known()
    heard = ear.hear(ear.new(edges=E.STOP, number=5000), ear.new(number=5001))
    assert (heard.stop, heard.estop) == (True, False)
    heard = ear.hear(ear.new(edges=E.ESTOP, number=5002), ear.new(number=5003))
    assert (heard.stop, heard.estop) == (False, True)
    rival = other(ear, echo_tick=ear.tick - 1)
    clones = (frame(sequence=7, echo_tick=ear.tick, sample_count=7), rival, other(ear, sequence=1))
    heard = ear.hear(*clones)
    assert heard.cloned
    assert heard.stations[2].clone_tick == ear.tick


def test_a_stop_is_a_level_and_not_an_edge() -> None:
    ear = known(edges=E.STOP)
    assert ear.hear(ear.new(edges=E.STOP)).stop
    assert not ear.hear(ear.new(edges=E.ARM)).stop
    assert not ear.hear(ear.new(edges=E.ARM)).estop


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
        {"tool_value_m": 10.001},
        {"tool_value_m": -10.001},
    ],
)
def test_row_19_impossible_sticks_are_dropped_and_counted_but_stop(changes: dict[str, object]) -> None:
    ear = known()
    heard = ear.hear(ear.new(edges=E.ARM | E.STOP, **changes), ear.new(number=9999, **changes))
    assert (heard.accepted, heard.edges, heard.broken, heard.stop) == (False, 0, 2, True)


@pytest.mark.parametrize(
    "changes", [{"drive": 1.0}, {"drive": -1.0}, {"turn": 1.0}, {"turn": -1.0}, {"tool_value_m": 10.0}]
)
def test_full_deflection_is_possible(changes: dict[str, object]) -> None:
    ear = known()
    assert ear.hear(ear.new(**changes)).accepted


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


def other(ear: Ear, **changes: object) -> OperatorFrame:
    return msgspec.structs.replace(ear.new(), station_id=2, **changes)


def test_row_27_a_rival_is_ignored_and_told() -> None:
    for changes in ({"drive": 0.5}, {"turn": 0.5}, {"hold_to_run": True}):
        ear = known()
        ear.hear(other(ear))
        heard = ear.hear(other(ear, edges=E.TAKE | E.ARM, **changes))
        assert heard.rival
        assert (heard.accepted, heard.edges, heard.taker) == (False, 0, 0)
    ear = known()
    ear.hear(other(ear))
    assert not ear.hear(other(ear)).rival


def test_row_29_a_take_needs_a_rising_edge_with_hands_off() -> None:
    ear = known()
    assert ear.hear(other(ear, edges=E.TAKE)).taker == 0
    assert ear.hear(other(ear, edges=E.TAKE)).taker == 0
    assert ear.hear(other(ear)).taker == 0
    heard = ear.hear(other(ear, edges=E.TAKE | E.ARM))
    assert (heard.taker, heard.edges, heard.accepted) == (2, 0, False)
    assert ear.hear(other(ear, edges=E.ARM)).taker == 0


def test_the_holder_does_not_take_from_itself() -> None:
    ear = known()
    assert ear.hear(ear.new(edges=E.TAKE)).taker == 0


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
    ear = known()
    heard = ear.hear(frame(**changes, edges=E.ARM))
    assert heard.cloned
    assert (heard.accepted, heard.edges) == (False, 0)
    assert heard.stations[1].clone_tick == ear.tick
    assert heard.stations[1].sequence == TICK


def test_row_25_what_one_sender_may_do_is_no_clone() -> None:
    ear = known()
    assert not ear.hear(frame(sequence=TICK + 1, echo_tick=TICK, sample_count=TICK)).cloned
    assert not ear.hear(frame(sequence=TICK - 1, echo_tick=TICK, sample_count=TICK)).cloned


def test_row_25_the_name_is_locked_out_for_five_seconds_but_still_stops() -> None:
    ear = known()
    ear.hear(frame(sequence=7, echo_tick=TICK + 1, sample_count=7, edges=E.STOP | E.ESTOP))
    began = ear.tick
    for _ in range(249):
        heard = ear.hear(ear.new(edges=E.STOP))
        assert (heard.accepted, heard.stop, heard.cloned) == (False, True, False)
    assert ear.tick == began + 249
    assert ear.hear(ear.new()).accepted


def test_row_25_a_clone_stops_too() -> None:
    ear = known()
    heard = ear.hear(frame(sequence=7, echo_tick=TICK + 1, sample_count=7, edges=E.STOP))
    assert (heard.stop, heard.estop) == (True, False)
    heard = ear.hear(frame(sequence=8, echo_tick=TICK + 2, sample_count=8, edges=E.ESTOP))
    assert (heard.stop, heard.estop) == (False, True)


def test_a_clone_of_somebody_else_does_not_touch_the_holder() -> None:
    ear = known()
    ear.hear(other(ear))
    heard = ear.hear(other(ear, sequence=7, edges=E.TAKE))
    assert not heard.cloned
    assert heard.stations[2].clone_tick == ear.tick
    heard = ear.hear(ear.new(), other(ear, sequence=TICK + 50, edges=E.TAKE))
    assert heard.accepted
    assert heard.taker == 0


def test_a_silent_station_may_begin_anew_after_five_seconds() -> None:
    ear = known()
    ear.tick += 249
    assert 1 in ear.hear().stations
    assert 1 not in ear.hear().stations
    heard = ear.hear(frame(sequence=1, sample_count=1, echo_tick=ear.tick))
    assert not heard.cloned
    assert ear.hear(frame(sequence=2, sample_count=2, echo_tick=ear.tick)).accepted


def test_only_so_many_stations_are_remembered_and_the_holder_is_never_pushed_out() -> None:
    ear = known()
    crowd = [frame(station_id=number, echo_tick=TICK) for number in range(2, 12)]
    heard = ear.hear(*crowd)
    assert list(heard.stations) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ear.hear(ear.new()).accepted
    assert ear.hear(frame(station_id=99, edges=E.STOP)).stop


def test_row_16_the_time_of_the_last_new_sample_is_kept() -> None:
    ear = known()
    heard = ear.hear(ear.new(sample_count=TICK))
    assert heard.stations[1].sample_tick == TICK + 1
    heard = ear.hear(ear.new())
    assert heard.stations[1].sample_tick == TICK + 3


def test_a_known_station_keeps_its_lock_out() -> None:
    ear = known()
    ear.hear(frame(sequence=7, echo_tick=TICK + 1, sample_count=7))
    locked = ear.state.stations[0].clone_tick
    heard = ear.hear(ear.new())
    assert heard.stations[1].clone_tick == locked == TICK + 2


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 50), st.integers(-60, 3), st.floats(), st.integers(0, 8191)))
)
def test_no_frame_whatever_it_says_gets_a_strange_stick_through(rows: list[tuple[int, int, int, float, int]]) -> None:
    ear = known()
    for station, number, echo, stick, edges in rows:
        new = frame(
            station_id=station,
            sequence=TICK + number,
            sample_count=TICK + number,
            echo_tick=ear.tick + echo,
            drive=stick,
            edges=E(edges),
        )
        heard = ear.hear(new)
        if heard.frame is not None:
            assert heard.frame.station_id == 1
            assert abs(heard.frame.drive) <= 1.0
        assert heard.taker in (0, 2, 3)
