"""The outcomes of a tick that a recording keeps: written by the recorder, and made again by a replay to compare.

Topics:

/report   VehicleReport as JSON, five times a second
/event    Event as JSON, each
/stroke   the stroke that the tick made, by its codec
/state    StateHash as msgpack, once a second
"""

from typing import Final

import msgspec

from vehicle.contracts import stroke_codec
from vehicle.contracts.messages import Outputs
from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.control.state import VehicleState
from vehicle.records.state_parts import StateHasher

REPORT, EVENT, STROKE, STATE = "/report", "/event", "/stroke", "/state"
TOPICS: Final = {
    REPORT: ("flailpilot.VehicleReport", "json"),
    EVENT: ("flailpilot.Event", "json"),
    STROKE: ("flailpilot.LedgerStroke", "stroke"),
    STATE: ("flailpilot.StateHash", "msgpack"),
}
"""Topic -> type of its messages, and their encoding."""
REPORT_PERIOD_TICKS: Final = 10
STATE_PERIOD_TICKS: Final = NS_PER_S // TICK_NS
_json: Final = msgspec.json.Encoder().encode
_msgpack: Final = msgspec.msgpack.Encoder().encode


class Outcomes:
    """Makes the recorded messages, tick by tick."""

    def __init__(self) -> None:
        self._hasher = StateHasher()
        self._stroke = 0

    def begin(self, state: VehicleState) -> None:
        """Note the initial state: a stroke that it already holds is not an outcome of the first tick."""
        self._stroke = _number(state)

    def of(self, tick: int, outputs: Outputs, state: VehicleState) -> list[tuple[str, bytes]]:
        """Return (topic, message) pairs of this tick, in the order of the file."""
        found: list[tuple[str, bytes]] = []
        if outputs.report is not None and tick % REPORT_PERIOD_TICKS == 0:
            found.append((REPORT, _json(outputs.report)))
        found += [(EVENT, _json(event)) for event in outputs.events]
        number, stroke = _number(state), state.ledger.stroke
        if stroke is not None and number != self._stroke:
            self._stroke = number
            found.append((STROKE, stroke_codec.packed(stroke)))
        if tick % STATE_PERIOD_TICKS == 0:
            found.append((STATE, _msgpack(self._hasher.of(state))))
        return found


def _number(state: VehicleState) -> int:
    """Number of the newest stroke; 0 before the first."""
    return state.ledger.stroke.number if state.ledger.stroke is not None else 0
