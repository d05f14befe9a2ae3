"""Frames of consoles and stations, and stops, that wait for the next tick."""

from firmware_bridge.mavlink import adapters
from firmware_bridge.mavlink.framing import Frame
from firmware_bridge.types import Observation, OperatorEdge, OperatorFrame
from vehicle.config.vehicle import TracksConfig
from vehicle.operator_link.gcs_station import Caps, GcsStation
from vehicle.operator_link.parameters import Parameters
from vehicle.operator_link.plain_frames import stop_frame
from vehicle.operator_link.vehicle_view import VehicleView

FRAMES_A_TICK = 64
"""More FLAIL_OPERATOR frames than this in 20 ms come from nobody's hand."""
OBSERVATIONS_A_TICK = 8
NEIGHBOURS_A_TICK = 32
DEG = 0.017453292519943295


class PendingInputs:
    """`tick` and `session_id` are those of the loop's last report."""

    def __init__(self, parameters: Parameters, tracks: TracksConfig) -> None:
        self._parameters, self._tracks = parameters, tracks
        self.tick = self.session_id = 0
        self._operator: list[bytes] = []
        self._observations: list[bytes] = []
        self._neighbours: dict[tuple[int, str], bytes] = {}
        self._stops: list[OperatorEdge] = []
        self._stop_sequence = 0

    def take(self, frame: OperatorFrame) -> bool:
        """A console's frame, as it is; False where a flood left no room for it in this tick."""
        if len(self._operator) >= FRAMES_A_TICK:
            return False
        self._operator.append(adapters.encode_operator(frame))
        return True

    def observe(self, observation: Observation) -> bool:
        """What a station measured or saw; False where a flood left no room for it in this tick."""
        if len(self._observations) >= OBSERVATIONS_A_TICK:
            return False
        self._observations.append(adapters.encode_observation(observation))
        return True

    def neighbour(self, frame: Frame) -> bool:
        """Where another machine or a person is, the newest of each; False for one that cannot be, or in a flood."""
        told = adapters.decode_neighbour(frame)
        if told is None:
            return False
        key = (told.station_id, told.name)
        if key not in self._neighbours and len(self._neighbours) >= NEIGHBOURS_A_TICK:
            return False
        self._neighbours[key] = adapters.encode_neighbour(told)
        return True

    def stop(self, edge: OperatorEdge) -> None:
        """STOP or ESTOP with the next tick, from whoever was admitted."""
        if edge not in self._stops:
            self._stops.append(edge)

    def drain(self, view: VehicleView, stations: list[GcsStation], now_ns: int) -> bytes:
        """What the next tick hears, stops first; `stations` are those that may speak in it."""
        frames = []
        for edge in self._stops:
            self._stop_sequence += 1
            frames.append(adapters.encode_operator(stop_frame(edge, self.session_id, self._stop_sequence, self.tick)))
        frames += [*self._operator, *self._observations, *self._neighbours.values()]
        self._stops, self._operator, self._observations, self._neighbours = [], [], [], {}
        caps = Caps(
            self._parameters["MAN_SPEED"],
            self._tracks.transit_speed_mps,
            self._parameters["MAN_TURN"] * DEG,
            self._tracks.pivot_rate_radps,
        )
        for station in stations:
            frame = station.frame(view, caps, self.tick, now_ns)
            if frame is not None:
                frames.append(adapters.encode_operator(frame))
        self.tick += 1
        return b"".join(frames)
