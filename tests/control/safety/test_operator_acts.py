"""Which act counts, for every combination of edges; and how often."""

import itertools

import pytest

from firmware_bridge.types import OperatorEdge
from vehicle.control.safety.authority import AcceptedFrames
from vehicle.control.safety.modes import Act
from vehicle.control.safety.operator_acts import act

E = OperatorEdge
LATE = 10_000
BY_EDGE = {
    E.DISARM: Act.DISARM,
    E.RELEASE: Act.RELEASE,
    E.MISSION_PAUSE: Act.PAUSE,
    E.RELEASE_ESTOP: Act.RELEASE_ESTOP,
    E.RESET: Act.RESET,
    E.RECOVERY: Act.RECOVERY,
    E.ARM: Act.ARM,
    E.MISSION_START: Act.START,
    E.ENGINE_START: Act.ENGINE_START,
}
OPENING = (Act.RESET, Act.RECOVERY, Act.ARM, Act.START, Act.ENGINE_START)


def test_row_31_the_act_that_wins_for_every_combination() -> None:
    for pressed in itertools.product((False, True), repeat=len(BY_EDGE)):
        edges = sum(int(edge) for edge, down in zip(BY_EDGE, pressed, strict=True) if down)
        own = [found for found, down in zip(BY_EDGE.values(), pressed, strict=True) if down]
        for estop, stop, cloned, taker in itertools.product((False, True), (False, True), (False, True), (0, 2)):
            frames = AcceptedFrames(
                frame=None, stations={}, edges=edges, estop=estop, stop=stop, cloned=cloned, taker=taker
            )
            rivals = [*own]
            rivals += [Act.ESTOP] * estop + [Act.STOP] * stop + [Act.RELEASE] * cloned + [Act.TAKE] * (taker > 0)
            assert act(frames, 0, LATE) is min(rivals, default=Act.NONE)


def test_edges_that_are_no_acts_of_the_machine() -> None:
    for edge in (E.STOP, E.ESTOP, E.TAKE, E.ATTENTION, E.ACKNOWLEDGE):
        assert act(AcceptedFrames(frame=None, stations={}, edges=int(edge)), 0, LATE) is Act.NONE


@pytest.mark.parametrize(("edge", "found"), BY_EDGE.items())
def test_rows_114_119_opening_acts_are_distinct_by_half_a_second(edge: OperatorEdge, found: Act) -> None:
    frames = AcceptedFrames(frame=None, stations={}, edges=int(edge))
    assert act(frames, LATE - 25, LATE) is found
    assert act(frames, LATE - 24, LATE) is (Act.NONE if found in OPENING else found)


def test_a_stop_is_never_too_early() -> None:
    for changes in ({"estop": True}, {"stop": True}, {"cloned": True}, {"taker": 2}):
        assert act(AcceptedFrames(frame=None, stations={}, **changes), LATE, LATE) is not Act.NONE
