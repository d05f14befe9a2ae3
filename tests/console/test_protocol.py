"""The console's protocol with time by hand: readings once, stops always, acts one by one, unknown told as unknown."""

import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.client.acts import LASTS_NS, ActAnswer, ActResult, Acts
from console.client.inferred import Seen
from console.client.protocol import Credentials, LinkProtocol
from console.client.readings import Reading
from console.client.view import LinkState, LossMeter
from firmware_bridge.console_types import WorkFlag, WorkFrame
from firmware_bridge.mavlink import adapters, console_adapters
from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.types import Observation, ObservationKind, OperatorEdge, OperatorFrame
from tests.operator_link.test_attacks import CONSOLE, Radio, connected
from vehicle.contracts.messages import Mode

MS = 1_000_000
E = OperatorEdge


def told(protocol: LinkProtocol, now_ns: int) -> list[OperatorFrame]:
    """The operator frames that go out now."""
    frames = [frame for datagram in protocol.send(now_ns) for frame in FrameParser().feed(datagram)]
    found = adapters.MessageReader(adapters.VEHICLE_DECODERS)
    return [
        one
        for frame in frames
        if frame.msg_id in found._decoders and isinstance(one := adapters.decode_operator(frame), OperatorFrame)
    ]


def opened() -> LinkProtocol:
    protocol = LinkProtocol(Credentials(system_id=250))
    protocol.session.open, protocol.session.session_id, protocol.tick = True, 77, 100
    protocol.send(0)
    return protocol


def look(number: int, tick: int = 100, **what: object) -> Reading:
    return msgspec.structs.replace(Reading(number=number, vehicle_tick=tick), **what)


# --- readings --------------------------------------------------------------------------------------------------------
def test_a_reading_goes_out_once_and_never_again() -> None:
    protocol = opened()
    assert protocol.feed(look(1, hold=True, drive=0.5), 0)
    frames = [frame for ms in range(0, 3_000, 10) for frame in told(protocol, ms * MS)]
    assert [(frame.drive, frame.hold_to_run) for frame in frames] == [(0.5, True)]


def test_a_page_that_repeats_its_reading_is_silent() -> None:
    """A frozen page behind a server that goes on: set once with hold pressed, untouched for three seconds."""
    protocol = opened()
    frames = []
    for ms in range(0, 3_000, 20):
        protocol.feed(look(7, hold=True, drive=0.5), ms * MS)
        frames += told(protocol, ms * MS)
    assert len(frames) == 1


@pytest.mark.parametrize(
    "reading",
    [look(1), look(2, 99), look(2, 101), look(2, drive=float("nan")), look(2, turn=1.2), look(2, tool_value_m=9.0)],
)
def test_no_new_reading_or_an_impossible_one_is_refused(reading: Reading) -> None:
    protocol = opened()
    assert protocol.feed(look(1), 0)
    assert not protocol.feed(reading, 20 * MS)


def test_the_newest_reading_of_several_goes_out_and_its_own_tick_with_it() -> None:
    protocol = opened()
    protocol.feed(look(1, 90, drive=0.25), 0)
    told(protocol, 0)
    protocol.feed(look(2, 92, drive=0.28), 10 * MS)
    protocol.feed(look(3, 95, drive=0.3125), 29 * MS)
    assert told(protocol, 29 * MS) == []
    (frame,) = told(protocol, 31 * MS)
    assert (frame.drive, frame.echo_tick, frame.sample_count) == (0.3125, 95, 3)


def test_a_reading_that_shows_nothing_new_waits_for_the_slow_pace() -> None:
    protocol = opened()
    at = []
    for ms in range(0, 500, 10):
        protocol.feed(look(ms + 1, 90), ms * MS)
        at += [ms for _ in told(protocol, ms * MS)]
    assert at == list(range(0, 500, 70))


def test_a_reading_that_waited_is_not_sent_late() -> None:
    protocol = opened()
    protocol.feed(look(1), 0)
    assert told(protocol, 101 * MS) == []


def test_hands_that_see_each_report_answer_each_one() -> None:
    """20 frames a second for 20 reports a second, each with the tick before it at the oldest."""
    protocol, frames = opened(), []
    for number, tick in enumerate(range(101, 151)):
        if tick % 5 in (0, 2):
            protocol._heard(tick, 77, number * 20 * MS)
        protocol.feed(look(number, protocol.tick), number * 20 * MS)
        frames += told(protocol, number * 20 * MS)
    assert len(frames) in (19, 20, 21)


