"""Encodes and decodes FLAIL_COMMAND and FLAIL_HELLO. Values of a command are checked on both sides of the wire."""

from typing import TYPE_CHECKING

from firmware_bridge.mavlink._dialect import (
    FLAIL_COMMAND_FLAGS_BEACON,
    FLAIL_COMMAND_FLAGS_BRAKE,
    FLAIL_COMMAND_FLAGS_GNSS_RESTART,
    FLAIL_COMMAND_FLAGS_HORN,
    FLAIL_COMMAND_FLAGS_KILL,
    FLAIL_COMMAND_FLAGS_RESET,
    FLAIL_COMMAND_FLAGS_SUPPRESSION,
)
from firmware_bridge.mavlink.framing import Frame, frame_bytes
from firmware_bridge.mavlink.tables import SPEC_BY_NAME
from firmware_bridge.operator_limits import TOOL_VALUE_MAX_M
from firmware_bridge.types import ControllerHello, EngineMode, ReceivedCommand, ToolMode

if TYPE_CHECKING:
    from firmware_bridge.command import ActuatorCommand

SYSTEM_ID = 1
HOST_COMPONENT_ID = 1
"""MAV_COMP_ID_AUTOPILOT1."""
CONTROLLER_COMPONENT_ID = 25
"""MAV_COMP_ID_USER1."""

# No machine of this class drives above 2.8 m/s, turns a rotor above 120 rad/s or moves a tool by more than 2 m: these
# bounds refuse impossible values; gate and controller have the machine's own limits.
TRACK_SPEED_MAX_MPS = 5.0
ROTOR_SPEED_MAX_RADPS = 300.0
LEASE_MAX_MS = 260
"""Longest life, from the controller stamp that the command carries: 200 ms of line and three ticks to live."""

_COMMAND = SPEC_BY_NAME["FLAIL_COMMAND"]
_COMMAND_SEED = _COMMAND.seed
_HELLO = SPEC_BY_NAME["FLAIL_HELLO"]
_HELLO_SEED = _HELLO.seed
_COMMAND_ID = _COMMAND.msg_id.to_bytes(3, "little")
_TOOL_MODES = dict(enumerate(ToolMode))
_ENGINE_MODES = dict(enumerate(EngineMode))
_FLAGS_KNOWN = (
    FLAIL_COMMAND_FLAGS_BRAKE
    | FLAIL_COMMAND_FLAGS_HORN
    | FLAIL_COMMAND_FLAGS_BEACON
    | FLAIL_COMMAND_FLAGS_SUPPRESSION
    | FLAIL_COMMAND_FLAGS_KILL
    | FLAIL_COMMAND_FLAGS_RESET
    | FLAIL_COMMAND_FLAGS_GNSS_RESTART
)


def command_in_range(left_mps: float, right_mps: float, rotor_radps: float, tool_m: float, valid_for_ms: int) -> bool:
    """Whether all values are finite and within the bounds of this class of machines."""
    return (
        -TRACK_SPEED_MAX_MPS <= left_mps <= TRACK_SPEED_MAX_MPS
        and -TRACK_SPEED_MAX_MPS <= right_mps <= TRACK_SPEED_MAX_MPS
        and -ROTOR_SPEED_MAX_RADPS <= rotor_radps <= ROTOR_SPEED_MAX_RADPS
        and -TOOL_VALUE_MAX_M <= tool_m <= TOOL_VALUE_MAX_M
        and 0 <= valid_for_ms <= LEASE_MAX_MS
    )


def encode_command(command: "ActuatorCommand", sequence: int) -> bytes:
    """Return the frame of FLAIL_COMMAND.

    Args:
        command: Command from the gate.
        sequence: MAVLink frame counter of this wire (taken modulo 256).

    Raises:
        ValueError: A value is not finite or out of range; such a command must never be sent.
    """
    left_mps, right_mps = command.track_left_mps, command.track_right_mps
    rotor_radps, tool_m, valid_for_ms = command.rotor_speed_radps, command.tool_value_m, command.valid_for_ms
    if not command_in_range(left_mps, right_mps, rotor_radps, tool_m, valid_for_ms):
        raise ValueError(f"FLAIL_COMMAND not sent: a value is not finite or out of range: {command!r}")
    flags = (
        (FLAIL_COMMAND_FLAGS_BRAKE if command.brake else 0)
        | (FLAIL_COMMAND_FLAGS_HORN if command.horn else 0)
        | (FLAIL_COMMAND_FLAGS_BEACON if command.beacon else 0)
        | (FLAIL_COMMAND_FLAGS_SUPPRESSION if command.suppression else 0)
        | (FLAIL_COMMAND_FLAGS_KILL if command.kill else 0)
        | (FLAIL_COMMAND_FLAGS_RESET if command.reset else 0)
        | (FLAIL_COMMAND_FLAGS_GNSS_RESTART if command.gnss_restart else 0)
    )
    payload = _COMMAND.packer.pack(
        command.sequence & 0xFFFFFFFF,
        command.tick & 0xFFFFFFFF,
        left_mps,
        right_mps,
        rotor_radps,
        tool_m,
        command.controller_time_ms & 0xFFFFFFFF,
        valid_for_ms,
        flags,
        command.tool_mode,
        command.engine,
    )
    return frame_bytes(_COMMAND.header_id, _COMMAND_SEED, payload, sequence, SYSTEM_ID, HOST_COMPONENT_ID)


