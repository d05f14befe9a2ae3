"""One station on one peer: what its commands may reach."""

from collections.abc import Callable
from typing import Protocol

from firmware_bridge.mavlink.stamps import STAMPS_PER_S
from firmware_bridge.types import OperatorEdge
from vehicle.operator_link.commands import Commands
from vehicle.operator_link.gcs_station import GcsStation
from vehicle.operator_link.peer import Peer
from vehicle.operator_link.streams import Streams
from vehicle.operator_link.vehicle_view import VehicleView

LATE_STAMPS = 5 * STAMPS_PER_S
"""Two links of a station sign each with the newest stamp that it has heard; they are no further apart."""


class Vehicle(Protocol):
    """The part of the link that all sessions share."""

    view: VehicleView

    def stop(self, edge: OperatorEdge) -> None:
        """STOP or ESTOP goes out with the next tick."""
        ...

    def choose_mode(self, custom_mode: int) -> None:
        """The mode that shows while nothing moves."""
        ...


class GcsSession:
    """Context of `Commands`. `stamp` is that of the newest frame, `age_s` the age that it proved."""

    def __init__(
        self,
        vehicle: Vehicle,
        peer: Peer,
        station: GcsStation,
        component_id: int,
        has_session: Callable[[int], bool],
    ) -> None:
        self._vehicle, self.peer, self.station = vehicle, peer, station
        self.sender = (station.station_id, component_id)
        self._has_session = has_session
        self.age_s, self.stamp = 0.0, 0
        self.commands = Commands(self)

    @property
    def view(self) -> VehicleView:
        """The vehicle now."""
        return self._vehicle.view

    @property
    def streams(self) -> Streams:
        """Rates of this peer."""
        return self.peer.streams

    @property
    def driver(self) -> bool:
        """A third-party station; a console with a session drives by its own frames."""
        return not self._has_session(self.station.station_id)

    @property
    def late(self) -> bool:
        """The newest frame was made before this station's last stop, or long before what was heard of it since."""
        return 0 < self.stamp < max(self.station.stopped_stamp, self.station.newest_stamp - LATE_STAMPS)

    def heard(self, age_s: float, stamp: int) -> None:
        """A frame came."""
        self.age_s, self.stamp = age_s, stamp
        self.station.newest_stamp = max(self.station.newest_stamp, stamp)

    def stop(self, edge: OperatorEdge) -> None:
        """Stop, whoever asks; what this station made before leads nowhere, by whatever link it comes."""
        self.station.stopped(self.stamp)
        self._vehicle.stop(edge)

    def choose_mode(self, custom_mode: int) -> None:
        """Show this mode while nothing moves, and say so at once."""
        self._vehicle.choose_mode(custom_mode)
        self.peer.streams.at_once("HEARTBEAT")