@pytest.mark.parametrize(
    ("reading", "wire"),
    [
        (look(1), (0.1, 0.0, 65_535)),
        (look(1, battery=0.03, tilt_rad=-1.2, video_age_ms=420), (0.03, -1.2, 420)),
        (look(1, battery=1.7, tilt_rad=9.0, video_age_ms=99_999), (1.0, 3.14159, 65_534)),
        (look(1, battery=float("nan"), tilt_rad=float("nan"), video_age_ms=-3), (0.1, 0.0, 0)),
    ],
)
def test_health_is_told_as_it_is_and_unknown_as_what_warns(reading: Reading, wire: tuple[float, float, int]) -> None:
    protocol = opened()
    protocol.feed(reading, 0)
    (frame,) = told(protocol, 0)
    assert (frame.battery_ratio, frame.tilt_rad, frame.video_age_ms) == pytest.approx(wire, abs=1e-4)


# --- stops -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine_off", [False, True])
def test_a_stop_needs_neither_session_nor_reading_and_is_repeated_for_three_seconds(engine_off: bool) -> None:
    protocol = LinkProtocol(Credentials(system_id=250))
    number = protocol.stop(0, engine_off=engine_off)
    frames = [frame for ms in range(0, 6_000, 10) for frame in told(protocol, ms * MS)]
    edge = E.ESTOP if engine_off else E.STOP
    assert len(frames) == 60
    assert {(frame.edges, frame.hold_to_run, frame.drive, frame.session_id) for frame in frames} == {
        (edge, False, 0.0, 0)
    }
    assert protocol.answers() == [
        ActAnswer(number=number, edge=edge, result=ActResult.NO_ANSWER, why="no_answer"),
    ]


def test_a_stop_reaches_a_vehicle_without_a_session() -> None:
    radio, console = Radio(), LinkProtocol(CONSOLE)
    console.stop(radio.now_ns)
    radio.talk(console, 0.1, controls=None)
    assert not radio.link.sessions.has(250)
    assert any(E.STOP in frame.edges for frame in radio.frames())


@pytest.mark.parametrize("other", [edge for edge in E if edge not in (E.STOP, E.ESTOP, E.NONE)])
@pytest.mark.parametrize("phase_ms", range(0, 70, 10))
@pytest.mark.parametrize("order", ["stop first", "stop last"])
def test_no_other_act_takes_a_stop_away(other: OperatorEdge, phase_ms: int, order: str) -> None:
    protocol = opened()
    frames = []
    presses: list[Callable[[int], object]] = [protocol.stop, lambda now_ns: protocol.act(other, now_ns)]
    due = dict(zip((phase_ms, phase_ms + 20), presses if order == "stop first" else presses[::-1], strict=True))
    for ms in range(0, 300, 5):
        if ms % 20 == 0:
            protocol.feed(look(ms + 1, 100, hold=True, drive=0.5), ms * MS)
        if ms in due:
            due[ms](ms * MS)
        frames += [(ms, frame) for frame in told(protocol, ms * MS)]
    pressed_ms = next(ms for ms, act in due.items() if act == protocol.stop)
    after = [frame for ms, frame in frames if ms >= pressed_ms]
    assert len(after) >= 4
    assert all(E.STOP in frame.edges and not frame.hold_to_run and frame.drive == 0.0 for frame in after)


def test_a_stop_ends_when_the_vehicle_is_seen_stopped_by_it_and_not_before() -> None:
    acts = Acts()
    acts.seen(Seen(tick=100, mode=Mode.MANUAL, mine=True, reasons=0))
    number = acts.press(E.STOP, 0)
    assert acts.edges(0) == E.STOP
    acts.seen(Seen(tick=110, mode=Mode.DISARMED, mine=True, reasons=0))
    assert acts.stopping
    acts.seen(Seen(tick=115, mode=Mode.HOLD, mine=True, reasons=0))
    assert acts.taken() == [ActAnswer(number=number, edge=E.STOP, result=ActResult.ACCEPTED)]
    assert acts.edges(0) == E.NONE