def decode_command(frame: Frame) -> ReceivedCommand | None:
    """Decode on the controller's side; None if any value is out of range or unknown, then nothing of it is obeyed."""
    size, payload = _COMMAND.max_length, frame.payload
    if len(payload) != size:
        payload = payload[:size].ljust(size, b"\0")
    command, tick, left, right, rotor, tool, time_ms, valid_for_ms, flags, mode, engine = _COMMAND.packer.unpack(
        payload
    )
    tool_mode, engine_mode = _TOOL_MODES.get(mode), _ENGINE_MODES.get(engine)
    if (
        tool_mode is None
        or engine_mode is None
        or flags > _FLAGS_KNOWN
        or not command_in_range(left, right, rotor, tool, valid_for_ms)
    ):
        return None
    return ReceivedCommand(
        sequence=command,
        tick=tick,
        valid_for_ms=valid_for_ms,
        track_left_mps=left,
        track_right_mps=right,
        rotor_speed_radps=rotor,
        tool_mode=tool_mode,
        tool_value_m=tool,
        engine=engine_mode,
        brake=bool(flags & FLAIL_COMMAND_FLAGS_BRAKE),
        horn=bool(flags & FLAIL_COMMAND_FLAGS_HORN),
        beacon=bool(flags & FLAIL_COMMAND_FLAGS_BEACON),
        suppression=bool(flags & FLAIL_COMMAND_FLAGS_SUPPRESSION),
        kill=bool(flags & FLAIL_COMMAND_FLAGS_KILL),
        reset=bool(flags & FLAIL_COMMAND_FLAGS_RESET),
        gnss_restart=bool(flags & FLAIL_COMMAND_FLAGS_GNSS_RESTART),
        controller_time_ms=time_ms,
    )


def command_kills(frame: Frame) -> bool:
    """Return the KILL flag, which counts even in a command that is refused."""
    size = _COMMAND.max_length
    flags = int(_COMMAND.packer.unpack(frame.payload[:size].ljust(size, b"\0"))[8])
    return flags & FLAIL_COMMAND_FLAGS_KILL != 0


def command_sequence(frame: bytes) -> int | None:
    """Return the sequence of a FLAIL_COMMAND frame made by `encode_command`; None for any other message."""
    if frame[7:10] != _COMMAND_ID:
        return None
    return int.from_bytes(frame[10 : min(14, 10 + frame[1])], "little")


def command_rank(frame: bytes) -> int | None:
    """Return how urgent a FLAIL_COMMAND frame is; None for any other message.

    0: kill. 1: stop (nothing drives or turns, nor the starter). 2: anything else.

    A queue may drop a command for a newer one that is at least as urgent, and no other.
    """
    if frame[7:10] != _COMMAND_ID:
        return None
    payload = frame[10 : 10 + frame[1]].ljust(_COMMAND.max_length, b"\0")
    _, _, left_mps, right_mps, rotor_radps, _, _, _, flags, _, engine = _COMMAND.packer.unpack(payload)
    if flags & FLAIL_COMMAND_FLAGS_KILL:
        return 0
    return 2 if left_mps or right_mps or rotor_radps or engine == EngineMode.START else 1


def encode_hello(hello: ControllerHello, sequence: int, component_id: int = CONTROLLER_COMPONENT_ID) -> bytes:
    """Return the frame of FLAIL_HELLO, from the controller or (`HOST_COMPONENT_ID`) from the host.

    Raises:
        ValueError: The hash is not 8 bytes.
    """
    if len(hello.config_hash) != 8:
        raise ValueError(f"config_hash has {len(hello.config_hash)} bytes, FLAIL_HELLO carries 8")
    payload = _HELLO.packer.pack(
        hello.firmware_version,
        hello.protocol_version,
        hello.watchdog_ms,
        hello.boot_count & 0xFFFF,
        hello.config_hash,
    )
    return frame_bytes(_HELLO.header_id, _HELLO_SEED, payload, sequence, SYSTEM_ID, component_id)


def decode_hello(frame: Frame) -> ControllerHello:
    """Return the other side's handshake."""
    size = _HELLO.max_length
    values = _HELLO.packer.unpack(frame.payload[:size].ljust(size, b"\0"))
    firmware_version, protocol_version, watchdog_ms, boot_count, config_hash = values
    return ControllerHello(
        protocol_version=protocol_version,
        firmware_version=firmware_version,
        config_hash=config_hash,
        watchdog_ms=watchdog_ms,
        boot_count=boot_count,
    )
