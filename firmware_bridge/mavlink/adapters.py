"""The interface to the flail messages: encoders, decoders, and a reader for each end of each wire."""

from collections.abc import Callable, Mapping

from firmware_bridge.mavlink.command_adapters import (
    CONTROLLER_COMPONENT_ID,
    HOST_COMPONENT_ID,
    LEASE_MAX_MS,
    SYSTEM_ID,
    decode_command,
    decode_hello,
    encode_command,
    encode_hello,
)
from firmware_bridge.mavlink.framing import Frame, FrameParser
from firmware_bridge.mavlink.neighbour_adapters import decode_neighbour, encode_neighbour
from firmware_bridge.mavlink.observation_adapters import (
    decode_observation,
    decode_observation_result,
    encode_observation,
    encode_observation_result,
    refusal,
)
from firmware_bridge.mavlink.operator_adapters import (
    STATION_COMPONENT_ID,
    decode_operator,
    decode_vehicle,
    encode_operator,
    encode_vehicle,
    stop_of,
)
from firmware_bridge.mavlink.sensor_adapters import (
    decode_gnss,
    decode_imu,
    decode_status,
    encode_gnss,
    encode_imu,
    encode_status,
)
from firmware_bridge.mavlink.tables import CRC_EXTRA, SPEC_BY_NAME
from firmware_bridge.types import (
    ControllerHello,
    ControllerStatus,
    GnssFix,
    ImuSample,
    NeighbourFrame,
    Observation,
    ObservationResult,
    OperatorFrame,
    ReceivedCommand,
    VehicleFrame,
)

__all__ = [
    "CONTROLLER_COMPONENT_ID",
    "CONTROLLER_DECODERS",
    "HOST_COMPONENT_ID",
    "HOST_DECODERS",
    "LEASE_MAX_MS",
    "STATION_COMPONENT_ID",
    "STATION_DECODERS",
    "SYSTEM_ID",
    "VEHICLE_DECODERS",
    "Message",
    "MessageReader",
    "decode_command",
    "decode_gnss",
    "decode_hello",
    "decode_imu",
    "decode_neighbour",
    "decode_observation",
    "decode_observation_result",
    "decode_operator",
    "decode_status",
    "decode_vehicle",
    "encode_command",
    "encode_gnss",
    "encode_hello",
    "encode_imu",
    "encode_neighbour",
    "encode_observation",
    "encode_observation_result",
    "encode_operator",
    "encode_status",
    "encode_vehicle",
    "refusal",
    "stop_of",
]

Message = (
    ControllerStatus
    | ImuSample
    | GnssFix
    | ControllerHello
    | ReceivedCommand
    | OperatorFrame
    | VehicleFrame
    | NeighbourFrame
    | Observation
    | ObservationResult
)
Decoder = Callable[[Frame], Message | None]


def _by_id(**decoders: Decoder) -> Mapping[int, Decoder]:
    return {SPEC_BY_NAME[name].msg_id: decoder for name, decoder in decoders.items()}


HOST_DECODERS = _by_id(
    FLAIL_STATUS=decode_status, FLAIL_IMU=decode_imu, FLAIL_GNSS=decode_gnss, FLAIL_HELLO=decode_hello
)
"""Messages that the host reads on the controller's wire."""
CONTROLLER_DECODERS = _by_id(FLAIL_COMMAND=decode_command, FLAIL_HELLO=decode_hello)
"""Messages that a controller reads."""
VEHICLE_DECODERS = _by_id(
    FLAIL_OPERATOR=decode_operator, FLAIL_OBSERVATION=decode_observation, FLAIL_NEIGHBOUR=decode_neighbour
)
"""Messages of the flail dialect that the vehicle reads on the operators' wire; none of a controller's messages."""
STATION_DECODERS = _by_id(FLAIL_VEHICLE=decode_vehicle, FLAIL_OBSERVATION_RESULT=decode_observation_result)
"""Messages that a station reads."""


class MessageReader:
    """Turns bytes into typed messages for one end of one wire; messages with other ids are ignored like noise.

    `refused`: number of frames with a correct checksum and values out of range.
    """

    def __init__(self, decoders: Mapping[int, Decoder]) -> None:
        self._decoders = dict(decoders)
        self.parser = FrameParser({msg_id: CRC_EXTRA[msg_id] for msg_id in decoders})
        self.refused = 0

    @property
    def bad_frames(self) -> int:
        """Number of frames lost to their checksum or values since the start."""
        return self.parser.bad_frames + self.refused

    def feed(self, data: bytes) -> list[Message]:
        """Return all messages that `data` completes, in order. Never raises."""
        if not data:
            return []
        decoders = self._decoders
        messages: list[Message] = []
        for frame in self.parser.feed(data):
            message = decoders[frame.msg_id](frame)
            if message is None:
                self.refused += 1
            else:
                messages.append(message)
        return messages