# --- acts ------------------------------------------------------------------------------------------------------------
def seen(tick: int, mode: Mode, *, mine: bool = True, reasons: int = 0) -> Seen:
    return Seen(tick=tick, mode=mode, mine=mine, reasons=reasons)


def test_the_second_arm_waits_for_the_answer_to_the_first() -> None:
    acts = Acts()
    acts.seen(seen(100, Mode.DISARMED))
    first, second = acts.press(E.ARM, 0), acts.press(E.ARM, MS)
    assert (acts.edges(2 * MS), acts.number) == (E.ARM, first)
    acts.seen(seen(103, Mode.READY))
    assert [(one.number, one.result, one.why) for one in acts.taken()] == [
        (first, ActResult.ACCEPTED, ""),
        (second, ActResult.NO_ANSWER, "changed_meanwhile"),
    ]
    third = acts.press(E.ARM, 600 * MS)
    assert (acts.edges(601 * MS), acts.number) == (E.ARM, third)


def test_an_acknowledgement_is_for_what_was_seen_and_nothing_newer() -> None:
    acts = Acts()
    acts.seen(seen(100, Mode.HOLD, reasons=0b1))
    number = acts.press(E.ACKNOWLEDGE, 0)
    acts.edges(0)
    acts.seen(seen(103, Mode.HOLD, reasons=0b11))
    assert acts.edges(1) == E.NONE
    assert [(one.number, one.why) for one in acts.taken()] == [(number, "changed_meanwhile")]


def test_what_ends_motion_takes_away_what_leads_towards_it() -> None:
    acts = Acts()
    acts.seen(seen(100, Mode.READY))
    number = acts.press(E.ARM, 0)
    acts.press(E.DISARM, MS)
    assert acts.edges(2 * MS) == E.DISARM
    assert [(one.number, one.result, one.why) for one in acts.taken()] == [(number, ActResult.NO_ANSWER, "superseded")]


def test_nothing_is_done_that_was_pressed_for_another_start_of_the_vehicle() -> None:
    acts = Acts()
    acts.press(E.RESET, 0)
    acts.press(E.STOP, 0)
    acts.press(E.ARM, MS)
    acts.restart()
    assert acts.edges(2 * MS) == E.STOP


def test_no_act_outlives_three_seconds() -> None:
    acts = Acts()
    acts.seen(seen(100, Mode.DISARMED))
    numbers = [acts.press(E.ARM, 0), acts.press(E.TAKE, 0), acts.press(E.DISARM, 0)]
    acts.poll(LASTS_NS)
    assert acts.edges(LASTS_NS) == E.NONE
    assert sorted(one.number for one in acts.taken()) == numbers


def test_an_act_towards_motion_is_in_a_frame_at_once_or_not_done() -> None:
    """A page that is gone leaves nothing that another page's readings would carry."""
    acts = Acts()
    acts.answering = True
    acts.seen(seen(100, Mode.READY))
    number = acts.press(E.ARM, 0)
    assert acts.edges(501 * MS) == E.NONE
    assert [(one.number, one.why) for one in acts.taken()] == [(number, "too_late")]
    begun = acts.press(E.ARM, 600 * MS)
    assert acts.edges(700 * MS) == E.ARM
    assert acts.edges(1_700 * MS) == E.ARM
    acts.drop()
    assert acts.edges(1_720 * MS) == E.NONE
    assert [(one.number, one.why) for one in acts.taken()] == [(begun, "superseded")]
    acts.press(E.STOP, 1_800 * MS)
    acts.drop()
    assert acts.edges(1_820 * MS) == E.STOP


def test_a_frame_tells_what_was_shown_when_its_act_was_pressed() -> None:
    protocol = opened()
    protocol.acts.answering = True
    protocol.act(E.ACKNOWLEDGE, 0, shown_tick=93)
    protocol.feed(look(1, 100), 0)
    (datagram,) = protocol.send(0)
    (frame,) = FrameParser().feed(datagram)
    assert console_adapters.act_of(frame) == (2, 93)
    told_frame = adapters.decode_operator(frame)
    assert told_frame is not None
    assert told_frame.echo_tick == 100


@pytest.mark.parametrize("edge", [E.NONE, E.ARM | E.RESET])
def test_an_act_is_one_act(edge: OperatorEdge) -> None:
    with pytest.raises(ValueError, match="one act"):
        Acts().press(edge, 0)


