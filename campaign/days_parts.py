"""Who takes part in a simulated task of several days: operator with tool, team, and keeper of the record."""

import msgspec

from campaign.sim_operator import Goal, SimOperator
from console.client.station import Controls
from firmware_bridge.ports import BytePort
from firmware_bridge.types import Observation, ToolMode
from sim.checker import Checker
from vehicle.contracts.sockets import ControllerAdapter, TickRecord
from vehicle.control.state import VehicleState
from vehicle.records.journal import JournalWriter
from vehicle.records.ledger_news import Followed


class Hands(SimOperator):
    """An operator who can also work by stick: `depth_m` lowers the tool, None leaves it where it is."""

    def __init__(self, port: BytePort, station_id: int) -> None:
        super().__init__(port, station_id)
        self.depth_m: float | None = None

    def _controls(self) -> Controls:
        found = super()._controls()
        if self.depth_m is None or self.goal is not Goal.MANUAL:
            return found
        return msgspec.structs.replace(found, tool_mode=ToolMode.DEPTH, tool_value_m=self.depth_m)


class Team(Checker):
    """Makes the checks that are due; `reading` is the one that a step of the file asks for."""

    def reading(self, now_ns: int) -> Observation | None:
        """Return a depth reading at the newest place that the machine left a minute ago; None if there is none."""
        return self._depth(now_ns)


class JournalSink:
    """Writes the record of a start that goes on in a journal, as the vehicle program's own keeper does."""

    name = "journal"
    healthy = True

    def __init__(self, writer: JournalWriter) -> None:
        self.writer = writer
        self._followed: Followed | None = None

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Start from the state that the journal gives."""
        del controller
        self._followed = Followed.of(state)

    def accept(self, record: TickRecord) -> None:
        """Append the records of a tick."""
        assert self._followed is not None, "a tick before a start"
        rows, self._followed = self._followed.after(record.state, record.t_ns)
        for row in rows:
            self.writer.append(row)
