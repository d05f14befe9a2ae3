"""When readings go out: a changed stick at once, within the budget of a slow radio, each reading once."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.client.pace import EARLY_MAX, EARLY_NS, EARLY_PER_S, STICK_CHANGE
from console.client.readings import Reading
from firmware_bridge.types import OperatorFrame, ToolMode
from tests.console.test_protocol import MS, E, look, opened, told
from vehicle.contracts.units import NS_PER_S

BEAT_TICKS, TICK_MS = (0, 2), 20
"""A vehicle reports in two of five ticks."""


def beats(ms: int) -> bool:
    """At these times the vehicle reports, 20 times a second on average."""
    return ms % TICK_MS == 0 and ms // TICK_MS % 5 in BEAT_TICKS


class Console:
    """A page that looks every 10 ms, a vehicle that is heard, a console between them; all in one virtual time."""

    def __init__(self) -> None:
        self.protocol, self.ms, self.number = opened(), 0, 0
        self.frames: list[tuple[int, OperatorFrame]] = []

    def step(self, **hands: object) -> None:
        if beats(self.ms):
            self.protocol._heard(101 + self.ms // TICK_MS, 77, self.ms * MS)
        if self.ms % 10 == 0:
            self.number += 1
            self.protocol.feed(look(self.number, self.protocol.tick, **hands), self.ms * MS)
        self.frames += [(self.ms, frame) for frame in told(self.protocol, self.ms * MS)]
        self.ms += 1

    def run(self, ms: int, **hands: object) -> None:
        for _ in range(ms):
            self.step(**hands)


@pytest.mark.parametrize("phase_ms", range(0, 100, 14))
@pytest.mark.parametrize(
    "hands",
    [{}, {"drive": 0.02}, {"turn": -0.8}, {"rotor_request": True}],
    ids=str,
)
def test_what_hands_change_is_told_within_a_look_and_the_shortest_gap(hands: dict[str, object], phase_ms: int) -> None:
    console = Console()
    console.run(500 + phase_ms, hold=False)
    begun_ms = console.ms
    console.run(100, hold=True, **hands)
    first_ms = next(ms for ms, frame in console.frames if ms >= begun_ms and frame.hold_to_run)
    assert first_ms - begun_ms <= 10 + EARLY_NS // MS


def test_a_resting_thumb_costs_nothing() -> None:
    quiet, thumb = Console(), Console()
    quiet.run(3_000, hold=True, drive=0.5)
    for at in range(3_000):
        thumb.step(hold=True, drive=0.5 + (at % 3 - 1) * STICK_CHANGE * 0.3)
    assert abs(len(thumb.frames) - len(quiet.frames)) <= 1


def test_the_last_early_frame_is_kept_for_hands_that_let_go() -> None:
    console = Console()
    console.run(200, hold=True)
    while True:  # a stick that goes to and fro uses up what there is
        before = len(console.frames)
        console.run(40, hold=True, drive=0.9 if console.ms // 40 % 2 else 0.3)
        if console.ms > 2_000 and len(console.frames) - before <= 1:
            break
    begun_ms = console.ms
    console.run(40, hold=False)
    first_ms = next(ms for ms, frame in console.frames if ms >= begun_ms and not frame.hold_to_run)
    assert first_ms - begun_ms <= 10 + EARLY_NS // MS


LEVELS = st.sampled_from([-1.0, -0.3, 0.0, 0.0, 0.05, 0.3, 0.9])
LOOKS = st.lists(
    st.tuples(st.booleans(), LEVELS, LEVELS, st.booleans(), st.integers(0, 3), st.booleans()), min_size=50, max_size=150
)
"""hold, drive, turn, rotor, tool, and whether the page is frozen: then it says its last reading again."""


def played(looks: list[tuple[bool, float, float, bool, int, bool]]) -> tuple[list[tuple[int, OperatorFrame]], int]:
    """The frames of these looks, one every 10 ms, and how many readings there were."""
    protocol, number = opened(), 0
    frames: list[tuple[int, OperatorFrame]] = []
    reading: Reading | None = None
    for at, (hold, drive, turn, rotor, tool, frozen) in enumerate(looks):
        ms = at * 10
        if beats(ms):
            protocol.tick = 101 + ms // TICK_MS
        if reading is None or not frozen:
            number += 1
            hands = {"hold": hold, "drive": drive, "turn": turn, "rotor_request": rotor}
            reading = look(number, protocol.tick, **hands, tool_mode=ToolMode(min(tool, int(ToolMode.DEPTH))))
        protocol.feed(reading, ms * MS)
        frames += [(ms, frame) for frame in told(protocol, ms * MS)]
        frames += [(ms + 5, frame) for frame in told(protocol, (ms + 5) * MS)]
    return frames, number


@given(LOOKS)
@settings(max_examples=25)
def test_each_reading_goes_out_once_and_the_budget_holds(
    looks: list[tuple[bool, float, float, bool, int, bool]],
) -> None:
    frames, readings = played(looks)
    counts = [frame.sample_count for _, frame in frames]
    assert counts == sorted(set(counts))  # each frame is a reading of its own, in order
    assert len(counts) <= readings
    assert counts[-1] <= readings
    times = [ms for ms, _ in frames]
    assert all(later - earlier >= EARLY_NS // MS for earlier, later in itertools.pairwise(times))
    for begin in range(len(times)):
        for end in range(begin, len(times)):
            span_s = (times[end] - times[begin]) * MS / NS_PER_S
            assert end - begin + 1 <= 2 + 20 * span_s + EARLY_MAX + EARLY_PER_S * span_s


def test_a_frozen_page_is_silent_whatever_it_held() -> None:
    console = Console()
    console.run(300, hold=True, drive=0.9)
    frozen, sent = look(console.number, console.protocol.tick, hold=True, drive=0.9), len(console.frames)
    for ms in range(console.ms, console.ms + 2_000, 5):
        console.protocol.feed(frozen, ms * MS)
        console.frames += [(ms, frame) for frame in told(console.protocol, ms * MS)]
    assert len(console.frames) - sent <= 1  # the reading that waited when it froze


@pytest.mark.parametrize("after_ms", range(1, 60, 9))
def test_a_stop_waits_for_no_pace(after_ms: int) -> None:
    console = Console()
    console.run(500 + after_ms, hold=True, drive=0.5)
    console.protocol.stop(console.ms * MS)
    (frame,) = told(console.protocol, console.ms * MS)
    assert (frame.edges, frame.hold_to_run, frame.drive) == (E.STOP, False, 0.0)
    before = len(console.frames)
    for _ in range(40):  # the page repeats it every 50 ms, on both of its sockets
        console.run(50)
        console.protocol.stop(console.ms * MS)
        console.protocol.stop(console.ms * MS)
    assert len(console.frames) - before <= 52


def test_engine_off_after_a_stop_waits_for_no_pace_either() -> None:
    protocol = opened()
    protocol.stop(0)
    assert [frame.edges for frame in told(protocol, 0)] == [E.STOP]
    protocol.stop(10 * MS, engine_off=True)
    assert [frame.edges for frame in told(protocol, 10 * MS)] == [E.STOP | E.ESTOP]
    assert told(protocol, 11 * MS) == []


def test_what_moves_is_compared_with_what_was_told_last() -> None:
    """Beside a stop hands count as off, so a stick that is still out is told anew when the stop has been seen."""
    protocol = opened()
    protocol.feed(msgspec.structs.replace(look(1), hold=True, drive=0.5), 0)
    assert [frame.drive for frame in told(protocol, 0)] == [0.5]
    protocol.stop(1 * MS)
    assert [frame.drive for frame in told(protocol, 1 * MS)] == [0.0]
    protocol.acts = type(protocol.acts)()
    protocol.feed(msgspec.structs.replace(look(2), hold=True, drive=0.5), 21 * MS)
    assert [frame.drive for frame in told(protocol, 21 * MS)] == [0.5]
