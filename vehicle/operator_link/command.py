"""A command, what it may reach, and the ways in which it is answered."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.types import OperatorEdge
from vehicle.operator_link.gcs_station import GcsStation
from vehicle.operator_link.pursuit import End, Pursuit
from vehicle.operator_link.streams import Streams
from vehicle.operator_link.vehicle_view import Message, VehicleView

ACCEPTED, DENIED, UNSUPPORTED = d.MAV_RESULT_ACCEPTED, d.MAV_RESULT_DENIED, d.MAV_RESULT_UNSUPPORTED
REJECTED = d.MAV_RESULT_TEMPORARILY_REJECTED


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command as it arrived, LONG or INT alike. `named`: sent to this vehicle, and not to all that hear it.

    `late`: made before the last stop of its station, or long before the newest message of its station.
    """

    command: int
    params: tuple[float, float, float, float, float, float, float]
    confirmation: int
    sender: tuple[int, int]
    named: bool = True
    late: bool = False

    def whole(self, number: int) -> int:
        """Parameter `number` (from 1) as a whole number; -1 where it is none that fits."""
        value = self.params[number - 1]
        return int(value) if 0.0 <= value < 1e9 else -1

    def answered(self, result: int) -> Message:
        """Its COMMAND_ACK."""
        system, component = self.sender
        fields = {"command": self.command, "result": result, "target_system": system, "target_component": component}
        return "COMMAND_ACK", fields


class Context(Protocol):
    """What commands of one station on one peer may reach."""

    station: GcsStation

    @property
    def view(self) -> VehicleView:
        """The vehicle now."""
        ...

    @property
    def streams(self) -> Streams:
        """Rates of the peer."""
        ...

    @property
    def driver(self) -> bool:
        """False for a console with a session: it drives by its own frames, never by commands."""
        ...

    def stop(self, edge: OperatorEdge) -> None:
        """Stop at once, whoever asks."""
        ...

    def choose_mode(self, custom_mode: int) -> None:
        """Show this mode while nothing moves."""
        ...


Later = Callable[[End], tuple[int, list[Message]]]
"""The final result of a goal that ended so, and what is said beside it."""


class Waits(msgspec.Struct, frozen=True):
    """The answer waits for the vehicle; it is given at `answer_s` at the latest, whatever the result."""

    pursuit: Pursuit
    later: Later
    answer_s: float


Result = tuple[int | Waits, list[Message]]
"""A result, or what waits for the vehicle; and what to send beside it now."""
Handler = Callable[[Context, Command, int], Result]
