"""The sockets of the runtime: whatever enters is a source, whoever is told is a sink. Each is a file of its own.

A tick gathers what the controller and the sources bring, decides, puts the command on the wire, and only then asks the
sinks, one after another. What entered is in the record, so that another process can feed the same tick again.
"""

from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from firmware_bridge.controller_adapter import Capabilities, ControllerAdapter, ControllerBatch, ControllerWire
from firmware_bridge.types import GnssFix, NeighbourFrame, Observation, OperatorFrame
from vehicle.contracts.messages import Event, Outputs
from vehicle.contracts.plan import PlanAssignment

if TYPE_CHECKING:
    from vehicle.control.state import VehicleState

__all__ = [
    "Capabilities",
    "ControllerAdapter",
    "ControllerBatch",
    "ControllerWire",
    "Keeper",
    "Sink",
    "Source",
    "SourceBatch",
    "TickRecord",
]


class SourceBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What one source brought since the last tick: as it is kept in a recording, and what it means.

    `data` is all of it: `vehicle/runtime/recorded_inputs.py` makes the same batch of the name and the data. Empty data:
    nothing came. `gnss` counts before the controller's own, and a later source's before an earlier one's.
    """

    name: str
    data: bytes = b""
    operator: tuple[OperatorFrame, ...] = ()
    observations: tuple[Observation, ...] = ()
    neighbours: tuple[NeighbourFrame, ...] = ()
    gnss: GnssFix | None = None
    plan: PlanAssignment | None = None


class TickRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One tick: all that entered, all that came of it, and the state after it.

    `batches`: of the sources that brought anything, in the order in which they were asked. `controller_out`: the frames
    that were handed to the controller's port, joined. `notices`: what the shell itself says; no outcome of a tick.
    """

    tick: int
    t_ns: int
    controller_in: bytes
    batches: tuple[SourceBatch, ...]
    overrun: bool
    recording: bool
    controller_out: bytes
    outputs: Outputs
    state: "VehicleState"
    notices: tuple[Event, ...] = ()


class Source(Protocol):
    """Operator link, GNSS receiver, plans that are assigned, a replayed file. `name` tells two of a kind apart."""

    @property
    def name(self) -> str:
        """Of the source, in a recording too."""
        ...

    def drain(self, now_ns: int) -> SourceBatch:
        """What came since the last call. Never blocks, never raises."""
        ...


class Sink(Protocol):
    """Recorder, journal, telemetry, stations, the judge of a replay."""

    @property
    def name(self) -> str:
        """For people, where it fails."""
        ...

    def accept(self, record: TickRecord) -> None:
        """One tick; returns at once, and keeps what it takes time over in a bounded queue of its own."""
        ...


@runtime_checkable
class Keeper(Sink, Protocol):
    """A sink that no mission starts without: what it is told must be kept."""

    @property
    def healthy(self) -> bool:
        """What it is told is kept. An input of each tick."""
        ...

    def begin(self, state: "VehicleState", controller: ControllerAdapter) -> None:
        """Before the first tick: the state it starts from, and who speaks to the controller."""
        ...