def test_numbers_begin_anew_and_stay_in_order() -> None:
    acts = Acts()
    acts._last = 65_534
    assert [acts.press(E.STOP, 0), acts.press(E.STOP, 0), acts.press(E.STOP, 0)] == [65_535, 2, 3]


# --- the view --------------------------------------------------------------------------------------------------------
def test_the_view_says_what_is_known_and_how_old_it_is() -> None:
    console = LinkProtocol(CONSOLE)
    radio = Radio()
    assert console.view(radio.now_ns).state is LinkState.SEARCHING
    radio.talk(console, 3.0)
    view = console.view(radio.now_ns)
    assert (view.state, view.session, view.tick, view.rtt_ms) == (LinkState.OPEN, True, 100, None)
    assert view.vehicle is not None
    assert (view.vehicle.mode, view.age_ms, view.beat, view.work) == (Mode.MANUAL, 0.0, None, None)


def test_the_figures_of_the_work_have_an_age_of_their_own() -> None:
    protocol = opened()
    assert protocol.view(0).work_age_ms is None
    figures = WorkFrame(tick=100, flags=WorkFlag(0), cap_reason=255)
    (work,) = FrameParser().feed(console_adapters.encode_work(figures))
    protocol._work(work, 1_000_000_000)
    protocol._work(work, 2_000_000_000)  # told again, it is no younger
    assert protocol.view(2_500_000_000).work_age_ms == 1500.0


def test_nobody_there_another_machine_and_another_version_are_told_apart() -> None:
    nobody = LinkProtocol(CONSOLE)
    nobody.send(0)
    assert nobody.view(5_000 * MS).state is LinkState.UNREACHABLE
    elsewhere = LinkProtocol(msgspec.structs.replace(CONSOLE, machine_id="00" * 8))
    radio = Radio()
    radio.talk(elsewhere, 1.0)
    assert elsewhere.view(radio.now_ns).state is LinkState.WRONG_MACHINE
    newer = LinkProtocol(CONSOLE)
    newer.session.challenged({"target_system": 250, "protocol_version": 99, "machine_id": b""}, 0)
    assert newer.view(0).state is LinkState.WRONG_VERSION


def test_a_link_without_reports_is_lost_after_half_a_second() -> None:
    radio, console = connected()
    console.heard_ns = radio.now_ns
    assert console.view(radio.now_ns + 500 * MS).state is LinkState.OPEN
    assert console.view(radio.now_ns + 501 * MS).state is LinkState.LOST


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 0.6]))
def test_the_share_of_lost_reports_is_measured(seed: int, share: float) -> None:
    meter, draw = LossMeter(), random.Random(seed)
    due = [tick for tick in range(1000, 1100) if tick % 5 in (0, 2)]
    kept = [tick for tick in due if tick in (due[0], due[-1]) or draw.random() >= share]
    for tick in kept:
        meter.heard(tick)
    assert meter.ratio() == pytest.approx(1.0 - len(kept) / len(due), abs=1e-9)


# --- observations ----------------------------------------------------------------------------------------------------
NOTE = Observation(station_id=1, session_id=0, sequence=0, kind=ObservationKind.NOTE, who="leader", text="peg 2")


def observations(protocol: LinkProtocol, seconds: range) -> list[int]:
    """Sequences of the observations that go out in these seconds."""
    found = []
    for second in seconds:
        protocol._heard(100, 77, second * 1_000 * MS)
        for datagram in protocol.send(second * 1_000 * MS):
            for frame in FrameParser().feed(datagram):
                if frame.msg_id == SPEC_BY_NAME["FLAIL_OBSERVATION"].msg_id:
                    told_of = adapters.decode_observation(frame)
                    assert told_of is not None
                    found.append(told_of.sequence)
    return found


def test_an_observation_that_nobody_waits_for_is_not_told_again_and_a_second_try_is_the_same_one() -> None:
    protocol = opened()
    sequence = protocol.observe(NOTE)
    assert observations(protocol, range(1, 4)) == [sequence] * 3
    protocol.withdraw(sequence)
    assert observations(protocol, range(4, 9)) == []
    assert protocol.observe(NOTE, sequence) == sequence
    assert observations(protocol, range(9, 10)) == [sequence]
    protocol._restart()
    assert observations(protocol, range(10, 14)) == []
