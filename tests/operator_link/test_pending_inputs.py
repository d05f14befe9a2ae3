"""What waits for the next tick: bounded, and a stop comes first however full it is."""

import msgspec

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.builders import config
from tests.firmware_bridge.samples import OPERATOR
from tests.operator_link.exchange import Exchange
from vehicle.operator_link.parameters import Parameters, table
from vehicle.operator_link.pending_inputs import FRAMES_A_TICK, PendingInputs

PICTURE = Exchange().link.view


def pending() -> PendingInputs:
    return PendingInputs(Parameters(table(config())), config().machine.tracks)


def drained(made: PendingInputs) -> list[OperatorFrame]:
    reader = adapters.MessageReader(adapters.VEHICLE_DECODERS)
    return [one for one in reader.feed(made.drain(PICTURE, [], 0)) if isinstance(one, OperatorFrame)]


def test_a_flood_is_cut_off_and_a_stop_is_first() -> None:
    made = pending()
    flood = [msgspec.structs.replace(OPERATOR, sequence=number) for number in range(FRAMES_A_TICK + 36)]
    kept = [made.take(frame) for frame in flood]
    assert kept == [True] * FRAMES_A_TICK + [False] * 36
    made.stop(OperatorEdge.STOP)
    made.stop(OperatorEdge.STOP)
    first, *rest = drained(made)
    assert (first.edges, first.hold_to_run) == (OperatorEdge.STOP, False)
    assert [frame.sequence for frame in rest] == list(range(FRAMES_A_TICK))
    assert drained(made) == []


def test_a_tick_later_there_is_room_again() -> None:
    made = pending()
    while made.take(OPERATOR):
        pass
    drained(made)
    assert made.take(OPERATOR)
